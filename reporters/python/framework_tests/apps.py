"""The same training as a ClientApp of either API."""

from __future__ import annotations

from typing import Any

from digits import evaluate, initial, train
from flwr.app import ArrayRecord, ConfigRecord, Context, Message, MetricRecord, RecordDict
from flwr.client import NumPyClient
from flwr.clientapp import ClientApp


def message_app(mods: list[Any] | None = None) -> ClientApp:
    app = ClientApp(mods=mods or [])

    @app.train()
    def on_train(message: Message, context: Context) -> Message:
        weights = message.content.array_records["arrays"].to_numpy_ndarrays()
        arrays, samples, loss = train(weights, int(context.node_config["partition-id"]))
        metrics = MetricRecord({"train_loss": loss, "num-examples": samples})
        content = RecordDict({"arrays": ArrayRecord(arrays), "metrics": metrics})
        return Message(content=content, reply_to=message)

    @app.evaluate()
    def on_evaluate(message: Message, context: Context) -> Message:
        weights = message.content.array_records["arrays"].to_numpy_ndarrays()
        loss, accuracy = evaluate(weights, int(context.node_config["partition-id"]))
        metrics = MetricRecord({"eval_loss": loss, "eval_acc": accuracy, "num-examples": 10})
        return Message(content=RecordDict({"metrics": metrics}), reply_to=message)

    return app


class LegacyClient(NumPyClient):
    def __init__(self, index: int) -> None:
        self.index = index

    def get_parameters(self, config: dict[str, Any]) -> Any:
        return initial()

    def fit(self, parameters: Any, config: dict[str, Any]) -> Any:
        arrays, samples, loss = train(parameters, self.index)
        return arrays, samples, {"train_loss": loss}

    def evaluate(self, parameters: Any, config: dict[str, Any]) -> Any:
        loss, accuracy = evaluate(parameters, self.index)
        return loss, 10, {"accuracy": accuracy}


def legacy_app() -> ClientApp:
    return ClientApp(client_fn=lambda context: LegacyClient(int(context.node_config["partition-id"])).to_client())


def first_arrays() -> ArrayRecord:
    return ArrayRecord(initial())


def config(**values: Any) -> ConfigRecord:
    return ConfigRecord(values)
