"""HiveWatch's calls, reported into Rondo: change `import hivewatch` to `import rondo.hivewatch as hivewatch`.

>>> import rondo.hivewatch as hivewatch
>>> hivewatch.init(algorithm="FedAvg", config={"lr": 0.1})  # doctest: +SKIP
>>> hivewatch.round_start(1)  # doctest: +SKIP
>>> hivewatch.log_client_update("a", round=1, local_loss=0.4, num_samples=600)  # doctest: +SKIP
>>> hivewatch.log_round(1, global_accuracy=0.9, global_loss=0.3)  # doctest: +SKIP
>>> hivewatch.finish()  # doctest: +SKIP
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any

from ..run import Run
from ..start import run as start_run
from . import facts

__all__ = [
    "HivewatchRun",
    "RondoEmitter",
    "finish",
    "init",
    "log_checkpoint",
    "log_client_update",
    "log_comm_failure",
    "log_dropout",
    "log_round",
    "round_start",
    "set_server_metadata",
]


class HivewatchRun:
    """A run with HiveWatch's methods, which reports into Rondo. No method raises or waits."""

    def __init__(self, run_id: str | None, algorithm: str, config: Mapping[str, Any], **options: Any) -> None:
        self.algorithm = algorithm
        self.config = dict(config)
        self._joined: set[str] = set()
        self._failed: dict[int, set[str]] = {}
        self._dropped: dict[int, set[str]] = {}
        self._completed: dict[int, set[str]] = {}
        fields = facts.start(run_id or algorithm, algorithm, self.config)[1]
        self._run: Run = start_run(**{**fields, "run_id": run_id, **options})
        self._name = str(fields["name"])

    @property
    def run_id(self) -> str:
        """Names the run in Rondo."""
        return self._run.run_id

    def round_start(self, round: int) -> None:
        """Report that a round began; its clients become known by their updates."""
        self._say(("round_started", {"round": round, "client_ids": []}))

    def log_client_update(self, client_id: str, **metadata: Any) -> None:
        """Report what one client did, with HiveWatch's fields; other numbers become metrics of the client."""
        update = {**metadata, "client_id": client_id}
        if str(client_id) not in self._joined:
            self._joined.add(str(client_id))
            self._say(facts.joined(update))
        round_number = metadata.get("round")
        status = metadata.get("status")
        if round_number is not None and status != "idle":
            named = {"failed": self._failed, "dropped": self._dropped}.get(str(status), self._completed)
            named.setdefault(round_number, set()).add(str(client_id))
        for fact in facts.of_update(update):
            self._say(fact)
        for name in facts.unsaid(update):
            self._run.left_out(name, "is neither a number nor a text")

    def log_round(self, round: int, **summary: Any) -> None:
        """Report the end of a round, after aggregation."""
        named = (len(each.pop(round, ())) for each in (self._failed, self._dropped, self._completed))
        self._say(facts.round_end({**summary, "round": round}, *named))

    def log_dropout(self, round: int, client_id: str, reason: str | None = None) -> None:
        """Report that a client dropped out of a round."""
        self._dropped.setdefault(round, set()).add(str(client_id))
        self._say(facts.no_reply(round, client_id))
        if reason:
            self._run.log(f"dropped out of round {round}: {reason}", level="warning", client_id=str(client_id))

    def log_comm_failure(self, round: int, client_id: str, reason: str | None = None) -> None:
        """Report that a client could not be reached in a round."""
        self._failed.setdefault(round, set()).add(str(client_id))
        self._say(facts.failed(round, client_id, reason))

    def log_checkpoint(self, round: int, path: str, **metadata: Any) -> None:
        """Report where a checkpoint was written. It is not uploaded: `rondo.Run.save_model` does that."""
        self._run.log(f"checkpoint of round {round}: {path}")
        for name, value in metadata.items():
            if facts.is_number(value):
                self._run.metric(f"checkpoint/{name}", value, round=round)

    def set_server_metadata(self, **metadata: Any) -> None:
        """Add facts about the FL server to the run's config, under `server`."""
        self._say(facts.start(self._name, self.algorithm, self.config, metadata))

    def finish(self) -> None:
        """Report that the run is complete, and deliver what waits."""
        self._run.run_complete("complete")
        self._run.close()

    def __enter__(self) -> HivewatchRun:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # A run that an exception ended is not complete, which HiveWatch cannot say.
        self._run.__exit__(kind, error, trace)

    def _say(self, fact: facts.Fact) -> None:
        fact_type, fields = fact
        self._run.report({"type": fact_type, **fields})


