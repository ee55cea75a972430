"""One reporter's folder: events go in at the end, batches come out at the front. [R20 to R24]

append ─▶ │ settled … │ open batch │ waiting …… │ ─▶ newest segment
          deleted       sent until    read when the
          by segment    answered      last is answered
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from ..facts import Event
from .lock import FolderLock
from .records import Batch, BatchLine, Header, Stored, event_line, header_line, line
from .segments import Cursor, Tail, read_events, remove_folder, without
from .state import Segment, SpoolState, segment_path

SEGMENT_BYTES = 1024 * 1024
MAX_BYTES = 256 * 1024 * 1024
# A write that fails half-way costs no more than this.
_CHUNK_BYTES = 256 * 1024


class Spool:
    """All methods may be called from any thread; those that write may raise `OSError`."""

    def __init__(
        self,
        folder: Path,
        lock: FolderLock,
        header: Header,
        *,
        now: Callable[[], str],
        state: SpoolState | None = None,
        max_bytes: int = MAX_BYTES,
        segment_bytes: int | None = None,
    ) -> None:
        self.folder = folder
        self.lock = lock
        self.header = header
        self._now = now
        self._max_bytes = max_bytes
        self._segment_bytes = segment_bytes or min(SEGMENT_BYTES, max_bytes // 8)
        self._mutex = threading.RLock()
        state = state or SpoolState()
        self._segments = state.segments
        self._next_event = state.next_event
        self._next_batch = state.next_batch
        self._settled = state.settled
        self._dropped = state.dropped
        self._waiting = len(state.unsettled)
        self._to_reopen = state.open_batch
        self._open: Batch | None = None
        #: Where the next batch is read from, and where the open one was.
        self._cursor: Cursor = (0, 0)
        self._open_cursor: Cursor = (0, 0)
        self._tail = Tail(folder)
        self._is_closed = False
        self._begin_segment()

    @property
    def reporter_id(self) -> str:
        return self.header.reporter_id

    @property
    def run_id(self) -> str:
        return self.header.run_id

    @property
    def waiting(self) -> int:
        """Events that are not settled, those of the open batch included."""
        return self._waiting

    @property
    def dropped(self) -> tuple[int, int]:
        """Dropped telemetry and facts that were not reported yet."""
        return self._dropped

    @property
    def is_over_half(self) -> bool:
        return self.size * 2 > self._max_bytes

    @property
    def size(self) -> int:
        return sum(segment.size for segment in self._segments)

    # --- in ----------------------------------------------------------------------------------------------------------

    def append(self, events: Sequence[Event]) -> int:
        """Writes as many as the disk takes, and says how many; raises only if it took none."""
        with self._mutex:
            taken = 0
            while taken < len(events):
                lines: list[bytes] = []
                size = 0
                while taken + len(lines) < len(events) and size < _CHUNK_BYTES:
                    _, kind, text = events[taken + len(lines)]
                    lines.append(event_line(self._next_event + len(lines), kind, text))
                    size += len(lines[-1])
                try:
                    self._write(b"".join(lines))
                except OSError:
                    if taken == 0:
                        raise
                    return taken
                self._note(events[taken : taken + len(lines)])
                taken += len(lines)
                self.keep_within_bound()
            return taken

    def tell_drops(self, notice: Event) -> None:
        """Append the event that reports the drops so far, and reset their count."""
        with self._mutex:
            self._write(event_line(self._next_event, "f", notice.json) + line(b"D 0 0"))
            self._note([notice._replace(kind="f")])
            self._dropped = (0, 0)

    # --- out ---------------------------------------------------------------------------------------------------------

    def next_batch(self, max_events: int, max_bytes: int) -> Batch:
        """The open batch as it was, else a new one, which may be empty; it is written before it is given out. [R22]"""
        with self._mutex:
            if self._open is None and self._to_reopen is not None:
                self._open = self._read_again(self._to_reopen)
                self._to_reopen = None
            if self._open is None:
                self._open_cursor = self._cursor
                events = self.peek(max_events, max_bytes)
                is_at_end = not events and max_events > 0
                to = self._next_event if is_at_end else (events[-1].n + 1 if events else self._settled)
                start = to if is_at_end else self._settled
                try:
                    self._write_batch(Batch(self._next_batch, events, start, to))
                except OSError:
                    self._cursor = self._open_cursor
                    raise
                if is_at_end:
                    self._settle(to, 0)
                self._next_batch += 1
            if self._open is None:
                raise AssertionError("a batch was made and is not open")
            return self._open

    def peek(self, max_events: int, max_bytes: int) -> tuple[Stored, ...]:
        """The oldest unsettled events that fit: at least one if there is any."""
        with self._mutex:
            return self._read(self._settled, None, max_events, max_bytes)

    def answered(self) -> None:
        """The server has the open batch for good."""
        with self._mutex:
            batch = self._open
            if batch is None:
                return
            self._open = None
            self._settle(batch.to, len(batch.events))
            # Not written, the batch would be sent once more after a crash, and be a duplicate by its number.
            with suppress(OSError):
                self._write(line(b"A %d" % batch.number))
            self._delete_settled()

    def halve(self) -> Batch:
        """The first half keeps the number; the rest waits again. [R10]"""
        with self._mutex:
            batch = self._require_open()
            events = batch.events[: len(batch.events) // 2]
            half = Batch(batch.number, events, batch.start, events[-1].n + 1)
            self._write_batch(half)
            self._cursor = self._open_cursor
            return half

    def give_up(self) -> Batch:
        """The events of the open batch will not be sent; its number is, empty. [R11]"""
        with self._mutex:
            batch = self._require_open()
            self._write_batch(Batch(batch.number, (), batch.to, batch.to))
            self._settle(batch.to, len(batch.events))
            return self._require_open()

    def settle_without_answer(self, events: Sequence[Stored]) -> None:
        """Sent by other means, because no batch could be written. [R27]"""
        with self._mutex:
            if not events:
                return
            self._open = None
            self._settle(events[-1].n + 1, len(events))
            with suppress(OSError):
                self._write(line(b"S %d" % self._settled))
            self._delete_settled()

    # --- the end -----------------------------------------------------------------------------------------------------

    def close(self) -> None:
        """Leave the remaining events to the next reporter, or remove the folder."""
        with self._mutex:
            self._end()
            if self._waiting == 0 and self._dropped == (0, 0):
                remove_folder(self.folder, self.lock)
            else:
                self.lock.release()

    def abandon(self) -> None:
        """Another process has the folder now."""
        with self._mutex:
            self._end()

    # --- inside ------------------------------------------------------------------------------------------------------

    def _require_open(self) -> Batch:
        if self._open is None:
            raise AssertionError("no batch is open")
        return self._open

    def _write_batch(self, batch: Batch) -> None:
        self._write(line(b"B %d %d %d" % (batch.number, batch.start, batch.to)))
        self._open = batch

    def _read_again(self, batch: BatchLine) -> Batch:
        self._open_cursor = self._cursor
        events = self._read(batch.start, batch.to, 1_000_000_000, 1_000_000_000)
        return Batch(batch.batch, events, batch.start, batch.to)

    def _read(self, start: int, to: int | None, max_events: int, max_bytes: int) -> tuple[Stored, ...]:
        """Return events from `start` on, from the cursor's position; move the cursor past them."""
        events, self._cursor = read_events(
            self.folder,
            self._segments,
            self._cursor,
            start=start,
            to=to,
            max_events=max_events,
            max_bytes=max_bytes,
        )
        return events

    def _settle(self, to: int, count: int) -> None:
        self._settled = max(self._settled, to)
        self._waiting -= count
        if self._settled < self._next_event:
            return
        # What the disk took and does not return is dropped, and an adopter reports it as well. [R21]
        unreadable, self._waiting = self._waiting, 0
        self._count_dropped("f", unreadable)

    def _note(self, events: Sequence[Event]) -> None:
        segment = self._segments[-1]
        for event in events:
            segment.last_event = self._next_event
            segment.telemetry += event.kind == "t"
            segment.facts += event.kind == "f"
            self._next_event += 1
        self._waiting += len(events)

    def _write(self, data: bytes) -> None:
        """Appends whole lines, or nothing."""
        if self._is_closed:
            raise OSError("the spool is closed")
        segment = self._segments[-1]
        if not self._tail.is_open or segment.size >= self._segment_bytes:
            self._begin_segment()
            segment = self._segments[-1]
        self._tail.write(data, segment.size)
        segment.size += len(data)

    def _begin_segment(self) -> None:
        index = self._segments[-1].index + 1 if self._segments else 1
        content = header_line(
            replace(
                self.header,
                at=self._now(),
                next_event=self._next_event,
                next_batch=self._next_batch,
                settled=self._settled,
                dropped=self._dropped,
            )
        )
        self._tail.begin(index, content)
        self._segments.append(Segment(index, len(content)))

    def _end(self) -> None:
        self._is_closed = True
        self._tail.close()

    def _delete_settled(self) -> None:
        while len(self._segments) > 1 and self._segments[0].last_event < self._settled:
            with suppress(OSError):
                segment_path(self.folder, self._segments[0].index).unlink(missing_ok=True)
            self._segments.pop(0)

    # --- the bound ---------------------------------------------------------------------------------------------------

    def keep_within_bound(self) -> None:
        """Drops the oldest telemetry, then the oldest facts. [R24]"""
        with self._mutex:
            if self.size <= self._max_bytes:
                return
            # A failing disk has lost no appended event; the next append tries again.
            with suppress(OSError):
                self._drop_down_to(self._max_bytes * 7 // 8)

    def _drop_down_to(self, wanted: int) -> None:
        if self._segments[-1].last_event >= 0:
            self._begin_segment()
        for what in ("t", "f"):
            for segment in self._segments[:-1]:
                if self.size <= wanted:
                    return
                if segment.telemetry if what == "t" else segment.facts:
                    self._rewrite_without(segment, what)

    def _rewrite_without(self, segment: Segment, what: str) -> None:
        path = segment_path(self.folder, segment.index)
        batch = self._open or self._to_reopen
        held = range(batch.start, batch.to) if batch is not None else range(0)
        content, rewritten, dropped = without(path.read_bytes(), segment, what, self._settled, held)
        beside = path.with_suffix(".tmp")
        try:
            beside.write_bytes(content)
            self._count_dropped(what, dropped)
            os.replace(beside, path)
        except OSError:
            beside.unlink(missing_ok=True)
            raise
        self._segments[self._segments.index(segment)] = rewritten
        self._waiting -= dropped
        if self._cursor[0] == segment.index:
            self._cursor = (segment.index, 0)
        if self._open_cursor[0] == segment.index:
            self._open_cursor = (segment.index, 0)

    def _count_dropped(self, what: str, count: int) -> None:
        if count == 0:
            return
        telemetry, facts = self._dropped
        self._dropped = (telemetry + count, facts) if what == "t" else (telemetry, facts + count)
        with suppress(OSError):
            self._write(line(b"D %d %d" % self._dropped))
