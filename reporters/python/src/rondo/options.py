"""The options of a reporter."""

from __future__ import annotations

import random
import re
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .clock import Clock, SystemClock
from .commands import CommandHandler
from .problems import OnProblem
from .sender import Post


@dataclass
class Options:
    """Everything but the name has a default; see `rondo.run`."""

    name: str
    run_id: str | None = None
    url: str | None = None
    api_key: str | None = None
    framework: str = "custom"
    config: Mapping[str, Any] | None = None
    num_rounds: int | None = None
    tags: Sequence[str] = ()
    commands_supported: Sequence[str] = ()
    on_command: CommandHandler | None = None
    on_problem: OnProblem | None = None
    spool_dir: str | Path | None = None
    spool: bool = True
    mask: bool = True
    mask_keys: Sequence[str] = ()
    spool_max_bytes: int | None = None
    #: Longest wait of an event for its batch while the link is free: half of a tenth of a second from call to pixel.
    flush_interval_ms: float = 50
    request_timeout_ms: float = 10_000
    max_queued_events: int = 100_000
    max_queued_bytes: int = 64 * 1024 * 1024
    #: For tests: time, randomness, the network, and the scheduler.
    clock: Clock = field(default_factory=SystemClock)
    random: Callable[[], float] = random.random
    post: Post | None = None
    is_threaded: bool = True


def create_run_id(name: str, now_ms: int) -> str:
    """Readable, sortable by time, and unique among runs of one name."""
    slug = re.sub(r"^-|-$", "", re.sub(r"[^a-z0-9]+", "-", name.lower()))[:64]
    at = time.strftime("%Y%m%d-%H%M%S", time.gmtime(now_ms / 1000))
    return f"{slug or 'run'}-{at}-{secrets.token_hex(2)}"
