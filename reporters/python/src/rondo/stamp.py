"""The moments of facts. [R2]"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

# Of which the last moments are remembered.
_MAX_SUBJECTS = 10_000
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
        # Kept from one millisecond to the next: to free a hundred texts would be most of what a call takes.
        self._moments: dict[str, int] = {}

    def stamp(self, fact_type: str, fields: Mapping[str, Any], now_ms: int | None = None) -> int:
        """The moment of a fact that is reported now, or was at `now_ms`."""
        about = _SUBJECTS.get(fact_type)
        moment = max(self._now_ms() if now_ms is None else now_ms, self._last_ms)
        if about is None:
            # A measurement or a line of the log.
            self._last_ms = moment
            return moment
        subject = f"{about[0]} {fields.get(about[1])}"
        moments = self._moments
        if len(moments) >= _MAX_SUBJECTS:
            moments.clear()
            moment = max(moment, self._last_ms + 1)
        elif moments.get(subject) == moment:
            moment += 1
        self._last_ms = moments[subject] = moment
        return moment


def to_moment(ms: int) -> str:
    """`ms` since 1970 as ISO 8601, UTC."""
    seconds, rest = divmod(ms, 1000)
    return f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(seconds))}.{rest:03d}Z"
