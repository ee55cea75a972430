"""Runs of an MLflow file store: `mlruns/<experiment>/<run>/` with `meta.yaml`, `metrics/`, `params/` and `tags/`."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

from ..stamp import to_moment
from ..storable import clip_id
from . import ImportedFact, ImportedRun

# MLflow's RunStatus, as a number in older stores and as a word in newer ones.
_STATUSES = {"3": "complete", "4": "failed", "5": "stopped", "FINISHED": "complete", "FAILED": "failed"}
_STATUSES |= {"KILLED": "stopped"}


def read_mlflow(folder: Path) -> Iterator[ImportedRun]:
    """Every run under a store, an experiment, or the one run itself; deleted ones are left out."""
    for meta_path in sorted(folder.rglob("meta.yaml")):
        run = meta_path.parent
        if ".trash" in run.parts:
            continue
        meta = read_meta(meta_path)
        run_id = meta.get("run_id") or meta.get("run_uuid")
        if not run_id or meta.get("lifecycle_stage") == "deleted":
            continue
        name = meta.get("run_name") or _text_in(run / "tags" / "mlflow.runName") or run_id
        yield ImportedRun(clip_id(f"mlflow-{run_id}", 128), name, partial(_facts, run, meta, name))


def _facts(run: Path, meta: dict[str, str], name: str) -> Iterator[ImportedFact]:
    started = _moment(meta.get("start_time"))
    config = dict(_files_in(run / "params"))
    fields = {"name": name, "framework": "mlflow", "config": config, "tags": ["imported"]}
    yield "run_started", started, fields
    for metric, text in _files_in(run / "metrics"):
        for number, line in enumerate(text.splitlines()):
            point = _point(metric, line, number)
            if point is not None:
                yield point
    status = _STATUSES.get(meta.get("status", ""))
    if status is not None:
        yield "run_complete", _moment(meta.get("end_time")) or started, {"status": status}


def _point(metric: str, line: str, number: int) -> ImportedFact | None:
    """`timestamp value step`; the oldest stores have no step."""
    words = line.split()
    try:
        at, value = to_moment(int(words[0])), float(words[1])
        step = int(words[2]) if len(words) > 2 else number
    except (IndexError, ValueError):
        return None
    return "metric", at, {"name": metric, "value": value, "step": step}


def read_meta(path: Path) -> dict[str, str]:
    """The flat YAML that MLflow writes: `key: value`, quoted where it has to be."""
    entries: dict[str, str] = {}
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
        key, colon, value = line.partition(":")
        if colon and key.isidentifier():
            entries[key] = _unquoted(value.strip())
    return entries


def _unquoted(value: str) -> str:
    if len(value) >= 2 and value[0] == value[-1] and value[0] in "'\"":
        inner = value[1:-1]
        return inner.replace("''", "'") if value[0] == "'" else inner.replace('\\"', '"')
    return "" if value in ("null", "~") else value


def _files_in(folder: Path) -> Iterator[tuple[str, str]]:
    """Names, which may have `/` in them, and contents."""
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            yield path.relative_to(folder).as_posix(), path.read_text(encoding="utf-8", errors="replace")


def _text_in(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace").strip() if path.is_file() else ""


def _moment(ms: str | None) -> str:
    return to_moment(int(ms)) if ms and ms.isdigit() else ""
