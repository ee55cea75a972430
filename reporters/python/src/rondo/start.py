"""The start of a run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import Any

from .commands import CommandHandler
from .options import Options
from .problems import OnProblem
from .run import Run


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
    flush_interval_ms: float = 50,
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
    flush_interval_ms : float
        The longest wait of an event for its batch, while the connection is idle. Longer makes fewer requests.

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
            flush_interval_ms=flush_interval_ms,
        )
    )
