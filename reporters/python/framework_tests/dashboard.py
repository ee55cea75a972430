"""The running dashboard, asked through its REST API."""

from __future__ import annotations

import json
import os
import time
import urllib.request
from collections.abc import Callable
from typing import Any, TypeVar

T = TypeVar("T")

ADDRESS = os.environ.get("RONDO_URL", "")
TOKEN = os.environ.get("RONDO_TEST_TOKEN", "")
WHY_NOT = "needs a running dashboard: `npm run test:frameworks`"


def ask(path: str, body: Any = None) -> Any:
    """GET, or POST where there is a body."""
    headers = {"authorization": f"Bearer {TOKEN}", "content-type": "application/json"}
    request = urllib.request.Request(ADDRESS + path, None if body is None else json.dumps(body).encode(), headers)
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)


def until(find: Callable[[], T | None], what: str, timeout_s: float = 60) -> T:
    """The first answer that is something."""
    end = time.monotonic() + timeout_s
    while time.monotonic() < end:
        found = find()
        if found:
            return found
        time.sleep(0.1)
    raise AssertionError(f"after {timeout_s} s there was no {what}")


def run_named(name: str) -> dict[str, Any] | None:
    """The newest run of this name."""
    return next((run for run in ask("/api/runs?limit=100")["items"] if run["name"] == name), None)


def over(name: str) -> dict[str, Any] | None:
    run = run_named(name)
    return run if run is not None and run["status"] != "running" else None


def rounds_of(run: dict[str, Any]) -> dict[int, dict[str, Any]]:
    """Rounds by number, each with its client updates by client."""
    listed = ask(f"/api/rounds?run_id={run['run_id']}&limit=200")["items"]
    rounds = {each["round"]: ask(f"/api/rounds/{each['round_id']}") for each in listed}
    for each in rounds.values():
        each["updates"] = {update["client_id"]: update for update in each["client_updates"]}
    return rounds


def outcomes(of_round: dict[str, Any]) -> dict[str, int]:
    """How many clients of a round came to what."""
    found: dict[str, int] = {}
    for update in of_round["client_updates"]:
        found[update["outcome"]] = found.get(update["outcome"], 0) + 1
    return found


def open_round(name: str, number: int, completed: int) -> dict[str, Any] | None:
    """A round that still collects and already has so many results."""
    run = run_named(name)
    for each in ask(f"/api/rounds?run_id={run['run_id']}&status=collecting")["items"] if run else []:
        if each["round"] == number and each["num_clients_completed"] >= completed:
            return dict(each)
    return None


def series(run: dict[str, Any], name: str, client_id: str | None = None) -> dict[str, Any]:
    client = "" if client_id is None else f"&client_id={client_id}"
    return dict(ask(f"/api/metrics/series?run_id={run['run_id']}&name={name}{client}"))
