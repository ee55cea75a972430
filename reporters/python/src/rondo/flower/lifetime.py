"""From the first round to the last: what begins and ends a run."""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType
from typing import Any

from rondo.adapters.guard import guarded

from .observer import Observer


class Lifetime:
    """Ends the run once: completed, stopped as asked, or failed with the exception that passed through."""

    def __init__(
        self,
        observer: Observer,
        *,
        declare: Callable[[int | None, dict[str, Any]], None],
        end: Callable[[str, str | None], None],
        begin_again: Callable[[], None] = lambda: None,
    ) -> None:
        self._observer = observer
        self._declare = declare
        self._end = end
        self._begin_again = begin_again
        self._num_rounds: int | None = None
        self._is_over = False

    def expects(self, num_rounds: int | None) -> None:
        self._num_rounds = num_rounds

    @guarded
    def starts(self, num_rounds: int | None, config: Any = None) -> None:
        """Begin the training; the second one of the same strategy is a run of its own."""
        if self._is_over:
            self._begin_again()
            self._is_over = False
        self._num_rounds = num_rounds
        self._declare(num_rounds, dict(config or {}))

    @guarded
    def goes_on(self, number: int) -> None:
        """A legacy server has no `start`: its first round after the end is a new training."""
        if self._is_over and number == 1:
            self.starts(self._num_rounds)

    def __enter__(self) -> None:
        return None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.ends(error)

    def round_is_over(self, number: int) -> None:
        if self._num_rounds is not None and number >= self._num_rounds:
            self.ends(None)

    @guarded
    def replaced(self) -> None:
        """Another observation took over: this run gets no more news."""
        if not self._is_over:
            self._is_over = True
            self._end("stopped", "the strategy is observed again, as another run")

    @guarded
    def ends(self, error: BaseException | None) -> None:
        if self._is_over:
            return
        self._is_over = True
        asked = self._observer.stops.run_reason
        if error is None or asked is not None:
            self._observer.finish_round()
            self._end("complete" if asked is None else "stopped", asked)
            return
        reason = _text_of(error)
        # A BaseException comes from outside: Ctrl+C, or Flower ending the run.
        if isinstance(error, Exception):
            self._observer.round_failed(reason)
            self._end("failed", reason)
        else:
            self._end("stopped", reason)


def _text_of(error: BaseException) -> str:
    try:
        return f"{type(error).__name__}: {error}"
    except Exception:
        return type(error).__name__
