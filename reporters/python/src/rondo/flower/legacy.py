"""Strategies of the legacy API, `flwr.server.strategy`.

Under an observed grid every result is seen as it arrives. With `ServerApp(server_fn=…)` there is no grid to observe:
the strategy is handed all results of a round at once, and so are they reported.
"""

from __future__ import annotations

from typing import Any

from rondo.adapters import naming

from .lifetime import Lifetime
from .listen import Method, listen
from .observer import Observer


def observe_legacy_strategy(strategy: Any, observer: Observer, lifetime: Lifetime) -> None:
    """Listens to this strategy object. What its methods return and raise is passed on as it is."""
    names = ("configure_fit", "aggregate_fit", "configure_evaluate", "aggregate_evaluate", "evaluate")
    listen(strategy, _Hooks(observer, lifetime), names)


class _Hooks:
    """A run that is stopped selects nobody any more: the server's loop ends by itself, with its whole history."""

    def __init__(self, observer: Observer, lifetime: Lifetime) -> None:
        self._observer = observer
        self._lifetime = lifetime

    def configure_fit(self, method: Method, server_round: int, *args: Any, **kwargs: Any) -> Any:
        if self._observer.is_skipped(server_round):
            return []
        instructions = method(server_round, *args, **kwargs)
        self._observer.selected(server_round, [_node_id(proxy) for proxy, _ in instructions or []])
        return instructions

    def aggregate_fit(self, method: Method, server_round: int, results: Any, failures: Any) -> Any:
        for proxy, res in results:
            metrics = naming.numbers(dict(res.metrics or {}))
            self._observer.answered(
                server_round, self._observer.name_of(_node_id(proxy)), metrics, int(res.num_examples)
            )
        self._observer.unanswered(server_round, [_reason(failure) for failure in failures])
        self._observer.aggregating(server_round)
        parameters, metrics = method(server_round, results, failures)
        self._observer.aggregated(server_round, parameters, naming.numbers(metrics or {}))
        return parameters, metrics

    def evaluate(self, method: Method, server_round: int, *args: Any, **kwargs: Any) -> Any:
        if server_round > 0 and self._observer.is_skipped(server_round):
            return None
        evaluated = method(server_round, *args, **kwargs)
        if evaluated is not None:
            loss, metrics = evaluated
            self._observer.evaluated(server_round, {"loss": loss, **naming.numbers(metrics or {})}, "central")
        return evaluated

    def configure_evaluate(self, method: Method, server_round: int, *args: Any, **kwargs: Any) -> Any:
        if self._observer.is_skipped(server_round) or self._observer.is_stopped(server_round):
            instructions = []
        else:
            instructions = method(server_round, *args, **kwargs)
        if not instructions:
            self._over(server_round)
        return instructions

    def aggregate_evaluate(self, method: Method, server_round: int, results: Any, failures: Any) -> Any:
        loss, metrics = method(server_round, results, failures)
        figures = naming.numbers(metrics or {})
        self._observer.evaluated(server_round, figures if loss is None else {"loss": loss, **figures}, "eval")
        self._over(server_round)
        return loss, metrics

    def _over(self, server_round: int) -> None:
        self._observer.round_over(server_round)
        self._lifetime.round_is_over(server_round)


def _node_id(proxy: Any) -> int:
    """The Grid's proxies have a node id; those of older servers a text, which may not be a number."""
    node_id = getattr(proxy, "node_id", None)
    return node_id if isinstance(node_id, int) else proxy.cid


def _reason(failure: Any) -> str:
    if isinstance(failure, BaseException):
        return str(failure) or type(failure).__name__
    return str(failure[1].status.message) or f"status {failure[1].status.code}"
