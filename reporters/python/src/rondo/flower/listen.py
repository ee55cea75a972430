"""How a strategy is observed: on the object that the user made, which keeps its class and its state. [R31]"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from rondo.adapters.guard import quietly

Method = Callable[..., Any]


def listen(strategy: Any, hooks: Any, names: tuple[str, ...], on_impossible: Callable[[str], None]) -> None:
    """Put each hook before the method of its name. The hook receives that method, and the caller's arguments.

    An object that is already observed is observed only by the newest hooks. Never raises.
    """
    for name in names:
        try:
            method: Method = getattr(strategy, name)
            earlier = getattr(method, "__dict__", {}).get("rondo_original")
            if earlier is not None:
                quietly(method.rondo_hooks.replaced)  # type: ignore[attr-defined]
                method = earlier
            hook = functools.partial(getattr(hooks, name), method)
            replacement = _dressed(hook, method)
            replacement.rondo_original, replacement.rondo_hooks = method, hooks  # type: ignore[attr-defined]
            setattr(strategy, name, replacement)
            if getattr(strategy, name) is not replacement:
                raise TypeError("the object does not keep the replacement")
        except Exception as error:
            quietly(on_impossible, f"{type(strategy).__name__}.{name} cannot be observed ({type(error).__name__})")


def argument(args: tuple[Any, ...], kwargs: dict[str, Any], name: str, position: int) -> Any:
    """An argument of a call that may give it by name or by position; None where it is not given."""
    if name in kwargs:
        return kwargs[name]
    return args[position] if position < len(args) else None


def _dressed(hook: Method, method: Method) -> Method:
    def call(*args: Any, **kwargs: Any) -> Any:
        return hook(*args, **kwargs)

    quietly(functools.update_wrapper, call, method)
    return call
