"""What the events of an NVFLARE job say, as facts: without NVFLARE, so that it can be read and tested alone.

NVFLARE counts rounds from 0; here they count from 1. Which event ends a round differs between workflows and versions,
so the first that says so ends it, and the others find it ended.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Any

from rondo.adapters import naming

Say = Callable[[Mapping[str, Any]], None]


class JobAccount:
    """One job. Events come from several threads of the server."""

    def __init__(self, say: Say) -> None:
        self._say_event = say
        self._loss: str | None = None
        self._accuracy: str | None = None
        self._lock = threading.RLock()
        self._round: int | None = None
        self._ended: set[int] = set()
        self._asked: dict[str, str] = {}
        self._metrics: dict[str, float] = {}
        self._fatal: str | None = None
        self._stop_reason: str | None = None

    def prefer(self, loss: str | None, accuracy: str | None) -> None:
        """Which of the aggregated metrics are the global loss and accuracy."""
        self._loss, self._accuracy = loss, accuracy

    def joined(self, clients: list[str]) -> None:
        for client_id in clients:
            self._say("client_joined", client_id=client_id, labels={"site": client_id})

    def left(self, client_id: str, reason: str) -> None:
        self._say("client_left", client_id=client_id, reason=reason)

    def round_started(self, flare_round: int) -> None:
        with self._lock:
            # A panic is followed by one more round that will never be.
            if self._fatal is not None or self._stop_reason is not None:
                return
            number = flare_round + 1
            if self._round is not None and self._round != number:
                self.round_ended()
            if self._round == number:
                return
            self._round, self._asked, self._metrics = number, {}, {}
            self._say("round_started", round=number, client_ids=[])

    def assigned(self, client_id: str, flare_round: int | None) -> None:
        """A client was handed its task; who takes part is known one by one."""
        with self._lock:
            number = self._number(flare_round)
            if number is None or client_id in self._asked or number in self._ended:
                return
            self._asked[client_id] = "asked"
            self._say("round_started", round=number, client_ids=[client_id])

    def failed(self, client_id: str, code: str) -> None:
        with self._lock:
            if self._round is not None and self._asked.get(client_id) != "complete":
                self._asked[client_id] = "failed"
                self._say("client_failed", client_id=client_id, round=self._round, reason=code)

    def accepted(
        self,
        client_id: str,
        flare_round: int | None,
        samples: int,
        metrics: Mapping[str, Any],
        duration_ms: float | None,
    ) -> None:
        with self._lock:
            number = self._number(flare_round)
            if number is None or self._asked.get(client_id) == "complete":
                return
            self._asked[client_id] = "complete"
            figures = naming.numbers(metrics)
            self._say(
                "client_result",
                client_id=client_id,
                round=number,
                sample_count=samples,
                train_loss=naming.pick(figures, None, naming.TRAIN_LOSS),
                metrics=figures,
                duration_ms=duration_ms,
            )

    def aggregating(self) -> None:
        if self._round is not None and self._round not in self._ended:
            self._say("round_update", round=self._round, status="aggregating")

    def aggregated(self, metrics: Mapping[str, Any]) -> None:
        with self._lock:
            self._metrics.update(naming.numbers(metrics))

    def round_ended(self) -> None:
        """The round is over, unless it already was."""
        with self._lock:
            number = self._round
            if number is None or number in self._ended or self._fatal is not None or self._stop_reason is not None:
                return
            self._ended.add(number)
            for client_id, state in self._asked.items():
                if state == "asked":
                    self._say("client_no_reply", client_id=client_id, round=number)
            self._say(
                "round_complete",
                round=number,
                global_loss=naming.pick(self._metrics, self._loss, naming.EVAL_LOSS),
                global_accuracy=naming.pick(self._metrics, self._accuracy, naming.EVAL_ACCURACY),
                metrics=self._metrics,
            )

    def metric(self, client_id: str | None, name: str, value: Any, step: int) -> None:
        for key, number in naming.numbers({name: value} if not isinstance(value, dict) else value).items():
            self._say("metric", name=key, value=number, step=step, client_id=client_id)

    def stop_requested(self, reason: str) -> None:
        self._stop_reason = reason

    def panicked(self, reason: str) -> None:
        """NVFLARE calls a requested stop a panic too; only others are failures."""
        if self._stop_reason is None and self._fatal is None:
            self._fatal = reason

    def run_ended(self, is_aborted: bool) -> None:
        with self._lock:
            if self._stop_reason is not None or (is_aborted and self._fatal is None):
                reason = self._stop_reason or "the job was aborted"
                self._close_round("round_stopped", reason)
                self._say("run_complete", status="stopped", reason=reason)
            elif self._fatal is not None:
                self._close_round("round_failed", self._fatal)
                self._say("run_complete", status="failed", reason=self._fatal)
            else:
                self.round_ended()
                self._say("run_complete", status="complete")

    def _close_round(self, event_type: str, reason: str) -> None:
        if self._round is not None and self._round not in self._ended:
            self._ended.add(self._round)
            self._say(event_type, round=self._round, reason=reason)

    def _number(self, flare_round: int | None) -> int | None:
        return self._round if flare_round is None else flare_round + 1

    def _say(self, event_type: str, **fields: Any) -> None:
        self._say_event({"type": event_type, **{name: value for name, value in fields.items() if value is not None}})
