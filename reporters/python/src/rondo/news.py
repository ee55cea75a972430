"""The part of a reporter that receives what becomes of its events."""

from __future__ import annotations

import queue
from collections.abc import Sequence

from . import address
from .account import Account
from .calls import FULL
from .commands import Commands
from .inbox import Inbox
from .outbox import Outbox, type_of
from .problems import Problems
from .spool.records import Stored
from .stamp import Stamper, to_moment
from .verdict import Answered, Misconfigured, Unanswered


class News:
    """A part of `Reporter`."""

    problems: Problems
    _url: str
    _account: Account
    _commands: Commands
    _inbox: Inbox
    _outbox: Outbox
    _stamper: Stamper
    _to_send: queue.SimpleQueue[bool]

    def on_answer(self, events: Sequence[Stored], answer: Answered, is_own: bool) -> None:
        self._account.answered(len(events), len(answer.rejected), answer.duplicates, is_own)
        for index, detail in answer.rejected:
            what = type_of(events[index]) if index < len(events) else "an event"
            self.problems.report("rejected_event", f"the server refused {what}: {detail}")
        self._commands.receive(answer)
        if self._account.has_unannounced and not self._inbox.is_over_half:
            self._tell_drops()

    def on_lost(self, events: Sequence[Stored], why: str, is_own: bool) -> None:
        if is_own:
            self._account.dropped(len(events))
        self.problems.report("events_dropped", f"{len(events)} events were refused by the server: {why}")

    def on_trouble(self, trouble: Unanswered | Misconfigured | None) -> None:
        shown = address.shown(self._url)
        if trouble is None:
            self.problems.forget("unreachable", self._url)
            self.problems.forget("misconfigured", self._url)
        elif isinstance(trouble, Unanswered):
            message = f"{shown} cannot be reached: {trouble.why}; events are kept and retried"
            self.problems.report("unreachable", message, self._url)
        else:
            message = f"{shown}: {trouble.why}; events are kept and retried every minute"
            self.problems.report("misconfigured", message, self._url)

    def _tell_drops(self) -> None:
        with self._account.lock:
            at = to_moment(self._stamper.stamp("log", {}))
            telemetry, facts = self._account.unannounced
        if self._outbox.tell_drops(at, telemetry, facts):
            self._account.announced(telemetry, facts)
            self.problems.forget("events_dropped", "full")
            self._to_send.put(True)

    def _on_dropped(self, telemetry: int, facts: int) -> None:
        """The outbox had no room; it counts the drops that are still to be reported."""
        self._account.lost_by_outbox(telemetry + facts)
        self.problems.report("events_dropped", FULL, "full")

    def _on_disk_trouble(self, error: OSError | None) -> None:
        if error is None:
            self.problems.forget("spool_failed", "disk")
        else:
            message = (
                f"events cannot be kept on disk ({error}); they wait in memory, and a kill would lose them. "
                "If it does not pass, set RONDO_SPOOL_DIR to a folder with room"
            )
            self.problems.report("spool_failed", message, "disk")
