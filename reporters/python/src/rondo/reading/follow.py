"""Changes of a run as they are stored."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Iterator
from typing import Any, NamedTuple
from urllib.parse import urlencode

from .http import Api, ReadError
from .rows import Row, decode
from .websocket import Closed, WebSocket

#: The server pings after 30 s of silence.
_SILENCE_S = 70.0
#: Close codes after which another attempt cannot help. [S8] [S11]
_FINAL = {4001: "the key may not read this run, or was revoked", 4004: "the run does not exist, or was deleted"}


class Change(NamedTuple):
    """One entity in its new state.

    Attributes
    ----------
    type : str
        `snapshot` for each entity of the first state, then the type of the live event, such as `round_complete`.
    kind : str
        What it is: `run`, `round`, `client`, `metric`, `model`, `log` or `attention`.
    data : dict
        The entity.
    """

    type: str
    kind: str
    data: Row


_KINDS = {
    "run_update": "run",
    "round_started": "round",
    "round_update": "round",
    "round_complete": "round",
    "client_joined": "client",
    "client_update": "client",
    "metric": "metric",
    "model_saved": "model",
    "model_deleted": "model",
    "log": "log",
    "attention": "attention",
}
_SNAPSHOT = {"rounds": "round", "clients": "client", "models": "model", "metrics": "metric", "logs": "log"}


def follow(api: Api, run_id: str, *, snapshot: bool, until_over: bool) -> Iterator[Change]:
    """Yield the state of a run, then each change, without gaps over lost connections. [S5]"""
    position: dict[str, Any] = {}
    failures = 0
    is_over = False
    complete_at = 0
    while True:
        try:
            socket = _connect(api, run_id, position)
        except (OSError, Closed) as error:
            failures = _pause(error, failures)
            continue
        try:
            while True:
                message = _next(socket)
                if message is None:
                    continue
                failures = 0
                yield from _changes(message, with_snapshot=snapshot)
                if message["type"] == "snapshot":
                    position = {"epoch": message["epoch"], "seq": message["seq"]}
                    # The clients of a large run follow in batches. [S12]
                    complete_at = message.get("complete_at", 0)
                    is_over = False
                else:
                    position["seq"] = message["seq"]
                is_over = _is_over(message, is_over)
                if until_over and is_over and message["seq"] >= complete_at:
                    return
        except (OSError, Closed) as error:
            failures = _pause(error, failures)
        finally:
            socket.close()


def _connect(api: Api, run_id: str, position: dict[str, Any]) -> WebSocket:
    query = urlencode({"run_id": run_id, **position})
    return WebSocket(f"{api.url}/ws/events?{query}", api.key, _SILENCE_S)


def _next(socket: WebSocket) -> dict[str, Any] | None:
    text = socket.receive()
    if text == "ping":
        socket.send("pong")
        return None
    if text == "pong":
        return None
    message: dict[str, Any] = json.loads(text)
    return message


def _changes(message: dict[str, Any], *, with_snapshot: bool) -> Iterator[Change]:
    if message["type"] == "batch":
        for event in message["events"]:
            # A newer server may send events of types that this version does not know. [V5]
            if kind := _KINDS.get(event["type"]):
                yield Change(event["type"], kind, decode(event["data"]))
    elif with_snapshot and message["type"] == "snapshot":
        data = message["data"]
        if data["run"] is not None:
            yield Change("snapshot", "run", decode(data["run"]))
        for name, kind in _SNAPSHOT.items():
            for item in data[name]:
                yield Change("snapshot", kind, decode(item))


def _is_over(message: dict[str, Any], before: bool) -> bool:
    if message["type"] == "snapshot":
        run = message["data"]["run"]
        return run is not None and run["status"] != "running"
    for event in message["events"]:
        if event["type"] == "run_update":
            before = event["data"]["status"] != "running"
    return before


def _pause(error: Exception, failures: int) -> int:
    """Wait before the next attempt, up to 15 s; raise when another attempt cannot help."""
    if isinstance(error, Closed) and error.code in _FINAL:
        raise ReadError(_FINAL[error.code], None) from None
    time.sleep(random.uniform(0.2, min(15.0, 0.5 * 2 ** min(failures, 5))))
    return failures + 1
