"""Checkpoints, against a small tus server that loses connections. [R28]"""

from __future__ import annotations

import base64
import hashlib
import os
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import rondo
from rondo import backoff, tus

from .scene import SceneTest


class FakeTus:
    """Keeps what arrived of a part that broke off, as tus asks for."""

    def __init__(self) -> None:
        self.models: dict[str, bytes] = {}
        self.metadata: list[dict[str, str]] = []
        self.requests: list[str] = []
        self.fault: Callable[[str, int], Any] = lambda method, count: None
        self.parts: dict[str, bytearray] = {}
        self.lengths: dict[str, int] = {}
        #: A path prefix, as a proxy adds.
        self.prefix = ""
        #: A bound for request bodies, as of a proxy: answered before the body is read.
        self.max_part = 1 << 40
        #: Closes the connection instead of the answer.
        self.is_mute = False
        self.sizes: list[int] = []
        self._server = self._listen()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _listen(self) -> ThreadingHTTPServer:
        fake = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def parse_request(self) -> bool:
                is_parsed = super().parse_request()
                if is_parsed:
                    assert self.path.startswith(fake.prefix), self.path
                    self.path = self.path[len(fake.prefix) :]
                return is_parsed

            def handle_one_request(self) -> None:
                try:
                    super().handle_one_request()
                except OSError:
                    self.close_connection = True

            def do_POST(self) -> None:
                fake.create(self)

            def do_PATCH(self) -> None:
                fake.take(self)

            def do_HEAD(self) -> None:
                fake.respond(self)

            def do_DELETE(self) -> None:
                fake.requests.append("DELETE")
                fake.parts.pop(self.path, None)
                fake.say(self, 204)

            def log_message(self, format: str, *args: Any) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        return server

    def meets(self, method: str) -> Any:
        self.requests.append(method)
        return self.fault(method, self.requests.count(method))

    def create(self, handler: BaseHTTPRequestHandler) -> None:
        handler.rfile.read(int(handler.headers.get("content-length", "0")))
        if handler.path == "/api/ingest":
            self.say(handler, 200, b'{"accepted":0,"duplicates":0,"rejected":[],"commands":[]}')
            return
        fault = self.meets("POST")
        if isinstance(fault, int):
            self.say(handler, fault, b'{"title":"no"}')
            return
        pairs = (pair.split(" ") for pair in handler.headers["upload-metadata"].split(","))
        self.metadata.append({key: base64.b64decode(value).decode() for key, value in pairs})
        path = f"/api/uploads/{len(self.metadata)}"
        self.parts[path] = bytearray()
        self.lengths[path] = int(handler.headers["upload-length"])
        self.say(handler, 201, b"", {"location": f"http://inside:8000{self.prefix}{path}"})

    def take(self, handler: BaseHTTPRequestHandler) -> None:
        fault = self.meets("PATCH")
        part = self.parts.get(handler.path)
        if part is None:
            self.say(handler, 404, close=True)
            return
        if int(handler.headers["upload-offset"]) != len(part):
            self.say(handler, 409, b"wrong offset", close=True)
            return
        size = int(handler.headers["content-length"])
        self.sizes.append(size)
        if size > self.max_part:
            handler.close_connection = True
            if not self.is_mute:
                self.say(handler, 413, b"<html>413 Request Entity Too Large</html>", close=True)
            return
        if fault == "break":
            part += handler.rfile.read(size // 2)
            handler.close_connection = True
            return
        part += handler.rfile.read(size)
        if len(part) == self.lengths[handler.path]:
            metadata = self.metadata[int(handler.path.rsplit("/", 1)[1]) - 1]
            if hashlib.sha256(part).hexdigest() != metadata["sha256"]:
                self.say(handler, 422, b"wrong digest")
                return
            self.models[metadata["version"]] = bytes(part)
        if fault == "lost answer":
            handler.close_connection = True
            return
        if isinstance(fault, int):
            self.say(handler, fault, b'{"title":"no"}')
            return
        self.say(handler, 204, b"", {"upload-offset": str(len(part))})

    def respond(self, handler: BaseHTTPRequestHandler) -> None:
        self.meets("HEAD")
        part = self.parts.get(handler.path)
        if part is None:
            self.say(handler, 404)
        else:
            self.say(handler, 200, b"", {"upload-offset": str(len(part))})

    def say(
        self,
        handler: BaseHTTPRequestHandler,
        status: int,
        body: bytes = b"",
        headers: dict[str, str] | None = None,
        close: bool = False,
    ) -> None:
        handler.send_response(status)
        for name, value in (headers or {}).items():
            handler.send_header(name, value)
        if status != 204:
            handler.send_header("content-length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)
        handler.close_connection = handler.close_connection or close


class Models(SceneTest):
    def setUp(self) -> None:
        super().setUp()
        self.server = FakeTus()
        self.addCleanup(self.server.stop)
        self.problems: list[str] = []
        self.addCleanup(setattr, tus, "PART_BYTES", tus.PART_BYTES)
        self.addCleanup(setattr, backoff, "_SHORTEST_MS", backoff._SHORTEST_MS)
        backoff._SHORTEST_MS = 1.0

    def run_to(self, url: str | None = None) -> rondo.Run:
        run = rondo.run(
            "models",
            run_id="run-1",
            url=url or self.server.url,
            api_key="key-for-tests",
            spool_dir=self.root / "spool",
            on_problem=lambda problem: self.problems.append(f"{problem.code}: {problem.message}"),
        )
        self.addCleanup(lambda: run.close(0))
        return run

    def test_r28_a_file_arrives_with_its_digest_and_what_is_known_of_it(self) -> None:
        content = os.urandom(3_000_000)
        (self.root / "model").write_bytes(content)
        upload = self.run_to().save_model("v1", self.root / "model", round=3, parent="v0")
        self.assertTrue(upload.wait(20), upload.detail)
        self.assertEqual(self.server.models, {"v1": content})
        digest = hashlib.sha256(content).hexdigest()
        self.assertEqual(upload.sha256, digest)
        expected = {"version": "v1", "run_id": "run-1", "round": "3", "format": "safetensors", "parent": "v0"}
        self.assertEqual(self.server.metadata, [{**expected, "sha256": digest}])

    def test_r28_goes_on_where_the_server_says_after_a_lost_connection(self) -> None:
        content = os.urandom(1_000_000)
        faults = {1: "break", 3: "lost answer", 4: 500, 6: 503}
        self.server.fault = lambda method, count: faults.get(count) if method == "PATCH" else None
        self._parts_of(200_000)
        upload = self.run_to().save_model("v1", content)
        self.assertTrue(upload.wait(20), upload.detail)
        self.assertEqual(self.server.models["v1"], content)
        self.assertEqual(len(self.server.metadata), 1)
        self.assertGreaterEqual(self.server.requests.count("HEAD"), 4)

    def test_r28_begins_again_when_the_server_has_forgotten(self) -> None:
        content = os.urandom(500_000)
        self._parts_of(100_000)

        def forget(method: str, count: int) -> Any:
            if method == "PATCH" and count == 3:
                self.server.parts.clear()

        self.server.fault = forget
        upload = self.run_to().save_model("v1", content)
        self.assertTrue(upload.wait(20), upload.detail)
        self.assertEqual((self.server.models["v1"], len(self.server.metadata)), (content, 2))

    def test_r28_a_file_that_changes_meanwhile_is_not_sent_as_something_else(self) -> None:
        path = self.root / "model"
        path.write_bytes(b"a" * 500_000)
        self._parts_of(100_000)

        def change(method: str, count: int) -> Any:
            if method == "PATCH" and count == 2:
                path.write_bytes(b"b" * 500_000)

        self.server.fault = change
        upload = self.run_to().save_model("v1", path)
        self.assertFalse(upload.wait(20))
        self.assertEqual(upload.detail, "the file changed while it was uploaded")
        self.assertEqual((self.server.models, self.server.requests[-1]), ({}, "DELETE"))

    def test_r28_a_file_that_shrinks_during_the_upload_is_reported_at_once(self) -> None:
        path = self.root / "model"
        path.write_bytes(b"a" * 500_000)
        self._parts_of(100_000)
        self.server.fault = lambda method, count: path.write_bytes(b"") and None if method == "PATCH" else None
        upload = self.run_to().save_model("v1", path)
        self.assertFalse(upload.wait(20))
        self.assertEqual(upload.detail, "the file changed while it was uploaded")
        self.assertEqual(self.server.models, {})

    def test_r28_a_refusal_is_reported_and_final(self) -> None:
        for status in (409, 422):
            self.server.fault = lambda method, count, status=status: status if method == "POST" else None  # type: ignore[misc]
            upload = self.run_to().save_model("v1", b"model")
            self.assertFalse(upload.wait(20))
            self.assertIn(f"HTTP {status}", upload.detail or "")
        self.assertEqual([problem.split(":")[0] for problem in self.problems], ["upload_failed"] * 2)

    def test_r28_a_missing_file_is_reported_not_raised(self) -> None:
        run = self.run_to()
        self.assertFalse(run.save_model("v1", self.root / "nothing").wait(20))
        self.assertFalse(run.save_model("v2", object()).wait(20))  # type: ignore[arg-type]
        self.assertEqual([problem.split(":")[0] for problem in self.problems], ["upload_failed"] * 2)

    def test_r28_closing_waits_while_bytes_move(self) -> None:
        content = os.urandom(800_000)
        self._parts_of(100_000)

        def slow(method: str, count: int) -> Any:
            time.sleep(0.1)

        self.server.fault = slow
        run = self.run_to()
        upload = run.save_model("v1", content)
        run.close(0.6)
        self.assertEqual(upload.state, "done")

    def test_r14_closing_does_not_wait_for_a_server_that_is_down(self) -> None:
        run = self.run_to("http://127.0.0.1:9")
        upload = run.save_model("v1", b"model")
        began = time.monotonic()
        run.close()
        self.assertLess(time.monotonic() - began, 30)
        self.assertEqual(upload.state, "failed")

    def test_r1_saving_takes_no_time(self) -> None:
        run = self.run_to("http://127.0.0.1:9")
        began = time.monotonic()
        run.save_model("v1", bytes(50_000_000))
        # Hashing alone would take ten times as long.
        self.assertLess(time.monotonic() - began, 1)

    def test_r28_smaller_parts_where_a_proxy_bounds_bodies_mlflow_10332(self) -> None:
        content = os.urandom(3_000_000)
        for self.server.is_mute in (False, True):
            with self.subTest(self.server.is_mute):
                self._parts_of(2_000_000)
                self.server.max_part, self.server.sizes = 300_000, []
                run = self.run_to()
                upload = run.save_model(f"v{self.server.is_mute}", content)
                self.assertTrue(upload.wait(30), upload.detail)
                self.assertEqual(self.server.models[upload.version], content)
                self.assertEqual(self.server.sizes[-2], 250_000)
                # The next model begins with what passed.
                self.server.sizes = []
                next_upload = run.save_model(f"w{self.server.is_mute}", content)
                self.assertTrue(next_upload.wait(30), next_upload.detail)
                self.assertLessEqual(max(self.server.sizes), 300_000)

    def test_r28_a_bound_that_lets_nothing_pass_is_named_mlflow_10332(self) -> None:
        self._parts_of(200_000)
        self.server.max_part = 1_000
        upload = self.run_to().save_model("v1", os.urandom(500_000))
        self.assertFalse(upload.wait(20))
        self.assertIn("HTTP 413 for a part of 65536 bytes", upload.detail or "")
        self.assertIn("client_max_body_size", upload.detail or "")
        self.assertEqual(self.server.sizes[-1], 65_536)

    def test_r28_the_address_may_have_a_path(self) -> None:
        self.server.prefix = "/rondo"
        self._parts_of(100_000)
        run = self.run_to(f"{self.server.url}/rondo/")
        upload = run.save_model("v1", bytes(250_000))
        self.assertTrue(upload.wait(20), upload.detail)
        run.close()
        self.assertEqual(run.stats().last_error, None)

    def _parts_of(self, size: int) -> None:
        tus.PART_BYTES = size


class Metadata(SceneTest):
    def test_r28_metadata_is_text_of_any_kind(self) -> None:
        self.assertEqual(
            tus.metadata_of({"version": "größe 1"}), f"version {base64.b64encode('größe 1'.encode()).decode()}"
        )
