"""What the adapter knows of a run, and what it reports of it.

    configure ─► sent ─► replied … ─► gave_up ─► aggregated ─► evaluated ─► round over
                  │                       ▲
                  └── a stop closes it ───┘

Everything here is called from the user's training loop, so nothing here raises and nothing waits.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timezone
from typing import Any, Protocol

from rondo.adapters import naming
from rondo.adapters.guard import guarded
from rondo.values import read_values

from . import messages as read
from ._flwr import Message
from .directory import Directory
from .rounds import Round, Sent
from .stops import Stops
from .updates import UpdateMeter


class Reporting(Protocol):
    """The part of a `rondo.Run` that the adapter speaks to."""

    def report(self, event: Mapping[str, Any]) -> None: ...


class Observer:
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
        meter: UpdateMeter | None = None,
        on_aggregated: Callable[[int, Any, dict[str, float]], str | None] | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._run = run
        self._directory = Directory(names, named_by_clients)
        self._weight_key = weight_key
        self._loss = loss
        self._accuracy = accuracy
        self._meter = meter
        self._on_aggregated = on_aggregated
        self._clock = clock
        self._lock = threading.RLock()
        self._sent: dict[str, Sent] = {}
        self._round: Round | None = None
        self.stops = Stops()
        self._steps: dict[tuple[str | None, str], int] = {}

    def restart(
        self, run: Reporting, meter: UpdateMeter | None, on_aggregated: Callable[[int, Any, dict[str, float]], Any]
    ) -> None:
        """Begin another training: nothing of the earlier one is part of it."""
        with self._lock:
            self._run, self._meter, self._on_aggregated = run, meter, on_aggregated
            self._sent, self._round, self._steps = {}, None, {}
            self.stops = Stops()
            self._directory.forget_presence()

    @guarded
    def cannot_observe(self, reason: str) -> None:
        """Part of the strategy cannot be observed: said once, training is not affected."""
        self._say("log", level="warning", message=f"{reason}; training is not affected")

    # --- clients -----------------------------------------------------------------------------------------------------

    @guarded
    def nodes_are(self, node_ids: Sequence[int]) -> None:
        """Clients that have come and gone since the last look."""
        with self._lock:
            came, went = self._directory.look(node_ids)
            for node in came:
                self._say("client_joined", client_id=self.name_of(node), labels={"node_id": str(node)})
            for node in went:
                self._say("client_left", client_id=self.name_of(node), reason="the node left the federation")

    @guarded
    def still_there(self, node_ids: Iterable[int]) -> None:
        """Nodes that are connected: a client that trains for minutes is not silent for that."""
        nodes = list(node_ids)
        self.nodes_are(nodes)
        with self._lock:
            waiting = {sent.client_id for sent in self._sent.values()}
            for client_id in sorted({self.name_of(node) for node in nodes if self._directory.is_named(node)} & waiting):
                self._say("client_heartbeat", client_id=client_id)

    def name_of(self, node_id: int) -> str:
        return self._directory.name_of(node_id)

    # --- a round -----------------------------------------------------------------------------------------------------

    @guarded
    def selected(self, round_number: int, node_ids: Iterable[int]) -> None:
        """Who takes part in the training of a round."""
        with self._lock:
            self._begin(round_number, [node for node in node_ids])

    @guarded
    def sent(self, messages: Sequence[Message], ids: Sequence[str | None]) -> None:
        with self._lock:
            now = self._clock()
            phase = read.phase_of(messages[0]) if messages else ""
            round_number = self._round_of(messages[0]) if messages else 0
            if phase == "train":
                self._begin(round_number, [message.metadata.dst_node_id for message in messages])
            for position, message in enumerate(messages):
                message_id = message.metadata.message_id or (ids[position] if position < len(ids) else None)
                if not message_id:
                    continue
                client_id = self.name_of(message.metadata.dst_node_id)
                arrays = read.arrays_of(message)
                stage = read.stage_of(message) if phase == "train" else None
                if stage is not None and self._round is not None:
                    self._round.first_sent.setdefault(client_id, now)
                before = arrays if self._meter else None
                self._sent[message_id] = Sent(client_id, round_number, phase, now, read.size_of(arrays), before, stage)

    @guarded
    def replied(self, replies: Sequence[Message]) -> None:
        for reply in replies:
            self._one_reply(reply)

    @guarded
    def gave_up(self, message_ids: Iterable[str]) -> None:
        """The loop waits no longer for these."""
        with self._lock:
            for message_id in message_ids:
                sent = self._sent.pop(message_id, None)
                if sent is None or sent.phase != "train":
                    continue
                waited_ms = round((self._clock() - sent.at) * 1000)
                self._settle(sent.client_id, "no_reply")
                self._say("client_no_reply", client_id=sent.client_id, round=sent.round, waited_ms=waited_ms)

    @guarded
    def answered(
        self, round_number: int, client_id: str, record: Any, samples: int, before: Any = None, after: Any = None
    ) -> None:
        """A result that only the strategy saw."""
        with self._lock:
            if self._settle(client_id, "complete"):
                now = self._clock()
                sent = Sent(client_id, round_number, "train", now, None, before)
                metrics = self._read(record, round_number, client_id)
                self._result(client_id, round_number, metrics, samples, now, {}, sent, after)

    @guarded
    def evaluated_by(self, round_number: int, client_id: str, record: Any) -> None:
        """One client's evaluation, where only the strategy saw it."""
        with self._lock:
            current = self._current(round_number)
            if client_id not in current.evaluated_clients:
                self._evaluated_client(current, client_id, self._read(record, round_number, client_id, "eval"))

    @guarded
    def unanswered(self, round_number: int, failures: Sequence[tuple[str | None, str]]) -> None:
        """The strategy has its results: each client still without one has failed, or did not reply."""
        with self._lock:
            if self._round is None:
                return
            reasons = {client_id: reason for client_id, reason in failures if client_id is not None}
            unnamed = [reason for client_id, reason in failures if client_id is None]
            missing = [client_id for client_id in self._round.unanswered() if client_id not in reasons]
            # A legacy failure does not always name its client; only one for each of the missing is surely theirs.
            is_each_failed = bool(unnamed) and len(unnamed) >= len(missing)
            is_certain = len(missing) == 1 or len(set(unnamed)) == 1
            for position, client_id in enumerate(missing):
                if is_each_failed:
                    note = "" if is_certain else " (Flower does not say which of the failed clients gave this reason)"
                    reasons[client_id] = unnamed[position] + note
                else:
                    self._say("client_no_reply", client_id=client_id, round=round_number)
                    self._settle(client_id, "no_reply")
            for client_id, reason in reasons.items():
                if self._settle(client_id, "failed"):
                    self._say("client_failed", client_id=client_id, round=round_number, reason=reason)

    @guarded
    def aggregating(self, round_number: int) -> None:
        with self._lock:
            self._say("round_update", round=round_number, status="aggregating")

    @guarded
    def aggregated(self, round_number: int, arrays: Any, record: Any) -> None:
        with self._lock:
            current = self._current(round_number)
            current.metrics.update(naming.in_phase("train", self._read(record, round_number)))
            if arrays is not None and self._on_aggregated is not None:
                current.model_version = self._on_aggregated(round_number, arrays, dict(current.metrics))
        if self._meter is not None:
            self._meter.round_aggregated(round_number)

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
                self._say("round_stopped", round=round_number, reason=stop_reason)
                return
            self._say(
                "round_complete",
                round=round_number,
                global_loss=current.figure(self._loss, naming.EVAL_LOSS),
                global_accuracy=current.figure(self._accuracy, naming.EVAL_ACCURACY),
                metrics=current.metrics,
                model_version=current.model_version,
            )

    @guarded
    def round_failed(self, reason: str) -> None:
        with self._lock:
            if self._round is not None and not self._round.is_over:
                self._round.is_over = True
                self._say("round_failed", round=self._round.number, reason=reason)

    @guarded
    def finish_round(self) -> None:
        if self._round is not None:
            self.round_over(self._round.number)

    # --- stops -------------------------------------------------------------------------------------------------------

    def request_stop_round(self, number: int | None, reason: str) -> None:
        """Raises RuntimeError if that round is not open."""
        with self._lock:
            current = self._round
            if current is None or current.is_over or (number is not None and number != current.number):
                raise RuntimeError(f"round {number} is not open")
            self.stops.close_round(current.number, reason)

    def request_stop_run(self, reason: str) -> None:
        with self._lock:
            is_open = self._round is not None and not self._round.is_over
            self.stops.end_run(reason, self._round.number if self._round is not None and is_open else None)

    def is_skipped(self, number: int) -> bool:
        """A round after the one in which the run was stopped: it is not to begin."""
        with self._lock:
            return self.stops.run_reason is not None and (self._round is None or self._round.number != number)

    def is_stopped(self, number: int) -> bool:
        return self.stops.reason_of(number) is not None

    @guarded
    def is_closed_for(self, messages: Sequence[Message]) -> bool:
        """Whether the round of these messages, or the whole run, was stopped."""
        with self._lock:
            return self.stops.run_reason is not None or self.is_stopped(self._round_of(messages[0]))

    # --- inside ------------------------------------------------------------------------------------------------------

    def _one_reply(self, reply: Message) -> None:
        with self._lock:
            now = self._clock()
            # Never by src_node_id: an error that the SuperLink makes carries the SuperLink's own.
            sent = self._sent.pop(reply.metadata.reply_to_message_id, None)
            if sent is None:
                return
            if reply.has_error():
                self._failed(sent, str(reply.error.reason or f"error {reply.error.code}"))
                return
            client_id = self._learn_name(reply, sent)
            self._say_system(reply, client_id)
            metrics = self._read(read.metrics_of(reply), sent.round, client_id, sent.phase)
            if sent.phase == "train":
                arrays = read.arrays_of(reply)
                facts = {
                    "duration_ms": round((now - sent.at) * 1000, 1),
                    "bytes_up": read.size_of(arrays),
                    "bytes_down": sent.bytes_down,
                }
                if sent.stage is not None:
                    self._stage_is_over(sent, client_id, reply, metrics, now)
                    return
                self._settle(client_id, "complete")
                samples = naming.take_sample_count(metrics, self._weight_key)
                self._result(client_id, sent.round, metrics, samples, now, facts, sent, arrays)
            elif sent.phase == "evaluate":
                naming.take_sample_count(metrics, self._weight_key)
                self._evaluated_client(self._current(sent.round), client_id, metrics)

    def _stage_is_over(self, sent: Sent, client_id: str, reply: Message, metrics: dict[str, float], now: float) -> None:
        """Keep the figures of each stage; the last stage completes the client, once."""
        current = self._current(sent.round)
        part = current.parts.setdefault(client_id, {"samples": 0, "metrics": {}})
        part["metrics"].update(metrics)
        part["samples"] = read.sample_count_of(reply) or part["samples"]
        if sent.stage == read.SECAGG_LAST and self._settle(client_id, "complete"):
            facts = {"duration_ms": round((now - current.first_sent.get(client_id, sent.at)) * 1000, 1)}
            self._result(client_id, sent.round, part["metrics"], part["samples"], now, facts)

    def _evaluated_client(self, current: Round, client_id: str, metrics: dict[str, float]) -> None:
        current.evaluated_clients.add(client_id)
        for name, value in naming.in_phase("eval", metrics).items():
            self._say("metric", name=name, value=value, round=current.number, client_id=client_id)

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
        left_out = getattr(self._run, "left_out", None)
        for name, problem in values.problems.items():
            if left_out is not None:
                left_out(name, problem)
        return dict(values.numbers)

    def _failed(self, sent: Sent, reason: str) -> None:
        if sent.phase == "train":
            self._settle(sent.client_id, "failed")
            self._say("client_failed", client_id=sent.client_id, round=sent.round, reason=reason)
        else:
            self._say("log", level="warning", message=f"{sent.phase} failed: {reason}", client_id=sent.client_id)

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
        def say(update_norm: float | None = None) -> None:
            self._say(
                "client_result",
                client_id=client_id,
                round=round_number,
                sample_count=samples,
                train_loss=naming.pick(metrics, None, naming.TRAIN_LOSS),
                metrics=metrics,
                update_norm=update_norm,
                at=datetime.fromtimestamp(at, timezone.utc),
                **facts,
            )

        if self._meter is None or sent is None or arrays is None:
            say()
        else:
            self._meter.measure(client_id, round_number, samples, sent.arrays, arrays, say)

    def _learn_name(self, reply: Message, sent: Sent) -> str:
        """The name under which this client is reported from now on."""
        node_id = reply.metadata.src_node_id
        if self._directory.learn(node_id, read.client_record(reply).get("client_id")):
            self._say("client_joined", client_id=self.name_of(node_id), labels={"node_id": str(node_id)})
            return self.name_of(node_id)
        return sent.client_id

    def _say_system(self, reply: Message, client_id: str) -> None:
        system = read.system_of(reply)
        if system:
            self._say("client_heartbeat", client_id=client_id, system=system)

    def _begin(self, round_number: int, nodes: list[int]) -> None:
        """Says who is asked, when it is news: a round may also ask more clients later."""
        if self._round is None or self._round.number != round_number:
            self.finish_round()
            self._round = Round(round_number)
        elif not nodes:
            return
        # Those that name themselves are counted until their first replies.
        named = [self.name_of(node) for node in nodes if self._directory.is_named(node)]
        new = [client_id for client_id in named if client_id not in self._round.asked]
        if not new and self._round.is_announced:
            return
        self._round.is_announced = True
        self._round.asked.update((client_id, "asked") for client_id in new)
        self._say("round_started", round=round_number, client_ids=new, num_clients_expected=len(nodes))

    def _current(self, round_number: int) -> Round:
        if self._round is None or self._round.number != round_number:
            self._begin(round_number, [])
        assert self._round is not None
        return self._round

    def _settle(self, client_id: str, outcome: str) -> bool:
        return self._round is None or self._round.settle(client_id, outcome)

    def _round_of(self, message: Message) -> int:
        number = read.round_of(message)
        return number if number is not None else self._round.number if self._round is not None else 1

    def _say_metrics(self, current: Round) -> None:
        for name, value in current.metrics.items():
            self._say("metric", name=name, value=value, round=current.number)

    def _say(self, event_type: str, **fields: Any) -> None:
        self._run.report({"type": event_type, **{name: value for name, value in fields.items() if value is not None}})
