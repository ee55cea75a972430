"""Strategies of the Message API, `flwr.serverapp.strategy`: their own methods, observed.

The object stays the user's own, with its class and its state. After a stop of the run the remaining rounds pass without
work, so that `start` returns its whole `Result` by itself. Each line of ours in a hook is guarded; the user's method is
called outside the guard with the arguments received.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Mapping
from typing import Any

from rondo.adapters.guard import quietly

from ._flwr import ConfigRecord
from .grid import ObservedGrid
from .lifetime import Lifetime
from .listen import Method, argument, listen
from .observer import Observer


def observe_strategy(strategy: Any, observer: Observer, lifetime: Lifetime) -> None:
    """Observe this strategy object. Return values and exceptions pass through unchanged."""
    names = ("configure_train", "aggregate_train", "configure_evaluate", "aggregate_evaluate", "start")
    listen(strategy, _Hooks(observer, lifetime), names, observer.cannot_observe)


class _Hooks:
    def __init__(self, observer: Observer, lifetime: Lifetime) -> None:
        self._observer = observer
        self._lifetime = lifetime
        self._has_central = False

    def replaced(self) -> None:
        """Another `observe` took this strategy over."""
        self._lifetime.replaced()

    def configure_train(self, method: Method, *args: Any, **kwargs: Any) -> Any:
        if self._is_skipped(args, kwargs):
            return []
        messages = method(*args, **kwargs)
        quietly(self._observer.configured, messages)
        return messages

    def configure_evaluate(self, method: Method, *args: Any, **kwargs: Any) -> Any:
        return [] if self._is_skipped(args, kwargs) else method(*args, **kwargs)

    def aggregate_train(self, method: Method, *args: Any, **kwargs: Any) -> Any:
        if quietly(self._has_nothing, args, kwargs):
            return None, None
        quietly(self._aggregating, args, kwargs)
        result = method(*args, **kwargs)
        quietly(self._aggregated, result, args, kwargs)
        return result

    def aggregate_evaluate(self, method: Method, *args: Any, **kwargs: Any) -> Any:
        metrics = None if quietly(self._has_nothing, args, kwargs) else method(*args, **kwargs)
        quietly(self._evaluated_by_clients, metrics, args, kwargs)
        return metrics

    def start(self, method: Method, *args: Any, **kwargs: Any) -> Any:
        call = quietly(self._call, method, args, kwargs)
        args, kwargs = (args, kwargs) if call is None else call
        with self._lifetime:
            return method(*args, **kwargs)

    def _call(self, method: Method, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """The same call with our grid and our evaluation function; arguments keep the way they were given."""
        signature = inspect.signature(method)
        given = dict(signature.bind(*args, **kwargs).arguments)
        names = list(signature.parameters)
        new_args, new_kwargs = list(args), dict(kwargs)

        def replace(name: str, value: Any) -> None:
            position = names.index(name)
            if name not in new_kwargs and position < len(new_args):
                new_args[position] = value
            else:
                new_kwargs[name] = value

        if "grid" in given and not isinstance(given["grid"], ObservedGrid):
            replace("grid", ObservedGrid(given["grid"], self._observer))
        evaluate_fn = given.get("evaluate_fn")
        self._has_central = evaluate_fn is not None
        if callable(evaluate_fn):
            replace("evaluate_fn", functools.partial(self._evaluate, evaluate_fn))
        if "should_stop" in signature.parameters:  # from Flower 1.43
            replace("should_stop", functools.partial(self._should_stop, given.get("should_stop")))
        self._lifetime.starts(given.get("num_rounds"), given.get("train_config"))
        return tuple(new_args), new_kwargs

    def _evaluate(self, evaluate_fn: Method, *args: Any, **kwargs: Any) -> Any:
        number = quietly(_round, args, kwargs)
        if number and self._is_skipped(args, kwargs):
            return None
        result = evaluate_fn(*args, **kwargs)
        quietly(self._evaluated_centrally, number, result)
        return result

    def _evaluated_centrally(self, number: int | None, result: Any) -> None:
        if number is None:
            return
        if result is not None:
            self._observer.evaluated(number, figures_of(result), "central")
        self._observer.round_over(number)

    def _should_stop(self, users: Method | None, *args: Any, **kwargs: Any) -> bool:
        return self._observer.stops.run_reason is not None or (users is not None and bool(users(*args, **kwargs)))

    def _aggregating(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        number = _round(args, kwargs)
        self._observer.received(number, argument(args, kwargs, "replies", 1))
        self._observer.aggregating(number)

    def _aggregated(self, result: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        arrays, metrics = result
        self._observer.aggregated(_round(args, kwargs), arrays, metrics)

    def _evaluated_by_clients(self, metrics: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        number = _round(args, kwargs)
        if metrics is not None:
            self._observer.evaluated(number, metrics, "eval")
        if not self._has_central:
            self._observer.round_over(number)

    def _is_skipped(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
        return bool(quietly(lambda: self._observer.is_skipped(_round(args, kwargs))))

    def _has_nothing(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
        """A stop left nothing to aggregate; some strategies raise when they receive nothing."""
        number = _round(args, kwargs)
        if self._observer.is_skipped(number):
            return True
        replies = argument(args, kwargs, "replies", 1)
        return self._observer.is_stopped(number) and isinstance(replies, list) and not replies


def figures_of(result: Any) -> Any:
    """Read the result of a central evaluation: a record, or a loss and metrics as in the legacy API, or a loss."""
    if isinstance(result, Mapping):
        return result
    if isinstance(result, (tuple, list)):
        loss, *rest = result
        metrics = rest[0] if rest and isinstance(rest[0], Mapping) else {}
        return {**({} if loss is None else {"loss": loss}), **metrics}
    return {"loss": result}


def _round(args: tuple[Any, ...], kwargs: dict[str, Any]) -> int:
    return int(argument(args, kwargs, "server_round", 0))


def config_of(record: ConfigRecord | None) -> dict[str, Any]:
    """A config record as JSON can say it."""
    return {str(name): value for name, value in (record or {}).items() if not isinstance(value, bytes)}
