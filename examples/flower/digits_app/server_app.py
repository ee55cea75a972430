from __future__ import annotations

from flwr.app import ArrayRecord, Context, MetricRecord
from flwr.serverapp import Grid, ServerApp
from flwr.serverapp.strategy import FedAvg

import rondo.flower

from .task import evaluate, initial_weights, load_held_out

app = ServerApp()


@app.main()
def main(grid: Grid, context: Context) -> None:
    strategy = FedAvg(min_available_nodes=int(context.run_config["clients"]))
    name = str(context.run_config["run-name"])
    grid, strategy = rondo.flower.observe(grid, strategy, context, name=name, names_from_clients=True, checkpoint_every=1)

    x, y = load_held_out()

    def evaluate_globally(server_round: int, arrays: ArrayRecord) -> MetricRecord:
        loss, accuracy = evaluate(arrays.to_numpy_ndarrays(), x, y)
        return MetricRecord({"loss": loss, "accuracy": accuracy})

    strategy.start(
        grid=grid,
        initial_arrays=ArrayRecord(initial_weights()),
        num_rounds=int(context.run_config["num-server-rounds"]),
        timeout=60,
        evaluate_fn=evaluate_globally,
    )
