"""One run, as a program speaks of it."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from os import PathLike
from pathlib import Path
from types import TracebackType
from typing import Any, Literal

from .account import Stats
from .commands import CommandHandler
from .models import ModelUpload, Uploads
from .options import Options
from .problems import OnProblem
from .reporter import Reporter

#: Any number: Python's, or a scalar of NumPy, PyTorch, JAX and the like.
Number = Any
At = datetime | str | None


class Run:
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
        if not isinstance(what, Mapping):
            if at is None and self._reporter.say_plain_log(what, level, client_id):
                return
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

    # --- rounds ------------------------------------------------------------------------------------------------------

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

    def round_started(
        self,
        round: int,
        client_ids: Iterable[str | int] | None = None,
        *,
        num_clients_expected: int | None = None,
        deadline: datetime | str | None = None,
        at: At = None,
    ) -> None:
        """Report that a round began, with these clients or this number of clients."""
        fields = {
            "round": round,
            "client_ids": client_ids,
            "num_clients_expected": num_clients_expected,
            "deadline": deadline,
        }
        self._reporter.say("round_started", fields, at)

    def round_update(self, round: int, status: Literal["collecting", "aggregating"], *, at: At = None) -> None:
        """Report the current state of the round."""
        self._reporter.say("round_update", {"round": round, "status": status}, at)

    def round_complete(
        self,
        round: int,
        *,
        global_loss: Number = None,
        global_accuracy: Number = None,
        metrics: Mapping[str, Number] | None = None,
        model_version: str | None = None,
        update_norm: Number = None,
        cosine_to_previous: Number = None,
        num_clients_completed: int | None = None,
        num_clients_failed: int | None = None,
        num_clients_no_reply: int | None = None,
        at: At = None,
    ) -> None:
        """Report that a round ended with a new global model.

        Parameters
        ----------
        round : int
            Its number.
        global_loss, global_accuracy : number, optional
            Of the new global model.
        metrics : mapping, optional
            More metrics of the model; nested maps become names such as `val/f1`.
        model_version : str, optional
            The stored checkpoint that the round made.
        update_norm, cosine_to_previous : number, optional
            Of the mean update: its L2 norm, and its cosine with the mean update of the round before.
        num_clients_completed, num_clients_failed, num_clients_no_reply : int, optional
            Outcomes of clients that are not named, as in secure aggregation.
        at : datetime or str, optional
            The time of the end; now by default.
        """
        fields = {
            "round": round,
            "global_loss": global_loss,
            "global_accuracy": global_accuracy,
            "metrics": metrics,
            "model_version": model_version,
            "update_norm": update_norm,
            "cosine_to_previous": cosine_to_previous,
            "num_clients_completed": num_clients_completed,
            "num_clients_failed": num_clients_failed,
            "num_clients_no_reply": num_clients_no_reply,
        }
        self._reporter.say("round_complete", fields, at)

    def round_failed(self, round: int, reason: str, *, at: At = None) -> None:
        """Report that the round ended without a new global model."""
        self._reporter.say("round_failed", {"round": round, "reason": reason}, at)

    def round_stopped(self, round: int, reason: str, *, at: At = None) -> None:
        """Report that the round was closed because a stop was requested."""
        self._reporter.say("round_stopped", {"round": round, "reason": reason}, at)

    # --- clients -----------------------------------------------------------------------------------------------------

    def client_joined(
        self,
        client_id: str | int,
        *,
        dataset_size: int | None = None,
        labels: Mapping[str, str] | None = None,
        at: At = None,
    ) -> None:
        """Report that a client joined."""
        fields = {"client_id": client_id, "dataset_size": dataset_size, "labels": labels}
        self._reporter.say("client_joined", fields, at)

    def client_left(self, client_id: str | int, reason: str | None = None, *, at: At = None) -> None:
        """Report that a client left."""
        self._reporter.say("client_left", {"client_id": client_id, "reason": reason}, at)

    def client_heartbeat(
        self, client_id: str | int, *, system: Mapping[str, Number] | None = None, at: At = None
    ) -> None:
        """Report that a client is alive; `system` may hold `cpu_percent`, `memory_bytes` and `gpu_percent`."""
        self._reporter.say("client_heartbeat", {"client_id": client_id, "system": system}, at)

    def client_presence(
        self,
        client_ids: Iterable[str | int] | None = None,
        *,
        num_connected: int | None = None,
        num_needed: int | None = None,
        at: At = None,
    ) -> None:
        """Report which clients the framework holds connected, or how many, and how many the FL server waits for."""
        fields = {"client_ids": client_ids, "num_connected": num_connected, "num_needed": num_needed}
        self._reporter.say("client_presence", fields, at)

    def client_status(
        self,
        client_id: str | int,
        status: Literal["idle", "training", "uploading", "offline", "failed"],
        *,
        round: int | None = None,
        progress: float | None = None,
        at: At = None,
    ) -> None:
        """Report a client's status and progress (0 to 1)."""
        fields = {"client_id": client_id, "status": status, "round": round, "progress": progress}
        self._reporter.say("client_status", fields, at)

    def client_result(
        self,
        client_id: str | int,
        round: int,
        sample_count: int,
        *,
        train_loss: Number = None,
        metrics: Mapping[str, Number] | None = None,
        duration_ms: float | None = None,
        bytes_up: int | None = None,
        bytes_down: int | None = None,
        update_norm: Number = None,
        cosine_to_mean: Number = None,
        cosine_to_previous: Number = None,
        at: At = None,
    ) -> None:
        """Report a client's result in a round."""
        fields = {
            "client_id": client_id,
            "round": round,
            "sample_count": sample_count,
            "train_loss": train_loss,
            "metrics": metrics,
            "duration_ms": duration_ms,
            "bytes_up": bytes_up,
            "bytes_down": bytes_down,
            "update_norm": update_norm,
            "cosine_to_mean": cosine_to_mean,
            "cosine_to_previous": cosine_to_previous,
        }
        self._reporter.say("client_result", fields, at)

    def client_failed(self, client_id: str | int, round: int, reason: str, *, at: At = None) -> None:
        """Report that a client returned an error for this round."""
        self._reporter.say("client_failed", {"client_id": client_id, "round": round, "reason": reason}, at)

    def client_no_reply(
        self, client_id: str | int, round: int, waited_ms: float | None = None, *, at: At = None
    ) -> None:
        """Report that a client did not reply in time."""
        self._reporter.say("client_no_reply", {"client_id": client_id, "round": round, "waited_ms": waited_ms}, at)

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
            self.run_complete(*_status_of(error))
        self.close()


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
            self.failed(_text_of(error))


