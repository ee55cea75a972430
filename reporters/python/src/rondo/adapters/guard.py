"""An exception in an observer would end the user's run as failed, so none leaves."""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable
from typing import ParamSpec, TypeVar

logger = logging.getLogger("rondo")

P = ParamSpec("P")
R = TypeVar("R")

_told: set[str] = set()


def guarded(function: Callable[P, R]) -> Callable[P, R | None]:
    """Tells a bug of ours once, by the log, and lets training go on."""

    @functools.wraps(function)
    def safe(*args: P.args, **kwargs: P.kwargs) -> R | None:
        try:
            return function(*args, **kwargs)
        except Exception:
            if function.__qualname__ not in _told:
                _told.add(function.__qualname__)
                logger.warning("rondo: %s failed; training is not affected", function.__qualname__, exc_info=True)
            return None

    return safe
