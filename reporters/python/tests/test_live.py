"""The fault matrix: a reporter with its threads, over real sockets."""

from __future__ import annotations

import signal
import socket
import threading
import time
import unittest
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

from rondo.connection import Connection
from rondo.options import Options
from rondo.reporter import Reporter

from .fake_ingest import Fault, LiveIngest
from .scene import FastClock, SceneTest

FAULTS: dict[str, Fault] = {
    "a connection that breaks": "down",
    "a server that never answers": "silent",
    "a slow server": "slow",
    "a lost answer after the commit": "lost answer",
    "an answer that is not ours": "garbage",
    "HTTP 500": 500,
    "HTTP 429": 429,
    "HTTP 503": 503,
    "HTTP 401": 401,
    "HTTP 404": 404,
}
WHEN: dict[str, Callable[[int], bool]] = {
    "at the start": lambda request: request < 2,
    "in the middle": lambda request: request == 2,
    "every third time": lambda request: request % 3 == 1 and request < 9,
}


class LiveTest(SceneTest):
    def ingest(self) -> LiveIngest:
        ingest = LiveIngest()
        ingest.start()
        self.addCleanup(ingest.stop)
        return ingest

    def reporter(self, url: str, **options: Any) -> Reporter:
        given: dict[str, Any] = {
            "name": "faults",
            "run_id": "run-1",
            "url": url,
            "api_key": "key-for-tests",
            "spool_dir": self.root,  # One for all: each server has its own folder in it.
            "on_problem": lambda problem: None,
            "clock": FastClock(),
            "request_timeout_ms": 300,
        }
        reporter = Reporter(Options(**{**given, **options}))
        self.addCleanup(lambda: reporter.close(0))
        return reporter

    def at_once(self, cases: dict[str, Callable[[], None]]) -> None:
        """They mostly wait, so they may do it together."""
        with ThreadPoolExecutor(10) as pool:
            running = {name: pool.submit(case) for name, case in cases.items()}
        for name, case in running.items():
            with self.subTest(name):
                case.result()


def say_steps(reporter: Reporter, *steps: int) -> None:
    for step in steps:
        reporter.say("metric", {"name": "loss", "value": step / 7, "step": step})


