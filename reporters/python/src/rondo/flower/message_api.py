"""Strategies of the Message API, `flwr.serverapp.strategy`: their own methods, listened to.

The object stays the user's own, with its class and its state; a run that is stopped lets the rounds that are left pass
without work, so that `start` returns its whole `Result` by itself.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Iterable
from typing import Any

from rondo.adapters import naming

from ._flwr import ConfigRecord
from .grid import ObservedGrid
from .lifetime import Lifetime
from .listen import Method, listen
from .observer import Observer


def observe_strategy(strategy: Any, observer: Observer, lifetime: Lifetime) -> None:
    """Listens to this strategy object. What its methods return and raise is passed on as it is."""
    names = ("configure_train", "aggregate_train", "configure_evaluate", "aggregate_evaluate", "start")
    listen(strategy, _Hooks(observer, lifetime), names)


class _Hooks:
    def __init__(self, observer: Observer, lifetime: Lifetime) -> None:
        self._observer = observer
        self._lifetime = lifetime
        self._has_central = False

    def configure_train(self, method: Method, *args: Any, **kwargs: Any) -> Any:
        return [] if self._observer.is_skipped(_round(args, kwargs)) else method(*args, **kwargs)

    def configure_evaluate(self, method: Method, *args: Any, **kwargs: Any) -> Any:
        return [] if self._observer.is_skipped(_round(args, kwargs)) else method(*args, **kwargs)

    def aggregate_train(self, method: Method, *args: Any, **kwargs: Any) -> Any:
        number = _round(args, kwargs)
        if self._has_nothing(number, args, kwargs):
            return None, None
        self._observer.aggregating(number)
        arrays, metrics = method(*args, **kwargs)
        self._observer.aggregated(number, arrays, naming.numbers(metrics or {}))
        return arrays, metrics

    def aggregate_evaluate(self, method: Method, *args: Any, **kwargs: Any) -> Any:
        number = _round(args, kwargs)
        metrics = None if self._has_nothing(number, args, kwargs) else method(*args, **kwargs)
        if metrics is not None:
            self._observer.evaluated(number, naming.numbers(metrics), "eval")
        if not self._has_central:
            self._observer.round_over(number)
        return metrics

    def start(self, method: Method, *args: Any, **kwargs: Any) -> Any:
        call = inspect.signature(method).bind(*args, **kwargs)
        given = call.arguments
        if "grid" in given and not isinstance(given["grid"], ObservedGrid):
            given["grid"] = ObservedGrid(given["grid"], self._observer)
        self._has_central = given.get("evaluate_fn") is not None
        if self._has_central:
            given["evaluate_fn"] = functools.partial(self._evaluate, given["evaluate_fn"])
        if "should_stop" in inspect.signature(method).parameters:  # from Flower 1.43
            given["should_stop"] = functools.partial(self._should_stop, given.get("should_stop"))
        self._lifetime.starts(given.get("num_rounds"), given.get("train_config"))
        with self._lifetime:
            return method(*call.args, **call.kwargs)

    def _evaluate(self, evaluate_fn: Method, number: int, arrays: Any) -> Any:
        if self._observer.is_skipped(number) and number > 0:
            return None
        metrics = evaluate_fn(number, arrays)
        if metrics is not None:
            self._observer.evaluated(number, naming.numbers(metrics), "central")
        self._observer.round_over(number)
        return metrics

    def _should_stop(self, users: Method | None, *args: Any, **kwargs: Any) -> bool:
        return self._observer.stops.run_reason is not None or (users is not None and bool(users(*args, **kwargs)))

    def _has_nothing(self, number: int, args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
        """A stop left nothing to aggregate; some strategies raise when they are handed nothing."""
        if self._observer.is_skipped(number):
            return True
        replies: Iterable[Any] = kwargs["replies"] if "replies" in kwargs else args[1]
        return self._observer.is_stopped(number) and isinstance(replies, list) and not replies


def _round(args: tuple[Any, ...], kwargs: dict[str, Any]) -> int:
    return int(kwargs["server_round"] if "server_round" in kwargs else args[0])


def config_of(record: ConfigRecord | None) -> dict[str, Any]:
    """A config record as JSON can say it."""
    return {str(name): value for name, value in (record or {}).items() if not isinstance(value, bytes)}
