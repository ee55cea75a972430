"""Batches when the disk does not take them. [R27]"""

from __future__ import annotations

import uuid
from collections import deque
from collections.abc import Callable, Sequence

from .facts import Event
from .spool.records import Batch, Stored


class MemoryLane:
    """Events that only memory has, under a `reporter_id` of their own: no number of the spool is ever used for them."""

    def __init__(self, max_events: int, max_bytes: int) -> None:
        self.reporter_id = str(uuid.uuid4())
        self._max_events = max_events
        self._max_bytes = max_bytes
        self._events: deque[Event] = deque()
        self._bytes = 0
        self._next_batch = 0
        self._open: Batch | None = None
        self._rest: tuple[Stored, ...] = ()
        self._on_settled: Callable[[], None] | None = None

    @property
    def waiting(self) -> int:
        """Events that are here alone; those lent by a spool are counted there."""
        return len(self._events) + (0 if self._on_settled else self._unanswered)

    @property
    def has_rest(self) -> bool:
        """Parts of a batch that go before anything else."""
        return self._open is not None or bool(self._rest)

    @property
    def _unanswered(self) -> int:
        return len(self._open.events if self._open else ()) + len(self._rest)

    def append(self, events: Sequence[Event]) -> tuple[int, int]:
        """Adds events; says how much telemetry and how many facts had to go for them. [R7]"""
        self._events.extend(events)
        self._bytes += sum(len(event.json) for event in events)
        if len(self._events) <= self._max_events and self._bytes <= self._max_bytes:
            return 0, 0
        # More than need be, or a full lane would be gone through for every event.
        return self._drop("t"), self._drop("f")

    def _drop(self, kind: str) -> int:
        kept: deque[Event] = deque()
        count, size = len(self._events), self._bytes
        for event in self._events:
            is_full = count > self._max_events * 7 // 8 or size > self._max_bytes * 7 // 8
            if event.kind == kind and is_full:
                count -= 1
                size -= len(event.json)
            else:
                kept.append(event)
        dropped = len(self._events) - count
        self._events, self._bytes = kept, size
        return dropped

    def take_back(self) -> list[Event]:
        """The disk works again: what no batch holds."""
        events, self._events, self._bytes = list(self._events), deque(), 0
        return events

    def lend(self, events: Sequence[Stored], on_settled: Callable[[], None]) -> None:
        """Events of a spool in which no batch can be written."""
        self._rest, self._on_settled = tuple(events), on_settled

    def next_batch(self, max_events: int, max_bytes: int) -> Batch:
        if self._open is None:
            events = self._rest or tuple(self._take(max_events, max_bytes))
            self._rest = ()
            self._open = Batch(self._next_batch, events, 0, 0)
            self._next_batch += 1
        return self._open

    def answered(self) -> None:
        self._open = None
        if not self._rest and self._on_settled is not None:
            settle, self._on_settled = self._on_settled, None
            settle()

    def halve(self) -> Batch:
        batch = self.next_batch(0, 0)
        middle = len(batch.events) // 2
        self._rest = batch.events[middle:] + self._rest
        self._open = Batch(batch.number, batch.events[:middle], 0, 0)
        return self._open

    def give_up(self) -> Batch:
        self._open = Batch(self.next_batch(0, 0).number, (), 0, 0)
        return self._open

    def _take(self, max_events: int, max_bytes: int) -> list[Stored]:
        taken: list[Stored] = []
        size = 0
        while self._events and len(taken) < max_events:
            event = self._events[0]
            size += len(event.json) + 1
            if taken and size > max_bytes:
                break
            self._events.popleft()
            self._bytes -= len(event.json)
            taken.append(Stored(-1, event.kind, event.json.encode()))
        return taken
