"""Scalars of TensorBoard event files, in the old form (`simple_value`) and the new one (a tensor of one element)."""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from ..stamp import to_moment
from ..storable import clip_id
from . import ImportedFact, ImportedRun, LeftOut
from .hparams import hparams_in
from .protobuf import Value, fields_of, signed, varints
from .tfrecord import read_records

# SessionLog.SessionStatus: a writer was opened, with `purge_step` when a run is resumed.
_SESSION_START = 1


class Scalar(NamedTuple):
    tag: str
    step: int
    value: float
    wall_time: float


class _Files(NamedTuple):
    """The event files of one run, and the findings of a first reading."""

    paths: list[Path]
    started: float
    hparams: dict[str, Any]
    #: Where a resumed run begins, as file and place in it, and its step: what is before, from that step on, is void.
    restarts: list[tuple[tuple[int, int], int]]


def read_tensorboard(folder: Path, left_out: LeftOut) -> Iterator[ImportedRun]:
    """A run for every folder that holds event files."""
    by_folder: dict[Path, list[Path]] = {}
    for path in sorted(folder.rglob("*tfevents*")):
        if path.is_file():
            by_folder.setdefault(path.parent, []).append(path)
    for inner in sorted(by_folder):
        if _is_hparams_of(inner, by_folder):
            continue  # They belong to the run in the folder above.
        paths = by_folder[inner] + [
            path
            for other in by_folder
            if other.parent == inner and _is_hparams_of(other, by_folder)
            for path in by_folder[other]
        ]
        name = inner.relative_to(folder).as_posix() if inner != folder else folder.resolve().name
        try:
            files = _look_into(paths)
        except OSError as error:
            left_out.add(f"run {name}: {error}")
            continue
        leaf = inner.resolve().name
        # The same files are the same run, from whatever folder they are imported; a resumed run adds files to it.
        digest = hashlib.sha256(f"{leaf} {files.paths[0].name} {files.started!r}".encode()).hexdigest()[:8]
        yield ImportedRun(clip_id(f"tensorboard-{leaf}-{digest}", 128), name, partial(_facts, files, name, left_out))


def _is_hparams_of(inner: Path, by_folder: Mapping[Path, list[Path]]) -> bool:
    """PyTorch writes the hyper-parameters of a run into a folder inside it, named by the time in seconds."""
    try:
        return inner.parent in by_folder and float(inner.name) > 1e9
    except ValueError:
        return False


def _look_into(paths: list[Path]) -> _Files:
    """Read the files once for everything that the first fact needs; the second reading reports damage."""
    begins = {path: next(_wall_times(path), 0.0) for path in paths}
    ordered = sorted(paths, key=lambda path: (begins[path], path.name))
    files = _Files(ordered, min(begins.values()), {}, [])
    for index, path in enumerate(ordered):
        for place, record in read_records(path, lambda place: None, is_checked=False):
            try:
                _note(record, (index, place), files)
            except (ValueError, struct.error):
                continue
    return files


def _note(record: bytes, place: tuple[int, int], files: _Files) -> None:
    step, starts = 0, False
    for number, value in fields_of(record):
        if number == 2 and isinstance(value, int):
            step = signed(value)
        elif number == 7 and isinstance(value, bytes):
            starts = dict(fields_of(value)).get(1) == _SESSION_START
        elif number == 5 and isinstance(value, bytes):
            for field, content in fields_of(value):
                if field == 1 and isinstance(content, bytes):
                    files.hparams.update(hparams_in(content))
    if starts:
        files.restarts.append((place, step))


def _facts(files: _Files, name: str, left_out: LeftOut) -> Iterator[ImportedFact]:
    fields = {"name": name, "framework": "tensorboard", "config": files.hparams, "tags": ["imported"]}
    yield "run_started", _moment(files.started), fields
    last = files.started
    for index, path in enumerate(files.paths):
        for place, scalar in _placed_scalars(path, left_out):
            last = max(last, scalar.wall_time)
            if scalar.step < 0:
                left_out.add(f"{path}: {scalar.tag} at the negative step {scalar.step}")
            elif not any((index, place) < restart and scalar.step >= step for restart, step in files.restarts):
                point = {"name": scalar.tag, "value": scalar.value, "step": scalar.step}
                yield "metric", _moment(scalar.wall_time), point
    yield "run_complete", _moment(last), {"status": "complete"}


def read_scalars(path: Path, left_out: LeftOut) -> Iterator[Scalar]:
    """Every scalar in the whole records of one file; a damaged record is named and skipped."""
    for _, scalar in _placed_scalars(path, left_out):
        yield scalar


def _placed_scalars(path: Path, left_out: LeftOut) -> Iterator[tuple[int, Scalar]]:
    def on_damage(place: int) -> None:
        left_out.add(f"{path}: the record at byte {place} is damaged")

    try:
        for place, record in read_records(path, on_damage):
            try:
                scalars = list(_scalars_in(record))
            except (ValueError, struct.error):
                on_damage(place)
                continue
            for scalar in scalars:
                yield place, scalar
    except OSError as error:
        left_out.add(f"{path}: {error}")


def _wall_times(path: Path) -> Iterator[float]:
    for _, record in read_records(path, lambda place: None):
        try:
            yield _double(dict(fields_of(record)).get(1, bytes(8)))
        except (ValueError, struct.error):
            continue


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
