"""Names: which of a user's metric names is the loss, and the display name of a client."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from typing import Any

from rondo.values import find

ClientNames = Mapping[int, str] | Callable[[int], "str | None"] | None

# In the order in which they are looked for; Flower's own templates use the first of each.
TRAIN_LOSS = ("train_loss", "loss", "training_loss")
EVAL_LOSS = ("eval_loss", "loss", "val_loss", "test_loss", "evaluate_loss")
SAMPLE_COUNT = ("num-examples", "num_examples")
EVAL_ACCURACY = ("eval_acc", "accuracy", "acc", "eval_accuracy", "val_accuracy", "test_accuracy", "val_acc", "test_acc")

_SAYS_ITS_PHASE = re.compile(
    r"^(train|training|fit|eval|evaluate|val|valid|validation|test|central|server|global)(_|-|/|$)"
)


def numbers(record: Mapping[str, Any]) -> dict[str, float]:
    """The scalars of a record; a list gives one entry for each of its first 16 positions."""
    found: dict[str, float] = {}
    for name, value in record.items():
        values = value if isinstance(value, (list, tuple)) else None
        if values is None:
            if _is_number(value):
                found[str(name)] = value
        else:
            for position, each in enumerate(values[:16]):
                if _is_number(each):
                    found[f"{name}/{position}"] = each
    return found


def in_phase(phase: str, metrics: Mapping[str, float]) -> dict[str, float]:
    """The same metrics under names that say their phase, so that `loss` of training and of evaluation stay two."""
    return {name if _SAYS_ITS_PHASE.match(name) else f"{phase}_{name}": value for name, value in metrics.items()}


def pick(metrics: Mapping[str, float], wanted: str | None, usual: tuple[str, ...]) -> float | None:
    """Return the value under the user's name, else under the first common name that exists."""
    for name in (wanted,) if wanted is not None else usual:
        key = find(metrics, name)
        if key is not None:
            return metrics[key]
    return None


def take_sample_count(metrics: dict[str, float], weight_key: str) -> int:
    """How many examples the client worked on, taken out of its metrics; 0 where it does not say so."""
    given = [metrics.pop(key) for key in dict.fromkeys((weight_key, *SAMPLE_COUNT)) if key in metrics]
    return int(given[0]) if given and math.isfinite(given[0]) and given[0] >= 0 else 0


def client_name(node_id: int, names: ClientNames) -> str:
    """Return the user's name for this node, else its id as text, because node ids exceed 2^63."""
    named = names(node_id) if callable(names) else (names or {}).get(node_id)
    return str(named) if named else str(node_id)


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)
