"""Converts the events of an NVFLARE job to facts: without NVFLARE, so that it can be read and tested alone.

NVFLARE counts rounds from 0; here they count from 1. Which event ends a round differs between workflows and versions:
the first one that says so ends it, and the others find it ended.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timezone
from typing import Any

from rondo.adapters import naming

from .presence import Presence
from .rounds import JobRound, WorkflowTally

Say = Callable[[Mapping[str, Any]], None]

#: Rounds that are remembered for late results.
MAX_ROUNDS = 8
WHOSE_FIGURES = (
    "global_loss and global_accuracy of a round are means of values that sites sent with their results. A site that "
    "scores the model it received, as NVFLARE's client API suggests, scores the model that went into the round."
)


class JobAccount:
    """One job. Events arrive from several threads of the server."""

    def __init__(self, say: Say, now: Callable[[], datetime] = lambda: datetime.now(timezone.utc)) -> None:
        self._say_event = say
        self._now = now
        self._loss: str | None = None
        self._accuracy: str | None = None
        self._lock = threading.RLock()
        self._rounds: dict[int, JobRound] = {}
        self._newest = 0
        self._base: int | None = 0
        self._workflow: WorkflowTally | None = None
        self._has_said_whose_figures = False
        self._is_any_absent_said = False
        self._fatal: str | None = None
        self._stop_reason: str | None = None
        self.presence = Presence(self._say)

    def prefer(self, loss: str | None, accuracy: str | None) -> None:
        """Which of the aggregated metrics are the global loss and accuracy."""
        self._loss, self._accuracy = loss, accuracy

    # --- workflows ---------------------------------------------------------------------------------------------------

    def workflow_started(self, workflow_id: str, kind: str) -> None:
        with self._lock:
            # Its first round may be 0 although an earlier workflow had rounds.
            self._base = None if self._newest else 0
            self._workflow = WorkflowTally(workflow_id, kind)

    def workflow_ended(self, is_aborted: bool) -> None:
        """End the open round; a workflow that had no rounds says so."""
        with self._lock:
            self.round_ended(is_aborted=is_aborted)
            workflow, self._workflow = self._workflow, None
            if workflow is not None and not workflow.has_rounds:
                self._say("log", level="info", message=workflow.summary())

    # --- a round -----------------------------------------------------------------------------------------------------

    def round_started(self, flare_round: int, clients: Iterable[str] = ()) -> None:
        """A round began, or more sites are asked in the one that is open."""
        with self._lock:
            # A panic is followed by one more round that will never take place.
            if self._is_ending():
                return
            number = self._number(flare_round)
            current = self._rounds.get(number)
            if current is None:
                self.round_ended()
                current = self._begin(number)
            elif current.is_over:
                return
            new = [client for client in clients if client not in current.asked]
            if not new and current.is_announced:
                return
            current.is_announced = True
            current.asked.update((client, "asked") for client in new)
            # The same moment each time: a later start would be another attempt. [L8]
            self._say("round_started", round=number, client_ids=new, at=current.started_at)

    def asked(self, flare_round: int | None, clients: list[str], task: str, *, is_relay: bool = False) -> None:
        """A task was scheduled for these sites; some may never fetch it."""
        with self._lock:
            if self._workflow is not None:
                self._workflow.task_scheduled(task, len(clients))
            if flare_round is None:
                return
            self.round_started(flare_round, clients)
            current = self._rounds.get(self._number(flare_round))
            if current is not None:
                current.is_relay = current.is_relay or is_relay

    def assigned(self, client_id: str, flare_round: int | None) -> None:
        """A site received its task."""
        with self._lock:
            if flare_round is None or self._is_ending():
                return
            self.round_started(flare_round, [client_id])
            number = self._number(flare_round)
            self._rounds[number].fetched.add(client_id)
            if number == self._newest and not self._rounds[number].is_over:
                self._say("client_status", client_id=client_id, status="training", round=number)

    def failed(self, client_id: str, code: str, flare_round: int | None = None, task: str | None = None) -> None:
        with self._lock:
            if self._workflow is not None:
                self._workflow.failures += 1
            current = self._round_of(flare_round)
            if flare_round is None and (current is None or client_id not in current.asked):
                name = "a task" if task is None else f"the task {task}"
                self._say("log", level="warning", client_id=client_id, message=f"{name} failed: {code}")
            elif current is not None and current.asked.get(client_id) != "complete":
                current.asked[client_id] = "failed"
                current.failures.setdefault(client_id, code)
                self._say("client_failed", client_id=client_id, round=current.number, reason=code)

    def accepted(
        self,
        client_id: str,
        flare_round: int | None,
        samples: int,
        metrics: Mapping[str, Any],
        duration_ms: float | None,
    ) -> None:
        """A result of this round, which may be over. A second event about the same result changes nothing."""
        with self._lock:
            current = self._round_of(flare_round)
            if current is None or current.asked.get(client_id) in ("complete", "failed"):
                return
            if self._workflow is not None:
                self._workflow.results += 1
            current.asked[client_id] = "complete"
            figures = naming.numbers(metrics)
            self._say(
                "client_result",
                client_id=client_id,
                round=current.number,
                sample_count=samples,
                train_loss=naming.pick(figures, None, naming.TRAIN_LOSS),
                metrics=figures,
                duration_ms=duration_ms,
            )

    def validated(self, client_id: str, model_owner: str, metrics: Mapping[str, Any]) -> None:
        """A site scored a model of the cross-site evaluation."""
        with self._lock:
            if self._workflow is not None:
                self._workflow.results += 1
            for name, value in naming.numbers(metrics).items():
                label = f"cross_site/{model_owner}/{name}"
                self._say("metric", name=label, value=value, round=self._newest, client_id=client_id)

    def answered(self) -> None:
        """A result that belongs to no round."""
        with self._lock:
            if self._workflow is not None:
                self._workflow.results += 1

    def aggregating(self) -> None:
        with self._lock:
            current = self._open()
            if current is not None:
                current.is_aggregating = True
                self._say("round_update", round=current.number, status="aggregating")

    def aggregated(self, metrics: Mapping[str, Any]) -> None:
        with self._lock:
            current = self._open()
            figures = naming.numbers(metrics)
            if current is None or not figures:
                return
            current.metrics.update(figures)
            if not self._has_said_whose_figures:
                self._has_said_whose_figures = True
                self._say("log", level="info", message=WHOSE_FIGURES)

    def round_ended(self, *, is_aborted: bool = False, is_aggregated: bool = False) -> None:
        """The round is over, unless it already was. Without its aggregation it is not always complete.

        Parameters
        ----------
        is_aborted : bool
            The job is being aborted: the end of the run closes the round.
        is_aggregated : bool
            NVFLARE said that the round has its aggregation.
        """
        with self._lock:
            current = self._open()
            if current is None or is_aborted or self._is_ending():
                return
            for client_id in current.close():
                self._say("client_no_reply", client_id=client_id, round=current.number)
            problem = None if is_aggregated else current.problem()
            if problem is not None:
                self._say("round_failed", round=current.number, reason=problem)
                return
            self._name_absent(current.metrics)
            self._say(
                "round_complete",
                round=current.number,
                global_loss=naming.pick(current.metrics, self._loss, naming.EVAL_LOSS),
                global_accuracy=naming.pick(current.metrics, self._accuracy, naming.EVAL_ACCURACY),
                metrics=current.metrics,
            )

    def metric(self, client_id: str | None, name: str, value: Any, step: int) -> None:
        """A scalar that a site streamed. Its series is `<name>/steps`: a result may have a metric of the same name."""
        for key, number in naming.numbers({name: value} if not isinstance(value, dict) else value).items():
            self._say("metric", name=f"{key}/steps", value=number, step=step, client_id=client_id)

    # --- the end -----------------------------------------------------------------------------------------------------

    def stop_requested(self, reason: str) -> None:
        self._stop_reason = reason

    def panicked(self, reason: str) -> None:
        """NVFLARE calls a requested stop a panic as well; only others are failures."""
        if self._stop_reason is None and self._fatal is None:
            self._fatal = reason

    def run_ended(self, is_aborted: bool) -> None:
        with self._lock:
            if self._fatal is not None and self._stop_reason is None:
                self._close_round("round_failed", self._fatal)
                self._say("run_complete", status="failed", reason=self._fatal)
            elif self._stop_reason is not None or is_aborted:
                reason = self._stop_reason or self._reason_of_abort()
                self._close_round("round_stopped", reason)
                self._say("run_complete", status="stopped", reason=reason)
            else:
                self.round_ended()
                self._say("run_complete", status="complete")

    # --- inside ------------------------------------------------------------------------------------------------------

    def _reason_of_abort(self) -> str:
        """NVFLARE says neither who aborts a job nor why, also when it does so because the process of a site is gone."""
        lost = sorted(self.presence.gone)
        if lost:
            return f"NVFLARE aborted the job after it lost {', '.join(lost)}"
        current = self._open()
        at_work = [] if current is None else current.at_work()
        if current is None or not at_work:
            return "the job was aborted"
        shown = ", ".join(at_work[:20]) + (f" and {len(at_work) - 20} more" if len(at_work) > 20 else "")
        return f"the job was aborted before these sites returned their results of round {current.number}: {shown}"

    def _close_round(self, event_type: str, reason: str) -> None:
        current = self._open()
        if current is not None:
            current.close()
            self._say(event_type, round=current.number, reason=reason)

    def _name_absent(self, metrics: Mapping[str, float]) -> None:
        """A metric that the user asked for and that is not there is named once, with those that are."""
        if not metrics or self._is_any_absent_said:
            return
        for option, wanted in (("loss", self._loss), ("accuracy", self._accuracy)):
            if wanted is not None and naming.pick(metrics, wanted, ()) is None:
                self._is_any_absent_said = True
                there = ", ".join(sorted(metrics)[:20])
                self._say("log", level="warning", message=f'there is no metric {option}="{wanted}"; there are: {there}')

    def _begin(self, number: int) -> JobRound:
        self._newest = max(self._newest, number)
        current = self._rounds[number] = JobRound(number, self._now())
        for old in sorted(self._rounds)[:-MAX_ROUNDS]:
            del self._rounds[old]
        if self._workflow is not None:
            self._workflow.has_rounds = True
        return current

    def _number(self, flare_round: int) -> int:
        if self._base is None:
            # The rounds of a further workflow follow those of the one before.
            self._base = max(self._newest - flare_round, 0)
        return flare_round + 1 + self._base

    def _round_of(self, flare_round: int | None) -> JobRound | None:
        return self._rounds.get(self._newest if flare_round is None else self._number(flare_round))

    def _open(self) -> JobRound | None:
        current = self._rounds.get(self._newest)
        return None if current is None or current.is_over else current

    def _is_ending(self) -> bool:
        return self._fatal is not None or self._stop_reason is not None

    def _say(self, event_type: str, **fields: Any) -> None:
        self._say_event({"type": event_type, **{name: value for name, value in fields.items() if value is not None}})