class FaultMatrix(LiveTest):
    def test_r4_loses_and_doubles_nothing(self) -> None:
        self.at_once(
            {
                f"{name}, {when}": lambda fault=fault, is_meant=is_meant: self.meets(fault, is_meant)  # type: ignore[misc]
                for name, fault in FAULTS.items()
                for when, is_meant in WHEN.items()
            }
        )

    def meets(self, fault: Fault, is_meant: Callable[[int], bool]) -> None:
        ingest = self.ingest()
        ingest.fault = lambda seen: fault if is_meant(len(ingest.requests) - 1) else None
        reporter = self.reporter(ingest.url, request_timeout_ms=300)
        for part in range(5):
            say_steps(reporter, *range(part * 40, part * 40 + 40))
            sent = part + 1
            while len(ingest.requests) < sent:
                time.sleep(0.002)
        self.until(lambda: reporter.stats().queued == 0)
        self.assertEqual(ingest.steps, list(range(200)))
        self.assertEqual(ingest.changed, [])
        stats = reporter.close()
        self.assertEqual((stats.acknowledged, stats.dropped, stats.rejected), (201, 0, 0))
        ingest.stop()

    def test_r8_waits_for_a_server_that_starts_later_and_for_one_that_restarts(self) -> None:
        ingest = self.ingest()
        ingest.stop()
        reporter = self.reporter(ingest.url)
        say_steps(reporter, 0)
        self.until(lambda: reporter.stats().last_error is not None)
        for step in range(1, 4):
            ingest.start()
            say_steps(reporter, step)
            self.until(lambda: reporter.stats().queued == 0)
            ingest.stop()
        self.assertEqual(ingest.steps, [0, 1, 2, 3])

    def test_r14_a_server_that_is_down_at_the_end_gets_the_rest_from_the_next_reporter(self) -> None:
        ingest = self.ingest()
        first = self.reporter(ingest.url)
        say_steps(first, 1, 2)
        self.until(lambda: first.stats().queued == 0)
        ingest.stop()
        say_steps(first, 3, 4)
        self.assertEqual(first.close(0.3).queued, 2)
        ingest.start()
        second = self.reporter(ingest.url)
        say_steps(second, 5)
        self.until(lambda: len(ingest.steps) == 5)
        self.assertEqual(ingest.steps, [1, 2, 3, 4, 5])

    def test_r14_closes_in_time_whatever_the_server_does(self) -> None:
        faults: tuple[Fault, ...] = ("down", "silent", 401, 503, "garbage")
        self.at_once({str(fault): lambda fault=fault: self.closes_before(fault) for fault in faults})  # type: ignore[misc]

    def closes_before(self, fault: Fault) -> None:
        ingest = self.ingest()
        ingest.fault = lambda seen: fault
        reporter = self.reporter(ingest.url, request_timeout_ms=10_000)
        say_steps(reporter, 1)
        self.closes_in_time(reporter, 2)
        ingest.stop()

    def test_r14_closes_in_time_when_nobody_listens_or_nobody_is_there(self) -> None:
        # The second is an address of TEST-NET, where packets vanish.
        urls = ("http://127.0.0.1:9", "http://192.0.2.1:8000", "http://no-such-host.invalid:8000")
        self.at_once({url: lambda url=url: self.closes_in_time(self.reporter(url), 1) for url in urls})  # type: ignore[misc]

    def closes_in_time(self, reporter: Reporter, left: int) -> None:
        began = time.monotonic()
        stats = reporter.close()
        self.assertLess(time.monotonic() - began, 30)
        self.assertEqual((stats.queued, stats.dropped), (left, 0))

    def test_r8_a_connection_that_was_closed_while_idle_is_no_trouble(self) -> None:
        ingest = self.ingest()
        ingest.hangs_up = True
        problems: list[object] = []
        reporter = self.reporter(ingest.url, on_problem=problems.append)
        for step in range(5):
            say_steps(reporter, step)
            while reporter.stats().queued:
                time.sleep(0.002)
        self.assertEqual((ingest.steps, problems), (list(range(5)), []))

    def test_r8_a_server_that_dribbles_is_one_that_does_not_answer(self) -> None:
        listener = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(listener.close)

        def dribble(client: socket.socket) -> None:
            with client, suppress(OSError):
                client.sendall(b"HTTP/1.1 200 OK\r\n")
                while True:
                    client.sendall(b"x-a: b\r\n")
                    time.sleep(0.02)

        def serve() -> None:
            with suppress(OSError):
                while True:
                    threading.Thread(target=dribble, args=(listener.accept()[0],), daemon=True).start()

        threading.Thread(target=serve, daemon=True).start()
        connection = Connection(f"http://127.0.0.1:{listener.getsockname()[1]}", {})
        began = time.monotonic()
        with self.assertRaises(TimeoutError):
            connection.request("POST", "/api/ingest", b"{}", timeout_s=0.3)
        self.assertLess(time.monotonic() - began, 30)

    def test_r1_calls_of_many_threads_arrive_once_each(self) -> None:
        ingest = self.ingest()
        reporter = self.reporter(ingest.url)
        threads = [
            threading.Thread(target=say_steps, args=(reporter, *range(first, first + 1_000)))
            for first in range(0, 8_000, 1_000)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        stats = reporter.close(20)
        self.assertEqual((stats.reported, stats.acknowledged), (8_001, 8_001))
        self.assertEqual(sorted(ingest.steps), list(range(8_000)))
        moments = [fact["at"] for fact in ingest.facts]
        self.assertEqual(moments, sorted(moments))

    @unittest.skipUnless(hasattr(signal, "setitimer"), "there is no such timer here")
    def test_r1_a_signal_handler_may_report_in_the_middle_of_a_report(self) -> None:
        reporter = self.reporter("http://127.0.0.1:9")
        handled = [0]

        def handler(*_: object) -> None:
            handled[0] += 1
            say_steps(reporter, handled[0])

        before = signal.signal(signal.SIGALRM, handler)
        signal.setitimer(signal.ITIMER_REAL, 0.0005, 0.0005)
        try:
            end = time.monotonic() + 1
            called = 0
            while time.monotonic() < end:
                say_steps(reporter, called)
                called += 1
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, before)
        self.assertGreater(handled[0], 50)

    def test_r13_a_command_reaches_the_handler_over_the_wire(self) -> None:
        ingest = self.ingest()
        got: list[object] = []
        command = {"command_id": "c1", "command": "stop_run", "run_id": "run-1", "reason": "enough"}
        reporter = self.reporter(ingest.url, commands_supported=["stop_run"], on_command=got.append)
        ingest.commands = [command]
        self.until(lambda: [fact.get("state") for fact in ingest.facts[1:]] == ["delivered", "applied"])
        self.assertEqual(len(got), 1)
        reporter.close()

    def test_r5_an_event_arrives_within_a_tenth_of_a_second(self) -> None:
        ingest = self.ingest()
        reporter = self.reporter(ingest.url, clock=Options("x").clock)
        self.until(lambda: len(ingest.facts) == 1)
        time.sleep(0.1)
        waits = []
        for step in range(10):
            began = time.monotonic()
            say_steps(reporter, step)
            while len(ingest.steps) <= step:
                time.sleep(0.001)
            waits.append(time.monotonic() - began)
        self.assertLess(sorted(waits)[5], 0.1)
