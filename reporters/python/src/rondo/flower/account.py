"""The account of a run: its rounds, the figures of its clients and of its models, and their ends."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from datetime import datetime, timezone
from typing import Any, Protocol

from rondo.adapters import naming
from rondo.adapters.guard import guarded
from rondo.values import read_values

from .directory import Directory
from .presence import Presence
from .rounds import Round, Sent
from .stops import Stops
from .updates import NOTHING, Direction, UpdateMeter


class Reporting(Protocol):
    """The part of a `rondo.Run` that the adapter speaks to."""

    def report(self, event: Mapping[str, Any]) -> None: ...


class Account:
    """One run's account. All methods may be called from any thread."""

    def __init__(
        self,
        run: Reporting,
        *,
        names: naming.ClientNames = None,
        named_by_clients: bool = False,
        weight_key: str = "num-examples",
        loss: str | None = None,
        accuracy: str | None = None,
        clients_needed: int | None = None,
        meter: UpdateMeter | None = None,
        on_aggregated: Callable[[int, Any, dict[str, float]], str | None] | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._run = run
        self._directory = Directory(names, named_by_clients)
        self._presence = Presence(self._directory, self._say, clients_needed)
        self._weight_key = weight_key
        self._loss = loss
        self._accuracy = accuracy
        self._meter = meter
        self._on_aggregated = on_aggregated
        self._clock = clock
        self._lock = threading.RLock()
        self._sent: dict[str, Sent] = {}
        self._configured: tuple[Any, ...] = ()
        self._round: Round | None = None
        self.stops = Stops()
        self._steps: dict[tuple[str | None, str], int] = {}
        self._absent: set[str] = set()

    def restart(
        self, run: Reporting, meter: UpdateMeter | None, on_aggregated: Callable[[int, Any, dict[str, float]], Any]
    ) -> None:
        """Begin another training: nothing of the earlier one is part of it."""
        with self._lock:
            self._run, self._meter, self._on_aggregated = run, meter, on_aggregated
            self._sent, self._round, self._steps, self._absent = {}, None, {}, set()
            self._configured = ()
            self.stops = Stops()
            self._presence.forget()

    @guarded
    def cannot_observe(self, reason: str) -> None:
        """Part of the strategy cannot be observed: said once, training is not affected."""
        self._say("log", level="warning", message=f"{reason}; training is not affected")

    @guarded
    def aggregating(self, round_number: int) -> None:
        with self._lock:
            self._say("round_update", round=round_number, status="aggregating")
        if self._meter is not None:
            # Now rather than after it: while one thread aggregates, the other cores of a simulation are free.
            self._meter.round_is_in(round_number)

    @guarded
    def aggregated(self, round_number: int, arrays: Any, record: Any) -> None:
        with self._lock:
            current = self._current(round_number)
            current.metrics.update(naming.in_phase("train", self._read(record, round_number)))
            if arrays is not None and self._on_aggregated is not None:
                current.model_version = self._on_aggregated(round_number, arrays, dict(current.metrics))

    @guarded
    def evaluated(self, round_number: int, record: Any, where: str) -> None:
        """Figures of the global model: `eval` from the clients, `central` from the server."""
        with self._lock:
            metrics = self._read(record, round_number)
            named = naming.in_phase(where, metrics)
            if round_number == 0:
                # Flower's round 0 is the evaluation of the initial model. No client takes part, so it is not a round:
                # its figures are the first points of the series that the later rounds continue.
                for name, wanted, usual in (
                    ("global_loss", self._loss, naming.EVAL_LOSS),
                    ("global_accuracy", self._accuracy, naming.EVAL_ACCURACY),
                ):
                    value = naming.pick(metrics, wanted, usual)
                    if value is not None:
                        self._say("metric", name=name, value=value, round=0)
                for name, value in named.items():
                    self._say("metric", name=name, value=value, round=0)
                return
            current = self._current(round_number)
            current.metrics.update(named)
            current.evaluations[where] = dict(metrics)

    @guarded
    def round_over(self, round_number: int) -> None:
        with self._lock:
            current = self._round
            if current is None or current.number != round_number or current.is_over:
                return
            current.is_over = True
            for client_id in [each for each in current.parts if current.asked.get(each) == "asked"]:
                self._settle(client_id, "failed")
                reason = "the secure aggregation ended before this client's last stage"
                self._say("client_failed", client_id=client_id, round=round_number, reason=reason)
            stop_reason = self.stops.reason_of(round_number)
            if stop_reason is not None:
                self._say_metrics(current)
                self._say_unnamed(current)
                self._say("round_stopped", round=round_number, reason=stop_reason)
                return
            self._name_absent(current)
            self._complete(current)

    @guarded
    def round_failed(self, reason: str) -> None:
        with self._lock:
            if self._round is not None and not self._round.is_over:
                self._round.is_over = True
                self._say_unnamed(self._round)
                self._say("round_failed", round=self._round.number, reason=reason)

    @guarded
    def finish_round(self) -> None:
        if self._round is not None:
            self.round_over(self._round.number)

    # --- inside ------------------------------------------------------------------------------------------------------

    def _complete(self, current: Round) -> None:
        at = datetime.now(timezone.utc)
        facts = {
            "global_loss": current.figure(self._loss, naming.EVAL_LOSS),
            "global_accuracy": current.figure(self._accuracy, naming.EVAL_ACCURACY),
            "metrics": dict(current.metrics),
            "model_version": current.model_version,
            **current.counts(),
        }
        run = self._run

        def say(direction: Direction) -> None:
            figures = {"update_norm": direction.norm, "cosine_to_previous": direction.cosine_to_previous}
            _report(run, "round_complete", round=current.number, **facts, **figures, at=at)

        if self._meter is None:
            say(Direction())
        else:
            self._meter.of_mean(current.number, say)

    def _say_unnamed(self, current: Round) -> None:
        """Only `round_complete` takes counts; another end needs the clients, under their node ids."""
        for fact in current.unnamed_facts:
            self._say(fact["type"], **{name: value for name, value in fact.items() if name != "type"})

    def _name_absent(self, current: Round) -> None:
        """A metric that the user asked for and that is not there is named once, with those that are."""
        there = sorted({*current.metrics, *(name for each in current.evaluations.values() for name in each)})
        if not there:
            return
        for option, wanted in (("loss", self._loss), ("accuracy", self._accuracy)):
            if wanted is None or wanted in self._absent or current.figure(wanted, ()) is not None:
                continue
            self._absent.add(wanted)
            self._left_out(wanted, f"is wanted as {option}, and is not among the metrics: {', '.join(there[:20])}")

    def _left_out(self, name: str, reason: str) -> None:
        left_out = getattr(self._run, "left_out", None)
        if left_out is not None:
            left_out(name, reason)

    def _begin(self, round_number: int, nodes: list[int], num_asked: int = 0) -> None:
        """Report the clients that are asked, when it is news: a round may also ask more clients later.

        Parameters
        ----------
        num_asked : int
            Their number, where it is larger than that of the known nodes.
        """
        if self._round is None or self._round.number != round_number:
            self.finish_round()
            self._round = Round(round_number, started_at=datetime.now(timezone.utc))
        elif not nodes and not num_asked:
            return
        # Those that name themselves are counted until their first replies.
        named = [self._directory.name_of(node) for node in nodes if self._directory.is_named(node)]
        new = [client_id for client_id in named if client_id not in self._round.asked]
        if not new and self._round.is_announced:
            return
        self._round.is_announced = True
        self._round.asked.update((client_id, "asked") for client_id in new)
        expected = max(len(nodes), num_asked, len(self._round.asked), self._round.num_expected)
        self._round.num_expected = expected
        # The same moment each time: a later start would be another attempt. [L8]
        at = self._round.started_at
        self._say("round_started", round=round_number, client_ids=new, num_clients_expected=expected, at=at)

    def _current(self, round_number: int) -> Round:
        if self._round is None or self._round.number != round_number:
            self._begin(round_number, [])
        assert self._round is not None
        return self._round

    def _settle(self, client_id: str, outcome: str) -> bool:
        return self._round is None or self._round.settle(client_id, outcome)

    def _read(
        self, record: Any, round_number: int, client_id: str | None = None, phase: str = "train"
    ) -> dict[str, float]:
        """The numbers of a user's record. A list becomes points, and its last value the metric. [R29, R30]"""
        values = read_values(record)
        for name, points in values.points.items():
            if len(points) < 2:
                continue
            # The name of the points is not the metric's own: that has one value a round.
            label = f"{next(iter(naming.in_phase(phase, {name: 0.0})))}/steps"
            first = self._steps.get((client_id, label), 0)
            self._steps[client_id, label] = first + len(points)
            for position, value in enumerate(points):
                self._say("metric", name=label, value=value, step=first + position, client_id=client_id)
        for name, problem in values.problems.items():
            self._left_out(name, problem)
        return dict(values.numbers)

    def _result(
        self,
        client_id: str,
        round_number: int,
        metrics: dict[str, float],
        samples: int,
        at: float,
        facts: dict[str, Any],
        sent: Sent | None = None,
        arrays: Any = None,
    ) -> None:
        def say(direction: Direction = NOTHING) -> None:
            self._say(
                "client_result",
                client_id=client_id,
                round=round_number,
                sample_count=samples,
                train_loss=naming.pick(metrics, None, naming.TRAIN_LOSS),
                metrics=metrics,
                update_norm=direction.norm,
                cosine_to_previous=direction.cosine_to_previous,
                at=datetime.fromtimestamp(at, timezone.utc),
                **facts,
            )

        if self._meter is None or sent is None or arrays is None:
            say()
        else:
            self._meter.measure(client_id, round_number, samples, sent.arrays, arrays, say)

    def _say_metrics(self, current: Round) -> None:
        for name, value in current.metrics.items():
            self._say("metric", name=name, value=value, round=current.number)

    def _say(self, event_type: str, **fields: Any) -> None:
        _report(self._run, event_type, **fields)


def _report(run: Reporting, event_type: str, **fields: Any) -> None:
    run.report({"type": event_type, **{name: value for name, value in fields.items() if value is not None}})
