"""The wire form of a program's reports: unsupported values are converted rather than lost. [R3]"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from . import limits
from .conversions import Bad, Partly, moment
from .fact_fields import EITHER, FACT_TYPES, FIELDS, Field
from .storable import clip_text

__all__ = ["FACT_TYPES", "FIELDS", "Event", "Made", "kind_of", "make_event"]

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
        _check_either(event, EITHER.get(fact_type, ()))
    except Bad as bad:
        return Made(None, f"{fact_type}: {bad}" if "at" in event else f"{fact_type}: at {bad}")
    text = _to_json(event)
    if len(text) > _LARGEST_EVENT_BYTES:
        return Made(None, f"{fact_type}: {len(text)} bytes are too many")
    flaw = f"{fact_type}: left out what is not valid: {', '.join(flaws[:3])}" if flaws else None
    return Made(Event(fact_type, kind_of(fact_type, keep), text), flaw)


def _put(event: dict[str, Any], field: Field, value: Any, flaws: list[str]) -> None:
    if value is None:
        if field.is_required:
            raise Bad(f"{field.name} is required")
        return
    try:
        event[field.name] = field.convert(value)
    except Partly as partly:
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
