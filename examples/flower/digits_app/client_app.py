from __future__ import annotations

import time

from flwr.app import ArrayRecord, Context, Message, MetricRecord, RecordDict
from flwr.clientapp import ClientApp

from rondo.flower import client_mod

from .task import evaluate, load, train

app = ClientApp(mods=[client_mod])


def _my_data(context: Context):  # type: ignore[no-untyped-def]
    return load(int(context.node_config["partition-id"]), int(context.node_config["num-partitions"]))


@app.train()
def on_train(message: Message, context: Context) -> Message:
    x, y = _my_data(context)
    weights = message.content.array_records["arrays"].to_numpy_ndarrays()
    settings = context.run_config
    time.sleep(float(settings["client-seconds"]))  # As if there were more to do.
    weights, loss = train(weights, x, y, steps=int(settings["local-steps"]), rate=float(settings["learning-rate"]))
    metrics = MetricRecord({"train_loss": loss, "num-examples": len(y)})
    return Message(RecordDict({"arrays": ArrayRecord(weights), "metrics": metrics}), reply_to=message)


@app.evaluate()
def on_evaluate(message: Message, context: Context) -> Message:
    x, y = _my_data(context)
    loss, accuracy = evaluate(message.content.array_records["arrays"].to_numpy_ndarrays(), x, y)
    metrics = MetricRecord({"eval_loss": loss, "eval_acc": accuracy, "num-examples": len(y)})
    return Message(RecordDict({"metrics": metrics}), reply_to=message)
