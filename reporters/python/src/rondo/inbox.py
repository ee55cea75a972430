"""Where calls leave what they report, until the spool has it. [R1, R7]"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from .facts import kind_of

# A call's objects beside the texts in them.
_ENTRY_BYTES = 400


#: The fields of the calls that keep only their values, in this order.
PLAIN_FIELDS: Mapping[str, tuple[str, ...]] = {
    "metric": ("name", "value", "step", "round", "client_id"),
    "log": ("level", "message", "client_id"),
    "client_result": (
        "client_id",
        "metrics",
        "round",
        "sample_count",
        "train_loss",
        "duration_ms",
        "bytes_up",
        "bytes_down",
        "update_norm",
        "cosine_to_mean",
        "cosine_to_previous",
    ),
}


class Entry(NamedTuple):
    """One call, as it was made."""

    order: int
    type: Any
    #: Values alone where the call was a plain one: a tuple is made in a fraction of the time of a map.
    values: Mapping[str, Any] | tuple[Any, ...]
    #: Milliseconds since 1970, or what the caller gave.
    at: Any
    keep: bool
    size: int

    @property
    def fields(self) -> Mapping[str, Any]:
        values = self.values
        return dict(zip(PLAIN_FIELDS[self.type], values, strict=True)) if isinstance(values, tuple) else values


def plain_size(fact_type: str, values: tuple[Any, ...]) -> int:
    """About how many bytes the texts and maps of a plain call take."""
    if fact_type == "client_result":
        return len(values[0]) + 64 * len(values[1] or ())
    return len(values[1] if fact_type == "log" else values[0])


class Dropped(NamedTuple):
    telemetry: int
    facts: int


class Inbox:
    """Calls in their order, bounded in number and bytes; full, it loses the oldest telemetry first.

    The caller holds the reporter's lock. `take` gives everything away in one step, so that a call never waits for a
    disk; as many as the bound may be on their way to it.
    """

    def __init__(self, max_events: int, max_bytes: int) -> None:
        self._max_events = max_events
        self._max_bytes = max_bytes
        self._bytes = 0
        self._count = 0
        self._order = 0
        self._lines: dict[str, deque[Entry]] = {"t": deque(), "f": deque(), "s": deque()}

    def __len__(self) -> int:
        return self._count

    @property
    def is_over_half(self) -> bool:
        return len(self) * 2 > self._max_events or self._bytes * 2 > self._max_bytes

    def push(
        self, fact_type: Any, values: Mapping[str, Any] | tuple[Any, ...], at: Any, size: int, keep: bool
    ) -> Dropped | None:
        """Add a call; return the calls that were dropped for it."""
        size += _ENTRY_BYTES
        self._order += 1
        entry = Entry(self._order, fact_type, values, at, keep, size)
        self._lines[kind_of(fact_type, keep)].append(entry)
        self._bytes += size
        self._count += 1
        if self._count <= self._max_events and (self._bytes <= self._max_bytes or self._count == 1):
            return None
        return self._make_room()

    def take(self) -> list[Entry]:
        """Everything, in the order of the calls."""
        lines, self._bytes, self._count = self._lines, 0, 0
        self._lines = {"t": deque(), "f": deque(), "s": deque()}
        filled = [line for line in lines.values() if line]
        return list(filled[0]) if len(filled) == 1 else list(_in_order(filled))

    def _make_room(self) -> Dropped:
        counts = {"t": 0, "f": 0, "s": 0}
        while self._count > self._max_events or (self._bytes > self._max_bytes and self._count > 1):
            # Without the start of the run nothing that follows has a name, so it is the last to go.
            kind = next(kind for kind in ("t", "f", "s") if self._lines[kind])
            self._bytes -= self._lines[kind].popleft().size
            self._count -= 1
            counts[kind] += 1
        return Dropped(counts["t"], counts["f"] + counts["s"])


def _in_order(lines: list[deque[Entry]]) -> Iterator[Entry]:
    entries = [entry for line in lines for entry in line]
    entries.sort(key=lambda entry: entry.order)  # A few sorted runs, which is what this sort is best at.
    yield from entries
