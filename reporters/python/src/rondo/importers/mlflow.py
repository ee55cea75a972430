"""Runs of an MLflow store: a database of SQLite, or files as `mlruns/<experiment>/<run>/meta.yaml`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from . import ImportedRun, LeftOut
from .mlflow_files import read_file_store
from .mlflow_sqlite import is_sqlite, read_database


def read_mlflow(path: Path, left_out: LeftOut) -> Iterator[ImportedRun]:
    """Every run of a database, or of the databases and the file store in a folder, but the deleted ones."""
    seen: set[str] = set()
    for run in _runs_in(path, left_out):
        # A store that was migrated to a database has each run twice.
        if run.run_id not in seen:
            seen.add(run.run_id)
            yield run


def _runs_in(path: Path, left_out: LeftOut) -> Iterator[ImportedRun]:
    if path.is_file():
        if is_sqlite(path):
            yield from read_database(path, left_out)
        else:
            left_out.add(f"{path} is not a database of SQLite")
        return
    for database in sorted([*path.glob("*.db"), *path.glob("*.sqlite*")]):
        if is_sqlite(database):
            yield from read_database(database, left_out)
    yield from read_file_store(path, left_out)
