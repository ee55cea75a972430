"""Reading back, against a small HTTP server that answers as the dashboard does."""

from __future__ import annotations

import json
import math
import struct
import threading
import unittest
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import rondo
import rondo.reading
from rondo.reading.matrix import decode_matrix
from rondo.reading.rows import decode, flatten

Answer = Callable[[str, dict[str, list[str]]], tuple[int, Any]]


class Dashboard:
    """Serves what `answer` returns, and keeps the requests."""

    def __init__(self, answer: Answer) -> None:
        self.requests: list[str] = []
        dashboard = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                dashboard.requests.append(self.path)
                parts = urlsplit(self.path)
                status, body = answer(parts.path, parse_qs(parts.query))
                content = body if isinstance(body, bytes) else json.dumps(body).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(content)))
                if status == 302:
                    self.send_header("Location", "http://127.0.0.1:9/stolen")
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


class Reading(unittest.TestCase):
    def reader(self, answer: Answer) -> tuple[rondo.reading.Reader, Dashboard]:
        dashboard = Dashboard(answer)
        self.addCleanup(dashboard.close)
        return rondo.read(dashboard.url, "rk_read"), dashboard

    def test_a_list_is_read_page_by_page_and_only_as_far_as_it_is_used(self) -> None:
        def answer(path: str, query: dict[str, list[str]]) -> tuple[int, Any]:
            page = int(query.get("cursor", ["0"])[0])
            return 200, {"items": [{"run_id": str(page)}], "total": 3, "next": str(page + 1) if page < 2 else None}

        reader, dashboard = self.reader(answer)
        runs = reader.runs(tag="sweep", config={"lr": 0.1})
        first = next(iter(runs))
        self.assertEqual(first["run_id"], "0")
        self.assertEqual(len(dashboard.requests), 1)
        self.assertIn("tag=sweep", dashboard.requests[0])
        self.assertIn("config.lr=0.1", dashboard.requests[0])
        self.assertEqual([run["run_id"] for run in runs], ["0", "1", "2"])

    def test_every_point_of_a_long_series_arrives_once_and_in_order(self) -> None:
        steps = [*range(0, 100, 3), 2**53 - 1]

        def answer(path: str, query: dict[str, list[str]]) -> tuple[int, Any]:
            begin, end = int(query["from"][0]), int(query["to"][0])
            found = [step for step in steps if begin <= step <= end]
            sampled = len(found) > 5
            kept = [found[0], found[-1]] if sampled else found
            return 200, {
                "step": kept,
                "value": ["NaN" if step == 3 else step for step in kept],
                "at": ["2026-01-31T12:00:00.000Z"] * len(kept),
                "sampled": sampled,
            }

        reader, _ = self.reader(answer)
        run = rondo.reading.StoredRun(reader._api, {"run_id": "r", "status": "complete"})
        points = run.series("loss").to_list()
        self.assertEqual([point["step"] for point in points], steps)
        self.assertTrue(math.isnan(points[1]["value"]))

    def test_a_refusal_says_what_to_do_and_never_has_the_key(self) -> None:
        reader, _ = self.reader(lambda *_: (401, {"detail": "this key does not exist"}))
        with self.assertRaises(rondo.ReadError) as caught:
            reader.run("r")
        self.assertEqual(caught.exception.status, 401)
        self.assertIn("scope read", str(caught.exception))
        self.assertNotIn("rk_read", str(caught.exception))

    def test_the_key_does_not_follow_a_redirect(self) -> None:
        reader, _ = self.reader(lambda *_: (302, {}))
        with self.assertRaises(rondo.ReadError) as caught:
            reader.run("r")
        self.assertEqual(caught.exception.status, 302)

    def test_without_a_key_the_error_names_the_variable(self) -> None:
        with self.assertRaisesRegex(rondo.ReadError, "RONDO_API_KEY"):
            rondo.read("http://127.0.0.1:9", "")

    def test_nan_and_infinity_are_numbers_only_where_numbers_are_measured(self) -> None:
        row = decode({"name": "NaN", "global_loss": "NaN", "metrics": {"f1": "-Infinity", "auc": 0.5}})
        self.assertEqual(row["name"], "NaN")
        self.assertTrue(math.isnan(row["global_loss"]))
        self.assertEqual(flatten(row)["metrics.f1"], -math.inf)

    def test_a_matrix_keeps_missing_zero_and_nan_apart(self) -> None:
        header = {"measure": "train_loss", "cell": "float32", "rounds": [1, 2], "client_ids": ["a", "b"]}
        text = json.dumps(header).encode()
        text += b" " * (-len(text) % 4)
        cells = struct.pack("<fI", 0.0, 0x7FC00001) + struct.pack("<ff", math.nan, 2.5)
        matrix = decode_matrix(b"RMX1" + struct.pack("<I", len(text)) + text + cells)
        self.assertEqual(matrix.value("a", 1), 0.0)
        self.assertIsNone(matrix.value("b", 1))
        self.assertTrue(math.isnan(matrix.value("a", 2)))
        self.assertEqual([cell[:2] for cell in matrix], [("a", 1), ("a", 2), ("b", 2)])
        with self.assertRaises(ValueError):
            decode_matrix(b"RMX2")


if __name__ == "__main__":
    unittest.main()
