"""What a reporter makes of its options."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .masking import Masking
from .options import Options
from .spool.home import SpoolHome, bound_of, default_root
from .stamp import to_moment


def masking_of(options: Options, env: Mapping[str, str]) -> Masking:
    given = options.mask_keys
    try:
        keys = [given] if isinstance(given, str) else [str(key) for key in given]
    except Exception:
        keys = []  # The usual keys stay masked, whatever the caller gave. [R1]
    return Masking.of(env, options.mask is not False, keys)


def flush_s_of(given: Any) -> float:
    """Seconds, at most a minute; the usual 50 ms where the value says nothing. [R1]"""
    try:
        ms = float(given)
    except Exception:
        ms = math.nan
    return min(ms, 60_000.0) / 1000 if ms >= 0 else 0.05


def home_of(options: Options, normalized: str | None) -> SpoolHome | None:
    if not options.spool or normalized is None:
        return None
    given = Path(options.spool_dir) if options.spool_dir is not None else default_root(os.environ)
    if given is None:
        return None
    # A training may change its folder.
    root = given.absolute()
    max_bytes = options.spool_max_bytes or bound_of(os.environ)
    clock = options.clock
    return SpoolHome(root, normalized, now=lambda: to_moment(clock.now_ms()), max_bytes=max_bytes)
