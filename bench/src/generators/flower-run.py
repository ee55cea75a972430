"""The same Flower training with and without the adapter, in turn: prints the time and the CPU of a round as JSON.

Arguments: rounds of a run, runs of each kind, process id of the dashboard.
"""

from __future__ import annotations

import json
import logging
import os
import statistics
import sys
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[3]
sys.path[:0] = [str(ROOT / "reporters/python" / folder) for folder in ("src", "framework_tests")]
logging.getLogger("flwr").setLevel(logging.ERROR)

import numpy as np  # noqa: E402
import rondo.flower  # noqa: E402
from flwr.app import ArrayRecord, Context, Message, MetricRecord, RecordDict  # noqa: E402
from flwr.clientapp import ClientApp  # noqa: E402
from flwr.serverapp.strategy import FedAvg  # noqa: E402
from local_grid import LocalGrid  # noqa: E402

CLIENTS = 10
# A million parameters, 4 MB a message each way.
SHAPE = (1000, 1000)

app = ClientApp()


@app.train()
def train(message: Message, context: Context) -> Message:
    """A little real work on every parameter."""
    (weights,) = message.content.array_records["arrays"].to_numpy_ndarrays()
    x = np.random.default_rng(context.node_id).normal(size=(64, SHAPE[0])).astype(np.float32)
    for _ in range(3):
        weights = weights - 1e-4 * (x.T @ (x @ weights - 1)).astype(np.float32)
    metrics = MetricRecord({"train_loss": float(np.square(weights).mean()), "num-examples": 64})
    return Message(RecordDict({"arrays": ArrayRecord([weights]), "metrics": metrics}), reply_to=message)


Round = tuple[float, float, float]


def cpu_ms_of(process: int) -> float:
    """CPU that another process has used, in milliseconds; its clock has steps of ten."""
    fields = Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) * 1000 / os.sysconf("SC_CLK_TCK")


def one_run(dashboard: int, rounds: int, workers: int, watched: bool, **options: Any) -> list[Round]:
    """Milliseconds, those of CPU, and the dashboard's CPU, of each round but the first, which warms up."""
    grid: Any = LocalGrid(app, range(1, CLIENTS + 1), workers=workers)
    strategy = FedAvg(min_available_nodes=CLIENTS, fraction_evaluate=0.0)
    if watched:
        grid, strategy = rondo.flower.observe(grid, strategy, name="bench", **options)
    marks: list[Round] = []
    aggregate = strategy.aggregate_train

    def marked(*args: Any, **kwargs: Any) -> Any:
        result = aggregate(*args, **kwargs)
        marks.append((time.perf_counter() * 1000, time.process_time() * 1000, cpu_ms_of(dashboard)))
        return result

    strategy.aggregate_train = marked  # type: ignore[method-assign]
    strategy.start(grid=grid, initial_arrays=ArrayRecord([np.zeros(SHAPE, np.float32)]), num_rounds=rounds)
    # The dashboard's clock is too coarse for one round.
    dashboard_ms = (marks[-1][2] - marks[0][2]) / (len(marks) - 1)
    return [(b[0] - a[0], b[1] - a[1], dashboard_ms) for a, b in zip(marks, marks[1:])]


def main() -> None:
    rounds, repetitions, dashboard = (int(each) for each in sys.argv[1:4])
    kinds: dict[str, dict[str, Any]] = {
        "plain": {"watched": False},
        "watched": {"watched": True, "measure_updates": False},
        "measured": {"watched": True, "measure_updates": True},
    }
    # With one worker the adapter has a core of its own, with two it shares both.
    cores = {"own": 1, "shared": 2}
    found: dict[str, dict[str, list[Round]]] = {of: {name: [] for name in kinds} for of in cores}
    for _ in range(repetitions):
        for of, workers in cores.items():
            for name, options in kinds.items():
                found[of][name] += one_run(dashboard, rounds, workers, **options)
    figures = {
        of: {
            name: dict(zip(("ms", "cpu_ms", "dashboard_ms"), map(statistics.median, zip(*each))))
            for name, each in of_kind.items()
        }
        for of, of_kind in found.items()
    }
    print(json.dumps(figures))


main()
