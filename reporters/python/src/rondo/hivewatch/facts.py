"""What HiveWatch's calls and its JSONL say, as facts. Nothing is invented: what has no fact is a metric or is named."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

Fact = tuple[str, dict[str, Any]]

FRAMEWORK = "hivewatch"
# The fields of an update that have a field of their own in a fact.
_TAKEN = {
    "client_id",
    "round",
    "num_samples",
    "local_loss",
    "bytes_sent",
    "bytes_received",
    "train_time_sec",
    "cpu_pct",
    "ram_mb",
    "gpu_util_pct",
    "city",
    "country",
    "lat",
    "lng",
    "status",
    "extra",
    "staleness",
}
_LABELS = ("city", "country", "lat", "lng")
_ROUND_TAKEN = {
    "round",
    "global_accuracy",
    "global_loss",
    "num_selected",
    "num_completed",
    "num_stragglers",
    "num_failures",
    "round_duration_sec",
    "algorithm_metadata",
    "gradient_divergence",
}


def start(name: str, algorithm: str, config: Mapping[str, Any], server: Mapping[str, Any] | None = None) -> Fact:
    """Return the start of a run."""
    about = {**config, "algorithm": algorithm, **({"server": dict(server)} if server else {})}
    return "run_started", {"name": name, "framework": FRAMEWORK, "config": about, "tags": [algorithm]}


def joined(update: Mapping[str, Any]) -> Fact:
    """Return that a client takes part, with its number of examples; its place and any other text are its labels."""
    labels = {name: str(update[name]) for name in _LABELS if update.get(name) is not None}
    labels |= {name: value for name, value in _given(update).items() if name not in _TAKEN and isinstance(value, str)}
    fields: dict[str, Any] = {"client_id": str(update["client_id"])}
    if labels:
        fields["labels"] = labels
    if update.get("num_samples"):
        fields["dataset_size"] = update["num_samples"]
    return "client_joined", fields


def of_update(update: Mapping[str, Any]) -> Iterator[Fact]:
    """Yield what became of one client in one round, and the load of its machine."""
    client_id, round_number = str(update["client_id"]), update.get("round")
    load = _load(update)
    if load:
        yield "client_heartbeat", {"client_id": client_id, "system": load}
    status = update.get("status") or "active"
    if round_number is None:
        for name, value in _figures(update).items():
            yield "metric", {"name": name, "value": value, "client_id": client_id}
    elif status == "dropped":
        yield no_reply(round_number, client_id)
    elif status == "failed":
        yield failed(round_number, client_id, "unknown")
    elif status == "idle":
        yield "client_status", {"client_id": client_id, "status": "idle", "round": round_number}
    else:
        yield "client_result", _result(client_id, round_number, update)


def _result(client_id: str, round_number: int, update: Mapping[str, Any]) -> dict[str, Any]:
    figures = _figures(update)
    fields = {
        "client_id": client_id,
        "round": round_number,
        "sample_count": update.get("num_samples") or 0,
        "train_loss": figures.pop("local_loss", None),
        "metrics": figures,
        "duration_ms": _times(update.get("train_time_sec"), 1_000),
        "bytes_up": update.get("bytes_sent"),
        "bytes_down": update.get("bytes_received"),
    }
    return {name: value for name, value in fields.items() if value is not None}


def _figures(update: Mapping[str, Any]) -> dict[str, Any]:
    """Return every number of an update that no other field of a fact has, with the staleness of asynchronous FL."""
    figures = {name: value for name, value in _given(update).items() if name not in _TAKEN and is_number(value)}
    if is_number(update.get("local_loss")):
        figures["local_loss"] = update["local_loss"]
    base = figures.pop("base_round", None)
    if base is not None and update.get("round") is not None:
        figures["staleness"] = update["round"] - base
    return figures


def unsaid(update: Mapping[str, Any]) -> list[str]:
    """Return the names of fields of an update that are neither numbers nor texts."""
    return [
        name
        for name, value in _given(update).items()
        if name not in _TAKEN and value is not None and not isinstance(value, str) and not is_number(value)
    ]


def _given(update: Mapping[str, Any]) -> dict[str, Any]:
    """Return an update with its extra fields beside the others."""
    extra = update.get("extra")
    both = {**update, **(extra if isinstance(extra, Mapping) else {})}
    return {str(name): value for name, value in both.items()}


def _load(update: Mapping[str, Any]) -> dict[str, Any]:
    load = {
        "cpu_percent": update.get("cpu_pct"),
        "memory_bytes": _times(update.get("ram_mb"), 1024 * 1024),
        "gpu_percent": update.get("gpu_util_pct"),
    }
    if load["memory_bytes"] is not None:
        load["memory_bytes"] = int(load["memory_bytes"])
    return {name: value for name, value in load.items() if value is not None}


def no_reply(round_number: int, client_id: str) -> Fact:
    """Return that a client dropped out of a round."""
    return "client_no_reply", {"client_id": str(client_id), "round": round_number}


def failed(round_number: int, client_id: str, reason: str | None) -> Fact:
    """Return that a client could not be reached, or failed, in a round."""
    return "client_failed", {"client_id": str(client_id), "round": round_number, "reason": reason or "unknown"}


def round_end(
    summary: Mapping[str, Any], named_failed: int = 0, named_dropped: int = 0, named_completed: int = 0
) -> Fact:
    """Return the end of a round. Its outcomes are counted without the clients that were named before. [A4]"""
    given = summary.get("algorithm_metadata")
    metrics = {name: value for name, value in summary.items() if name not in _ROUND_TAKEN and is_number(value)}
    if isinstance(given, Mapping):
        metrics |= {str(name): value for name, value in given.items() if is_number(value)}
    fields: dict[str, Any] = {"round": summary["round"], "metrics": metrics}
    for name in ("global_loss", "global_accuracy"):
        if summary.get(name) is not None:
            fields[name] = summary[name]
    for name, count, known in (
        ("num_clients_completed", summary.get("num_completed"), named_completed),
        ("num_clients_failed", summary.get("num_failures"), named_failed),
        ("num_clients_no_reply", summary.get("num_stragglers"), named_dropped),
    ):
        if is_number(count) and count is not None and count > known:
            fields[name] = int(count) - known
    return "round_complete", fields


def is_number(value: Any) -> bool:
    """Return whether a value is a number, numpy's included, and not a truth value."""
    if isinstance(value, bool) or value is None or isinstance(value, (str, bytes)):
        return False
    return isinstance(value, (int, float)) or (hasattr(value, "item") and getattr(value, "ndim", None) == 0)


def _times(value: Any, factor: float) -> float | None:
    return float(value) * factor if is_number(value) else None
