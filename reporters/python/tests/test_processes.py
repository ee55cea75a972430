"""Processes that end, as they should and as they should not."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
import unittest
from pathlib import Path

from .fake_ingest import Fault
from .test_live import LiveTest

_TRAINING = Path(__file__).with_name("training.py")
# 200 for the record, a few for every day: `TEST_KILLS=200 python -m unittest tests.test_processes`.
_KILLS = int(os.environ.get("TEST_KILLS", "12"))
# Twice what R18 promises: the machine that runs this has other things to do.
_UNSPOOLED_NS = 100_000_000


class Ends(LiveTest):
    def train(self, url: str, seconds: float, ending: str, first: int = 0) -> subprocess.Popen[str]:
        arguments = [url, str(self.root), "run-1", str(first), str(seconds), ending]
        environment = {name: value for name, value in os.environ.items() if not name.startswith("RONDO_")}
        return subprocess.Popen(
            [sys.executable, str(_TRAINING), *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env=environment,
        )

    def test_r14_delivers_what_a_program_forgot_to_close(self) -> None:
        ingest = self.ingest()
        output, _ = self.train(ingest.url, 0.05, "forget").communicate(timeout=20)
        self.assertEqual(len(ingest.steps), len(output.splitlines()))

    def test_an_exception_ends_the_process_as_without_us(self) -> None:
        ingest = self.ingest()
        child = self.train(ingest.url, 0.05, "raise")
        child.communicate(timeout=20)
        self.assertEqual(child.returncode, 1)
        self.assertEqual((ingest.facts[-1]["type"], ingest.facts[-1]["status"]), ("run_complete", "failed"))

    def test_r15_ends_at_once_with_a_server_that_is_down(self) -> None:
        child = self.train("http://127.0.0.1:9", 0.05, "forget")
        began = time.monotonic()
        child.communicate(timeout=20)
        # 2 s, and the start of an interpreter on a busy machine.
        self.assertLess(time.monotonic() - began, 5)
        self.assertEqual(child.returncode, 0)

    @unittest.skipUnless(hasattr(os, "fork"), "there is no fork here")
    def test_a_forked_child_is_silent_and_the_parent_goes_on(self) -> None:
        ingest = self.ingest()
        output, _ = self.train(ingest.url, 0.05, "fork").communicate(timeout=20)
        messages = [fact["message"] for fact in ingest.facts if fact["type"] == "log"]
        self.assertEqual(messages, ["from the parent"])
        self.assertNotIn(-1, ingest.steps)
        self.assertIn("queued=0", output)

    def test_r18_kill_9_at_a_random_moment_loses_nothing_spooled_and_doubles_nothing(self) -> None:
        seed = int(os.environ.get("TEST_SEED", random.randrange(1_000_000)))
        about = f"TEST_SEED={seed}"
        chance = random.Random(seed)
        ingest = self.ingest()
        first = 0
        said: list[tuple[int, bool]] = []
        for kill in range(_KILLS):
            # Every third training meets a server that is down, or loses answers.
            fault: Fault = (None, "down", "lost answer")[kill % 3]
            ingest.fault = lambda seen, fault=fault: fault if chance.random() < 0.5 else None  # type: ignore[misc]
            child = self.train(ingest.url, 60, "forget", first)
            assert child.stdout is not None
            begun = child.stdout.readline()
            time.sleep(chance.random() * 0.25)
            child.send_signal(signal.SIGKILL)
            killed_ns = time.monotonic_ns()
            output, _ = child.communicate(timeout=20)
            for line in [begun.strip(), *output.splitlines()]:
                step, at_ns = line.split(" ") if line.count(" ") == 1 else ("", "")
                if at_ns.isdigit() and len(at_ns) >= len(str(killed_ns)):
                    first = int(step) + 1
                    said.append((int(step), int(at_ns) < killed_ns - _UNSPOOLED_NS))
        ingest.fault = lambda seen: None
        last = self.reporter(ingest.url)
        self.until(lambda: last.stats().queued == 0)
        # Everything is delivered when its own folder is the only one with anything in it.
        end = time.monotonic() + 60
        while len(left := self._folders_with_files()) > 1 and time.monotonic() < end:
            time.sleep(0.01)
        self.assertEqual(len(left), 1, f"{about}: {[sorted(path.iterdir()) for path in left]}")
        got = ingest.steps
        self.assertGreater(len(said), _KILLS * 5, about)
        self.assertEqual(ingest.changed, [], about)
        self.assertEqual(got, sorted(set(got)), f"out of order or doubled; {about}")
        missing = [step for step, must_be_there in said if must_be_there and step not in set(got)]
        self.assertEqual(missing, [], about)
        last.close()
        self.assertEqual(self._folders_with_files(), [], about)

    def _folders_with_files(self) -> list[Path]:
        return [folder for folder in self.root.glob("*/*") if any(folder.glob("*"))]
