"""Processes that end, as they should and as they should not."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
import unittest
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from rondo.spool.records import Stored, parse
from rondo.spool.state import whole_lines

from .fake_ingest import Fault
from .test_live import LiveTest

_TRAINING = Path(__file__).with_name("training.py")
# 200 for the record, a few for every day: `TEST_KILLS=200 python -m unittest tests.test_processes`.
_KILLS = int(os.environ.get("TEST_KILLS", "12"))
# R18 promises 50 ms where a thread that is due gets its turn; the machine that runs this has other things to do.
_UNSPOOLED_S = 1.0


class Killed(NamedTuple):
    """The reports of a training process until it was killed, with their times, and the disk afterwards."""

    said: list[int]
    said_ns: list[int]
    kept: set[int]
    killed_ns: int


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

    def test_r1_a_reporter_that_is_made_at_exit_delivers_too(self) -> None:
        ingest = self.ingest()
        child = self.train(ingest.url, 0.05, "late")
        child.communicate(timeout=20)
        self.assertEqual(child.returncode, 0)
        # No thread may start by then in newer Pythons: what could not be sent is on disk.
        self.reporter(ingest.url)
        self.until(lambda: "at exit" in [fact.get("message") for fact in ingest.facts])

    def test_r15_ends_at_once_with_a_server_that_is_down(self) -> None:
        child = self.train("http://127.0.0.1:9", 0.05, "forget")
        began = time.monotonic()
        child.communicate(timeout=20)
        # 2 s, and the start of an interpreter on a busy machine.
        self.assertLess(time.monotonic() - began, 30)
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
        trainings: list[Killed] = []
        for kill in range(_KILLS):
            # Every third training meets a server that is down, or loses answers.
            fault: Fault = (None, "down", "lost answer")[kill % 3]
            ingest.fault = lambda seen, fault=fault: fault if chance.random() < 0.5 else None  # type: ignore[misc]
            trainings.append(self._train_and_kill(ingest.url, first, chance.random() * 0.25))
            first += len(trainings[-1].said)
        ingest.fault = lambda seen: None
        last = self.reporter(ingest.url)
        self.until(lambda: last.stats().queued == 0)
        # Everything is delivered when its own folder is the only one with anything in it.
        end = time.monotonic() + 60
        while len(left := self._folders_with_files()) > 1 and time.monotonic() < end:
            time.sleep(0.01)
        self.assertEqual(len(left), 1, f"{about}: {[sorted(path.iterdir()) for path in left]}")
        got = ingest.steps
        self.assertGreater(first, _KILLS * 5, about)
        self.assertEqual(ingest.changed, [], about)
        self.assertEqual(got, sorted(set(got)), f"out of order or doubled; {about}")
        for training in trainings:
            self.assertEqual(training.kept - set(got), set(), f"was on disk; {about}")
            missing = [step for step in training.said if step not in set(got)]
            # Only what was said last is lost, and not much of it, however busy this machine is.
            self.assertEqual(missing, training.said[len(training.said) - len(missing) :], about)
            unspooled_s = (training.killed_ns - training.said_ns[-len(missing)]) / 1e9 if missing else 0
            self.assertLess(unspooled_s, _UNSPOOLED_S, about)
        last.close()
        self.assertEqual(self._folders_with_files(), [], about)

    def _train_and_kill(self, url: str, first: int, seconds: float) -> Killed:
        child = self.train(url, 60, "forget", first)
        assert child.stdout is not None
        begun = child.stdout.readline()
        time.sleep(seconds)
        child.send_signal(signal.SIGKILL)
        killed_ns = time.monotonic_ns()
        kept = self._steps_on_disk()
        # Not `communicate`: with a timeout it leaves out what `readline` has already taken from the pipe.
        output = child.stdout.read()
        child.wait()
        child.stdout.close()
        # The last line may be torn.
        said = [line.split(" ") for line in (begun + output).split("\n")[:-1]]
        return Killed([int(step) for step, _ in said], [int(at_ns) for _, at_ns in said], kept, killed_ns)

    def _steps_on_disk(self) -> set[int]:
        steps = set()
        for path in self.root.glob("*/*/*.log"):
            with suppress(FileNotFoundError):
                records = [parse(line) for line in whole_lines(path.read_bytes())]
                events = [json.loads(record.json) for record in records if isinstance(record, Stored)]
                steps |= {event["step"] for event in events if event["type"] == "metric"}
        return steps

    def _folders_with_files(self) -> list[Path]:
        return [folder for folder in self.root.glob("*/[!.]*") if any(folder.glob("*"))]
