"""The adapter's knowledge of a run, and its reports.

    configure ─► sent ─► replied … ─► gave_up ─► aggregated ─► evaluated ─► round over
                  │                       ▲
                  └── a stop closes it ───┘

Everything here is called from the user's training loop, so nothing here raises and nothing waits. `Account` has the
part of it that does not know Flower's messages.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from rondo.adapters import naming
from rondo.adapters.guard import guarded, quietly

from . import messages as read
from ._flwr import Message
from .account import Account
from .rounds import Round, Sent


class Observer(Account):
    """One run's account. All methods may be called from any thread."""

    # --- clients -----------------------------------------------------------------------------------------------------

    @guarded
    def nodes_are(self, node_ids: Sequence[int]) -> None:
        """Nodes that the framework holds connected."""
        with self._lock:
            self._presence.nodes_are(node_ids)

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
        """The clients that take part in a round's training."""
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
                self._current(round_number).is_sent = True
                self._configured = ()
            content: Any = None
            for position, message in enumerate(messages):
                metadata = message.metadata
                message_id = metadata.message_id or (ids[position] if position < len(ids) else None)
                if not message_id:
                    continue
                client_id = self.name_of(metadata.dst_node_id)
                # Most strategies send one content to all clients, and a model may have hundreds of arrays.
                if message.content is not content:
                    content, records = message.content, read.records_of(message)
                    bytes_down = read.size_of(records.arrays)
                    before = records.arrays if self._meter else None
                    stage = read.stage_of(records) if phase == "train" else None
                if stage is not None and self._round is not None:
                    self._round.first_sent.setdefault(client_id, now)
                node = metadata.dst_node_id
                self._sent[message_id] = Sent(client_id, round_number, phase, now, bytes_down, before, node, stage)

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
                fields = {"client_id": sent.client_id, "round": sent.round, "waited_ms": waited_ms}
                if self._is_unnamed(sent.node):
                    self._count(sent.round, "no_reply")
                    self._current(sent.round).unnamed_facts.append({"type": "client_no_reply", **fields})
                    continue
                self._settle(sent.client_id, "no_reply")
                self._say("client_no_reply", **fields)

    @guarded
    def configured(self, messages: Any) -> None:
        """The requests that a strategy made: the observed grid sends them, or another grid that is not observed."""
        with self._lock:
            self._configured = tuple(messages) if isinstance(messages, (list, tuple)) else ()

    @guarded
    def received(self, round_number: int, replies: Any) -> None:
        """The replies that a strategy aggregates, where no observed grid has seen them arrive.

        An error carries no node of its own. Where it does not match a request, it is counted. [A4]
        """
        with self._lock:
            requests, self._configured = self._configured, ()
            is_sent = self._round is not None and self._round.number == round_number and self._round.is_sent
            if is_sent or not isinstance(replies, (list, tuple)):
                return
            found = read.matched(requests, replies)
            known = found.known if found.reasons else [*found.known, *found.silent]
            self._begin(round_number, known, found.num_asked)
            now = self._clock()
            for reply in found.good:
                node = reply.metadata.src_node_id
                request = found.requests.get(node)
                arrays = None if request is None else read.records_of(request).arrays
                sent = Sent(self.name_of(node), round_number, "train", now, read.size_of(arrays), arrays, node)
                self._returned(sent, reply, now, {})
            for node, reason in found.failed.items():
                self._failed(Sent(self.name_of(node), round_number, "train", now, None, None, node), reason)
            for reason in found.reasons:
                self._count(round_number, "failed", reason)
            for node in [] if found.reasons else found.silent:
                if self._is_unnamed(node):
                    self._count(round_number, "no_reply")
                elif self._settle(self.name_of(node), "no_reply"):
                    self._say("client_no_reply", client_id=self.name_of(node), round=round_number)
            self._count(round_number, "no_reply", num=found.num_silent_unnamed)

    @guarded
    def answered_unnamed(self, round_number: int) -> None:
        """A result of a client that the framework does not name."""
        with self._lock:
            self._count(round_number, "completed")

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
            for reason in unnamed[len(missing) :] if is_each_failed else unnamed:
                self._count(round_number, "failed", reason)
            # Of the clients without a name, the rest did not reply either.
            current = self._round
            rest = current.num_expected - len(current.asked) - sum(current.unnamed.values())
            self._count(round_number, "no_reply", num=max(rest, 0))

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

    def closing_of(self, messages: Sequence[Message]) -> Callable[[], bool]:
        """Return how to ask whether the round of these messages, or the whole run, was stopped."""
        stops, number = self.stops, quietly(self._round_of, messages[0])
        return lambda: stops.run_reason is not None or (number is not None and stops.reason_of(number) is not None)

    # --- inside ------------------------------------------------------------------------------------------------------

    def _one_reply(self, reply: Message) -> None:
        with self._lock:
            now = self._clock()
            # Never by src_node_id: an error that the SuperLink makes carries the SuperLink's own.
            sent = self._sent.pop(reply.metadata.reply_to_message_id, None)
            if sent is None:
                return
            if reply.has_error():
                self._failed(sent, read.reason_of(reply))
                return
            self._returned(sent, reply, now, {"duration_ms": round((now - sent.at) * 1000, 1)})

    def _returned(self, sent: Sent, reply: Message, now: float, facts: dict[str, Any]) -> None:
        """Report a result, and what the reply says of its client."""
        records = read.records_of(reply)
        client_id = self._learn_name(reply.metadata.src_node_id, records, sent)
        self._say_system(records, client_id)
        metrics = self._read(read.metrics_of(records), sent.round, client_id, sent.phase)
        if sent.phase == "train":
            if sent.stage is not None:
                self._stage_is_over(sent, client_id, records, metrics, now)
                return
            arrays = records.arrays
            facts = {**facts, "bytes_up": read.size_of(arrays), "bytes_down": sent.bytes_down}
            self._settle(client_id, "complete")
            samples = naming.take_sample_count(metrics, self._weight_key)
            self._result(client_id, sent.round, metrics, samples, now, facts, sent, arrays)
        elif sent.phase == "evaluate":
            naming.take_sample_count(metrics, self._weight_key)
            self._evaluated_client(self._current(sent.round), client_id, metrics)

    def _stage_is_over(
        self, sent: Sent, client_id: str, reply: read.Records, metrics: dict[str, float], now: float
    ) -> None:
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

    def _failed(self, sent: Sent, reason: str) -> None:
        if sent.phase == "train" and self._is_unnamed(sent.node):
            self._count(sent.round, "failed", reason)
            fields = {"client_id": sent.client_id, "round": sent.round, "reason": reason}
            self._current(sent.round).unnamed_facts.append({"type": "client_failed", **fields})
        elif sent.phase == "train":
            self._settle(sent.client_id, "failed")
            self._say("client_failed", client_id=sent.client_id, round=sent.round, reason=reason)
        else:
            self._say("log", level="warning", message=f"{sent.phase} failed: {reason}", client_id=sent.client_id)

    def _is_unnamed(self, node: int | None) -> bool:
        """A client that names itself, before its first reply: under its node id it would be a second client."""
        return node is not None and not self._directory.is_named(node)

    def _count(self, round_number: int, outcome: str, reason: str | None = None, num: int = 1) -> None:
        """Count clients without a name for the account of their round. [A4]"""
        self._current(round_number).unnamed[outcome] += num
        if reason is not None:
            message = f"round {round_number}: a client without a name failed: {reason}"
            self._say("log", level="warning", message=message)

    def _learn_name(self, node_id: int, reply: read.Records, sent: Sent) -> str:
        """The name under which this client is reported from now on."""
        if self._directory.learn(node_id, read.client_record(reply).get("client_id")):
            self._say("client_joined", client_id=self.name_of(node_id), labels={"node_id": str(node_id)})
            return self.name_of(node_id)
        return sent.client_id

    def _say_system(self, reply: read.Records, client_id: str) -> None:
        system = read.system_of(reply)
        if system:
            self._say("client_heartbeat", client_id=client_id, system=system)

    def _round_of(self, message: Message) -> int:
        number = read.round_of(message)
        return number if number is not None else self._round.number if self._round is not None else 1
