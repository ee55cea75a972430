"""An admin's stop requests, passed from the thread that receives them to the loop that trains."""

from __future__ import annotations

import threading


class Stops:
    """Rounds to close and a run to end, each with its reason."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        # Held, and released by a stop: waiting for it costs a loop that asks 500 times a second less than a Condition.
        self._news = threading.Lock()
        self._news.acquire()
        self._rounds: dict[int, str] = {}
        self._run_reason: str | None = None

    def close_round(self, number: int, reason: str) -> None:
        with self._lock:
            self._rounds[number] = reason
            self._wake()

    def end_run(self, reason: str, open_round: int | None) -> None:
        """The round that is open closes with the run."""
        with self._lock:
            self._run_reason = reason
            if open_round is not None:
                self._rounds.setdefault(open_round, reason)
            self._wake()

    @property
    def run_reason(self) -> str | None:
        return self._run_reason

    def reason_of(self, number: int) -> str | None:
        return self._rounds.get(number)

    def wait(self, seconds: float) -> None:
        """Sleep until a stop is requested or the time is over. A stop wakes one of several that wait."""
        self._news.acquire(timeout=max(seconds, 0))

    def _wake(self) -> None:
        if self._news.locked():
            self._news.release()
