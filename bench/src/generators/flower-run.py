"""The same Flower training with and without the adapter, alternately: prints the milliseconds of each round as JSON."""

from __future__ import annotations

import json
import logging
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


def one_run(rounds: int, watched: bool, **options: Any) -> float:
    grid: Any = LocalGrid(app, range(1, CLIENTS + 1), workers=2)
    strategy = FedAvg(min_available_nodes=CLIENTS, fraction_evaluate=0.0)
    if watched:
        grid, strategy = rondo.flower.observe(grid, strategy, name="bench", **options)
    marks: list[float] = []
    aggregate = strategy.aggregate_train

    def marked(*args: Any, **kwargs: Any) -> Any:
        result = aggregate(*args, **kwargs)
        marks.append(time.perf_counter())
        return result

    strategy.aggregate_train = marked  # type: ignore[method-assign]
    strategy.start(grid=grid, initial_arrays=ArrayRecord([np.zeros(SHAPE, np.float32)]), num_rounds=rounds)
    # The first round warms up.
    return statistics.median(b - a for a, b in zip(marks, marks[1:])) * 1000


def main() -> None:
    rounds, repetitions = int(sys.argv[1]), int(sys.argv[2])
    kinds: dict[str, dict[str, Any]] = {
        "plain": {"watched": False},
        "watched": {"watched": True, "measure_updates": False},
        "measured": {"watched": True, "measure_updates": True},
    }
    found: dict[str, list[float]] = {name: [] for name in kinds}
    for _ in range(repetitions):
        for name, options in kinds.items():
            found[name].append(one_run(rounds, **options))
    print(json.dumps({name: statistics.median(values) for name, values in found.items()}))


main()
