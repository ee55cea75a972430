"""The server's side of the contract: a number already taken is answered with its events as duplicates. [I3]"""

from __future__ import annotations

import gzip
import json
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from rondo.connection import Response

#: The fault that a request meets instead of a healthy server: a status, or one of the words below.
Fault = int | str | None


@dataclass
class Seen:
    reporter_id: str
    batch: int
    events: list[dict[str, Any]]
    headers: Mapping[str, str]
    size: int
    sent_at: str


class FakeIngest:
    """In memory: `post` replaces the network, and a `LiveIngest` uses real sockets."""

    def __init__(self) -> None:
        self.requests: list[Seen] = []
        self.facts: list[dict[str, Any]] = []
        self.commands: list[dict[str, Any]] = []
        self.fault: Callable[[Seen], Fault] = lambda seen: None
        self.retry_after: str | None = None
        self.rejects: Callable[[dict[str, Any]], str | None] = lambda event: None
        self.clock_skew_s = 0.0
        #: Closes a connection after its answer without saying so before.
        self.hangs_up = False
        self.taken: dict[tuple[str, int], list[dict[str, Any]]] = {}
        #: Numbers that came again with other events.
        self.changed: list[tuple[str, int]] = []
        self._lock = threading.Lock()

    def fail_next(self, *faults: Fault) -> None:
        left = list(faults)
        self.fault = lambda seen: left.pop(0) if left else None

    def get(self, path: str) -> tuple[int, bytes]:
        return (200, b'{"status":"ok","version":"1.2.3"}') if path == "/api/health" else (404, b"{}")

    def see(self, body: bytes, headers: Mapping[str, str]) -> Seen:
        raw = gzip.decompress(body) if headers.get("content-encoding") == "gzip" else body
        envelope = json.loads(raw)
        seen = Seen(
            envelope["reporter_id"],
            envelope["batch"],
            envelope["events"],
            headers,
            len(raw),
            envelope.get("sent_at", ""),
        )
        with self._lock:
            self.requests.append(seen)
        return seen

    def commit(self, seen: Seen) -> dict[str, Any]:
        key = (seen.reporter_id, seen.batch)
        with self._lock:
            if key in self.taken:
                if self.taken[key] != seen.events:
                    self.changed.append(key)
                return {"accepted": 0, "duplicates": len(seen.events), "rejected": [], "commands": self.commands}
            self.taken[key] = seen.events
            rejected = []
            for index, event in enumerate(seen.events):
                detail = self.rejects(event)
                if detail is None:
                    self.facts.append(event)
                else:
                    rejected.append({"index": index, "detail": detail})
            accepted = len(seen.events) - len(rejected)
            return {"accepted": accepted, "duplicates": 0, "rejected": rejected, "commands": self.commands}

    def post(self, body: bytes, headers: Mapping[str, str], timeout_s: float) -> Response:
        seen = self.see(body, headers)
        fault = self.fault(seen)
        if fault == "down":
            raise ConnectionRefusedError("connection refused")
        if fault == "silent":
            raise TimeoutError("no answer in time")
        if fault == "garbage":
            return Response(200, {}, b"<html>Please sign in</html>")
        if isinstance(fault, int):
            return Response(fault, {"retry-after": self.retry_after} if self.retry_after else {}, b'{"title":"no"}')
        answer = self.commit(seen)
        if fault == "lost answer":
            raise ConnectionResetError("connection reset by peer")
        return Response(200, {}, json.dumps(answer).encode())

    @property
    def steps(self) -> list[int]:
        """The steps of the metrics that were taken, in the order they were."""
        return [fact["step"] for fact in list(self.facts) if fact["type"] == "metric"]

    @property
    def types(self) -> list[str]:
        return [fact["type"] for fact in list(self.facts)]


class LiveIngest(FakeIngest):
    """The same with a real socket; it can stop, and restart at the same port."""

    def __init__(self) -> None:
        super().__init__()
        self.port = 0
        self._server: ThreadingHTTPServer | None = None
        self._ends = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        ingest = self
        self._ends = threading.Event()

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            timeout = 30

            def do_GET(self) -> None:
                ingest._send(self, *ingest.get(self.path))

            def date_time_string(self, timestamp: float | None = None) -> str:
                return super().date_time_string(time.time() + ingest.clock_skew_s)

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                assert self.path == "/api/ingest", self.path
                seen = ingest.see(body, {key.lower(): value for key, value in self.headers.items()})
                ingest._answer(self, seen)

            def log_message(self, format: str, *args: Any) -> None:
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, request: Any, client_address: Any) -> None:
                pass  # A reporter that was killed.

        self._server = Server(("127.0.0.1", self.port), Handler)
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()

    def stop(self) -> None:
        self._ends.set()
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    def _answer(self, handler: BaseHTTPRequestHandler, seen: Seen) -> None:
        fault = self.fault(seen)
        if self._ends.is_set() or fault == "down":
            handler.close_connection = True
            return
        if fault == "silent":
            self._ends.wait(30)
            handler.close_connection = True
            return
        if fault == "slow":
            time.sleep(0.2)
        if fault == "garbage":
            self._send(handler, 200, b"<html>Please sign in</html>")
            return
        if isinstance(fault, int):
            self._send(handler, fault, b'{"title":"no"}')
            return
        answer = self.commit(seen)
        if fault == "lost answer":
            handler.close_connection = True
            return
        self._send(handler, 200, json.dumps(answer).encode())

    def _send(self, handler: BaseHTTPRequestHandler, status: int, body: bytes) -> None:
        try:
            handler.send_response(status)
            handler.send_header("content-length", str(len(body)))
            if self.retry_after is not None:
                handler.send_header("retry-after", self.retry_after)
            handler.end_headers()
            handler.wfile.write(body)
            handler.close_connection = handler.close_connection or self.hangs_up
        except OSError:
            handler.close_connection = True
