"""The fields of each type of fact, with their bounds. [R3]"""

from __future__ import annotations

from typing import Any, NamedTuple

from . import limits
from .conversions import (
    Bad,
    Convert,
    entries_of,
    finite,
    list_of,
    moment,
    one_of,
    text_of,
    to_count,
    to_flag,
    to_key,
    to_number,
    to_system,
    whole,
)
from .plain import to_config
from .storable import clip_id


class Field(NamedTuple):
    name: str
    convert: Convert
    #: Without it the event would say something else, not less: a client's metric would become the server's.
    is_needed: bool
    is_required: bool = False


def _required(name: str, convert: Convert, is_needed: bool = False) -> Field:
    return Field(name, convert, is_needed, True)


def _optional(name: str, convert: Convert, is_needed: bool = False) -> Field:
    return Field(name, convert, is_needed)


_round = whole(0, limits.ROUND)
# Both are stored as 32-bit integers.
_client_count = whole(0, limits.ROUND)
_client_id = text_of(limits.CLIENT_ID, 1, clip_id)
_id = text_of(limits.ID, 1, clip_id)
_name = text_of(limits.NAME, 1)
_reason = text_of(limits.REASON)
_names = list_of(_name, limits.ENTRIES, is_cut=True)
_metrics = entries_of(to_number)
_labels = entries_of(text_of(limits.NAME))
_milliseconds = finite(0)
_ROUND = _required("round", _round, True)
_MAYBE_ROUND = _optional("round", _round, True)
_CLIENT = _required("client_id", _client_id, True)
_MAYBE_CLIENT = _optional("client_id", _client_id, True)
_METRICS = _optional("metrics", _metrics)


def _config(value: Any) -> Any:
    config = to_config(value)
    if isinstance(config, dict):
        return config
    raise Bad("must be a map")


FIELDS: dict[str, tuple[Field, ...]] = {
    "run_started": (
        _required("name", _name),
        _required("framework", _name),
        _optional("config", _config),
        _optional("num_rounds", to_count),
        _optional("tags", _names),
        _optional("commands_supported", _names),
        _optional("imported", to_flag),
    ),
    "run_complete": (
        _required("status", one_of("complete", "failed", "stopped")),
        _optional("reason", _reason),
    ),
    "round_started": (
        _ROUND,
        _optional("client_ids", list_of(_client_id, limits.SELECTED_CLIENTS, is_cut=False)),
        _optional("num_clients_expected", _client_count),
        _optional("deadline", moment),
    ),
    "round_update": (_ROUND, _required("status", one_of("collecting", "aggregating"))),
    "round_complete": (
        _ROUND,
        _optional("global_loss", to_number),
        _optional("global_accuracy", to_number),
        _METRICS,
        _optional("model_version", _id),
        _optional("update_norm", to_number),
        _optional("cosine_to_previous", to_number),
        _optional("num_clients_completed", _client_count),
        _optional("num_clients_failed", _client_count),
        _optional("num_clients_no_reply", _client_count),
    ),
    "round_failed": (_ROUND, _required("reason", _reason)),
    "round_stopped": (_ROUND, _required("reason", _reason)),
    "client_joined": (_CLIENT, _optional("dataset_size", whole(1, limits.COUNT)), _optional("labels", _labels)),
    "client_left": (_CLIENT, _optional("reason", _reason)),
    "client_heartbeat": (_CLIENT, _optional("system", to_system)),
    "client_presence": (
        _optional("client_ids", list_of(_client_id, limits.SELECTED_CLIENTS, is_cut=False)),
        _optional("num_connected", _client_count),
        _optional("num_needed", _client_count),
    ),
    "client_status": (
        _CLIENT,
        _required("status", one_of("idle", "training", "uploading", "offline", "failed")),
        _MAYBE_ROUND,
        _optional("progress", finite(0, 1)),
    ),
    "client_result": (
        _CLIENT,
        _ROUND,
        _required("sample_count", to_count),
        _optional("train_loss", to_number),
        _METRICS,
        _optional("duration_ms", _milliseconds),
        _optional("bytes_up", to_count),
        _optional("bytes_down", to_count),
        _optional("update_norm", to_number),
        _optional("cosine_to_mean", to_number),
        _optional("cosine_to_previous", to_number),
    ),
    "client_failed": (_CLIENT, _ROUND, _required("reason", _reason)),
    "client_no_reply": (_CLIENT, _ROUND, _optional("waited_ms", _milliseconds)),
    "metric": (
        _required("name", to_key),
        _required("value", to_number),
        _optional("step", to_count, True),
        _MAYBE_ROUND,
        _MAYBE_CLIENT,
    ),
    "privacy_spent": (
        _required("epsilon", finite(0, also="Infinity")),
        _required("delta", finite(0, 1)),
        _MAYBE_CLIENT,
        _MAYBE_ROUND,
    ),
    "log": (
        _required("level", one_of("debug", "info", "warning", "error", "critical")),
        _required("message", text_of(limits.MESSAGE)),
        _MAYBE_CLIENT,
    ),
    "command_ack": (
        _required("command_id", _id),
        _required("state", one_of("delivered", "applied", "rejected")),
        _optional("detail", _reason),
    ),
}
#: At least one of these has to be there.
EITHER = {
    "round_started": ("client_ids", "num_clients_expected"),
    "client_presence": ("client_ids", "num_connected"),
    "metric": ("step", "round"),
}

FACT_TYPES = tuple(FIELDS)
