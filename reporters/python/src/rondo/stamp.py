"""The moments of facts. [R2]"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

_SUBJECTS: dict[str, tuple[str, str]] = {
    "run_started": ("run", ""),
    "run_complete": ("run", ""),
    "command_ack": ("command", "command_id"),
    "client_presence": ("presence", ""),
    **{f"round_{what}": ("round", "round") for what in ("started", "update", "complete", "failed", "stopped")},
    **{
        f"client_{what}": ("client", "client_id")
        for what in ("joined", "left", "heartbeat", "status", "result", "failed", "no_reply")
    },
}


class Stamper:
    """Never decreasing, and strictly rising between two facts about the same client, round or run.

    Measurements and log lines share a millisecond: a thousand in a burst must not push the clock a second ahead.
    """

    def __init__(self, now_ms: Callable[[], int]) -> None:
        self._now_ms = now_ms
        self._last_ms = -1
        self._subjects: set[str] = set()

    def now_ms(self) -> int:
        """The moment of a measurement or of a log line."""
        now_ms = self._now_ms()
        if now_ms > self._last_ms:
            self._last_ms = now_ms
            if self._subjects:
                self._subjects.clear()
        return self._last_ms

    def stamp(self, fact_type: str, fields: Mapping[str, Any]) -> int:
        self.now_ms()
        about = _SUBJECTS.get(fact_type)
        if about is not None:
            subject = f"{about[0]} {fields.get(about[1])}"
            if subject in self._subjects:
                self._last_ms += 1
                self._subjects.clear()
            self._subjects.add(subject)
        return self._last_ms


def to_moment(ms: int) -> str:
    """`ms` since 1970 as ISO 8601, UTC."""
    seconds, rest = divmod(ms, 1000)
    return f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(seconds))}.{rest:03d}Z"
