"""Any value as plain JSON data. [R3]"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from . import limits
from .storable import clip_text, utf16_length

_ABSENT: Any = object()
_to_json = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False).encode


def to_config(value: Any) -> Any:
    """A `config{}` within the limits: where it is too large, the largest entries give way to a note of their size."""
    config = to_plain(value, limits.CONFIG_DEPTH)
    if not isinstance(config, dict):
        return config
    sizes = {key: utf16_length(_to_json(entry)) + utf16_length(key) for key, entry in config.items()}
    # Commas, colons and quotes: at most six characters per entry.
    total = 2 + sum(size + 6 for size in sizes.values())
    for key, size in sorted(sizes.items(), key=lambda item: -item[1]):
        if total <= limits.CONFIG_BYTES:
            break
        config[key] = f"(left out: {size} characters)"
        total -= size - utf16_length(key) - len(config[key]) - 2
    return config


def to_plain(value: Any, depth: int) -> Any:
    """A copy: non-finite numbers as strings, no NUL, at most `depth` levels; functions and the like are left out."""
    # A cycle through several references would fan out within the depth; no JSON of the permitted size has more values.
    budget = limits.CONFIG_BYTES

    def copy(inner: Any, left: int) -> Any:
        nonlocal budget
        budget -= 1
        if budget < 0:
            return "…"
        if inner is None or isinstance(inner, bool):
            return inner
        if isinstance(inner, str):
            return clip_text(inner, limits.CONFIG_BYTES)
        if isinstance(inner, int):
            return int(inner) if abs(inner) <= limits.COUNT else str(int(inner))
        if isinstance(inner, float):
            return to_value(float(inner))
        return copy_object(inner, left)

    def copy_object(inner: Any, left: int) -> Any:
        if isinstance(inner, datetime):
            return inner.isoformat()
        if left <= 0:
            return "…"
        entries = _entries_of(inner)
        if entries is not None:
            result = {}
            for key, item in list(entries.items()):
                plain = copy(item, left - 1)
                if plain is not _ABSENT:
                    result[clip_text(str(key), limits.CONFIG_BYTES)] = plain
            return result
        if isinstance(inner, (list, tuple, set, frozenset)):
            items = [copy(item, left - 1) for item in inner]
            return [None if item is _ABSENT else item for item in items]
        if isinstance(inner, type) or callable(inner):
            return _ABSENT
        scalar = to_scalar(inner)
        return copy(scalar, left) if scalar is not inner else clip_text(str(inner), limits.CONFIG_BYTES)

    result = copy(value, depth)
    return None if result is _ABSENT else result


def _entries_of(value: Any) -> Mapping[Any, Any] | None:
    if isinstance(value, Mapping):
        return value
    if isinstance(value, type):
        return None
    # Settings are often a dataclass, a namespace of argparse, or the like.
    is_settings = hasattr(value, "__dataclass_fields__") or type(value).__name__ == "Namespace"
    return vars(value) if is_settings and hasattr(value, "__dict__") else None


def to_value(number: float) -> float | str:
    """The wire form of a number: JSON has no word for those that are not finite. [W2]"""
    if math.isfinite(number):
        return number
    return "NaN" if number != number else "Infinity" if number > 0 else "-Infinity"


def to_scalar(value: Any) -> Any:
    """Convert a number of NumPy, PyTorch or the like to a Python number; return anything else as it is."""
    for name in ("item", "__float__"):
        convert: Callable[[], Any] | None = getattr(value, name, None)
        if callable(convert):
            try:
                return convert()
            except Exception:  # An array of several numbers, for one: it stays what it is, and is judged so.
                continue
    return value
