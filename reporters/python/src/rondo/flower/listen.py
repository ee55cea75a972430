"""How a strategy is listened to: on the object that the user made, which keeps its class and its state."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

Method = Callable[..., Any]


def listen(strategy: Any, hooks: Any, names: tuple[str, ...]) -> None:
    """Puts each hook in front of the method of its name; it is handed that method, and what the caller gave."""
    for name in names:
        method: Method = getattr(strategy, name)
        hook = functools.partial(getattr(hooks, name), method)
        setattr(strategy, name, functools.wraps(method)(hook))
