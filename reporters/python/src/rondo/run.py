"""One run, as a program speaks of it."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from os import PathLike
from types import TracebackType
from typing import Any, Literal

from .account import Stats
from .endings import status_of
from .models import ModelUpload, Uploads
from .options import Options
from .reporter import Reporter
from .round import Round
from .run_clients import ClientReports
from .run_rounds import RoundReports
from .run_types import At, Number


class Run(RoundReports, ClientReports):
    """Reports a federated-learning run to a Rondo dashboard.

    Only `close` blocks, and no method raises, whatever its arguments. Use it as a context manager: a clean end marks
    the run `complete`, an exception `failed`, Ctrl-C `stopped`; the exception is raised again unchanged.

    Create one with `rondo.run`.
    """

    def __init__(self, options: Options) -> None:
        self._reporter = Reporter(options)
        self._uploads = Uploads(self._reporter)
        self._is_complete = False

    @property
    def run_id(self) -> str:
        """The permanent id of the run."""
        return self._reporter.run_id

    # --- the run -----------------------------------------------------------------------------------------------------

    def report(self, event: Mapping[str, Any]) -> None:
        """Report a fact in its wire form, such as `{"type": "client_left", "client_id": "a"}`."""
        try:
            fields = dict(event)
            fact_type, at = fields.pop("type", None), fields.pop("at", None)
        except Exception:
            fact_type, at, fields = None, None, {}
        if fact_type == "run_complete":
            self._is_complete = True
        self._reporter.say(fact_type, fields, at)

    def run_complete(
        self, status: Literal["complete", "failed", "stopped"] = "complete", reason: str | None = None, *, at: At = None
    ) -> None:
        """Report that the run ended. Leaving the `with` block reports it as well."""
        self._is_complete = True
        self._reporter.say("run_complete", {"status": status, "reason": reason}, at)

    def log(
        self,
        what: str | Mapping[str, Number],
        *,
        level: Literal["debug", "info", "warning", "error", "critical"] = "info",
        step: int | None = None,
        round: int | None = None,
        client_id: str | int | None = None,
        at: At = None,
    ) -> None:
        """A line of text, or several metrics at once.

        Parameters
        ----------
        what : str or mapping
            A message, or values by the names of their metrics; those need a `step` or a `round`.
        level : str
            Of a message.
        step, round : int, optional
            Where in the series the values belong.
        client_id : str, optional
            Whose they are; the server's own without it.
        at : datetime or str, optional
            When it was; now by default.
        """
        if at is None and self._reporter.say_plain_log(what, level, client_id):
            return
        if not isinstance(what, Mapping):
            self._reporter.say("log", {"level": level, "message": what, "client_id": client_id}, at)
            return
        try:
            values = list(what.items())
        except Exception:
            values = [("", None)]  # Says nothing, and is counted so.
        for name, value in values:
            self.metric(name, value, step=step, round=round, client_id=client_id, at=at)

    def metric(
        self,
        name: str,
        value: Number,
        *,
        step: int | None = None,
        round: int | None = None,
        client_id: str | int | None = None,
        at: At = None,
    ) -> None:
        """Report one point of a series, at a `step` or a `round`."""
        if at is None and self._reporter.say_plain_metric(name, value, step, round, client_id):
            return
        fields = {"name": name, "value": value, "step": step, "round": round, "client_id": client_id}
        self._reporter.say("metric", fields, at)

    def privacy_spent(
        self,
        epsilon: Number,
        delta: Number,
        *,
        client_id: str | int | None = None,
        round: int | None = None,
        at: At = None,
    ) -> None:
        """Report the differential privacy budget spent so far."""
        fields = {"epsilon": epsilon, "delta": delta, "client_id": client_id, "round": round}
        self._reporter.say("privacy_spent", fields, at)

    def round(
        self, number: int, client_ids: Iterable[str | int] | None = None, *, num_clients_expected: int | None = None
    ) -> Round:
        """Start a round; as a context manager, also end it.

        Parameters
        ----------
        number : int
            Rounds count from 1.
        client_ids : iterable of str, optional
            The selected clients.
        num_clients_expected : int, optional
            The number of selected clients, if their ids are not known.

        Returns
        -------
        Round
            Reports about this round.
        """
        self.round_started(number, client_ids, num_clients_expected=num_clients_expected)
        return Round(self, number)

    # --- models ------------------------------------------------------------------------------------------------------

    def save_model(
        self,
        version: str,
        model: bytes | str | PathLike[str],
        *,
        round: int | None = None,
        format: str = "safetensors",
        parent: str | None = None,
    ) -> ModelUpload:
        """Upload a checkpoint in the background, resuming after lost connections.

        Parameters
        ----------
        version : str
            The permanent name of this version.
        model : bytes or path
            The content. A file must not change until the upload is done.
        round : int, optional
            The round that produced it.
        format : str
            The file format.
        parent : str, optional
            The version that it was derived from.

        Returns
        -------
        ModelUpload
            To ask how it went. `close` waits for uploads as long as bytes move.
        """
        return self._uploads.add(version, model, round=round, format=format, parent=parent)

    def left_out(self, name: str, reason: str) -> None:
        """Report that a value could not be reported: once on stderr and in the run's log, with its count in `stats()`.

        Parameters
        ----------
        name : str
            Of the value, such as `val/f1`.
        reason : str
            Continues "it …", such as `is not a number but a text`.
        """
        self._reporter.omit(name, reason)

    # --- the end -----------------------------------------------------------------------------------------------------

    def stats(self) -> Stats:
        """Return the counts of reported, delivered and dropped events."""
        return self._reporter.stats()

    def close(self, timeout_s: float = 2.0) -> Stats:
        """Deliver the remaining events for at most `timeout_s`, then stop.

        Events that the server has not accepted by then stay on disk, and the next reporter to the same server delivers
        them. Called automatically when the process ends.
        """
        began = time.monotonic()
        # Half for each, so that the whole keeps its time with a server that is down.
        self._uploads.close(timeout_s / 2)
        return self._reporter.close(max(timeout_s - (time.monotonic() - began), timeout_s / 2))

    def __enter__(self) -> Run:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if not self._is_complete:
            self.run_complete(*status_of(error))
        self.close()
