"""NVIDIA FLARE's simulator with the example job, against a running dashboard."""

from __future__ import annotations

import os
import subprocess
import sys
import time
import unittest
import uuid
from pathlib import Path

from dashboard import TOKEN, WHY_NOT, ask, open_round, outcomes, over, rounds_of, series, until

EXAMPLE = Path(__file__).resolve().parents[3] / "examples" / "nvflare"
SITES = {"site-1", "site-2", "site-3", "site-4"}


@unittest.skipUnless(TOKEN, WHY_NOT)
class Simulator(unittest.TestCase):
    def setUp(self) -> None:
        self.name = f"nvflare-{uuid.uuid4().hex[:8]}"

    def start(self, rounds: int) -> subprocess.Popen[bytes]:
        env = {**os.environ, "ROUNDS": str(rounds), "JOB_NAME": self.name}
        job = subprocess.Popen(
            [sys.executable, "job.py"], cwd=EXAMPLE, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )

        def end() -> None:
            if job.poll() is None:
                job.kill()
            job.wait(10)

        self.addCleanup(end)
        return job

    def test_every_round_site_outcome_and_metric_is_there(self) -> None:
        job = self.start(rounds=2)
        run = until(lambda: over(self.name), "end of the run", 240)
        assert job.wait(60) == 0
        rounds = rounds_of(run)
        assert (run["status"], run["num_rounds"], run["num_clients"]) == ("complete", 2, 4)
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
        job = self.start(rounds=50)
        found = until(lambda: open_round(self.name, 2, 0), "second round", 240)
        ask(f"/api/rounds/{found['round_id']}/stop", {"reason": "enough seen", "scope": "run"})
        asked_at = time.monotonic()
        run = until(lambda: over(self.name), "end of the run", 120)
        assert (run["status"], run["reason"]) == ("stopped", "enough seen")
        assert run["stop"]["state"] == "applied"
        assert time.monotonic() - asked_at < 90
        assert rounds_of(run)[1]["status"] == "complete"
        # The simulator itself calls every panic a failure; the dashboard knows better.
        assert job.wait(120) is not None


if __name__ == "__main__":
    unittest.main()
