"""Strategies of the legacy API, `flwr.server.strategy`.

Under an observed grid every result is seen as it arrives. With `ServerApp(server_fn=…)` there is no grid to observe:
the strategy receives all results of a round at once, and they are reported then.
"""

from __future__ import annotations

from typing import Any

from rondo.adapters.guard import quietly

from .lifetime import Lifetime
from .listen import Method, argument, listen
from .message_api import figures_of
from .observer import Observer


def observe_legacy_strategy(strategy: Any, observer: Observer, lifetime: Lifetime) -> None:
    """Observe this strategy object. Return values and exceptions pass through unchanged."""
    names = ("configure_fit", "aggregate_fit", "configure_evaluate", "aggregate_evaluate", "evaluate")
    listen(strategy, _Hooks(observer, lifetime), names, observer.cannot_observe)


class _Hooks:
    """A run that is stopped selects no clients any more: the server's loop ends by itself, with its whole history."""

    def __init__(self, observer: Observer, lifetime: Lifetime) -> None:
        self._observer = observer
        self._lifetime = lifetime
        self._parameters: Any = None

    def replaced(self) -> None:
        """Another `observe` took this strategy over."""
        self._lifetime.replaced()

    def configure_fit(self, method: Method, *args: Any, **kwargs: Any) -> Any:
        if self._is_skipped(args, kwargs):
            return []
        quietly(lambda: self._lifetime.goes_on(_round(args, kwargs)))
        instructions = self._called(method, args, kwargs)
        quietly(self._selected, instructions, args, kwargs)
        return instructions

    def aggregate_fit(self, method: Method, *args: Any, **kwargs: Any) -> Any:
        quietly(self._results_are_in, args, kwargs)
        result = self._called(method, args, kwargs)
        quietly(self._aggregated, result, args, kwargs)
        return result

    def evaluate(self, method: Method, *args: Any, **kwargs: Any) -> Any:
        if quietly(_round, args, kwargs) and self._is_skipped(args, kwargs):
            return None
        evaluated = self._called(method, args, kwargs)
        if evaluated is not None:
            quietly(lambda: self._observer.evaluated(_round(args, kwargs), figures_of(evaluated), "central"))
        return evaluated

    def configure_evaluate(self, method: Method, *args: Any, **kwargs: Any) -> Any:
        is_closed = quietly(lambda: self._observer.is_stopped(_round(args, kwargs)))
        instructions = [] if is_closed or self._is_skipped(args, kwargs) else self._called(method, args, kwargs)
        if isinstance(instructions, list) and not instructions:
            quietly(self._over, args, kwargs)
        return instructions

    def aggregate_evaluate(self, method: Method, *args: Any, **kwargs: Any) -> Any:
        quietly(self._evaluated_by_each, args, kwargs)
        result = self._called(method, args, kwargs)
        if result is not None:
            quietly(lambda: self._observer.evaluated(_round(args, kwargs), figures_of(result), "eval"))
        quietly(self._over, args, kwargs)
        return result

    def _called(self, method: Method, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """An exception of the strategy ends the server's loop, so it ends the run as failed."""
        try:
            return method(*args, **kwargs)
        except BaseException as error:
            self._lifetime.ends(error)
            raise

    def _is_skipped(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
        return bool(quietly(lambda: self._observer.is_skipped(_round(args, kwargs))))

    def _selected(self, instructions: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        self._parameters = argument(args, kwargs, "parameters", 1)
        if isinstance(instructions, list):
            self._observer.selected(_round(args, kwargs), [_node_id(proxy) for proxy, _ in instructions])

    def _results_are_in(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        number = _round(args, kwargs)
        for proxy, res in argument(args, kwargs, "results", 1) or []:
            node_id = _node_id_or_none(proxy)
            if node_id is None:
                self._observer.answered_unnamed(number)
                continue
            name = self._observer.name_of(node_id)
            self._observer.answered(number, name, res.metrics, int(res.num_examples), self._parameters, res.parameters)
        failures = argument(args, kwargs, "failures", 2) or []
        self._observer.unanswered(number, [(self._client_of(failure), _reason(failure)) for failure in failures])
        self._observer.aggregating(number)

    def _client_of(self, failure: Any) -> str | None:
        """The client, where the failure names it."""
        node_id = None if isinstance(failure, BaseException) else _node_id_or_none(failure[0])
        return None if node_id is None else self._observer.name_of(node_id)

    def _aggregated(self, result: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        parameters, metrics = result
        self._observer.aggregated(_round(args, kwargs), parameters, metrics)

    def _evaluated_by_each(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        for proxy, res in argument(args, kwargs, "results", 1) or []:
            figures = {"loss": res.loss, **(res.metrics or {})}
            self._observer.evaluated_by(_round(args, kwargs), self._observer.name_of(_node_id(proxy)), figures)

    def _over(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        number = _round(args, kwargs)
        self._observer.round_over(number)
        self._lifetime.round_is_over(number)


def _round(args: tuple[Any, ...], kwargs: dict[str, Any]) -> int:
    return int(argument(args, kwargs, "server_round", 0))


def _node_id(proxy: Any) -> Any:
    """The Grid's proxies have a node id; those of older servers a text, which may not be a number."""
    node_id = getattr(proxy, "node_id", None)
    return node_id if isinstance(node_id, int) else proxy.cid


def _node_id_or_none(proxy: Any) -> Any:
    """None where a server of the user's own gives results without their clients."""
    try:
        return _node_id(proxy)
    except Exception:
        return None


def _reason(failure: Any) -> str:
    if isinstance(failure, BaseException):
        return str(failure) or type(failure).__name__
    return str(failure[1].status.message) or f"status {failure[1].status.code}"
