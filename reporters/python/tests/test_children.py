"""Children of `multiprocessing` and `fork`, and proxies."""

from __future__ import annotations

import base64
import http.client
import os
import subprocess
import sys
import threading
import unittest
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from unittest import mock
from urllib.parse import urlsplit

import rondo
from rondo.cli.check import findings

from .test_live import LiveTest

_PROGRAM = """
import multiprocessing, os, sys
import rondo

def child(url, spool):
    run = rondo.run("child", run_id="run-1", url=url, api_key="key-for-tests", spool_dir=spool)
    for step in range(50):
        run.metric("loss", 1, step=step)
    run.run_complete()

if __name__ == "__main__":
    url, spool, method = sys.argv[1:]
    if method == "os.fork":
        run = rondo.run("parent", run_id="run-1", url=url, api_key="key-for-tests", spool_dir=spool)
        if (pid := os.fork()) == 0:
            run.metric("loss", 1, step=1)
            run.metric("loss", 1, step=2)
            print("dropped", run.stats().dropped, flush=True)
            os._exit(0)
        os.waitpid(pid, 0)
        sys.exit()
    process = multiprocessing.get_context(method).Process(target=child, args=(url, spool))
    process.start()
    process.join(30)
    sys.exit(process.exitcode)
"""


class Children(LiveTest):
    def run_program(self, url: str, method: str) -> subprocess.CompletedProcess[str]:
        program = self.root / "program.py"
        program.write_text(_PROGRAM, "utf-8")
        source = os.path.join(os.path.dirname(__file__), "..", "src")
        environment = {name: value for name, value in os.environ.items() if not name.startswith("RONDO_")}
        return subprocess.run(
            [sys.executable, str(program), url, str(self.root / "spool"), method],
            capture_output=True,
            text=True,
            timeout=60,
            env={**environment, "PYTHONPATH": source},
        )

    @unittest.skipUnless(hasattr(os, "fork"), "there is no fork here")
    def test_r34_a_child_of_multiprocessing_loses_nothing(self) -> None:
        for method in ("fork", "spawn", "forkserver"):
            with self.subTest(method):
                ingest = self.ingest()
                done = self.run_program(ingest.url, method)
                self.assertEqual(done.returncode, 0, done.stderr)
                self.assertEqual(ingest.steps, list(range(50)))
                self.assertEqual(ingest.facts[-1]["type"], "run_complete")

    @unittest.skipUnless(hasattr(os, "fork"), "there is no fork here")
    def test_r34_a_forked_child_that_reports_says_that_it_is_in_vain(self) -> None:
        done = self.run_program(self.ingest().url, "os.fork")
        self.assertIn("dropped 2", done.stdout)
        self.assertEqual(done.stderr.count("was forked after rondo.run()"), 1)


class _Proxy:
    """A forward proxy for http:// that wants a password, and knows one host by a name of its own."""

    def __init__(self, port: int) -> None:
        proxy = self
        self.refused = 0

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                user = base64.b64encode(b"me:p@ss").decode()
                if self.headers.get("proxy-authorization") != f"Basic {user}":
                    proxy.refused += 1
                    self.answer(407, b"")
                    return
                address = urlsplit(self.path)
                assert address.netloc == "far.invalid:8000", self.path
                onward = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
                kept = {"content-type", "content-encoding", "authorization"}
                headers = {name: value for name, value in self.headers.items() if name.lower() in kept}
                onward.request("POST", address.path, body, headers)
                response = onward.getresponse()
                self.answer(response.status, response.read())
                onward.close()

            def answer(self, status: int, content: bytes) -> None:
                self.send_response(status)
                self.send_header("content-length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()

    @property
    def place(self) -> str:
        return f"127.0.0.1:{self.server.server_address[1]}"

    def stop(self) -> None:
        self.server.shutdown()
        self.server.server_close()


class Proxies(LiveTest):
    def test_r16_a_proxy_for_http_receives_its_password(self) -> None:
        ingest = self.ingest()
        proxy = _Proxy(ingest.port)
        self.addCleanup(proxy.stop)
        for user, delivered in (("me:p%40ss", 2), ("me:wrong", 0)):
            ingest.facts.clear()
            messages: list[str] = []
            with mock.patch.dict(os.environ, {"http_proxy": f"http://{user}@{proxy.place}", "no_proxy": ""}):
                run = rondo.run(
                    "proxied",
                    url="http://far.invalid:8000",
                    api_key="key-for-tests",
                    spool=False,
                    on_problem=lambda problem, into=messages: into.append(problem.message),  # type: ignore[misc]
                )
                run.run_complete()
                run.close(3)
            self.assertEqual(len(ingest.facts), delivered, messages)
            self.assertNotIn("wrong", " ".join(messages))
        self.assertGreaterEqual(proxy.refused, 1)

    def test_r16_a_misspelt_proxy_is_a_finding_without_its_password(self) -> None:
        environment = {"http_proxy": "http://user:hunter2@proxy:80a80", "no_proxy": ""}
        with mock.patch.dict(os.environ, environment):
            found = list(findings("http://rondo.example.org", "key"))
        self.assertEqual(found[-1].state, "failed")
        self.assertNotIn("hunter2", " ".join(finding.text for finding in found))
