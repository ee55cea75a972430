"""Names the values that could not be reported. [R30]"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass

#: Names after this many are counted together.
MAX_NAMES = 256
OTHERS = "(others)"


@dataclass(frozen=True)
class Omission:
    """A value that was left out of the report.

    Attributes
    ----------
    count : int
        How often it was left out.
    reason : str
        Why it was left out the first time.
    """

    count: int
    reason: str


class Omissions:
    """Counts what was left out, by name, and keeps the first reason of each."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._of: dict[str, Omission] = {}

    def reset_lock(self) -> None:
        """In a forked child, a thread that does not exist there may hold it."""
        self._lock = threading.Lock()

    def add(self, name: str, reason: str, count: int = 1) -> bool:
        """Count an omission; return whether its name is new."""
        with self._lock:
            known = name if name in self._of or len(self._of) < MAX_NAMES else OTHERS
            before = self._of.get(known)
            total = count if before is None else before.count + count
            self._of[known] = Omission(total, reason if before is None else before.reason)
            return before is None

    def counts(self) -> Mapping[str, Omission]:
        """Return a copy: what was left out so far, by name."""
        with self._lock:
            return dict(self._of)

    def summary(self) -> str | None:
        """Return one line for the end of the run, or `None` if nothing was left out."""
        of = self.counts()
        if not of:
            return None
        shown = [f"{name} ({each.count} times: {each.reason})" for name, each in list(of.items())[:20]]
        rest = f", and {len(of) - 20} more" if len(of) > 20 else ""
        return f"Left out of the report: {', '.join(shown)}{rest}"