def run(
    name: str,
    *,
    run_id: str | None = None,
    url: str | None = None,
    api_key: str | None = None,
    framework: str = "custom",
    config: Mapping[str, Any] | None = None,
    num_rounds: int | None = None,
    tags: Sequence[str] = (),
    commands_supported: Sequence[str] = (),
    on_command: CommandHandler | None = None,
    on_problem: OnProblem | None = None,
    spool_dir: str | PathLike[str] | None = None,
    spool: bool = True,
    mask: bool = True,
    mask_keys: Sequence[str] = (),
) -> Run:
    """Starts reporting a run; never raises and never waits, whatever the server is.

    Parameters
    ----------
    name : str
        The display name.
    run_id : str, optional
        The permanent id; reporting under it continues the run. By default the name, the time and random digits.
    url : str, optional
        The address of the dashboard. By default `RONDO_URL`, else `http://127.0.0.1:8000`.
    api_key : str, optional
        By default `RONDO_API_KEY`.
    framework : str
        The FL framework, such as `flower`.
    config : mapping, optional
        Settings to show with the run.
    num_rounds : int, optional
        The planned number of rounds.
    tags : sequence of str
        Tags to filter runs by.
    commands_supported : sequence of str
        The commands that this run accepts: `stop_round`, `stop_run`.
    on_command : callable, optional
        Carries out a `Command`, in a thread of its own. `None` means applied; `("rejected", "why")` or an exception
        means rejected.
    on_problem : callable, optional
        Called once for each distinct `Problem`. By default prints a line on stderr.
    spool_dir : path, optional
        The folder where events wait on disk. By default `RONDO_SPOOL_DIR`, else `~/.local/state/rondo/spool`.
    spool : bool
        If false, events stay in memory, and those that the server has not accepted when the process ends are lost.
    mask : bool
        Replace secrets in `config` and in URLs by `***` before anything is written or sent.
        `RONDO_MASK=off` turns it off.
    mask_keys : sequence of str
        More keys that hold secrets. `RONDO_MASK_KEYS` adds others, separated by commas.

    Returns
    -------
    Run
        Reports the run; best used in a `with` statement.
    """
    return Run(
        Options(
            name=name,
            run_id=run_id,
            url=url,
            api_key=api_key,
            framework=framework,
            config=config,
            num_rounds=num_rounds,
            tags=tags,
            commands_supported=commands_supported,
            on_command=on_command,
            on_problem=on_problem,
            spool_dir=Path(spool_dir) if spool_dir is not None else None,
            spool=spool,
            mask=mask,
            mask_keys=mask_keys,
        )
    )


def _status_of(error: BaseException | None) -> tuple[Literal["complete", "failed", "stopped"], str | None]:
    if error is None or (isinstance(error, SystemExit) and error.code in (None, 0)):
        return "complete", None
    if isinstance(error, KeyboardInterrupt):
        return "stopped", "interrupted"
    return "failed", _text_of(error)


def _text_of(error: BaseException) -> str:
    try:
        return f"{type(error).__name__}: {error}"
    except Exception:
        return type(error).__name__
