"""A call keeps what it was given, whatever the caller's objects become. [R1]"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from itertools import islice
from typing import Any

from . import limits
from .log_text import readable
from .plain import to_config, to_scalar

_IMMUTABLE = frozenset({str, float, int, bool, type(None), datetime})
# One more than is taken: enough for the encoder to see that there were too many.
_MAX_ITEMS = limits.SELECTED_CLIENTS + 1
_MAX_BAR = 1_000_000


def freeze(fact_type: str, fields: dict[str, Any]) -> int:
    """Copies what could change, in place; returns about how many bytes the texts and lists take.

    Cheap, because it runs in the caller's time: whether a value can be said at all is found out later.
    """
    size = 0
    for name, value in fields.items():
        kind = type(value)
        if kind is float or kind is int or value is None:
            continue
        if kind is str:
            size += len(value)
            if len(value) > limits.MESSAGE:
                # The last frame of a long progress bar is at its end.
                if name == "message" and "\r" in value and len(value) <= _MAX_BAR:
                    value = readable(value)
                # A log line that holds a whole data set must not stay in memory.
                fields[name] = value[: limits.MESSAGE + 1] if name in ("message", "reason", "detail") else value
        elif kind not in _IMMUTABLE:
            copy = _COPY.get(name, _scalar)(value)
            fields[name] = copy
            size += 64 * len(copy) if isinstance(copy, (dict, list)) else 64
    if fact_type == "run_started":
        size += limits.CONFIG_BYTES
    return size


def _entries(value: Any) -> Any:
    if not isinstance(value, Mapping):
        return value
    # The bound counts entries that say something; `None` says nothing.
    items = islice(value.items(), 4 * limits.ENTRIES)
    return {key: item if type(item) in _IMMUTABLE else _scalar(item) for key, item in items}


def _items(value: Any) -> Any:
    if isinstance(value, (str, bytes, Mapping)) or not isinstance(value, Iterable):
        return value
    return list(islice(value, _MAX_ITEMS))


def _scalar(value: Any) -> Any:
    return value if type(value) in _IMMUTABLE else to_scalar(value)


_COPY: Mapping[str, Callable[[Any], Any]] = {
    "metrics": _entries,
    "labels": _entries,
    "system": _entries,
    "client_ids": _items,
    "tags": _items,
    "commands_supported": _items,
    "config": to_config,
}
