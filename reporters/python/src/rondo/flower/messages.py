"""What is in Flower's messages: readers only, which leave them as they are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rondo.adapters import naming

from ._flwr import Message

#: `server-round` is what Flower's own strategies put into the config of every message.
ROUND_KEY = "server-round"
#: What rondo's client mod puts into a reply.
CLIENT_RECORD = "rondo.client"
#: Where the legacy API puts a client's own metrics: "fitres.metrics", "evaluateres.metrics".
LEGACY_METRICS = "res.metrics"
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


def metrics_of(reply: Message) -> dict[str, float]:
    """Every number in the reply; what the client mod measured goes by names of its own."""
    metrics: dict[str, float] = {}
    for record in reply.content.metric_records.values():
        metrics.update(naming.numbers(record))
    for name, values in reply.content.config_records.items():
        if name.endswith(LEGACY_METRICS):
            metrics.update(naming.numbers(values))
    mine = naming.numbers(client_record(reply))
    return metrics | {f"client_{name}": mine[name] for name in ("train_ms",) if name in mine}


def system_of(reply: Message) -> dict[str, float]:
    """CPU and memory of the client, where it runs the mod."""
    mine = naming.numbers(client_record(reply))
    return {name: mine[name] for name in SYSTEM if name in mine}


def client_record(reply: Message) -> Mapping[str, Any]:
    return reply.content.config_records.get(CLIENT_RECORD) or {}
