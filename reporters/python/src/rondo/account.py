"""Counts every report: its outcome, and whether a drop was announced. No other object counts. [R17]"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field

from .inbox import Dropped
from .omissions import Omission, Omissions


@dataclass(frozen=True)
class Stats:
    """The account of a reporter: `reported = acknowledged + rejected + dropped + queued`, always. [R17]

    Attributes
    ----------
    reported : int
        Everything handed to the reporter, its own facts included.
    acknowledged : int
        The server has stored them.
    duplicates : int
        Of the acknowledged, those that the server already had.
    rejected : int
        Refused by the server.
    dropped : int
        Lost: invalid, pushed out of a full queue, refused with their batch, or left in memory when the reporter closed.
    queued : int
        Waiting or on their way; after `close`, on disk for the next reporter.
    recovered : int
        Events of processes that ended before, delivered by this one; not part of `reported`.
    last_error : str or None
        The last problem.
    left_out : mapping of str to Omission
        The values that could not be reported, by name, each with its count and its first reason.
    """

    reported: int
    acknowledged: int
    duplicates: int
    rejected: int
    dropped: int
    queued: int
    recovered: int
    last_error: str | None
    left_out: Mapping[str, Omission] = field(default_factory=dict)


class Account:
    """Counts under the lock of its reporter, which is reentrant: a signal handler may interrupt a call."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self._counts = dict.fromkeys(("reported", "acknowledged", "duplicates", "rejected", "dropped", "recovered"), 0)
        self._omissions = Omissions()
        self._unannounced = (0, 0)
        self._is_summed_up = False
        #: True if drops have happened that no event of the run names yet, here or in the outbox.
        self.has_unannounced = False

    def reset_locks(self) -> None:
        """In a forked child, another thread of the parent may hold them, and will not release them."""
        self.lock = threading.RLock()
        self._omissions.reset_lock()

    def reported(self, count: int = 1) -> None:
        self._add("reported", count)

    def dropped(self, count: int = 1) -> None:
        self._add("dropped", count)

    def pushed_out(self, dropped: Dropped) -> None:
        """Count calls that the full inbox lost, which no event names yet."""
        with self.lock:
            self._counts["dropped"] += dropped.telemetry + dropped.facts
            self._unannounced = (self._unannounced[0] + dropped.telemetry, self._unannounced[1] + dropped.facts)
            self.has_unannounced = True

    def lost_by_outbox(self, count: int) -> None:
        """Count events that had no room on disk or in memory; the outbox knows which of them no event names yet."""
        with self.lock:
            self._counts["dropped"] += count
            self.has_unannounced = True

    def answered(self, count: int, rejected: int, duplicates: int, is_own: bool) -> None:
        """Count a batch that the server has judged."""
        rejected = min(rejected, count)
        with self.lock:
            if not is_own:
                self._counts["recovered"] += count - rejected
                return
            self._counts["rejected"] += rejected
            self._counts["acknowledged"] += count - rejected
            self._counts["duplicates"] += min(duplicates, count - rejected)

    @property
    def unannounced(self) -> tuple[int, int]:
        """Telemetry and facts."""
        return self._unannounced

    def announced(self, telemetry: int, facts: int) -> None:
        """A notice, which is an event like any other, names these drops."""
        with self.lock:
            self._counts["reported"] += 1
            self._unannounced = (self._unannounced[0] - telemetry, self._unannounced[1] - facts)
            self.has_unannounced = self._unannounced != (0, 0)

    def omit(self, name: str, reason: str) -> bool:
        """Count a value that was left out; return whether its name is new. [R30]"""
        return self._omissions.add(name, reason)

    def take_summary(self) -> str | None:
        """Return what was left out, once, for the end of the run; `None` if nothing was."""
        summary = None if self._is_summed_up else self._omissions.summary()
        self._is_summed_up = self._is_summed_up or summary is not None
        return summary

    def stats(self, last_error: str | None) -> Stats:
        with self.lock:
            counts = dict(self._counts)
        settled = counts["acknowledged"] + counts["rejected"] + counts["dropped"]
        left_out = self._omissions.counts()
        return Stats(**counts, queued=counts["reported"] - settled, last_error=last_error, left_out=left_out)

    def _add(self, what: str, count: int) -> None:
        with self.lock:
            self._counts[what] += count
