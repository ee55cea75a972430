"""Converts any value of a training to numbers. Nothing in this module raises. [R29]"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice
from typing import Any, NamedTuple

from . import limits
from .plain import to_scalar
from .storable import clip_id

#: A list over this bound keeps its last values.
MAX_POINTS = 10_000
_DEPTH = 8
# JSON has no other form for them, so programs may already have written them so. [W2]
_WIRE_WORDS = frozenset({"NaN", "Infinity", "-Infinity"})
_MAX_NAMES = 4 * limits.ENTRIES


class Number(NamedTuple):
    """A value as a number, or the reason why it is not one."""

    value: float | None
    problem: str | None = None


class Values(NamedTuple):
    """The values in a record of metrics."""

    #: The last value of each metric.
    numbers: dict[str, float]
    #: All values of the metrics that were given as a list, oldest first.
    points: dict[str, list[float]]
    #: The reason for each metric, or part of one, that was left out.
    problems: dict[str, str]


def to_number(value: Any) -> Number:
    """Return a Python number: also for NumPy, PyTorch, Decimal, Fraction, bool and arrays with one element."""
    try:
        return _to_number(value)
    except Exception as error:
        return Number(None, f"cannot be read as a number: {_name_of(error)}")


def read_values(record: Any) -> Values:
    """Read a record: nested maps become `a/b`, and a list becomes points whose last one is the value."""
    found = Values({}, {}, {})
    try:
        if isinstance(record, Mapping):
            _read_map(record, "", _DEPTH, found)
        elif record is not None:
            found.problems["metrics"] = f"are not a map but {_kind_of(record)}"
    except Exception as error:
        found.problems["metrics"] = f"cannot be read: {_name_of(error)}"
    return found


def find(values: Mapping[str, Any], name: str) -> str | None:
    """Return the key that has this name: as it is written, else regardless of case and of `-` against `_`."""
    if name in values:
        return name
    wanted = _folded(name)
    return next((key for key in values if _folded(key) == wanted), None)


def _folded(name: str) -> str:
    return name.casefold().replace("-", "_")


def _to_number(value: Any) -> Number:
    kind = type(value)
    if kind is float or kind is int or kind is bool:
        return Number(_bounded(value))
    if kind is str and value in _WIRE_WORDS:
        return Number(float(value))
    if value is None or isinstance(value, (str, bytes, bytearray, Mapping)):
        return Number(None, f"is not a number but {_kind_of(value)}")
    # Not `float()` first: NumPy takes it for arrays of one element only with a warning.
    scalar = to_scalar(value)
    if isinstance(scalar, (str, bytes, complex)) or scalar is None:
        return Number(None, f"is not a number but {_kind_of(scalar)}")
    if isinstance(scalar, (int, float)):
        return Number(_bounded(scalar))
    if getattr(scalar, "shape", ()):
        return Number(None, f"is not a number but {_kind_of(scalar)}")
    if not hasattr(scalar, "__float__") and not hasattr(scalar, "__index__"):
        return Number(None, f"is not a number but {_kind_of(value)}")
    return Number(_bounded(float(scalar)))


def _bounded(value: float) -> float:
    """A number that JSON and JavaScript can hold."""
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, int):
        if abs(value) <= limits.COUNT:
            return int(value)
        try:
            return float(value)
        except OverflowError:
            return float("inf") if value > 0 else float("-inf")
    return float(value)


def _read_map(record: Mapping[Any, Any], prefix: str, depth: int, found: Values) -> None:
    for key, value in islice(record.items(), _MAX_NAMES):
        name = _joined(prefix, key)
        if len(found.numbers) + len(found.problems) >= _MAX_NAMES:
            found.problems["metrics"] = f"are more than {_MAX_NAMES}; the rest is left out"
            return
        try:
            _read_one(name, value, depth, found)
        except Exception as error:
            found.problems[name] = f"cannot be read: {_name_of(error)}"


def _read_one(name: str, value: Any, depth: int, found: Values) -> None:
    if name == "__proto__":
        found.problems[name] = "has a name that no map of JSON may have"
        return
    if isinstance(value, Mapping):
        if depth <= 1:
            found.problems[name] = f"is nested more than {_DEPTH} levels deep"
        else:
            _read_map(value, name, depth - 1, found)
        return
    items = _items_of(value)
    if items is None:
        number = to_number(value)
        if number.value is None:
            found.problems[name] = number.problem or "is not a number"
        else:
            found.numbers[name] = number.value
        return
    _read_list(name, items, found)


def _read_list(name: str, items: Any, found: Values) -> None:
    count = len(items)
    if count == 0:
        found.problems[name] = "is an empty list"
        return
    if count > MAX_POINTS:
        found.problems[name] = f"has {count} values; the last {MAX_POINTS} are kept"
    read = [to_number(item) for item in items[-MAX_POINTS:]]
    points = [number.value for number in read if number.value is not None]
    if len(points) < len(read):
        first = next(number.problem for number in read if number.value is None)
        found.problems[name] = f"has {len(read) - len(points)} of {len(read)} values left out: the first one {first}"
    if points:
        found.points[name] = points
        found.numbers[name] = points[-1]


def _items_of(value: Any) -> Any:
    """The elements of a list or of a one-dimensional array; `None` for a scalar."""
    if isinstance(value, (list, tuple)):
        return value
    shape = getattr(value, "shape", None)
    # An array of one element is a number, whatever its shape.
    if shape is None or len(shape) != 1 or shape[0] == 1:
        return None
    return value[-MAX_POINTS:].tolist() if len(value) <= MAX_POINTS else _Tail(len(value), value)


class _Tail:
    """The length of a long array, of which only the end is copied."""

    def __init__(self, length: int, values: Any) -> None:
        self._length = length
        self._values = values

    def __len__(self) -> int:
        return self._length

    def __getitem__(self, part: slice) -> Any:
        return self._values[part].tolist()


def _joined(prefix: str, key: Any) -> str:
    try:
        name = key if type(key) is str else str(key)
    except Exception:
        name = f"({type(key).__name__})"
    return clip_id(f"{prefix}/{name}" if prefix else name, limits.NAME)


def _kind_of(value: Any) -> str:
    if value is None:
        return "None"
    if isinstance(value, str):
        return "a text"
    shape = getattr(value, "shape", None)
    kind = type(value).__name__
    return f"{kind} of shape {tuple(shape)}" if shape else kind


def _name_of(error: Exception) -> str:
    try:
        return f"{type(error).__name__}: {error}"[:200]
    except Exception:
        return type(error).__name__
