"""CSV: one point a row (`run,step,name,value`), or one step a row with a column for each metric."""

from __future__ import annotations

import csv
import hashlib
import re
from array import array
from collections.abc import Iterator
from datetime import datetime, timezone
from functools import partial
from pathlib import Path
from typing import NamedTuple

from ..stamp import to_moment
from ..storable import clip_id
from . import ImportedFact, ImportedRun, LeftOut

_STEPS = ("step", "_step", "global_step", "epoch", "iteration")
_TIMES = ("time", "timestamp", "at", "_timestamp", "wall_time")
_MAX_RUNS = 10_000


class _Form(NamedTuple):
    """Which column is which; `None` where there is none."""

    columns: list[str]
    delimiter: str
    run: str | None
    step: str | None
    round: str | None
    client: str | None
    time: str | None
    #: Both, in a file with one point a row.
    name: str | None
    value: str | None

    @property
    def metrics(self) -> list[str]:
        places = {self.run, self.step, self.round, self.client, self.time}
        return [column for column in self.columns if column and column not in places]


def read_csv(path: Path, left_out: LeftOut) -> Iterator[ImportedRun]:
    """Every run of a file, or of the files in a folder; without a column `run`, a file is a run."""
    files = [path] if path.is_file() else sorted(file for file in path.rglob("*.csv") if file.is_file())
    for file in files:
        name = file.stem if file == path else file.relative_to(path).with_suffix("").as_posix()
        try:
            with file.open("rb") as opened:
                form = _form_of(next(_lines(opened.readline()), ""))
            if form is None:
                left_out.add(f"{file}: its first line has neither `name` and `value`, nor a step and metrics")
                continue
            found = _runs_in(file, form, name, left_out)
        except (OSError, csv.Error) as error:
            left_out.add(f"{file}: {error}")
            continue
        for run, rows in found.items():
            # A growing file stays the same run, even after it moved.
            digest = hashlib.sha256(repr((run.rsplit("/", 1)[-1], form.columns, rows.first)).encode()).hexdigest()[:8]
            slug = re.sub(r"[^A-Za-z0-9._-]+", "-", run).strip("-") or "run"
            run_id = clip_id(f"csv-{slug.rsplit('/', 1)[-1][:64]}-{digest}", 128)
            yield ImportedRun(run_id, run, partial(_facts, file, form, run, rows, left_out))


class _Rows:
    """Where the rows of one run are in the file: rows that follow one another are one span."""

    def __init__(self, first: dict[str, str]) -> None:
        self.first = first
        #: Three numbers for each span: its first byte, the byte after it, and how many lines are before it.
        self.spans = array("Q")

    def add(self, start: int, end: int, lines_before: int) -> None:
        if self.spans and self.spans[-2] == start:
            self.spans[-2] = end
        else:
            self.spans.extend((start, end, lines_before))


def _lines(content: bytes) -> Iterator[str]:
    """The lines of some bytes, whatever ends them; the mark at the beginning of a file is no part of its first line."""
    for line in content.splitlines(keepends=True):
        yield line.decode("utf-8", errors="replace").removeprefix("\ufeff")


class _Lines:
    """The lines of a file, and how many bytes of it were read."""

    def __init__(self, path: Path) -> None:
        self.position = 0
        self._path = path

    def __iter__(self) -> Iterator[str]:
        with self._path.open("rb") as opened:
            for raw in opened:
                for line in raw.splitlines(keepends=True):
                    self.position += len(line)
                    yield line.decode("utf-8", errors="replace").removeprefix("\ufeff")


def _form_of(header: str) -> _Form | None:
    delimiter = max(",;\t", key=header.count)
    columns = [column.strip() for column in next(csv.reader([header], delimiter=delimiter), [])]
    known = {column.lower(): column for column in reversed(columns)}

    def find(*names: str) -> str | None:
        return next((known[name] for name in names if name in known), None)

    form = _Form(
        columns,
        delimiter,
        find("run", "run_name", "run_id"),
        find(*_STEPS),
        find("round"),
        find("client_id", "client"),
        find(*_TIMES),
        find("name", "metric", "key"),
        find("value"),
    )
    if form.name is None or form.value is None:
        form = form._replace(name=None, value=None)
        if (form.step is None and form.round is None) or not form.metrics:
            return None
    return form


def _cells(form: _Form, cells: list[str]) -> dict[str, str] | None:
    """The cells of a row by column: none of an empty row, `None` if it is too short or too long."""
    if not any(cell.strip() for cell in cells) and len(cells) in (0, len(form.columns)):
        return {}
    if len(cells) != len(form.columns):
        return None
    return {column: cell.strip() for column, cell in zip(form.columns, cells, strict=True)}


def _run_in(form: _Form, row: dict[str, str], name: str) -> str:
    return (row.get(form.run) if form.run else None) or name


