"""MLflow's file store: `mlruns/<experiment>/<run>/` with `meta.yaml`, `metrics/`, `params/` and `tags/`."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

from ..stamp import to_moment
from . import ImportedFact, ImportedRun, LeftOut
from .mlflow_run import MlflowRun, Point, facts_of, id_of

_PARTS = ("metrics", "params", "tags")


def read_file_store(folder: Path, left_out: LeftOut) -> Iterator[ImportedRun]:
    """Every run under a store, an experiment, or the one run itself."""
    versions: list[str] = []
    logged: list[str] = []
    for run in sorted(_folders_of_runs(folder)):
        if ".trash" in run.parts:
            continue
        meta_path = run / "meta.yaml"
        if not meta_path.is_file():
            left_out.add(f"{run}: it looks like a run and has no meta.yaml")
            continue
        try:
            meta = read_meta(meta_path)
        except OSError as error:
            left_out.add(f"{meta_path}: {error}")
            continue
        if "current_stage" in meta or run.name.startswith("version-"):
            versions.append(f"{meta.get('name') or run.parent.name} {meta.get('version') or run.name}")
            continue
        if "model_id" in meta:
            if meta.get("lifecycle_stage") == "deleted":
                continue
            logged.append(meta.get("name") or meta["model_id"])
            continue
        found = _run_of(run, meta, left_out)
        if found is not None:
            yield ImportedRun(id_of(found.run_id), found.name, partial(_facts, run, found, left_out))
    left_out.models(folder, "registered model version", versions)
    left_out.models(folder, "logged model", logged)


def _folders_of_runs(folder: Path) -> set[Path]:
    """Folders that hold a run's parts or its description; experiments and registered models are neither."""
    with_meta = {path.parent for path in folder.rglob("meta.yaml")}
    # The tags of an experiment and of a registered model are folders as well.
    with_parts = {path.parent for name in ("metrics", "params") for path in folder.rglob(name) if path.is_dir()}
    with_parts = {path for path in with_parts if not any(part in _PARTS or part == "artifacts" for part in path.parts)}
    described = {path for path in with_meta if "artifacts" not in path.parts and not _is_above(path, with_meta)}
    # MLflow 3 describes the datasets and the models of a run below it.
    of_runs = {path for path in described if path.parent.name in ("inputs", "outputs")}
    return (described - of_runs) | with_parts


def _is_above(path: Path, others: set[Path]) -> bool:
    """An experiment or a registered model: identified by its metadata, and without the parts of a run."""
    text = read_meta(path / "meta.yaml")
    if text.get("run_id") or text.get("run_uuid"):
        return False
    if any((path / part).is_dir() for part in ("metrics", "params")):
        return False
    return bool(text.get("experiment_id") or text.get("name")) or any(other.parent == path for other in others)


def _run_of(run: Path, meta: dict[str, str], left_out: LeftOut) -> MlflowRun | None:
    run_id = meta.get("run_id") or meta.get("run_uuid")
    if not run_id:
        left_out.add(f"{run / 'meta.yaml'}: it does not name a run")
        return None
    if meta.get("lifecycle_stage") == "deleted":
        return None
    try:
        tags = dict(_files_in(run / "tags"))
        params = dict(_files_in(run / "params"))
    except OSError as error:
        left_out.add(f"{run}: {error}")
        return None
    return MlflowRun(
        run_id,
        meta.get("run_name") or tags.get("mlflow.runName") or run_id,
        _experiment_of(run, meta),
        meta.get("status", ""),
        _ms(meta.get("start_time")),
        _ms(meta.get("end_time")),
        params,
        tags,
    )


def _experiment_of(run: Path, meta: dict[str, str]) -> str:
    above = run.parent / "meta.yaml"
    name = read_meta(above).get("name") if above.is_file() else None
    return name or meta.get("experiment_id", "")


def _facts(folder: Path, run: MlflowRun, left_out: LeftOut) -> Iterator[ImportedFact]:
    yield from facts_of(run, _series_in(folder, left_out))


def _series_in(folder: Path, left_out: LeftOut) -> Iterator[tuple[str, list[Point]]]:
    for path in sorted((folder / "metrics").rglob("*")):
        if not path.is_file():
            continue
        points: list[Point] = []
        try:
            lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
        except OSError as error:
            left_out.add(f"{path}: {error}")
            continue
        for number, line in enumerate(lines):
            point = _point(line, number)
            if point is not None:
                points.append(point)
            elif line.strip():
                left_out.add(f"{path}: line {number + 1} is not a point")
        yield path.relative_to(folder / "metrics").as_posix(), points


def _point(line: str, number: int) -> Point | None:
    """`timestamp value step`; the oldest stores have no step."""
    words = line.split()
    try:
        at_ms, value = int(words[0]), float(words[1])
        to_moment(at_ms)
        return Point(at_ms, value, int(words[2]) if len(words) > 2 else number)
    except (IndexError, ValueError, OverflowError, OSError):
        return None


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
            yield path.relative_to(folder).as_posix(), path.read_text(encoding="utf-8", errors="replace").strip("\n")


def _ms(text: str | None) -> int:
    return int(text) if text and text.isdigit() else 0
