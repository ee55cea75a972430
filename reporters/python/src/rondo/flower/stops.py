"""An admin's stop requests, passed from the thread that receives them to the loop that trains."""

from __future__ import annotations

import threading


class Stops:
    """Rounds to close and a run to end, each with its reason."""

    def __init__(self) -> None:
        self._asked = threading.Condition()
        self._rounds: dict[int, str] = {}
        self._run_reason: str | None = None

    def close_round(self, number: int, reason: str) -> None:
        with self._asked:
            self._rounds[number] = reason
            self._asked.notify_all()

    def end_run(self, reason: str, open_round: int | None) -> None:
        """The round that is open closes with the run."""
        with self._asked:
            self._run_reason = reason
            if open_round is not None:
                self._rounds.setdefault(open_round, reason)
            self._asked.notify_all()

    @property
    def run_reason(self) -> str | None:
        return self._run_reason

    def reason_of(self, number: int) -> str | None:
        return self._rounds.get(number)

    def wait(self, seconds: float) -> None:
        """Sleep until a stop is requested or the time is over."""
        with self._asked:
            self._asked.wait(max(seconds, 0))
