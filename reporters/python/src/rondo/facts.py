"""The wire form of a program's reports: unsupported values are converted rather than lost. [R3]"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta, timezone
from typing import Any, NamedTuple

from . import limits
from .plain import to_config, to_plain, to_scalar, to_value
from .storable import clip_id, clip_text

#: Replaced by later events, or detail only: dropped first when the spool is full. [R7]
TELEMETRY = frozenset({"client_heartbeat", "client_presence", "client_status", "log", "metric"})

_to_json = json.JSONEncoder(separators=(",", ":")).encode
# Alone in its batch, beside the envelope.
_LARGEST_EVENT_BYTES = limits.BATCH_BYTES - 1_024


class Event(NamedTuple):
    """One event as it waits for its batch."""

    type: str
    #: `t` telemetry, `s` the start of the run, `f` any other. [R20]
    kind: str
    #: ASCII only, so its length is its size.
    json: str


class Made(NamedTuple):
    """An event, or None if it cannot be expressed; and a description of its flaw, if it has one."""

    event: Event | None
    flaw: str | None


class Bad(Exception):
    """Why a value cannot be said."""


_Convert = Callable[[Any], Any]


class _Field(NamedTuple):
    name: str
    convert: _Convert
    #: Without it the event would say something else, not less: a client's metric would become the server's.
    is_needed: bool
    is_required: bool = False


def _integer(value: Any) -> int:
    if type(value) is int:
        return value
    if type(value) is float and value.is_integer():
        return int(value)
    if isinstance(value, (bool, str, float)) or not hasattr(value, "__index__"):
        raise Bad("must be a whole number")
    return int(value.__index__())


def _number(value: Any) -> float | str:
    """Any number, or the text for one that is not finite."""
    if type(value) is float:
        return to_value(value)
    if isinstance(value, str):
        if value in ("NaN", "Infinity", "-Infinity"):
            return value
    elif not isinstance(value, bool) and not type(value).__name__.startswith("bool"):
        try:
            if isinstance(value, int):
                return value if abs(value) <= limits.COUNT else float(value)
            return to_value(float(to_scalar(value)))
        except OverflowError:
            return "Infinity" if value > 0 else "-Infinity"
        except (TypeError, ValueError):
            pass
    raise Bad('must be a number, "NaN", "Infinity" or "-Infinity"')


def _finite(least: float, greatest: float = float("inf"), also: str = "") -> _Convert:
    def convert(value: Any) -> Any:
        number = _number(value)
        if isinstance(number, str):
            if number == also:
                return number
            raise Bad("must be a finite number")
        if least <= number <= greatest:
            return number
        raise Bad(f"must be at least {least}" if number < least else f"must be at most {greatest}")

    return convert


def _whole(least: int, greatest: int) -> _Convert:
    def convert(value: Any) -> int:
        number = _integer(value)
        if least <= number <= greatest:
            return number
        raise Bad(f"must be at least {least}" if number < least else f"must be at most {greatest}")

    return convert


def _said(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return str(value)
    raise Bad("must be a text")


def _text(limit: int, least: int = 0, clip: Callable[[str, int], str] = clip_text) -> _Convert:
    def convert(value: Any) -> str:
        text = clip(value if type(value) is str else _said(value), limit)
        if len(text) < least:
            raise Bad("must not be empty")
        return text

    return convert


def _flag(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    raise Bad("must be true or false")


def _one_of(*words: str) -> _Convert:
    def convert(value: Any) -> str:
        if isinstance(value, str) and value in words:
            return str(value)
        raise Bad(f"must be one of {', '.join(words)}")

    return convert


def _list_of(convert_one: _Convert, limit: int, is_cut: bool) -> _Convert:
    def convert(value: Any) -> list[Any]:
        if not isinstance(value, (list, tuple)):
            raise Bad("must be a list")
        if len(value) > limit and not is_cut:
            raise Bad(f"must have at most {limit} entries")
        return [convert_one(item) for item in value[:limit]]

    return convert


class _Partly(Exception):
    """Some entries cannot be said; the rest can."""

    def __init__(self, value: Any, flaws: str) -> None:
        super().__init__(flaws)
        self.value = value


def _entries(convert_one: _Convert) -> _Convert:
    def convert(value: Any) -> dict[str, Any]:
        if not isinstance(value, Mapping):
            raise Bad("must be a map")
        entries: dict[str, Any] = {}
        flaws: list[str] = []
        count = 0
        for key, item in value.items():
            if item is None:
                continue
            count += 1
            if count > limits.ENTRIES:
                break
            try:
                entries[_key(key)] = convert_one(item)
            except Bad as bad:
                flaws.append(f"{clip_text(str(key), limits.NAME)} {bad}")
        if flaws:
            raise _Partly(entries, ", ".join(flaws[:3]))
        return entries

    return convert


_key = _text(limits.NAME, 1, clip_id)
_count = _whole(0, limits.COUNT)
_SYSTEM: dict[str, _Convert] = {"cpu_percent": _finite(0), "memory_bytes": _count, "gpu_percent": _finite(0)}


def _system(value: Any) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        raise Bad("must be a map")
    entries: dict[str, Any] = {}
    flaws: list[str] = []
    for key, item in value.items():
        if item is None:
            continue
        try:
            entries[str(key)] = _SYSTEM[key](item) if key in _SYSTEM else to_plain(item, 4)
        except Bad as bad:
            flaws.append(f"{key} {bad}")
    if flaws:
        raise _Partly(entries, ", ".join(flaws))
    return entries


_MOMENT = re.compile(r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d)(?::(\d\d)(?:\.\d+)?)?(Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)")


def moment(value: Any) -> str:
    """A moment of W1, as it was given if it is a text."""
    if isinstance(value, datetime):
        utc = value.astimezone(timezone.utc)
        return f"{utc.replace(tzinfo=None).isoformat(timespec='milliseconds')}Z"
    match = _MOMENT.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise Bad("must be an ISO 8601 time with an offset, such as 2026-01-31T12:00:00Z")
    *parts, zone = match.groups()
    minutes = 0 if zone == "Z" else int(zone[0] + "1") * (60 * int(zone[1:3]) + int(zone[4:6]))
    try:
        year, month, day, hour, minute, second = (int(part or 0) for part in parts)
        year = (datetime(year, month, day, hour, minute, second) - timedelta(minutes=minutes)).year
    except ValueError as error:
        raise Bad("must be a moment that exists") from error
    except OverflowError:
        year = 0
    if year < 1970:
        raise Bad("must be in the years 1970 to 9999")
    return str(value)


def _required(name: str, convert: _Convert, is_needed: bool = False) -> _Field:
    return _Field(name, convert, is_needed, True)


def _optional(name: str, convert: _Convert, is_needed: bool = False) -> _Field:
    return _Field(name, convert, is_needed)


_round = _whole(0, limits.ROUND)
# Both are stored as 32-bit integers.
_client_count = _whole(0, limits.ROUND)
_client_id = _text(limits.CLIENT_ID, 1, clip_id)
_id = _text(limits.ID, 1, clip_id)
_name = _text(limits.NAME, 1)
_reason = _text(limits.REASON)
_names = _list_of(_name, limits.ENTRIES, is_cut=True)
_metrics = _entries(_number)
_labels = _entries(_text(limits.NAME))
_milliseconds = _finite(0)
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


FIELDS: dict[str, tuple[_Field, ...]] = {
    "run_started": (
        _required("name", _name),
        _required("framework", _name),
        _optional("config", _config),
        _optional("num_rounds", _count),
        _optional("tags", _names),
        _optional("commands_supported", _names),
        _optional("imported", _flag),
    ),
    "run_complete": (
        _required("status", _one_of("complete", "failed", "stopped")),
        _optional("reason", _reason),
    ),
    "round_started": (
        _ROUND,
        _optional("client_ids", _list_of(_client_id, limits.SELECTED_CLIENTS, is_cut=False)),
        _optional("num_clients_expected", _client_count),
        _optional("deadline", moment),
    ),
    "round_update": (_ROUND, _required("status", _one_of("collecting", "aggregating"))),
    "round_complete": (
        _ROUND,
        _optional("global_loss", _number),
        _optional("global_accuracy", _number),
        _METRICS,
        _optional("model_version", _id),
        _optional("update_norm", _number),
        _optional("cosine_to_previous", _number),
        _optional("num_clients_completed", _client_count),
        _optional("num_clients_failed", _client_count),
        _optional("num_clients_no_reply", _client_count),
    ),
    "round_failed": (_ROUND, _required("reason", _reason)),
    "round_stopped": (_ROUND, _required("reason", _reason)),
    "client_joined": (_CLIENT, _optional("dataset_size", _whole(1, limits.COUNT)), _optional("labels", _labels)),
    "client_left": (_CLIENT, _optional("reason", _reason)),
    "client_heartbeat": (_CLIENT, _optional("system", _system)),
    "client_presence": (
        _optional("client_ids", _list_of(_client_id, limits.SELECTED_CLIENTS, is_cut=False)),
        _optional("num_connected", _client_count),
        _optional("num_needed", _client_count),
    ),
    "client_status": (
        _CLIENT,
        _required("status", _one_of("idle", "training", "uploading", "offline", "failed")),
        _MAYBE_ROUND,
        _optional("progress", _finite(0, 1)),
    ),
    "client_result": (
        _CLIENT,
        _ROUND,
        _required("sample_count", _count),
        _optional("train_loss", _number),
        _METRICS,
        _optional("duration_ms", _milliseconds),
        _optional("bytes_up", _count),
        _optional("bytes_down", _count),
        _optional("update_norm", _number),
        _optional("cosine_to_mean", _number),
        _optional("cosine_to_previous", _number),
    ),
    "client_failed": (_CLIENT, _ROUND, _required("reason", _reason)),
    "client_no_reply": (_CLIENT, _ROUND, _optional("waited_ms", _milliseconds)),
    "metric": (
        _required("name", _key),
        _required("value", _number),
        _optional("step", _count, True),
        _MAYBE_ROUND,
        _MAYBE_CLIENT,
    ),
    "privacy_spent": (
        _required("epsilon", _finite(0, also="Infinity")),
        _required("delta", _finite(0, 1)),
        _MAYBE_CLIENT,
        _MAYBE_ROUND,
    ),
    "log": (
        _required("level", _one_of("debug", "info", "warning", "error", "critical")),
        _required("message", _text(limits.MESSAGE)),
        _MAYBE_CLIENT,
    ),
    "command_ack": (
        _required("command_id", _id),
        _required("state", _one_of("delivered", "applied", "rejected")),
        _optional("detail", _reason),
    ),
}
#: At least one of these has to be there.
_EITHER = {
    "round_started": ("client_ids", "num_clients_expected"),
    "client_presence": ("client_ids", "num_connected"),
    "metric": ("step", "round"),
}

FACT_TYPES = tuple(FIELDS)


def kind_of(fact_type: str, keep: bool = False) -> str:
    """The class of an event in the spool: what goes first when there is no room. [R20]"""
    if fact_type in TELEMETRY and not keep:
        return "t"
    return "s" if fact_type == "run_started" else "f"


def make_event(fact_type: Any, given: Mapping[str, Any], run_id: str, at: Any, keep: bool = False) -> Made:
    """The wire form of a fact, within the protocol's bounds.

    An optional field that cannot be said is left out rather than the event lost.
    """
    fields = FIELDS.get(fact_type) if isinstance(fact_type, str) else None
    if fields is None:
        return Made(None, f"unknown event type {clip_text(str(fact_type), 64)}")
    event: dict[str, Any] = {"type": fact_type, "run_id": run_id}
    flaws: list[str] = []
    try:
        event["at"] = moment(at)
        for field in fields:
            _put(event, field, given.get(field.name), flaws)
        _check_either(event, _EITHER.get(fact_type, ()))
    except Bad as bad:
        return Made(None, f"{fact_type}: {bad}" if "at" in event else f"{fact_type}: at {bad}")
    text = _to_json(event)
    if len(text) > _LARGEST_EVENT_BYTES:
        return Made(None, f"{fact_type}: {len(text)} bytes are too many")
    flaw = f"{fact_type}: left out what is not valid: {', '.join(flaws[:3])}" if flaws else None
    return Made(Event(fact_type, kind_of(fact_type, keep), text), flaw)


def _put(event: dict[str, Any], field: _Field, value: Any, flaws: list[str]) -> None:
    if value is None:
        if field.is_required:
            raise Bad(f"{field.name} is required")
        return
    try:
        event[field.name] = field.convert(value)
    except _Partly as partly:
        event[field.name] = partly.value
        flaws.append(f"{field.name}.{partly}")
    except Bad as bad:
        if field.is_needed or field.is_required:
            raise Bad(f"{field.name} {bad}") from None
        flaws.append(f"{field.name} {bad}")


def _check_either(event: Mapping[str, Any], either: Iterable[str]) -> None:
    names = tuple(either)
    if names and not any(name in event for name in names):
        raise Bad(f"either {names[0]} or {names[1]} is required")
