"""The field cases of NVIDIA FLARE: real workflows in its simulator. See docs/field.md."""

from __future__ import annotations

import functools
import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path
from typing import Any

from tests.fake_ingest import LiveIngest

HERE = Path(__file__).resolve().parent
SITES = {"site-1", "site-2"}
LONGEST_S = 240


class Facts:
    """The events that the dashboard received of a job."""

    def __init__(self, kind: str, program: str = "nvflare_jobs.py") -> None:
        ingest = LiveIngest()
        ingest.start()
        try:
            with tempfile.TemporaryDirectory() as workspace:
                env = {**os.environ, "RONDO_URL": ingest.url, "RONDO_API_KEY": "key", "RONDO_SPOOL_DIR": "off"}
                paths = [str(HERE.parent / "src"), str(HERE), env.get("PYTHONPATH", "")]
                env["PYTHONPATH"] = os.pathsep.join(path for path in paths if path)
                command = [sys.executable, str(HERE / program), kind, workspace]
                done = subprocess.run(command, env=env, cwd=workspace, capture_output=True, timeout=LONGEST_S)
                self.output = (done.stdout + done.stderr).decode(errors="replace")
        finally:
            ingest.stop()
        self.events = ingest.facts

    def of(self, event_type: str, **fields: Any) -> list[dict[str, Any]]:
        return [
            each
            for each in self.events
            if each["type"] == event_type and all(each.get(name) == value for name, value in fields.items())
        ]

    def ends(self) -> list[tuple[str, int]]:
        kinds = ("round_complete", "round_failed", "round_stopped")
        return [(each["type"], each["round"]) for each in self.events if each["type"] in kinds]

    def end(self) -> tuple[str, str | None]:
        (over,) = self.of("run_complete")
        return over["status"], over.get("reason")

    def asked(self, number: int) -> set[str]:
        started = self.of("round_started", round=number)
        # One moment: a later start would be another attempt.
        assert len({each["at"] for each in started}) == 1
        return {client for each in started for client in each["client_ids"]}

    def messages(self) -> list[str]:
        return [each["message"] for each in self.of("log")]

    def has_no_problem(self) -> None:
        assert "rondo:" not in self.output, [line for line in self.output.splitlines() if "rondo:" in line]


@functools.cache
def facts_of(kind: str, program: str = "nvflare_jobs.py") -> Facts:
    """A job takes seconds: tests about the same kind share it."""
    return Facts(kind, program)


class Rounds(unittest.TestCase):
    """Family 11: NVFLARE is more than FedAvg."""

    def test_cyclic_rounds_begin_and_end(self) -> None:
        for kind in ("cyclic", "cyclic_model"):
            with self.subTest(kind):
                facts = facts_of(kind)
                assert facts.ends() == [("round_complete", 1), ("round_complete", 2)]
                for number in (1, 2):
                    assert facts.asked(number) == SITES
                    results = facts.of("client_result", round=number)
                    assert {each["client_id"] for each in results} == SITES
                    assert all(each["sample_count"] == 5 for each in results)
                assert facts.end() == ("complete", None)
                facts.has_no_problem()

    def test_a_custom_model_controller_has_rounds_and_the_site_that_never_fetched(self) -> None:
        facts = facts_of("custom")
        assert facts.ends() == [("round_complete", 1), ("round_complete", 2)]
        for number in (1, 2):
            assert facts.asked(number) == SITES | {"site-9"}
            assert [each["client_id"] for each in facts.of("client_no_reply", round=number)] == ["site-9"]
            assert {each["client_id"] for each in facts.of("client_result", round=number)} == SITES
        facts.has_no_problem()

    def test_a_workflow_without_rounds_says_so(self) -> None:
        facts = facts_of("roundless")
        assert facts.ends() == [] and facts.of("round_started") == []
        (note,) = [each for each in facts.messages() if "has no rounds" in each]
        assert "Averaging" in note and "4 results" in note

    def test_statistics_say_that_there_are_no_rounds(self) -> None:
        facts = facts_of("statistics")
        assert facts.of("round_started") == []
        (note,) = [each for each in facts.messages() if "has no rounds" in each]
        assert "StatisticsController" in note and "fed_stats" in note
        assert facts.end() == ("complete", None)

    def test_scatter_and_gather_with_a_cross_site_evaluation(self) -> None:
        facts = facts_of("gather")
        assert facts.ends() == [("round_complete", 1), ("round_complete", 2)]
        assert facts.asked(1) == SITES
        names = {each["name"] for each in facts.of("metric") if each["name"].startswith("cross_site/")}
        assert names == {"cross_site/SRV_server/accuracy", "cross_site/site-1/accuracy", "cross_site/site-2/accuracy"}
        assert {each["client_id"] for each in facts.of("metric", name="cross_site/site-1/accuracy")} == SITES
        assert any("CrossSiteModelEval" in each and "has no rounds" in each for each in facts.messages())
        facts.has_no_problem()

    def test_the_list_of_clients_counts_as_presence(self) -> None:
        facts = facts_of("cyclic")
        presence = facts.of("client_presence")
        assert set(presence[0]["client_ids"]) == SITES
        assert (presence[0]["num_connected"], presence[0]["num_needed"]) == (2, 2)


class Ends(unittest.TestCase):
    """Family 2: a failed end is reported as a success."""

    def test_an_admin_of_nvflare_aborts_the_job(self) -> None:
        facts = facts_of("aborted")
        assert facts.ends() == [("round_complete", 1), ("round_stopped", 2)]
        status, reason = facts.end()
        assert status == "stopped" and str(reason).startswith("the job was aborted")

    def test_a_site_whose_process_dies_in_a_round(self) -> None:
        """A server and two sites as processes: NVFLARE aborts the job and calls that an exception (NVFlare#5220)."""
        facts = facts_of("dies", "nvflare_processes.py")
        assert "the job ended as FINISHED:" in facts.output, facts.output[-4_000:]
        # The round without its aggregation is not complete, and neither is the run.
        ends = facts.ends()
        assert ends[0] == ("round_complete", 1) and ends[1:] in ([("round_stopped", 2)], [("round_failed", 2)])
        status, reason = facts.end()
        assert status in ("stopped", "failed") and "site-2" in str(reason)
        # Both sites are in the account of the round, and the dead one has no result.
        assert facts.asked(2) == SITES
        assert "site-2" not in {each["client_id"] for each in facts.of("client_result", round=2)}
        facts.has_no_problem()

    def test_a_relay_that_a_site_broke_is_no_complete_round(self) -> None:
        facts = facts_of("cyclic_fails")
        assert facts.ends() == [("round_complete", 1), ("round_failed", 2)]
        assert facts.of("round_failed")[0]["reason"] == "the relay ended at site-2: EXECUTION_EXCEPTION"

    def test_a_workflow_that_fails_ends_the_run_as_failed(self) -> None:
        facts = facts_of("fails")
        assert facts.ends()[-1] == ("round_failed", 2)
        status, reason = facts.end()
        assert status == "failed" and "site-2" in str(reason)


if __name__ == "__main__":
    unittest.main()
