"""Values as the wire has them: each conversion raises `Bad` where there is none. [R3]"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta, timezone
from typing import Any

from . import limits
from .plain import to_plain, to_scalar, to_value
from .storable import clip_id, clip_text


class Bad(Exception):
    """Why a value cannot be said."""


Convert = Callable[[Any], Any]


def to_integer(value: Any) -> int:
    if type(value) is int:
        return value
    if type(value) is float and value.is_integer():
        return int(value)
    if isinstance(value, (bool, str, float)) or not hasattr(value, "__index__"):
        raise Bad("must be a whole number")
    return int(value.__index__())


def to_number(value: Any) -> float | str:
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


def finite(least: float, greatest: float = float("inf"), also: str = "") -> Convert:
    def convert(value: Any) -> Any:
        number = to_number(value)
        if isinstance(number, str):
            if number == also:
                return number
            raise Bad("must be a finite number")
        if least <= number <= greatest:
            return number
        raise Bad(f"must be at least {least}" if number < least else f"must be at most {greatest}")

    return convert


def whole(least: int, greatest: int) -> Convert:
    def convert(value: Any) -> int:
        number = to_integer(value)
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


def text_of(limit: int, least: int = 0, clip: Callable[[str, int], str] = clip_text) -> Convert:
    def convert(value: Any) -> str:
        text = clip(value if type(value) is str else _said(value), limit)
        if len(text) < least:
            raise Bad("must not be empty")
        return text

    return convert


def to_flag(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    raise Bad("must be true or false")


def one_of(*words: str) -> Convert:
    def convert(value: Any) -> str:
        if isinstance(value, str) and value in words:
            return str(value)
        raise Bad(f"must be one of {', '.join(words)}")

    return convert


def list_of(convert_one: Convert, limit: int, is_cut: bool) -> Convert:
    def convert(value: Any) -> list[Any]:
        if not isinstance(value, (list, tuple)):
            raise Bad("must be a list")
        if len(value) > limit and not is_cut:
            raise Bad(f"must have at most {limit} entries")
        return [convert_one(item) for item in value[:limit]]

    return convert


class Partly(Exception):
    """Some entries cannot be said; the rest can."""

    def __init__(self, value: Any, flaws: str) -> None:
        super().__init__(flaws)
        self.value = value


def entries_of(convert_one: Convert) -> Convert:
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
                entries[to_key(key)] = convert_one(item)
            except Bad as bad:
                flaws.append(f"{clip_text(str(key), limits.NAME)} {bad}")
        if flaws:
            raise Partly(entries, ", ".join(flaws[:3]))
        return entries

    return convert


to_key = text_of(limits.NAME, 1, clip_id)
to_count = whole(0, limits.COUNT)
_SYSTEM: dict[str, Convert] = {"cpu_percent": finite(0), "memory_bytes": to_count, "gpu_percent": finite(0)}


def to_system(value: Any) -> dict[str, Any]:
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
        raise Partly(entries, ", ".join(flaws))
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
