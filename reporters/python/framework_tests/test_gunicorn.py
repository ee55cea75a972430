"""Family 7: gunicorn forks its workers after `--preload` has called `rondo.run()` (gunicorn#1666)."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.request
from pathlib import Path
from typing import Any

from tests.fake_ingest import LiveIngest

HERE = Path(__file__).resolve().parent
LONGEST_S = 60
ASKED = 12


class Served:
    """What a server with two workers answered, printed and reported, from its start to its end by SIGTERM."""

    def __init__(self, path: str, *options: str) -> None:
        ingest = LiveIngest()
        ingest.start()
        try:
            with tempfile.TemporaryDirectory() as folder:
                self.answers, self.errors, self.code = self._serve(path, options, Path(folder), ingest.url)
        finally:
            ingest.stop()
        self.facts = ingest.facts

    def _serve(self, path: str, options: tuple[str, ...], folder: Path, url: str) -> Any:
        places = [str(HERE.parent / "src"), str(HERE)]
        env = {name: value for name, value in os.environ.items() if not name.startswith("RONDO_")}
        env |= {"RONDO_URL": url, "RONDO_API_KEY": "key", "RONDO_SPOOL_DIR": str(folder / "spool")}
        env["PYTHONPATH"] = os.pathsep.join([*places, env.get("PYTHONPATH", "")])
        log = folder / "log"
        command = [sys.executable, "-m", "gunicorn", "-w", "2", "-b", "127.0.0.1:0", *options]
        with log.open("wb") as output:
            server = subprocess.Popen([*command, "gunicorn_app:application"], env=env, cwd=folder, stderr=output)
        try:
            address = _address(log, server)
            answers = []
            for _ in range(ASKED):
                with urllib.request.urlopen(address + path, timeout=LONGEST_S) as answer:
                    answers.append(json.load(answer))
            server.terminate()
            return answers, log.read_text(), server.wait(LONGEST_S)
        finally:
            if server.poll() is None:
                server.kill()
                server.wait(LONGEST_S)

    def steps_of(self, run_id: str) -> list[int]:
        return [each["step"] for each in self.facts if each["type"] == "metric" and each["run_id"] == run_id]


def _address(log: Path, server: subprocess.Popen[bytes]) -> str:
    end = time.monotonic() + LONGEST_S
    while time.monotonic() < end and server.poll() is None:
        text = log.read_text()
        # The port is the system's choice, and a worker is there before the first question.
        if "Booting worker" in text and "Listening at: " in text:
            return text.split("Listening at: ", 1)[1].split(" ", 1)[0]
        time.sleep(0.05)
    raise AssertionError(f"gunicorn did not start:\n{log.read_text()}")


class Gunicorn(unittest.TestCase):
    def test_r34_a_run_made_before_the_fork_says_in_each_worker_that_its_reports_are_dropped(self) -> None:
        served = Served("/preloaded", "--preload")
        workers = {each["pid"] for each in served.answers}
        for pid in workers:
            last = [each for each in served.answers if each["pid"] == pid][-1]
            asked = sum(each["pid"] == pid for each in served.answers)
            assert last["dropped"] == asked, last
            assert served.errors.count(f"process {pid} was forked after rondo.run()") == 1, served.errors
        # The master is the process that reports: its run is there, without the metrics of the workers.
        assert [each["run_id"] for each in served.facts if each["type"] == "run_started"] == ["preloaded"]
        assert served.steps_of("preloaded") == []
        assert served.code == 0

    def test_r34_a_run_made_in_the_worker_loses_nothing_with_and_without_preload(self) -> None:
        for options in (("--preload",), ()):
            with self.subTest(options):
                served = Served("/own", *options)
                for pid in {each["pid"] for each in served.answers}:
                    asked = sum(each["pid"] == pid for each in served.answers)
                    assert len(served.steps_of(f"worker-{pid}")) == asked, served.errors
                assert sum(each["dropped"] for each in served.answers) == 0
                assert "was forked after" not in served.errors


if __name__ == "__main__":
    unittest.main()
