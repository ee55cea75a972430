"""One round of a run, as a program speaks of it."""

from __future__ import annotations

from collections.abc import Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any

from .endings import text_of
from .run_types import Number

if TYPE_CHECKING:
    from .run import Run


class Round:
    """One round of a run; made by `Run.round`.

    As a context manager it ends the round: `round_complete` unless something else was said, `round_failed` if an
    exception comes through.
    """

    def __init__(self, run: Run, number: int) -> None:
        self.number = number
        self._run = run
        self._is_over = False

    def aggregating(self) -> None:
        """All results are in."""
        self._run.round_update(self.number, "aggregating")

    def result(self, client_id: str | int, sample_count: int, **figures: Any) -> None:
        """A client's part arrived; `figures` as in `Run.client_result`."""
        try:
            self._run.client_result(client_id, self.number, sample_count, **figures)
        except TypeError:
            # A figure that the protocol has no field for is no reason to end a training. [R1]
            event = {"type": "client_result", "client_id": client_id, "round": self.number}
            self._run.report({**figures, **event, "sample_count": sample_count})

    def client_failed(self, client_id: str | int, reason: str) -> None:
        """Report that a client returned an error for this round."""
        self._run.client_failed(client_id, self.number, reason)

    def no_reply(self, client_id: str | int, waited_ms: float | None = None) -> None:
        """Report that a client did not reply in time."""
        self._run.client_no_reply(client_id, self.number, waited_ms)

    def metric(self, name: str, value: Number, *, client_id: str | int | None = None) -> None:
        """One point of a series, at this round."""
        self._run.metric(name, value, round=self.number, client_id=client_id)

    def complete(
        self,
        *,
        global_loss: Number = None,
        global_accuracy: Number = None,
        metrics: Mapping[str, Number] | None = None,
        model_version: str | None = None,
    ) -> None:
        """The round is over, and this is the global model's worth."""
        self._is_over = True
        self._run.round_complete(
            self.number,
            global_loss=global_loss,
            global_accuracy=global_accuracy,
            metrics=metrics,
            model_version=model_version,
        )

    def failed(self, reason: str) -> None:
        """Report that the round ended without a new global model."""
        self._is_over = True
        self._run.round_failed(self.number, reason)

    def stopped(self, reason: str) -> None:
        """Report that the round was closed because a stop was requested."""
        self._is_over = True
        self._run.round_stopped(self.number, reason)

    def __enter__(self) -> Round:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._is_over:
            return
        if error is None:
            self.complete()
        elif isinstance(error, KeyboardInterrupt):
            self.stopped("interrupted")
        else:
            self.failed(text_of(error))
