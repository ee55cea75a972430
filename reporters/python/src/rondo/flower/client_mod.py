"""A mod for the ClientApp: what only the client can measure rides home in its reply.

The client needs no network path to the dashboard: everything is in one extra `ConfigRecord`, which Flower's strategies
leave alone.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import Any

from rondo.adapters.guard import guarded

from ._flwr import ConfigRecord, Message
from .messages import CLIENT_RECORD

NAME_KEY = "partition-id"


def client_mod(message: Message, context: Any, call_next: Callable[[Message, Any], Message]) -> Message:
    """Adds the work's time, CPU and memory and the client's name to the reply: `ClientApp(mods=[client_mod])`."""
    started, cpu_started = time.monotonic(), time.process_time()
    reply = call_next(message, context)
    _attach(reply, context, time.monotonic() - started, time.process_time() - cpu_started)
    return reply


@guarded
def _attach(reply: Message, context: Any, seconds: float, cpu_seconds: float) -> None:
    if not reply.has_content():
        return
    measured: dict[str, Any] = {"train_ms": round(seconds * 1000, 1)}
    if seconds > 0:
        # Of the whole machine, as the dashboard shows it.
        measured["cpu_percent"] = round(100 * cpu_seconds / seconds / (os.cpu_count() or 1), 1)
    memory = _memory_bytes()
    if memory is not None:
        measured["memory_bytes"] = memory
    name = os.environ.get("RONDO_CLIENT_ID") or context.node_config.get(NAME_KEY)
    if name is not None:
        measured["client_id"] = str(name)
    reply.content[CLIENT_RECORD] = ConfigRecord(measured)


def _memory_bytes() -> int | None:
    """The resident memory of this process, where the system says it."""
    try:
        with open("/proc/self/statm", encoding="ascii") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError):
        return None