class RondoEmitter:
    """An emitter for HiveWatch itself: `hivewatch.init(emitters=[RondoEmitter(), WandbEmitter(...)])`.

    Parameters
    ----------
    **options
        Those of `rondo.run`, such as `url`, `api_key`, `name` and `tags`.
    """

    def __init__(self, **options: Any) -> None:
        self._options = options
        self._run: HivewatchRun | None = None

    def on_init(self, run_id: str, algorithm: str, config: Mapping[str, Any]) -> None:
        """Begin the run."""
        self._run = HivewatchRun(run_id, algorithm, config, **self._options)

    def on_client_update(self, client: Any) -> None:
        """Report one update."""
        fields = {name: value for name, value in client.to_dict().items() if value is not None}
        fields.update(fields.pop("extra", None) or {})
        self._of().log_client_update(fields.pop("client_id"), **fields)

    def on_round(self, summary: Any, clients: Sequence[Any]) -> None:
        """Report the end of a round; its clients were reported before."""
        fields = summary.to_dict()
        self._of().log_round(fields.pop("round"), **fields)

    def on_dropout(self, round: int, client_id: str, reason: str | None) -> None:
        """Report a dropout."""
        self._of().log_dropout(round, client_id, reason)

    def on_comm_failure(self, round: int, client_id: str, reason: str | None) -> None:
        """Report a failed connection."""
        self._of().log_comm_failure(round, client_id, reason)

    def on_checkpoint(self, round: int, path: str, metadata: Mapping[str, Any]) -> None:
        """Report where a checkpoint was written."""
        self._of().log_checkpoint(round, path, **metadata)

    def on_server_metadata(self, metadata: Mapping[str, Any]) -> None:
        """Add facts about the FL server."""
        self._of().set_server_metadata(**metadata)

    def finish(self) -> None:
        """End the run."""
        self._of().finish()

    def _of(self) -> HivewatchRun:
        if self._run is None:
            raise RuntimeError("pass this emitter to hivewatch.init before the run begins")
        return self._run


_run: HivewatchRun | None = None


def init(
    *,
    run_id: str | None = None,
    algorithm: str = "FedAvg",
    config: Mapping[str, Any] | None = None,
    emitters: Sequence[Any] | None = None,
    verbose: bool = True,
    **options: Any,
) -> HivewatchRun:
    """Begin a run.

    Parameters
    ----------
    run_id : str, optional
        Names the run in Rondo.
    algorithm : str
        Such as `FedAvg`; a tag of the run.
    config : mapping, optional
        Settings to show with the run.
    emitters : sequence, optional
        Not called: Rondo is where the run goes. To keep others as well, use HiveWatch with `RondoEmitter`.
    verbose : bool
        Accepted for HiveWatch's sake.
    **options
        More of `rondo.run`, such as `url`, `api_key` and `num_rounds`.
    """
    global _run
    _run = HivewatchRun(run_id, algorithm, config or {}, **options)
    for emitter in emitters or ():
        _run._run.left_out(f"emitter {type(emitter).__name__}", "is not called; use HiveWatch with RondoEmitter")
    return _run


def _current() -> HivewatchRun:
    if _run is None:
        raise RuntimeError("call rondo.hivewatch.init() first")
    return _run


def round_start(round: int) -> None:
    """Report that a round began."""
    _current().round_start(round)


def log_client_update(client_id: str, **metadata: Any) -> None:
    """Report what one client did."""
    _current().log_client_update(client_id, **metadata)


def log_round(round: int, **summary: Any) -> None:
    """Report the end of a round."""
    _current().log_round(round, **summary)


def log_dropout(round: int, client_id: str, reason: str | None = None) -> None:
    """Report that a client dropped out of a round."""
    _current().log_dropout(round, client_id, reason)


def log_comm_failure(round: int, client_id: str, reason: str | None = None) -> None:
    """Report that a client could not be reached in a round."""
    _current().log_comm_failure(round, client_id, reason)


def log_checkpoint(round: int, path: str, **metadata: Any) -> None:
    """Report where a checkpoint was written."""
    _current().log_checkpoint(round, path, **metadata)


def set_server_metadata(**metadata: Any) -> None:
    """Add facts about the FL server to the run's config."""
    _current().set_server_metadata(**metadata)


def finish() -> None:
    """Report that the run is complete, and deliver what waits."""
    _current().finish()
