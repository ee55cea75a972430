"""The facts that NVFLARE's events become, without NVFLARE."""

from __future__ import annotations

import unittest
from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any

from rondo.nvflare.account import JobAccount
from rondo.nvflare.presence import Presence


class Job:
    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []
        self.account = JobAccount(self.keep, lambda: datetime(2026, 11, 30, tzinfo=timezone.utc))

    def keep(self, event: Mapping[str, Any]) -> None:
        self.events.append(dict(event))

    def of(self, event_type: str) -> list[dict[str, Any]]:
        return [event for event in self.events if event["type"] == event_type]

    def train(self, flare_round: int, *clients: str) -> None:
        """A round until its aggregation."""
        self.account.round_started(flare_round)
        for client in clients:
            self.account.assigned(client, flare_round)
            self.account.accepted(client, flare_round, 10, {"loss": 0.5}, 12.0)
        self.account.aggregating()
        self.account.aggregated({"loss": 0.4, "accuracy": 0.8})


class Account(unittest.TestCase):
    def test_rounds_count_from_one(self) -> None:
        job = Job()
        job.train(0, "site-1")
        assert {event["round"] for event in job.events if event["type"] != "log"} == {1}

    def test_a_round_ends_once_whichever_event_says_it_first_and_last(self) -> None:
        job = Job()
        job.train(0, "site-1")
        for _ in range(3):
            job.account.round_ended(is_aggregated=True)
        job.account.round_started(1)
        (complete,) = job.of("round_complete")
        assert (complete["global_loss"], complete["global_accuracy"]) == (0.4, 0.8)

    def test_the_next_round_ends_the_one_before_where_nothing_else_did(self) -> None:
        job = Job()
        job.train(0, "site-1")
        job.account.round_ended(is_aggregated=True)
        job.account.round_started(1)
        assert [event["round"] for event in job.of("round_complete")] == [1]

    def test_a_client_that_never_replied_is_reported(self) -> None:
        job = Job()
        job.account.round_started(0)
        job.account.assigned("site-1", 0)
        job.account.assigned("site-2", 0)
        job.account.accepted("site-1", 0, 10, {}, None)
        job.account.round_ended()
        assert job.of("client_no_reply") == [{"type": "client_no_reply", "client_id": "site-2", "round": 1}]

    def test_a_return_code_is_the_reason_of_a_failure(self) -> None:
        job = Job()
        job.account.round_started(2)
        job.account.assigned("site-2", 2)
        job.account.failed("site-2", "EXECUTION_EXCEPTION")
        assert job.of("client_failed")[0]["reason"] == "EXECUTION_EXCEPTION"
        job.account.round_ended()
        assert job.of("client_no_reply") == []

    def test_a_result_counts_once(self) -> None:
        job = Job()
        job.train(0, "site-1")
        job.account.accepted("site-1", 0, 10, {"loss": 0.1}, None)
        assert len(job.of("client_result")) == 1

    def test_a_requested_stop_is_no_failure_though_nvflare_panics(self) -> None:
        job = Job()
        job.account.round_started(0)
        job.account.stop_requested("enough")
        job.account.panicked("stopped from the dashboard: enough")
        # NVFLARE begins one more round after a panic.
        job.account.round_started(1)
        job.account.run_ended(is_aborted=True)
        assert [(each["round"], each["client_ids"]) for each in job.of("round_started")] == [(1, [])]
        assert job.of("round_stopped") == [{"type": "round_stopped", "round": 1, "reason": "enough"}]
        assert job.events[-1] == {"type": "run_complete", "status": "stopped", "reason": "enough"}

    def test_a_panic_of_its_own_is_a_failure_with_its_first_reason(self) -> None:
        job = Job()
        job.account.round_started(0)
        job.account.panicked("disk full")
        job.account.panicked("and then some")
        job.account.run_ended(is_aborted=True)
        assert job.of("round_failed")[0]["reason"] == "disk full"
        assert job.events[-1] == {"type": "run_complete", "status": "failed", "reason": "disk full"}

    def test_an_abort_from_elsewhere_is_a_stop(self) -> None:
        job = Job()
        job.account.run_ended(is_aborted=True)
        assert job.events[-1] == {"type": "run_complete", "status": "stopped", "reason": "the job was aborted"}

    def test_streamed_scalars_are_series_of_their_client(self) -> None:
        job = Job()
        job.account.metric("site-1", "loss", 0.5, 3)
        job.account.metric("site-1", "many", {"a": 1.0, "b": 2.0}, 4)
        assert [(event["name"], event["value"], event["step"]) for event in job.events] == [
            ("loss/steps", 0.5, 3),
            ("a/steps", 1.0, 4),
            ("b/steps", 2.0, 4),
        ]

    def test_a_streamed_loss_and_a_result_metric_loss_do_not_mix(self) -> None:
        job = Job()
        job.account.metric("site-1", "loss", 0.9, 0)
        job.train(0, "site-1")
        (streamed,) = job.of("metric")
        (result,) = job.of("client_result")
        assert streamed["name"] not in result["metrics"]

    def test_a_site_that_never_fetches_its_task_is_in_the_account(self) -> None:
        job = Job()
        job.account.asked(0, ["site-1", "site-2"], "train")
        job.account.assigned("site-1", 0)
        job.account.accepted("site-1", 0, 10, {}, None)
        job.account.round_ended()
        assert [each["client_ids"] for each in job.of("round_started")] == [["site-1", "site-2"]]
        assert [each["client_id"] for each in job.of("client_no_reply")] == ["site-2"]

    def test_sites_that_are_asked_one_by_one_are_one_attempt(self) -> None:
        job = Job()
        for site in ("site-1", "site-2"):
            job.account.asked(0, [site], "train")
            job.account.assigned(site, 0)
            job.account.accepted(site, 0, 10, {}, None)
        assert len({each["at"] for each in job.of("round_started")}) == 1
        assert len(job.of("round_started")) == 2

    def test_an_abort_leaves_the_open_round_stopped(self) -> None:
        job = Job()
        job.account.workflow_started("controller", "ScatterAndGather")
        job.train(0, "site-1")
        job.account.workflow_ended(is_aborted=True)
        job.account.run_ended(is_aborted=True)
        assert job.of("round_complete") == []
        assert [each["round"] for each in job.of("round_stopped")] == [1]

    def test_an_abort_names_the_sites_that_had_a_task(self) -> None:
        job = Job()
        job.account.asked(0, ["site-1", "site-2", "site-3"], "train")
        job.account.assigned("site-1", 0)
        job.account.assigned("site-2", 0)
        job.account.accepted("site-1", 0, 10, {}, None)
        job.account.run_ended(is_aborted=True)
        reason = "the job was aborted before these sites returned their results of round 1: site-2"
        assert job.of("round_stopped")[0]["reason"] == reason
        assert job.events[-1] == {"type": "run_complete", "status": "stopped", "reason": reason}

    def test_a_lost_site_is_the_reason_of_an_abort(self) -> None:
        job = Job()
        job.account.presence.begins(["site-1", "site-2"], 2)
        job.account.presence.disconnected("site-2")
        job.account.run_ended(is_aborted=True)
        assert job.events[-1]["reason"] == "NVFLARE aborted the job after it lost site-2"
        assert job.of("client_presence")[-1]["client_ids"] == ["site-1"]

    def test_a_refused_result_is_a_failure(self) -> None:
        job = Job()
        job.account.asked(0, ["site-1"], "train")
        job.account.failed("site-1", "NVFLARE did not accept the result for the aggregation", 0)
        job.account.accepted("site-1", 0, 10, {}, None)
        assert len(job.of("client_failed")) == 1
        assert job.of("client_result") == []

    def test_the_rounds_of_a_second_workflow_follow_those_of_the_first(self) -> None:
        job = Job()
        for _ in range(2):
            job.account.workflow_started("controller", "Cyclic")
            for flare_round in (0, 1):
                job.account.asked(flare_round, ["site-1"], "train")
                job.account.accepted("site-1", flare_round, 1, {}, None)
            job.account.workflow_ended(is_aborted=False)
        assert [each["round"] for each in job.of("round_complete")] == [1, 2, 3, 4]

    def test_a_late_result_counts_for_its_own_round(self) -> None:
        job = Job()
        job.account.asked(0, ["site-1", "site-2"], "train")
        job.account.accepted("site-1", 0, 10, {}, None)
        job.account.asked(1, ["site-1", "site-2"], "train")
        job.account.accepted("site-2", 0, 10, {}, None)
        assert [(each["client_id"], each["round"]) for each in job.of("client_result")] == [
            ("site-1", 1),
            ("site-2", 1),
        ]

    def test_whose_figures_the_global_ones_are_is_said_once(self) -> None:
        job = Job()
        for flare_round in (0, 1):
            job.train(flare_round, "site-1")
            job.account.round_ended(is_aggregated=True)
        (note,) = [each["message"] for each in job.of("log")]
        assert "the model that went into the round" in note

    def test_a_wanted_metric_that_never_comes_is_named_once_with_those_that_are_there(self) -> None:
        job = Job()
        job.account.prefer(None, "VAL-F1-SCORE")
        for flare_round in (0, 1):
            job.train(flare_round, "site-1")
            job.account.round_ended(is_aggregated=True)
        (note,) = [each["message"] for each in job.of("log") if "VAL-F1-SCORE" in each["message"]]
        assert "accuracy, loss" in note

    def test_a_site_that_trains_for_minutes_is_heard(self) -> None:
        events: list[dict[str, Any]] = []
        at = [0.0]
        presence = Presence(lambda event_type, **fields: events.append({"type": event_type, **fields}), lambda: at[0])
        presence.begins(["site-1"], 1)
        for _ in range(9):
            at[0] += 10
            presence.seen("site-1")
        beats = [each for each in events if each["type"] == "client_heartbeat"]
        assert len(beats) == 5
        assert len([each for each in events if each["type"] == "client_presence"]) == 5


if __name__ == "__main__":
    unittest.main()
