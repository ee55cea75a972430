"""Reads Flower's messages, and never changes them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from rondo.adapters import naming

from ._flwr import ArrayRecord, ConfigRecord, Message, MetricRecord

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


class Records(NamedTuple):
    """The content of a message, by kind."""

    arrays: Any
    metrics: dict[str, Mapping[str, Any]]
    configs: dict[str, Mapping[str, Any]]


def records_of(message: Message) -> Records:
    """Read a message once: Flower's own views by kind are made at each use, and write to the content."""
    arrays = None
    metrics: dict[str, Mapping[str, Any]] = {}
    configs: dict[str, Mapping[str, Any]] = {}
    for name, record in message.content.items():
        if isinstance(record, MetricRecord):
            metrics[name] = record
        elif isinstance(record, ConfigRecord):
            configs[name] = record
        elif arrays is None and isinstance(record, ArrayRecord):
            arrays = record
    return Records(arrays, metrics, configs)


def round_of(message: Message) -> int | None:
    """The round it belongs to, where it says so."""
    for record in records_of(message).configs.values():
        value = record.get(ROUND_KEY)
        if isinstance(value, int):
            return value
    # The legacy API's place for it; empty in the Message API.
    return int(message.metadata.group_id) if message.metadata.group_id.isdigit() else None


def size_of(arrays: Any) -> int | None:
    """Bytes."""
    return None if arrays is None else int(arrays.count_bytes())


def reason_of(reply: Message) -> str:
    """Why a reply is an error."""
    return str(reply.error.reason or f"error {reply.error.code}")


def metrics_of(reply: Records) -> dict[str, Any]:
    """Every metric in the reply as it is; what the client mod measured has names of its own."""
    metrics: dict[str, Any] = {}
    for record in reply.metrics.values():
        metrics.update(record)
    for name, values in reply.configs.items():
        if name.endswith(LEGACY_METRICS):
            metrics.update(values)
    mine = client_record(reply)
    if "train_ms" in mine:
        metrics["client_train_ms"] = mine["train_ms"]
    return metrics


def sample_count_of(reply: Records) -> int:
    """Return the value from a legacy FitRes in the reply; 0 without one."""
    for name, values in reply.metrics.items():
        if name.endswith("num_examples"):
            first: Any = next(iter(values.values()), 0)
            return int(first)
    return 0


def stage_of(message: Records) -> str | None:
    """The stage of Flower's secure aggregation that the message asks for; None for any other message."""
    record = message.configs.get(SECAGG_RECORD)
    return None if record is None else str(record.get(SECAGG_STAGE, ""))


def system_of(reply: Records) -> dict[str, float]:
    """CPU and memory of the client, where it runs the mod."""
    mine = client_record(reply)
    return naming.numbers({name: mine[name] for name in SYSTEM if name in mine})


def client_record(reply: Records) -> Mapping[str, Any]:
    return reply.configs.get(CLIENT_RECORD) or {}


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
