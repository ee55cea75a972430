"""Reports each distinct problem once."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass

# A training process that is wrong in ever new ways must not fill its disk with our messages.
_MAX_DISTINCT = 1_000


@dataclass(frozen=True)
class Problem:
    """A problem with reporting.

    Attributes
    ----------
    code : str
        `invalid_event`, `rejected_event`, `unreachable`, `misconfigured`, `events_dropped`, `command_failed`,
        `spool_failed` or `upload_failed`.
    message : str
        What happened, to what, and what to do.
    """

    code: str
    message: str


OnProblem = Callable[[Problem], object]


class Problems:
    """Reports each distinct problem once, to a callback that may itself raise. [R1, R16]"""

    def __init__(self, on_problem: OnProblem | None, secret: str) -> None:
        self._on_problem = on_problem or _to_stderr
        self._secret = secret
        self._reported: set[tuple[str, str]] = set()
        self.last: str | None = None

    def report(self, code: str, message: str, key: str | None = None) -> None:
        """Report a problem once per `key`, by default the message."""
        self.last = self.without_secret(message)
        identity = (code, message if key is None else key)
        if identity in self._reported or len(self._reported) >= _MAX_DISTINCT:
            return
        self._reported.add(identity)
        try:
            self._on_problem(Problem(code, self.last))
        except Exception:
            pass  # The listener is the caller's; training goes on whatever it does. [R1]

    def forget(self, code: str, key: str) -> None:
        """The problem is over: should it come back, it is news again."""
        self._reported.discard((code, key))

    def without_secret(self, message: str) -> str:
        return message.replace(self._secret, "***") if self._secret else message


def _to_stderr(problem: Problem) -> None:
    if sys.stderr is not None:
        print(f"rondo: {problem.message}", file=sys.stderr, flush=True)
