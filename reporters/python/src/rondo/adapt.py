"""Converts measured values to numbers, before they become an event. [R29]"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from .values import read_values, to_number

_MEASURED = (
    "train_loss",
    "global_loss",
    "global_accuracy",
    "update_norm",
    "cosine_to_mean",
    "cosine_to_previous",
)
_PLAIN = frozenset({float, int, type(None)})
_WITH_METRICS = frozenset({"client_result", "round_complete"})


class Adapted(NamedTuple):
    """Metrics to report along with the fact."""

    #: Fields of the `metric` facts of values that were given as a list, oldest first.
    points: list[dict[str, Any]]
    #: The reason for each name that is left out.
    problems: dict[str, str]


_NOTHING = Adapted([], {})


def adapt(fact_type: Any, fields: dict[str, Any]) -> Adapted:
    """Replace, in place, what a training measured by plain numbers; a plain fact stays as it is."""
    if fact_type == "metric":
        return _NOTHING if type(fields.get("value")) in _PLAIN else _adapt_value(fields)
    if not isinstance(fact_type, str) or fact_type not in _WITH_METRICS:
        return _NOTHING
    odd = [name for name in _MEASURED if type(fields.get(name)) not in _PLAIN]
    metrics = fields.get("metrics")
    if metrics is not None and not (
        type(metrics) is dict
        and "__proto__" not in metrics
        and all(type(key) is str and type(metrics[key]) in _PLAIN for key in metrics)
    ):
        odd.append("metrics")
    if not odd:
        return _NOTHING
    adapted = Adapted([], {})
    for name in odd:
        found = read_values(_without_none(fields[name]) if name == "metrics" else {name: fields[name]})
        fields[name] = found.numbers if name == "metrics" else found.numbers.get(name)
        adapted.problems.update(found.problems)
        where = {"round": fields.get("round"), "client_id": fields.get("client_id")}
        for metric, values in found.points.items():
            adapted.points.extend({"name": metric, "value": v, "step": step, **where} for step, v in enumerate(values))
    return adapted


def _adapt_value(fields: dict[str, Any]) -> Adapted:
    number = to_number(fields["value"])
    fields["value"] = number.value
    if number.problem is None:
        return _NOTHING
    name = fields.get("name")
    return Adapted([], {name if isinstance(name, str) else "(unnamed)": number.problem})


def _without_none(metrics: Any) -> Any:
    """`None` says nothing, as everywhere in a call."""
    if not isinstance(metrics, Mapping):
        return metrics
    return {key: value for key, value in metrics.items() if value is not None}
