"""A reporter with a server, a clock and a disk of its own, and no chance."""

from __future__ import annotations

import tempfile
import time
import unittest
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rondo.options import Options
from rondo.problems import Problem
from rondo.reporter import Reporter

from .fake_ingest import FakeIngest


class FakeClock:
    """Moves only when the test advances it."""

    def __init__(self) -> None:
        self.ms = 1_769_860_800_000
        self.seconds = 1_000.0

    def now_ms(self) -> int:
        return self.ms

    def monotonic(self) -> float:
        return self.seconds

    def real_seconds(self, seconds: float) -> float:
        return seconds

    def advance(self, seconds: float) -> None:
        self.ms += round(seconds * 1000)
        self.seconds += seconds


class FastClock:
    """A hundred times as fast as the machine's: waits are short, requests and faults take their real time."""

    def now_ms(self) -> int:
        return time.time_ns() // 1_000_000

    def monotonic(self) -> float:
        return time.monotonic() * 100

    def real_seconds(self, seconds: float) -> float:
        return seconds / 100


class Scene:
    """Runs by hand: `advance` moves the clock and runs the timers that are due."""

    def __init__(self, root: Path, **options: Any) -> None:
        self.server = FakeIngest()
        self.clock = FakeClock()
        self.problems: list[Problem] = []
        given: dict[str, Any] = {
            "name": "test",
            "run_id": "run-1",
            "url": "http://127.0.0.1:8000",
            "api_key": "key-for-tests",
            "clock": self.clock,
            "random": lambda: 0.5,
            "post": self.server.post,
            "on_problem": self.problems.append,
            "spool_dir": root,
            "is_threaded": False,
        }
        self.reporter = Reporter(Options(**{**given, **options}))

    def advance(self, seconds: float) -> None:
        end = self.clock.seconds + seconds
        while True:
            self.reporter.write_turn()
            wait_s = self.reporter.send_turn()
            if wait_s == 0:
                continue
            step = end - self.clock.seconds if wait_s is None else min(wait_s, end - self.clock.seconds)
            if step <= 0:
                return
            self.clock.advance(step)

    def kill(self) -> None:
        """It does nothing more, at the end of this process neither."""
        self.reporter.silence()

    def metrics(self, *steps: int) -> None:
        for step in steps:
            self.metric("loss", step / 7, step=step)

    def metric(self, name: str, value: Any, **where: Any) -> None:
        self.reporter.say("metric", {"name": name, "value": value, **where})

    @property
    def codes(self) -> list[str]:
        return [problem.code for problem in self.problems]


class SceneTest(unittest.TestCase):
    """Tests that get a folder of their own."""

    def setUp(self) -> None:
        holder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        self.addCleanup(holder.cleanup)
        self.root = Path(holder.name)

    def scene(self, **options: Any) -> Scene:
        scene = Scene(self.root, **options)
        self.addCleanup(lambda: scene.reporter.close(0))
        return scene

    def until(self, is_done: Callable[[], bool], timeout_s: float = 60.0) -> None:
        """Wait for a condition in other threads, processes or sockets."""
        end = time.monotonic() + timeout_s
        while not is_done():
            self.assertLess(time.monotonic(), end, "it did not come about in time")
            time.sleep(0.002)
