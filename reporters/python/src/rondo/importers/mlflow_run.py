"""Converts a run from either of MLflow's stores to facts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from ..stamp import to_moment
from ..storable import clip_id
from . import ImportedFact

# MLflow's RunStatus, as a number in older stores and as a word in newer ones.
_STATUSES = {"3": "complete", "4": "failed", "5": "stopped", "FINISHED": "complete", "FAILED": "failed"}
_STATUSES |= {"KILLED": "stopped"}
_OWN_TAGS = "mlflow."


class Point(NamedTuple):
    at_ms: int
    value: float
    step: int


@dataclass
class MlflowRun:
    """A run without its metrics."""

    run_id: str
    name: str
    experiment: str = ""
    status: str = ""
    start_ms: int = 0
    end_ms: int = 0
    params: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)


def id_of(run_id: str) -> str:
    """Name a run by MLflow's own id: wherever it is imported from, it is the same run."""
    return clip_id(f"mlflow-{run_id}", 128)


def facts_of(run: MlflowRun, series: Iterable[tuple[str, list[Point]]]) -> Iterator[ImportedFact]:
    started = to_moment(run.start_ms)
    yield "run_started", started, _start(run)
    last_ms = run.start_ms
    for name, points in series:
        for point in _in_order(points):
            last_ms = max(last_ms, point.at_ms)
            yield "metric", to_moment(point.at_ms), {"name": name, "value": point.value, "step": point.step}
    status = _STATUSES.get(run.status)
    if status is not None:
        yield "run_complete", to_moment(run.end_ms or last_ms), {"status": status}


def _start(run: MlflowRun) -> dict[str, Any]:
    own = {key: value for key, value in run.tags.items() if not key.startswith(_OWN_TAGS)}
    parent = run.tags.get("mlflow.parentRunId")
    about: dict[str, Any] = {}
    tags = ["imported"]
    if run.experiment:
        about["experiment"] = run.experiment
        tags.append(f"experiment:{run.experiment}")
    if parent:
        about["parent_run_id"] = id_of(parent)
        tags.append(f"parent:{id_of(parent)}")
    note = run.tags.get("mlflow.note.content")
    if note:
        about["note"] = note
    if own:
        about["tags"] = own
        tags.extend(f"{key}:{value}" for key, value in own.items())
    key = "mlflow" if "mlflow" not in run.params else "mlflow (run)"
    config = {**run.params, **({key: about} if about else {})}
    return {"name": run.name, "framework": "mlflow", "config": config, "tags": tags}


def _in_order(points: list[Point]) -> list[Point]:
    """Number the points that were logged without a step: MLflow stores the step 0 for all of them."""
    if len(points) < 2 or len({point.step for point in points}) > 1:
        return points
    ordered = sorted(points, key=lambda point: point.at_ms)
    return [point._replace(step=step) for step, point in enumerate(ordered)]
