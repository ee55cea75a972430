"""Rows that are read page by page, and become lists, pandas frames or Arrow tables."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from importlib import import_module
from typing import Any

Row = dict[str, Any]

#: Numbers that JSON cannot hold, as the wire writes them. [W2]
_SPECIAL = {"NaN": float("nan"), "Infinity": float("inf"), "-Infinity": float("-inf")}

#: Fields with a measured number; text in any other field stays text.
_MEASURED = frozenset(
    {
        "cosine_to_mean",
        "cosine_to_previous",
        "delta",
        "epsilon",
        "global_accuracy",
        "global_loss",
        "train_loss",
        "update_norm",
        "value",
    }
)


def decode(item: Mapping[str, Any]) -> Row:
    """Return a row with NaN and infinities as floats."""
    row: Row = {}
    for name, value in item.items():
        if name == "metrics" and isinstance(value, Mapping):
            row[name] = {key: number(each) for key, each in value.items()}
        else:
            row[name] = number(value) if name in _MEASURED else value
    return row


def number(value: Any) -> Any:
    """Return the float for "NaN", "Infinity" and "-Infinity", and any other value unchanged."""
    return _SPECIAL.get(value, value) if isinstance(value, str) else value


class Rows(Iterable[Row]):
    """Rows of one kind. Iterating reads page by page, so that a long list never is in memory whole."""

    def __init__(self, source: Callable[[], Iterator[Row]]) -> None:
        self._source = source

    def __iter__(self) -> Iterator[Row]:
        return self._source()

    def to_list(self) -> list[Row]:
        """Return all rows."""
        return list(self)

    def to_pandas(self) -> Any:
        """Return a pandas DataFrame; nested maps become columns such as `metrics.f1`. Needs pandas."""
        pandas: Any = import_module("pandas")

        return pandas.DataFrame([flatten(row) for row in self])

    def to_arrow(self) -> Any:
        """Return a pyarrow Table with the columns of `to_pandas`. Needs pyarrow."""
        pyarrow: Any = import_module("pyarrow")

        rows = [flatten(row) for row in self]
        names = list(dict.fromkeys(name for row in rows for name in row))
        return pyarrow.table({name: pyarrow.array([row.get(name) for row in rows]) for name in names})


def flatten(row: Mapping[str, Any]) -> Row:
    """Return the row with nested maps as columns: `{"metrics": {"f1": 1}}` is `{"metrics.f1": 1}`."""
    flat: Row = {}
    for name, value in row.items():
        if isinstance(value, Mapping):
            flat.update({f"{name}.{key}": each for key, each in flatten(value).items()})
        else:
            flat[name] = value
    return flat
