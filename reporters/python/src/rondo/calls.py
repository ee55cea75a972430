"""The part of a reporter that runs in the caller's time. [R1]"""

from __future__ import annotations

import os
import queue
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any

from .account import Account
from .adapt import adapt
from .freeze import freeze
from .inbox import Inbox, plain_size
from .limits import ENTRIES, NAME
from .problems import Problems
from .stamp import Stamper

# Longer lines of text are cut where they have to be.
_PLAIN_TEXT = 1_000
_NUMBERS = frozenset({float, int})
_INTEGERS = frozenset({int, type(None)})
_TEXTS = frozenset({str, type(None)})
_FIGURES = frozenset({float, int, type(None)})
_KEYS = frozenset({str})
_NOTHING: Mapping[str, Any] = {}
# More of them are brought to the inbox by the next call.
_MOST_PLAIN = 500
# Each distinct problem is reported once; a loop of different ones must not fill the memory.
_MAX_TO_REPORT = 1_000
FULL = "the queue is full: the oldest events are being dropped"


class Calls:
    """A part of `Reporter`."""

    problems: Problems
    _account: Account
    _inbox: Inbox
    #: Calls that had nothing to convert, in their order: the time, the type and the values.
    _plain: deque[tuple[int, str, tuple[Any, ...]]]
    _now_ns: Callable[[], int]
    _stamper: Stamper
    _news: queue.SimpleQueue[bool]
    _to_report: deque[tuple[str, str, str | None]]
    _is_run_over: bool
    _is_closed: bool
    #: True after the last calls were brought to the outbox.
    _is_written: bool
    _is_silent: bool
    _is_awake: bool
    _writes_itself: bool

    def write_turn(self) -> None:
        """Brings what was reported to the outbox."""
        raise NotImplementedError

    def _safely(self, turn: Any) -> None:
        raise NotImplementedError

    def say(self, fact_type: Any, fields: dict[str, Any], at: Any = None, keep: bool = False) -> None:
        """Takes over `fields`; a few microseconds, whatever the server and the disk do."""
        if self._is_silent:
            self.note_silent()
            return
        if fact_type == "run_complete":
            self._sum_up()
        try:
            points, problems = adapt(fact_type, fields)
            for name, reason in problems.items():
                self.omit(name, reason)
            moment = self._take(fact_type, fields, at, keep)
            if moment is not None:
                for point in points:
                    self._take("metric", point, moment, keep)
            if fact_type == "run_complete":
                self._is_run_over = True
        except Exception as error:
            # The caller's objects can hold anything: properties that raise, texts that are none.
            self._note_unreadable(error)
        if self._writes_itself:
            self._safely(self.write_turn)
        elif not self._is_awake:
            self._is_awake = True
            self._news.put(True)

    def say_plain_metric(self, name: Any, value: Any, step: Any, round_number: Any, client_id: Any) -> bool:
        """The same as `say` in less code, where nothing has to be converted or copied; False if something has.

        After a step of training the code of a call is cold, and every line of it costs.
        """
        if (
            type(name) is not str
            or len(name) > NAME
            or type(value) not in _NUMBERS
            or type(step) not in _INTEGERS
            or type(round_number) not in _INTEGERS
            or type(client_id) not in _TEXTS
        ):
            return False
        return self._take_plain("metric", (name, value, step, round_number, client_id))

    def say_plain_log(self, message: Any, level: Any, client_id: Any) -> bool:
        """The same for a line of text."""
        if type(message) is not str or len(message) > _PLAIN_TEXT or type(level) is not str:
            return False
        if type(client_id) not in _TEXTS:
            return False
        return self._take_plain("log", (level, message, client_id))

    def say_plain_result(self, client_id: Any, metrics: Any, figures: tuple[Any, ...]) -> bool:
        """The same for a client's result: its figures in the order of `PLAIN_FIELDS`."""
        if type(client_id) is not str or not _FIGURES.issuperset(map(type, figures)):
            return False
        if metrics is not None:
            if type(metrics) is not dict or len(metrics) > ENTRIES:
                return False
            # Another thread may change the caller's.
            metrics = metrics.copy()
            if not _KEYS.issuperset(map(type, metrics)) or "__proto__" in metrics:
                return False
            if not _FIGURES.issuperset(map(type, metrics.values())):
                return False
        return self._take_plain("client_result", (client_id, metrics, *figures))

    def _take_plain(self, fact_type: str, values: tuple[Any, ...]) -> bool:
        plain = self._plain
        if self._is_closed or self._is_silent or self._writes_itself or len(plain) >= _MOST_PLAIN:
            return False
        # One step that no other thread can divide, so it needs no lock.
        plain.append((self._now_ns(), fact_type, values))
        if not self._is_awake:
            self._is_awake = True
            self._news.put(True)
        if self._is_closed:
            # The last look of `close` may have been just before.
            with self._account.lock:
                self._collect()
        return True

    def _collect(self) -> None:
        """Bring the plain calls to the inbox. The caller holds the lock."""
        plain, count = self._plain, 0
        while plain:
            at_ns, fact_type, values = plain.popleft()
            if self._is_written:
                self._refuse()
                continue
            about = {"client_id": values[0]} if fact_type == "client_result" else _NOTHING
            moment = self._stamper.stamp(fact_type, about, at_ns // 1_000_000)
            self._push(fact_type, values, moment, plain_size(fact_type, values), False)
            count += 1
        if count:
            self._account.reported(count)

    def _take(self, fact_type: Any, fields: dict[str, Any], at: Any, keep: bool) -> Any:
        """Put one fact in the inbox; return its moment, or `None` if the reporter is closed."""
        size = freeze(fact_type, fields)
        with self._account.lock:
            self._collect()
            if self._is_closed:
                self._refuse()
                return None
            moment = at if at is not None else self._stamper.stamp(fact_type, fields)
            self._push(fact_type, fields, moment, size, keep)
            self._account.reported()
        return moment

    def _push(
        self, fact_type: Any, values: dict[str, Any] | tuple[Any, ...], moment: Any, size: int, keep: bool
    ) -> None:
        dropped = self._inbox.push(fact_type, values, moment, size, keep)
        if dropped is not None:
            self._account.pushed_out(dropped)
            self._tell_later("events_dropped", FULL, "full")

    def _refuse(self) -> None:
        self._account.reported()
        self._account.dropped()
        self.problems.report("events_dropped", "an event was reported after the reporter was closed")

    def omit(self, name: str, reason: str) -> None:
        """Count a value that could not be reported; report the first of a name on stderr and in the run. [R30]"""
        if self._is_silent or not self._account.omit(name, reason):
            return
        message = f"{name} is left out of the report: it {reason}"
        self._tell_later("invalid_event", message, None)
        self.say("log", {"level": "warning", "message": message}, keep=True)

    def _sum_up(self) -> None:
        """Report what was left out more than once, before the run ends."""
        summary = None if self._is_closed or self._is_silent else self._account.take_summary()
        if summary is not None:
            self.say("log", {"level": "warning", "message": summary}, keep=True)

    def note_silent(self) -> None:
        """A forked child that reports would do so in vain: it says so once. [R34]"""
        self._account.reported()
        self._account.dropped()
        self.problems.report(
            "events_dropped",
            f"process {os.getpid()} was forked after rondo.run(), and its reports are dropped; "
            "call rondo.run() in the child, with the same run_id to report the same run",
            "forked",
        )

    def _note_unreadable(self, error: Exception) -> None:
        self._account.reported()
        self._account.dropped()
        self._tell_later("invalid_event", f"an event cannot be read: {type(error).__name__}", None)

    def _tell_later(self, code: str, message: str, key: str | None) -> None:
        """The handler may write to a terminal that blocks; the caller must not wait for it. [R1]"""
        if len(self._to_report) < _MAX_TO_REPORT:
            self._to_report.append((code, message, key))
