"""Reads Flower's messages, and never changes them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from rondo.adapters import naming

from ._flwr import Message

#: `server-round` is what Flower's own strategies put into the config of every message.
ROUND_KEY = "server-round"
#: The record that rondo's client mod adds to a reply.
CLIENT_RECORD = "rondo.client"
#: Where the legacy API puts a client's own metrics: "fitres.metrics", "evaluateres.metrics".
LEGACY_METRICS = "res.metrics"
#: `flwr.common.secure_aggregation.secaggplus_constants`: four stages, each a message to every client of the round.
SECAGG_RECORD, SECAGG_STAGE, SECAGG_LAST = "secaggplus_configs", "stage", "unmask"
SYSTEM = ("cpu_percent", "memory_bytes", "gpu_percent")


def phase_of(message: Message) -> str:
    """`train`, `evaluate` or `query`; a type may also be `train.<action>`."""
    return str(message.metadata.message_type).split(".", 1)[0]


def round_of(message: Message) -> int | None:
    """The round it belongs to, where it says so."""
    for record in message.content.config_records.values():
        value = record.get(ROUND_KEY)
        if isinstance(value, int):
            return value
    # The legacy API's place for it; empty in the Message API.
    return int(message.metadata.group_id) if message.metadata.group_id.isdigit() else None


def arrays_of(message: Message) -> Any:
    return next(iter(message.content.array_records.values()), None)


def size_of(arrays: Any) -> int | None:
    """Bytes."""
    return None if arrays is None else int(arrays.count_bytes())


def reason_of(reply: Message) -> str:
    """Why a reply is an error."""
    return str(reply.error.reason or f"error {reply.error.code}")


def metrics_of(reply: Message) -> dict[str, Any]:
    """Every metric in the reply as it is; what the client mod measured has names of its own."""
    metrics: dict[str, Any] = {}
    for record in reply.content.metric_records.values():
        metrics.update(record)
    for name, values in reply.content.config_records.items():
        if name.endswith(LEGACY_METRICS):
            metrics.update(values)
    mine = client_record(reply)
    return metrics | {f"client_{name}": mine[name] for name in ("train_ms",) if name in mine}


def sample_count_of(reply: Message) -> int:
    """Return the value from a legacy FitRes in the reply; 0 without one."""
    for name, values in reply.content.metric_records.items():
        if name.endswith("num_examples"):
            first: Any = next(iter(values.values()), 0)
            return int(first)
    return 0


def stage_of(message: Message) -> str | None:
    """The stage of Flower's secure aggregation that the message asks for; None for any other message."""
    record = message.content.config_records.get(SECAGG_RECORD)
    return None if record is None else str(record.get(SECAGG_STAGE, ""))


def system_of(reply: Message) -> dict[str, float]:
    """CPU and memory of the client, where it runs the mod."""
    mine = naming.numbers(client_record(reply))
    return {name: mine[name] for name in SYSTEM if name in mine}


def client_record(reply: Message) -> Mapping[str, Any]:
    return reply.content.config_records.get(CLIENT_RECORD) or {}


class Matched(NamedTuple):
    """The replies that a strategy aggregates, beside the requests that it made."""

    good: list[Message]
    #: The reasons of the errors that match a request, by its node.
    failed: dict[int, str]
    #: Those of the others: an error carries no node of its own.
    reasons: list[str]
    #: Nodes without a reply of theirs.
    silent: list[int]
    requests: dict[int, Message]
    num_asked: int

    @property
    def known(self) -> list[int]:
        """The nodes that replied."""
        return list(dict.fromkeys([*(reply.metadata.src_node_id for reply in self.good), *self.failed]))

    @property
    def num_silent_unnamed(self) -> int:
        """Those that did not reply, where it is not known which of the silent ones failed."""
        return max(len(self.silent) - len(self.reasons), 0) if self.reasons else 0


def matched(requests: Sequence[Message], replies: Sequence[Message]) -> Matched:
    """Match replies to the requests of a round that no observed grid has sent."""
    by_id = {each.metadata.message_id: each for each in requests if each.metadata.message_id}
    by_node = {each.metadata.dst_node_id: each for each in requests}
    found = Matched([], {}, [], [], by_node, max(len(replies), len(by_node)))
    for reply in replies:
        request = by_id.get(reply.metadata.reply_to_message_id)
        if not reply.has_error():
            found.good.append(reply)
        elif request is None:
            found.reasons.append(reason_of(reply))
        else:
            found.failed[request.metadata.dst_node_id] = reason_of(reply)
    known = set(found.known)
    found.silent.extend(node for node in by_node if node not in known)
    return found
