"""An application that gunicorn loads before it forks its workers (`--preload`), with `rondo.run()` in the master."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable
from typing import Any

import rondo

PRELOADED = rondo.run("preloaded", run_id="preloaded")
_of_worker: dict[int, rondo.Run] = {}


def of_worker() -> rondo.Run:
    """The run of this worker, made after the fork."""
    pid = os.getpid()
    if pid not in _of_worker:
        _of_worker[pid] = rondo.run("worker", run_id=f"worker-{pid}")
    return _of_worker[pid]


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    run = PRELOADED if environ["PATH_INFO"] == "/preloaded" else of_worker()
    before = run.stats().reported
    run.metric("loss", 0.5, step=before)
    stats = run.stats()
    answer = {"pid": os.getpid(), "run_id": run.run_id, "reported": stats.reported, "dropped": stats.dropped}
    start_response("200 OK", [("content-type", "application/json")])
    return [json.dumps(answer).encode()]
