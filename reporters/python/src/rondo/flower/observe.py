"""`observe`: from a grid and a strategy to the same two, watched."""

from __future__ import annotations

import atexit
import logging
import threading
from typing import Any, TypeVar

import rondo
from rondo.adapters import naming
from rondo.adapters.answer_commands import answer_commands
from rondo.adapters.guard import quietly
from rondo.commands import CommandHandler

from ._flwr import flower_version, is_legacy
from .checkpoints import Checkpoints
from .grid import ObservedGrid
from .legacy import observe_legacy_strategy
from .lifetime import Lifetime
from .message_api import observe_strategy
from .observer import Observer
from .updates import UpdateMeter

S = TypeVar("S")

logger = logging.getLogger("rondo")

# The results of a round are news for people. A batch costs more than the events in it: the training's machine, and the
# dashboard, which may run on the same cores.
FLUSH_MS = 200

_lock = threading.Lock()
_trainings: dict[Any, int] = {}


def observe(
    grid: Any,
    strategy: S,
    context: Any = None,
    *,
    name: str | None = None,
    num_rounds: int | None = None,
    config: dict[str, Any] | None = None,
    tags: list[str] | None = None,
    client_names: naming.ClientNames = None,
    names_from_clients: bool = False,
    loss: str | None = None,
    accuracy: str | None = None,
    measure_updates: bool = True,
    checkpoint_every: int = 0,
    url: str | None = None,
    api_key: str | None = None,
) -> tuple[Any, S]:
    """Reports this run to the dashboard at `RONDO_URL`, with the key in `RONDO_API_KEY`.

    Never raises, and never keeps training waiting; without a dashboard everything is kept on disk and delivered later.

    Parameters
    ----------
    grid : Grid or None
        The one that `@app.main()` was given. None where there is none (`ServerApp(server_fn=…)`): the clients' results
        are then reported together at the end of each round, and a round cannot be closed early.
    strategy : Strategy
        Of `flwr.serverapp.strategy` or of the legacy `flwr.server.strategy`. The same object comes back.
    context : Context, optional
        Gives the run its id and its configuration.
    name : str, optional
        Of the run, as people see it.
    num_rounds : int, optional
        Needed only with the legacy API: the Message API's `start` says it.
    config, tags : optional
        More about the run, beside the run configuration of the context.
    client_names : mapping or function, optional
        From a node id to the name of that client. A node is called by its id otherwise, which is a new one whenever it
        restarts.
    names_from_clients : bool
        The clients run `rondo.flower.client_mod`, which sends their `partition-id` (or `RONDO_CLIENT_ID`). A client is
        counted, but not named, until its first reply.
    loss, accuracy : str, optional
        Which metric of the evaluation is the global loss and accuracy, where its name does not say it.
    measure_updates : bool
        Norm and cosine of each client's update, counted in a thread of its own.
    checkpoint_every : int
        Uploads the global model as safetensors every so many rounds; 0 for never.

    Returns
    -------
    (Grid, Strategy)
        Use these in place of the ones given.
    """
    inner = grid.inner if isinstance(grid, ObservedGrid) else grid
    try:
        return _observe(
            inner, strategy, context, name, num_rounds, config, tags, client_names, names_from_clients, loss, accuracy,
            measure_updates, checkpoint_every, url, api_key,
        )  # fmt: skip
    except Exception:
        logger.warning("rondo: this training cannot be observed; it is not affected", exc_info=True)
        return inner, strategy


def _observe(
    grid: Any,
    strategy: S,
    context: Any,
    name: str | None,
    num_rounds: int | None,
    config: dict[str, Any] | None,
    tags: list[str] | None,
    client_names: naming.ClientNames,
    names_from_clients: bool,
    loss: str | None,
    accuracy: str | None,
    measure_updates: bool,
    checkpoint_every: int,
    url: str | None,
    api_key: str | None,
) -> tuple[Any, S]:
    handlers: dict[str, CommandHandler] = {}
    declared: dict[str, Any] = {
        "name": name or f"{type(strategy).__name__} with Flower",
        "framework": f"flower {flower_version()}".strip(),
        "config": {**(quietly(dict, getattr(context, "run_config", None) or {}) or {}), **(config or {})},
        "num_rounds": num_rounds,
        "tags": tags or [],
        "commands_supported": ["stop_run"] if grid is None else ["stop_round", "stop_run"],
    }
    title = declared["name"]
    current: dict[str, Any] = {}

    def begin() -> None:
        part, run_id = _next_run(None if context is None else getattr(context, "run_id", None))
        declared["name"] = title if part == 1 else f"{title} ({part})"
        run = rondo.run(
            **declared,
            run_id=run_id,
            on_command=lambda command: handlers["command"](command),
            url=url,
            api_key=api_key,
            flush_interval_ms=FLUSH_MS,
        )
        meter = UpdateMeter(
            lambda metric, value, number, client: run.metric(metric, value, round=number, client_id=client),
            run.left_out,
        )
        current.update(run=run, meter=meter, checkpoints=Checkpoints(run, every=checkpoint_every))

    begin()
    observer = Observer(
        current["run"],
        names=client_names,
        named_by_clients=names_from_clients,
        weight_key=str(getattr(strategy, "weighted_by_key", "num-examples")),
        loss=loss,
        accuracy=accuracy,
        clients_needed=needed_by(strategy),
        meter=current["meter"] if measure_updates else None,
        on_aggregated=current["checkpoints"].save,
    )
    handlers["command"] = answer_commands(
        stop_run=observer.request_stop_run, stop_round=None if grid is None else observer.request_stop_round
    )

    def begin_again() -> None:
        begin()
        observer.restart(current["run"], current["meter"] if measure_updates else None, current["checkpoints"].save)

    def declare(rounds: int | None, train_config: dict[str, Any]) -> None:
        # Reported again, now that the number of rounds is known.
        everything = {**declared, "num_rounds": rounds, "config": {**train_config, **declared["config"]}}
        current["run"].report({"type": "run_started", **everything})

    def end(status: Any, reason: str | None) -> None:
        current["meter"].close(timeout=1.0)
        current["checkpoints"].close(timeout=2.0)
        current["run"].run_complete(status, reason)
        current["run"].close(1.0)

    lifetime = Lifetime(observer, declare=declare, end=end, begin_again=begin_again)
    lifetime.expects(num_rounds)
    # A legacy run without a number of rounds ends with its process.
    atexit.register(lifetime.ends, None)
    if is_legacy(strategy):
        observe_legacy_strategy(strategy, observer, lifetime)
    else:
        observe_strategy(strategy, observer, lifetime)
    return (None if grid is None else ObservedGrid(grid, observer)), strategy


def needed_by(strategy: Any) -> int | None:
    """How many connected clients the strategy waits for: the names of the Message API and of the legacy API."""
    for name in ("min_available_nodes", "min_available_clients"):
        needed = getattr(strategy, name, None)
        if isinstance(needed, int) and not isinstance(needed, bool) and needed >= 0:
            return needed
    return None


def _next_run(flower_run: Any) -> tuple[int, str | None]:
    """Which training of this Flower run in this process begins, and the id of its own run."""
    with _lock:
        _trainings[flower_run] = part = _trainings.get(flower_run, 0) + 1
    if flower_run is None:
        return 1, None
    return part, f"flower-{flower_run}" if part == 1 else f"flower-{flower_run}-{part}"
