"""NVIDIA FLARE's simulator against a running dashboard: the example's job, and one that only a stop ends."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import unittest
import uuid
from pathlib import Path
from typing import Any

from dashboard import TOKEN, WHY_NOT, ask, outcomes, rounds_of, run_named, series, until

HERE = Path(__file__).resolve().parent
EXAMPLE = HERE.parents[2] / "examples" / "nvflare"
SITES = {"site-1", "site-2", "site-3", "site-4"}
# Only a job that hangs needs as long as this.
LONGEST_S = 480


class Job:
    """A simulator in a process and a workspace of its own. What it printed is part of every failure."""

    def __init__(self, test: unittest.TestCase, name: str, command: list[str], cwd: Path, **env: str) -> None:
        folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        test.addCleanup(folder.cleanup)
        self.name = name
        # The simulator empties its workspace, so that what it prints is next to it.
        workspace = str(Path(folder.name) / "workspace")
        self.log = Path(folder.name) / "output.txt"
        with self.log.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, *command, *([] if cwd == EXAMPLE else [workspace])],
                cwd=cwd,
                env={**os.environ, **env, "JOB_NAME": name, "TMPDIR": folder.name},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )
        test.addCleanup(self.end)

    def end(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(10)

    def run(self, holds: Any, what: str) -> dict[str, Any]:
        """The run as soon as this holds. A job that is over cannot make it hold."""

        def find() -> dict[str, Any] | None:
            is_over = self.process.poll() is not None
            run = run_named(self.name)
            if run is not None and holds(run):
                return run
            assert not is_over or (run is not None and run["status"] == "running"), f"the job ended without {what}"
            return None

        try:
            return until(find, what, LONGEST_S)
        except AssertionError as error:
            raise AssertionError(f"{error}\nLast state of the run: {run_named(self.name)}\n{self.tail()}") from error

    def wait(self) -> int:
        try:
            return self.process.wait(LONGEST_S)
        except subprocess.TimeoutExpired as error:
            raise AssertionError(f"the job did not end\n{self.tail()}") from error

    def tail(self) -> str:
        return "The job printed:\n" + "\n".join(self.log.read_text(errors="replace").splitlines()[-60:])


@unittest.skipUnless(TOKEN, WHY_NOT)
class Simulator(unittest.TestCase):
    def setUp(self) -> None:
        self.name = f"nvflare-{uuid.uuid4().hex[:8]}"

    def test_every_round_site_outcome_and_metric_is_there(self) -> None:
        job = Job(self, self.name, ["job.py"], EXAMPLE, ROUNDS="2")
        run = job.run(lambda run: run["status"] != "running", "end of the run")
        assert job.wait() == 0, job.tail()
        rounds = rounds_of(run)
        assert (run["status"], run["num_rounds"], run["num_clients"]) == ("complete", 2, 4), job.tail()
        assert sorted(rounds) == [1, 2]
        for each in rounds.values():
            assert each["status"] == "complete"
            assert outcomes(each) == {"complete": 4}
            assert set(each["updates"]) == SITES
            assert 0 < each["global_loss"] < 1
            assert each["global_accuracy"] > 0.8
            assert all(update["sample_count"] > 100 for update in each["client_updates"])
        # Four points of each round, at the steps that the client gave.
        streamed = series(run, "local_loss/steps", "site-1")
        assert streamed["step"] == [0, 5, 10, 15, 20, 25, 30, 35]

    def test_a_stop_from_the_dashboard_ends_the_job_and_is_no_failure(self) -> None:
        job = Job(self, self.name, [str(HERE / "nvflare_jobs.py"), "endless"], HERE)
        # Rounds are short: by the time of the stop it may be a later one.
        run = job.run(lambda run: (run["current_round"] or 0) >= 2, "second round")
        newest = ask(f"/api/rounds?run_id={run['run_id']}&limit=1")["items"][0]
        ask(f"/api/rounds/{newest['round_id']}/stop", {"reason": "enough seen", "scope": "run"})
        run = job.run(lambda run: run["status"] != "running", "end of the run")
        assert (run["status"], run["reason"]) == ("stopped", "enough seen"), job.tail()
        assert run["stop"]["state"] == "applied"
        assert rounds_of(run)[1]["status"] == "complete"
        # The simulator itself calls every panic a failure; the dashboard knows better.
        assert job.wait() is not None


if __name__ == "__main__":
    unittest.main()
