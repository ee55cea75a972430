"""An exception in an observer would end the user's run as failed, so none leaves."""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

logger = logging.getLogger("rondo")

P = ParamSpec("P")
R = TypeVar("R")

_reported: set[str] = set()


def guarded(function: Callable[P, R]) -> Callable[P, R | None]:
    """Tells a bug of ours once, by the log, and lets training go on."""

    @functools.wraps(function)
    def safe(*args: P.args, **kwargs: P.kwargs) -> R | None:
        try:
            return function(*args, **kwargs)
        except Exception:
            if function.__qualname__ not in _reported:
                _reported.add(function.__qualname__)
                logger.warning("rondo: %s failed; training is not affected", function.__qualname__, exc_info=True)
            return None

    return safe


Before = Callable[[tuple[Any, ...], dict[str, Any]], Any]
After = Callable[[Any, Any], None]
Failed = Callable[[Any, BaseException], None]


def observed(
    original: Callable[..., Any],
    *,
    before: Before | None = None,
    after: After | None = None,
    failed: Failed | None = None,
) -> Callable[..., Any]:
    """Return a function that calls `original` with exactly the arguments received. [R31]

    Parameters
    ----------
    original : callable
        Its return value and its exception reach the caller unchanged.
    before : callable, optional
        Receives the arguments `(args, kwargs)`. Its return value is passed to `after` and `failed`.
    after : callable, optional
        Receives the return value of `before` and the return value of `original`.
    failed : callable, optional
        Receives the return value of `before` and the exception of `original`.
    """

    def call(*args: Any, **kwargs: Any) -> Any:
        token = None if before is None else quietly(before, args, dict(kwargs))
        try:
            result = original(*args, **kwargs)
        except BaseException as error:
            if failed is not None:
                quietly(failed, token, error)
            raise
        if after is not None:
            quietly(after, token, result)
        return result

    # The name, the docstring and the signature of the original; a proxy may refuse to give them.
    quietly(functools.update_wrapper, call, original)
    return call


def observe_hook(
    target: Any,
    name: str,
    *,
    before: Before | None = None,
    after: After | None = None,
    failed: Failed | None = None,
    on_impossible: Callable[[str], None] | None = None,
) -> bool:
    """Observe one method of an object; return whether that is possible. Never raises.

    Parameters
    ----------
    target : object
        Its attribute `name` is replaced on the object itself, never on its class.
    on_impossible : callable, optional
        Receives the reason once. Without it, the log of `rondo` receives it.
    """
    try:
        original = getattr(target, name)
        if not callable(original):
            raise TypeError("it is not callable")
        replacement = observed(original, before=before, after=after, failed=failed)
        setattr(target, name, replacement)
        if getattr(target, name) is not replacement:
            raise TypeError("the object does not keep the replacement")
        return True
    except Exception as error:
        reason = f"{type(target).__name__}.{name} cannot be observed ({_text_of(error)}); training is not affected"
        if on_impossible is not None:
            quietly(on_impossible, reason)
        elif reason not in _reported:
            _reported.add(reason)
            logger.warning("rondo: %s", reason)
        return False


def quietly(function: Callable[..., R], *args: Any) -> R | None:
    """Call a function of ours; its exception is logged once and goes no further."""
    try:
        return function(*args)
    except Exception:
        name = getattr(function, "__qualname__", type(function).__name__)
        if name not in _reported:
            _reported.add(name)
            logger.warning("rondo: %s failed; training is not affected", name, exc_info=True)
        return None


def _text_of(error: Exception) -> str:
    try:
        return f"{type(error).__name__}: {error}"
    except Exception:
        return type(error).__name__
