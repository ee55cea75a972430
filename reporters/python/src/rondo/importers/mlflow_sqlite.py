"""MLflow's store in SQLite, its default since 3.7."""

from __future__ import annotations

import contextlib
import math
import sqlite3
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

from . import ImportedFact, ImportedRun, LeftOut
from .mlflow_run import MlflowRun, Point, facts_of, id_of

_MAGIC = b"SQLite format 3\0"
# SQL has no infinity: MLflow stores the largest double.
_LARGEST = 1.7976931348623157e308


def is_sqlite(path: Path) -> bool:
    try:
        with open(path, "rb") as file:
            return file.read(len(_MAGIC)) == _MAGIC
    except OSError:
        return False


def read_database(path: Path, left_out: LeftOut) -> Iterator[ImportedRun]:
    """Every run of the database that is not deleted; the database is opened for reading only."""
    try:
        with contextlib.closing(_open(path)) as database:
            if not {"runs", "metrics"} <= _tables(database):
                left_out.add(f"{path}: it has no tables of MLflow")
                return
            runs = list(_runs(database, path, left_out))
            _name_models(database, path, left_out)
    except sqlite3.Error as error:
        left_out.add(f"{path}: {error}")
        return
    for run in runs:
        yield ImportedRun(id_of(run.run_id), run.name, partial(_facts, path, run, left_out))


def _open(path: Path) -> sqlite3.Connection:
    database = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)
    # A text that is not UTF-8 costs its own characters only.
    database.text_factory = lambda raw: raw.decode("utf-8", "replace")
    return database


def _tables(database: sqlite3.Connection) -> set[str]:
    return {row[0] for row in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}


def _columns(database: sqlite3.Connection, table: str) -> set[str]:
    return {row[1] for row in database.execute(f"PRAGMA table_info({table})")}


def _runs(database: sqlite3.Connection, path: Path, left_out: LeftOut) -> Iterator[MlflowRun]:
    experiments = {}
    if "experiments" in _tables(database):
        experiments = dict(database.execute("SELECT CAST(experiment_id AS TEXT), name FROM experiments"))
    columns = "run_uuid, name, CAST(experiment_id AS TEXT), status, start_time, end_time, lifecycle_stage"
    for row in database.execute(f"SELECT {columns} FROM runs ORDER BY start_time, run_uuid").fetchall():
        run_id, name, experiment, status, start_ms, end_ms, stage = row
        if stage == "deleted":
            continue
        if not run_id:
            left_out.add(f"{path}: a run without an id")
            continue
        tags = _pairs(database, "tags", run_id)
        yield MlflowRun(
            str(run_id),
            str(name or tags.get("mlflow.runName") or run_id),
            str(experiments.get(experiment) or experiment or ""),
            str(status or ""),
            _ms(start_ms),
            _ms(end_ms),
            _pairs(database, "params", run_id),
            tags,
        )


def _pairs(database: sqlite3.Connection, table: str, run_id: str) -> dict[str, str]:
    rows = database.execute(f"SELECT key, value FROM {table} WHERE run_uuid = ? ORDER BY key", (run_id,))
    return {str(key): str(value) for key, value in rows if value is not None}


def _facts(path: Path, run: MlflowRun, left_out: LeftOut) -> Iterator[ImportedFact]:
    try:
        with contextlib.closing(_open(path)) as database:
            yield from facts_of(run, _series(database, path, run, left_out))
    except sqlite3.Error as error:
        left_out.add(f"{path}: run {run.name}: {error}")


def _series(
    database: sqlite3.Connection, path: Path, run: MlflowRun, left_out: LeftOut
) -> Iterator[tuple[str, list[Point]]]:
    columns = _columns(database, "metrics")
    step = "step" if "step" in columns else "0"
    is_nan = "is_nan" if "is_nan" in columns else "0"
    names = [
        row[0]
        for row in database.execute("SELECT DISTINCT key FROM metrics WHERE run_uuid = ? ORDER BY key", (run.run_id,))
    ]
    where = f"WHERE run_uuid = ? AND key = ? ORDER BY {step}, timestamp, rowid"
    query = f"SELECT timestamp, value, {step}, {is_nan} FROM metrics {where}"
    for name in names:
        points: list[Point] = []
        for at_ms, value, at_step, is_nan_value in database.execute(query, (run.run_id, name)):
            try:
                points.append(Point(_ms(at_ms), math.nan if is_nan_value else _number(value), int(at_step)))
            except (TypeError, ValueError):
                left_out.add(f"{path}: run {run.name}: {name} has a value that is not a number")
        yield str(name), points


def _number(value: Any) -> float:
    number = float(value)
    return math.copysign(math.inf, number) if abs(number) >= _LARGEST else number


def _name_models(database: sqlite3.Connection, path: Path, left_out: LeftOut) -> None:
    """Name registered model versions, and the logged models of MLflow 3, which are not runs."""
    tables = _tables(database)
    if "model_versions" in tables:
        rows = database.execute("SELECT name, version FROM model_versions ORDER BY name, version")
        left_out.models(path, "registered model version", [f"{name} {version}" for name, version in rows])
    if "logged_models" in tables:
        columns = "name, model_id" if "name" in _columns(database, "logged_models") else "NULL, model_id"
        kept = "lifecycle_stage <> 'deleted'" if "lifecycle_stage" in _columns(database, "logged_models") else "1"
        rows = database.execute(f"SELECT {columns} FROM logged_models WHERE {kept} ORDER BY 1, 2")
        left_out.models(path, "logged model", [str(name or model_id) for name, model_id in rows])


def _ms(value: Any) -> int:
    return value if isinstance(value, int) and 0 <= value < 253_402_300_800_000 else 0
