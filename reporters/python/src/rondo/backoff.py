"""How long to wait before an attempt. [R8]"""

from __future__ import annotations

from collections.abc import Callable
from email.utils import parsedate_to_datetime

_SHORTEST_MS = 200.0
_LONGEST_MS = 15_000.0
# A proxy that says "come back tomorrow" must not end a run's live view.
_LONGEST_RETRY_AFTER_MS = 5 * 60_000.0


def backoff_ms(attempt: int, random: Callable[[], float]) -> float:
    """Full jitter: a time between 0.2 s and a bound that doubles with each attempt up to 15 s."""
    bound = min(_LONGEST_MS, _SHORTEST_MS * 2 ** min(attempt, 16))
    return float(_SHORTEST_MS + random() * (bound - _SHORTEST_MS))


def retry_after_ms(header: str | None, now_ms: float) -> float:
    """The wait that a `Retry-After` header asks for (seconds or a date), or 0."""
    if header is None:
        return 0
    try:
        ms = float(header) * 1000
    except ValueError:
        try:
            ms = parsedate_to_datetime(header).timestamp() * 1000 - now_ms
        except (ValueError, TypeError, IndexError):
            return 0
    return min(max(0.0, ms), _LONGEST_RETRY_AFTER_MS) if ms == ms else 0