def _runs_in(path: Path, form: _Form, name: str, left_out: LeftOut) -> dict[str, _Rows]:
    """The runs of a file, in one pass over it."""
    found: dict[str, _Rows] = {}
    lines = _Lines(path)
    reader = csv.reader(lines, delimiter=form.delimiter)
    next(reader, None)
    is_too_many = False
    while True:
        start, lines_before = lines.position, reader.line_num
        try:
            row = _cells(form, next(reader))
        except StopIteration:
            break
        except csv.Error:
            row = None
        if row is None:
            left_out.add(f"{path}: line {reader.line_num} does not have {len(form.columns)} cells")
        elif row:
            run = _run_in(form, row, name)
            if run not in found and len(found) >= _MAX_RUNS:
                is_too_many = True
                continue
            found.setdefault(run, _Rows(row)).add(start, lines.position, lines_before)
    if is_too_many:
        left_out.add(f"{path}: the runs after the first {_MAX_RUNS}")
    return found or {name: _Rows({})}


def _rows_of(path: Path, form: _Form, rows: _Rows) -> Iterator[tuple[int, dict[str, str]]]:
    """The line number and the cells of each row of a run."""
    with path.open("rb") as opened:
        for at in range(0, len(rows.spans), 3):
            start, end, lines_before = rows.spans[at : at + 3]
            opened.seek(start)
            reader = csv.reader(_lines(opened.read(end - start)), delimiter=form.delimiter)
            for cells in reader:
                row = _cells(form, cells)
                if row:
                    yield lines_before + reader.line_num, row


def _facts(path: Path, form: _Form, run: str, rows: _Rows, left_out: LeftOut) -> Iterator[ImportedFact]:
    written = to_moment(max(0, int(path.stat().st_mtime * 1000)))
    points = _Points(path, form, written, left_out)
    first = last = None
    for number, row in _rows_of(path, form, rows):
        for fact in points.of(number, row):
            if first is None:
                first = fact[1]
                yield "run_started", first, {"name": run, "framework": "csv", "tags": ["imported"]}
            last = max(last or fact[1], fact[1])
            yield fact
    points.name_texts()
    if first is None:
        left_out.add(f"{path}: run {run} has no points")
        return
    yield "run_complete", last or first, {"status": "complete"}


class _Points:
    """Makes points of rows, and names what is not one."""

    def __init__(self, path: Path, form: _Form, written: str, left_out: LeftOut) -> None:
        self._path = path
        self._form = form
        self._written = written
        self._left_out = left_out
        self._texts: dict[str, tuple[int, int]] = {}
        self._next_steps: dict[tuple[str, str], int] = {}

    def of(self, number: int, row: dict[str, str]) -> Iterator[ImportedFact]:
        form = self._form
        at = self._written
        if form.time is not None and row[form.time]:
            at = _moment(row[form.time]) or at
        step, round = self._whole(number, row, form.step), self._whole(number, row, form.round)
        if (form.step and step is None and row[form.step]) or (form.round and round is None and row[form.round]):
            return
        client = row[form.client] or None if form.client else None
        named = [(row[form.name], row[form.value])] if form.name and form.value else [(c, row[c]) for c in form.metrics]
        for name, text in named:
            if text == "":
                continue
            value = _number(text)
            if value is None or not name:
                first, count = self._texts.get(name, (number, 0))
                self._texts[name] = (first, count + 1)
                continue
            at_step = step
            if step is None and round is None:
                key = (name, client or "")
                at_step = self._next_steps.get(key, 0)
                self._next_steps[key] = at_step + 1
            fields = {"name": name, "value": value, "step": at_step, "round": round, "client_id": client}
            yield "metric", at, {key: item for key, item in fields.items() if item is not None}

    def name_texts(self) -> None:
        for name, (line, count) in self._texts.items():
            what = f"{self._path}: {count} values of {name or '(no name)'} are not numbers, the first in line {line}"
            self._left_out.add(what, count)

    def _whole(self, number: int, row: dict[str, str], column: str | None) -> int | None:
        if column is None or not row[column]:
            return None
        value = _number(row[column])
        if value is not None and 0 <= value < 2**53 and value == int(value):
            return int(value)
        self._left_out.add(
            f"{self._path}: line {number}: {column} is {row[column][:50]!r}, not a whole number from 0 on"
        )
        return None


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _moment(text: str) -> str | None:
    """A moment in ISO 8601 (UTC if it names no offset), or in seconds or milliseconds since 1970."""
    number = _number(text)
    try:
        if number is not None:
            return to_moment(round(number if number > 1e11 else number * 1000)) if number >= 0 else None
        given = datetime.fromisoformat(text.replace("Z", "+00:00"))
        aware = given if given.tzinfo else given.replace(tzinfo=timezone.utc)
        return to_moment(max(0, round(aware.timestamp() * 1000)))
    except (ValueError, OverflowError, OSError):
        return None
