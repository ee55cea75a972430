"""Scalars of TensorBoard event files, in the old form (`simple_value`) and the new one (a tensor of one element)."""

from __future__ import annotations

import hashlib
import struct
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import NamedTuple

from ..stamp import to_moment
from ..storable import clip_id
from . import ImportedFact, ImportedRun
from .protobuf import Value, fields_of, signed, varints
from .tfrecord import Damaged, read_records


class Scalar(NamedTuple):
    tag: str
    step: int
    value: float
    wall_time: float


def read_tensorboard(folder: Path) -> Iterator[ImportedRun]:
    """A run for every folder that holds event files."""
    for inner in sorted({path.parent for path in folder.rglob("*tfevents*") if path.is_file()}):
        name = str(inner.relative_to(folder)) if inner != folder else folder.resolve().name
        files = sorted(inner.glob("*tfevents*"))
        # The same files are the same run, wherever and however often they are imported from.
        first = next((time for path in files for time in _wall_times(path)), 0.0)
        digest = hashlib.sha256(f"{name} {first!r}".encode()).hexdigest()[:8]
        run_id = clip_id(f"tensorboard-{name.replace('/', '-')}-{digest}", 128)
        yield ImportedRun(run_id, name, partial(_facts, files, name))


def _facts(files: list[Path], name: str) -> Iterator[ImportedFact]:
    started = last = None
    for path in files:
        for scalar in read_scalars(path):
            if started is None:
                started = _moment(scalar.wall_time)
                yield "run_started", started, {"name": name, "framework": "tensorboard", "tags": ["imported"]}
            last = max(last or 0.0, scalar.wall_time)
            if scalar.step >= 0:
                fields = {"name": scalar.tag, "value": scalar.value, "step": scalar.step}
                yield "metric", _moment(scalar.wall_time), fields
    if last is not None:
        yield "run_complete", _moment(last), {"status": "complete"}


def read_scalars(path: Path) -> Iterator[Scalar]:
    """Every scalar in one file, up to where it is damaged."""
    try:
        for record in read_records(path):
            yield from _scalars_in(record)
    except (Damaged, ValueError, struct.error) as damage:
        print(f"  {damage}; what follows in it is left out", file=sys.stderr)


def _wall_times(path: Path) -> Iterator[float]:
    try:
        for record in read_records(path):
            yield _double(dict(fields_of(record)).get(1, bytes(8)))
    except (Damaged, ValueError, struct.error):
        return  # Told when its scalars are read.


def _scalars_in(event: bytes) -> Iterator[Scalar]:
    wall_time, step = 0.0, 0
    summaries: list[bytes] = []
    for number, value in fields_of(event):
        if number == 1:
            wall_time = _double(value)
        elif number == 2 and isinstance(value, int):
            step = signed(value)
        elif number == 5 and isinstance(value, bytes):
            summaries.append(value)
    for summary in summaries:
        for number, value in fields_of(summary):
            if number == 1 and isinstance(value, bytes):
                found = _tag_and_number(value)
                if found is not None:
                    yield Scalar(found[0], step, found[1], wall_time)


def _tag_and_number(value: bytes) -> tuple[str, float] | None:
    tag, number = "", None
    for field, content in fields_of(value):
        if not isinstance(content, bytes):
            continue
        if field == 1:
            tag = content.decode("utf-8", "replace")
        elif field == 2 and len(content) == 4:
            number = float(struct.unpack("<f", content)[0])
        elif field == 8:
            number = _number_in_tensor(content)
    return None if number is None else (tag, number)


# TensorFlow's DataType: how one element is packed in `tensor_content`.
_PACKED = {1: "<f", 2: "<d", 3: "<i", 9: "<q", 19: "<e"}
# The fields of TensorProto that hold elements one by one.
_FLOATS, _DOUBLES, _INTS, _INT64S = 5, 6, 7, 10


def _number_in_tensor(tensor: bytes) -> float | None:
    """The only element of a numeric tensor."""
    kind, count = 0, 1
    content: bytes | None = None
    values: list[float] = []
    for field, value in fields_of(tensor):
        if field == 1 and isinstance(value, int):
            kind = value
        elif field == 2 and isinstance(value, bytes):
            count = _element_count(value)
        elif field == 4 and isinstance(value, bytes):
            content = value
        elif field in (_FLOATS, _DOUBLES) and isinstance(value, bytes):
            form = "f" if field == _FLOATS else "d"
            values += struct.unpack(f"<{len(value) // struct.calcsize(form)}{form}", value)
        elif field in (_INTS, _INT64S):
            values += [signed(number) for number in (varints(value) if isinstance(value, bytes) else [value])]
    if count != 1 or kind not in _PACKED:
        return None
    if content:
        return float(struct.unpack(_PACKED[kind], content)[0])
    return float(values[0]) if len(values) == 1 else None


def _element_count(shape: bytes) -> int:
    count = 1
    for field, dimension in fields_of(shape):
        if field == 2 and isinstance(dimension, bytes):
            sizes = [value for number, value in fields_of(dimension) if number == 1 and isinstance(value, int)]
            count *= sizes[0] if sizes else 0
    return count


def _double(value: Value) -> float:
    return float(struct.unpack("<d", value)[0]) if isinstance(value, bytes) else 0.0


def _moment(seconds: float) -> str:
    return to_moment(max(0, round(seconds * 1000)))
