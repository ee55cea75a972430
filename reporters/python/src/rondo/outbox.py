"""Where batches come from: the spool, the spools of ended processes, or memory when the disk fails. [R26, R27]"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import NamedTuple, Protocol

from .clock import Clock
from .facts import Event, make_event
from .memory import MemoryLane
from .spool.home import SpoolHome
from .spool.records import Batch, Stored
from .spool.spool import Spool
from .stamp import to_moment

# Half of the server's limit, so that a batch and its envelope never reach it. [R5]
MAX_BATCH_EVENTS = 5_000
MAX_BATCH_BYTES = 4 * 1024 * 1024
_RETRY_DISK_S = 1.0
_ADOPT_S = 60.0


class Lane(Protocol):
    """Events under one `reporter_id`, in batches that are numbered from 0."""

    @property
    def reporter_id(self) -> str: ...
    def next_batch(self, max_events: int, max_bytes: int) -> Batch: ...
    def answered(self) -> None: ...
    def halve(self) -> Batch: ...
    def give_up(self) -> Batch: ...


class Work(NamedTuple):
    """A batch on its way."""

    lane: Lane
    batch: Batch
    #: The id of this reporter, not of one that ended before.
    is_own: bool


def drop_notice(run_id: str, at: str, telemetry: int, facts: int) -> Event | None:
    """The event that reports drops. [R7]"""
    message = (
        f"The reporter's queue was full: {telemetry} measurements, status and log events and {facts} facts were dropped"
    )
    return make_event("log", {"level": "warning", "message": message}, run_id, at, keep=True).event


class Outbox:
    """One thread appends, another takes work and settles it."""

    def __init__(
        self,
        run_id: str,
        home: SpoolHome | None,
        clock: Clock,
        *,
        max_events: int,
        max_bytes: int,
        on_disk_trouble: Callable[[OSError | None], None],
        on_dropped: Callable[[int, int], None],
    ) -> None:
        self._run_id = run_id
        self._home = home
        self._clock = clock
        self._on_disk_trouble = on_disk_trouble
        self._on_dropped = on_dropped
        self._lock = threading.RLock()
        self._own: Spool | None = None
        self._memory = MemoryLane(max_events, max_bytes)
        self._adopted: list[Spool] = []
        self._handed_over = 0
        self._retry_disk_at = 0.0
        self._adopt_at = 0.0
        self._untold = (0, 0)
        self._spool_dropped = (0, 0)

    # --- in ----------------------------------------------------------------------------------------------------------

    def append(self, events: Sequence[Event]) -> None:
        """Keeps events, on disk if it takes them."""
        with self._lock:
            waiting = [*self._memory.take_back(), *events]
            taken = self._append_to_disk(waiting)
            if taken < len(waiting):
                self._count_dropped(*self._memory.append(waiting[taken:]))

    def _append_to_disk(self, events: Sequence[Event]) -> int:
        if self._home is None or self._clock.monotonic() < self._retry_disk_at:
            return 0
        taken = 0
        try:
            if self._own is None:
                self._own = self._home.create(self._run_id)
                self._spool_dropped = (0, 0)
            taken = self._own.append(events)
            if taken < len(events):
                raise OSError("the disk is full")
        except OSError as error:
            self._retry_disk_at = self._clock.monotonic() + _RETRY_DISK_S
            self._on_disk_trouble(error)
            return taken
        self._on_disk_trouble(None)
        self._count_spool_drops(self._own)
        return taken

    def _count_spool_drops(self, spool: Spool) -> None:
        before, now = self._spool_dropped, spool.dropped
        self._spool_dropped = now
        if now != before:
            self._on_dropped(now[0] - before[0], now[1] - before[1])

    def _count_dropped(self, telemetry: int, facts: int) -> None:
        if telemetry or facts:
            self._untold = (self._untold[0] + telemetry, self._untold[1] + facts)
            self._on_dropped(telemetry, facts)

    # --- drops -------------------------------------------------------------------------------------------------------

    def tell_drops(self, at: str, telemetry: int, facts: int) -> bool:
        """Append a notice of these and all earlier drops to the queue; return True if there was anything to report."""
        with self._lock:
            of_spool = self._own.dropped if self._own else (0, 0)
            telemetry += self._untold[0] + of_spool[0]
            facts += self._untold[1] + of_spool[1]
            notice = drop_notice(self._run_id, at, telemetry, facts) if telemetry + facts else None
            if notice is None or (self._own is not None and self._own.is_over_half):
                return False
            if self._own is None or of_spool == (0, 0):
                self.append([notice])
            else:
                try:
                    self._own.tell_drops(notice)
                except OSError:
                    return False
                self._spool_dropped = (0, 0)
            self._untold = (0, 0)
            return True

    # --- out ---------------------------------------------------------------------------------------------------------

    def next(self, is_poll: bool, is_last: bool = False) -> Work | None:
        """Return the next batch: with `is_poll` possibly an empty one, with `is_last` no events of other runs."""
        with self._lock:
            if self._memory.has_rest:
                return self._from_memory()
            for spool in [spool for spool in self._adopted if spool.run_id == self._run_id]:
                work = self._from_spool(spool, is_own=False)
                if work is not None:
                    return work
            if self._own is not None and self._own.waiting > 0:
                work = self._from_spool(self._own, is_own=True)
                if work is not None:
                    return work
            if self._memory.waiting > 0:
                return self._from_memory()
            for spool in [] if is_last else self._adopted:
                work = self._from_spool(spool, is_own=False)
                if work is not None:
                    return work
            return self._poll() if is_poll else None

    def _from_memory(self) -> Work:
        return Work(self._memory, self._memory.next_batch(MAX_BATCH_EVENTS, MAX_BATCH_BYTES), True)

    def _from_spool(self, spool: Spool, is_own: bool) -> Work | None:
        try:
            work = Work(spool, spool.next_batch(MAX_BATCH_EVENTS, MAX_BATCH_BYTES), is_own)
        except OSError:
            return self._lend(spool, is_own)
        if is_own:
            self._count_spool_drops(spool)
        return work

    def _poll(self) -> Work:
        if self._own is not None:
            with suppress(OSError):
                return Work(self._own, self._own.next_batch(0, 0), True)
        return self._from_memory()

    def _lend(self, spool: Spool, is_own: bool, events: Sequence[Stored] | None = None) -> Work | None:
        """No batch can be written: its events go under the number of another reporter."""
        try:
            lent = events if events is not None else spool.peek(MAX_BATCH_EVENTS, MAX_BATCH_BYTES)
        except OSError:
            return None  # Nor read; perhaps later.
        self._memory.lend(lent, lambda: spool.settle_without_answer(lent))
        return Work(self._memory, self._memory.next_batch(MAX_BATCH_EVENTS, MAX_BATCH_BYTES), is_own)

    def answered(self, work: Work) -> None:
        with self._lock:
            work.lane.answered()
            self._tidy()

    def halve(self, work: Work) -> Work | None:
        with self._lock:
            try:
                return work._replace(batch=work.lane.halve())
            except OSError:
                return self._lend_open(work)

    def give_up(self, work: Work) -> Work | None:
        """The number of the batch is still to be sent, empty."""
        with self._lock:
            try:
                return work._replace(batch=work.lane.give_up())
            except OSError:
                if isinstance(work.lane, Spool):
                    work.lane.settle_without_answer(work.batch.events)
                return None

    def _lend_open(self, work: Work) -> Work | None:
        spool, events = work.lane, work.batch.events
        if not isinstance(spool, Spool):
            return None
        self._memory.lend(events, lambda: spool.settle_without_answer(events))
        batch = self._memory.next_batch(MAX_BATCH_EVENTS, MAX_BATCH_BYTES)
        if len(batch.events) > 1:
            batch = self._memory.halve()
        return Work(self._memory, batch, work.is_own)

    # --- folders -----------------------------------------------------------------------------------------------------

    def adopt(self) -> int:
        """Look for spools of ended processes, when it is time; return the current number of events."""
        now = self._clock.monotonic()
        if self._home is None or now < self._adopt_at:
            return 0
        self._adopt_at = now + _ADOPT_S
        # Reading them can take seconds: not under the lock, which the writing thread needs.
        found = self._home.adopt()
        for spool in found:
            notice = drop_notice(spool.run_id, to_moment(self._clock.now_ms()), *spool.dropped)
            if spool.dropped != (0, 0) and notice is not None:
                with suppress(OSError):
                    spool.tell_drops(notice)
        with self._lock:
            self._adopted = sorted([*self._adopted, *found], key=lambda spool: spool.header.at)
            self._tidy()
        return sum(spool.waiting for spool in found)

    def add(self, spool: Spool) -> None:
        """A spool that another process has adopted."""
        with self._lock:
            self._adopted.append(spool)

    def keep_locks(self) -> None:
        """Touch our locks; give up spools that another process has taken over."""
        with self._lock:
            for spool in [spool for spool in self._adopted if not spool.lock.keep()]:
                spool.abandon()
                self._adopted.remove(spool)
            if self._own is not None and not self._own.lock.keep():
                self._own.abandon()
                self._handed_over += self._own.waiting
                self._own = None

    def _tidy(self) -> None:
        for spool in [spool for spool in self._adopted if spool.waiting == 0]:
            self._adopted.remove(spool)
            with suppress(OSError):
                spool.close()

    # --- the end -----------------------------------------------------------------------------------------------------

    @property
    def waiting(self) -> int:
        """Events of this reporter that the server does not have."""
        with self._lock:
            return self._handed_over + self._memory.waiting + (self._own.waiting if self._own else 0)

    @property
    def has_rest(self) -> bool:
        return self._memory.has_rest

    def close(self) -> tuple[int, str | None]:
        """Leaves folders to the next reporter; says how many events only memory had, and where the others are."""
        with self._lock:
            for spool in [*self._adopted, *([self._own] if self._own else [])]:
                with suppress(OSError):
                    spool.close()
            left = self._own.waiting if self._own else 0
            return self._memory.waiting, str(self._own.folder) if self._own and left else None


def type_of(event: Stored) -> str:
    return str(json.loads(event.json).get("type", "an event"))
