"""What NVFLARE's events mean, without NVFLARE."""

from __future__ import annotations

import unittest
from collections.abc import Mapping
from typing import Any

from rondo.nvflare.account import JobAccount


class Job:
    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []
        self.account = JobAccount(self.keep)

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
        assert {event["round"] for event in job.events} == {1}

    def test_a_round_ends_once_whichever_event_says_it_first_and_last(self) -> None:
        job = Job()
        job.train(0, "site-1")
        for _ in range(3):
            job.account.round_ended()
        job.account.round_started(1)
        (complete,) = job.of("round_complete")
        assert (complete["global_loss"], complete["global_accuracy"]) == (0.4, 0.8)

    def test_the_next_round_ends_the_one_before_where_nothing_else_did(self) -> None:
        job = Job()
        job.train(0, "site-1")
        job.account.round_started(1)
        assert [event["round"] for event in job.of("round_complete")] == [1]

    def test_who_was_asked_and_never_answered_is_told(self) -> None:
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
        assert job.of("round_started") == [{"type": "round_started", "round": 1, "client_ids": []}]
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
            ("loss", 0.5, 3),
            ("a", 1.0, 4),
            ("b", 2.0, 4),
        ]


if __name__ == "__main__":
    unittest.main()
