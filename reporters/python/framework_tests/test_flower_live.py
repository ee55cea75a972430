"""Flower with a running dashboard: every report arrives, and every command is carried out."""

from __future__ import annotations

import threading
import time
import unittest
import uuid
from typing import Any

from apps import first_arrays, legacy_app, message_app
from dashboard import TOKEN, WHY_NOT, ask, open_round, outcomes, over, rounds_of, series, until
from digits import initial
from flwr.app import MetricRecord
from flwr.common import ndarrays_to_parameters
from flwr.server import ServerConfig
from flwr.server.compat import start_grid
from flwr.server.strategy import FedAvg as LegacyFedAvg
from flwr.serverapp.strategy import FedAvg
from local_grid import LocalGrid

import rondo.flower

NODES = [2**63 + 100 + i for i in range(12)]
CLIENTS = {str(node) for node in NODES}


def stop(name: str, number: int, completed: int, scope: str, release: threading.Event) -> threading.Thread:
    """Asks for a stop as an admin does, once so many results are in."""

    def act() -> None:
        found = until(lambda: open_round(name, number, completed), f"open round {number} of {name}")
        ask(f"/api/rounds/{found['round_id']}/stop", {"reason": "enough seen", "scope": scope})

    thread = threading.Thread(target=act, daemon=True)
    thread.start()
    # A stop that never comes must fail the test, not hang it.
    timer = threading.Timer(60, release.set)
    timer.daemon = True
    timer.start()
    return thread


@unittest.skipUnless(TOKEN, WHY_NOT)
class Live(unittest.TestCase):
    def setUp(self) -> None:
        self.name = f"flower-{uuid.uuid4().hex[:8]}"
        self.release = threading.Event()
        self.addCleanup(self.release.set)

    def message_api(self, hinder: Any, rounds: int, **start: Any) -> Any:
        strategy = FedAvg(min_available_nodes=len(NODES))
        grid, strategy = rondo.flower.observe(
            LocalGrid(message_app(), NODES, hinder), strategy, name=self.name, checkpoint_every=1
        )
        return strategy.start(grid=grid, initial_arrays=first_arrays(), num_rounds=rounds, **start)

    def legacy_api(self, hinder: Any, rounds: int) -> Any:
        strategy = LegacyFedAvg(
            min_fit_clients=len(NODES),
            min_evaluate_clients=len(NODES),
            min_available_clients=len(NODES),
            initial_parameters=ndarrays_to_parameters(initial()),
        )
        grid, strategy = rondo.flower.observe(
            LocalGrid(legacy_app(), NODES, hinder), strategy, name=self.name, num_rounds=rounds
        )
        return start_grid(grid=grid, strategy=strategy, config=ServerConfig(num_rounds=rounds))

    def test_the_message_api_every_round_client_outcome_metric_and_model_is_there(self) -> None:
        def hinder(node: int, number: int) -> bool | None:
            if number == 2 and node == NODES[3]:
                raise RuntimeError("out of memory")
            return False if number == 3 and node == NODES[4] else None

        result = self.message_api(
            hinder, 3, timeout=3, evaluate_fn=lambda number, arrays: MetricRecord({"loss": 1 / (number + 1)})
        )
        run = until(lambda: over(self.name), "end of the run")
        rounds = rounds_of(run)
        assert (run["status"], run["num_rounds"], run["num_clients"]) == ("complete", 3, 12)
        assert sorted(rounds) == [1, 2, 3]
        assert [outcomes(rounds[number]) for number in (1, 2, 3)] == [
            {"complete": 12},
            {"complete": 11, "failed": 1},
            {"complete": 11, "no_reply": 1},
        ]
        assert all(set(each["updates"]) == CLIENTS for each in rounds.values())
        assert "out of memory" in rounds[2]["updates"][str(NODES[3])]["error"]
        assert rounds[3]["updates"][str(NODES[4])]["outcome"] == "no_reply"
        for number, each in rounds.items():
            assert each["status"] == "complete"
            assert each["global_loss"] == 1 / (number + 1)
            assert each["metrics"]["train_loss"] == result.train_metrics_clientapp[number]["train_loss"]
            for update in each["client_updates"]:
                if update["outcome"] == "complete":
                    assert update["sample_count"] > 0
                    assert update["train_loss"] > 0
                    assert update["update_norm"] > 0
        assert series(run, "eval_loss", str(NODES[0]))["step"] == [1, 2, 3]
        assert series(run, "cosine_to_mean", str(NODES[0]))["step"] == [1, 2, 3]
        assert series(run, "eval_loss")["value"] == [each["metrics"]["eval_loss"] for _, each in sorted(rounds.items())]
        models = ask(f"/api/models?run_id={run['run_id']}")["items"]
        assert {model["round"] for model in models} == {1, 2, 3}
        assert all(model["parameter_count"] == 84 for model in models)

    def test_the_legacy_api_every_round_client_and_outcome_is_there(self) -> None:
        def hinder(node: int, number: int) -> None:
            if number == 1 and node == NODES[7]:
                raise RuntimeError("no data")

        history = self.legacy_api(hinder, 2)
        run = until(lambda: over(self.name), "end of the run")
        rounds = rounds_of(run)
        assert [outcomes(rounds[number]) for number in (1, 2)] == [{"complete": 11, "failed": 1}, {"complete": 12}]
        assert "no data" in rounds[1]["updates"][str(NODES[7])]["error"]
        losses = dict(history.losses_distributed)
        assert {number: each["global_loss"] for number, each in rounds.items()} == losses

    def test_a_stop_from_the_dashboard_closes_the_round_and_training_goes_on(self) -> None:
        def hinder(node: int, number: int) -> None:
            if number == 1 and node in NODES[10:]:
                self.release.wait(60)

        asked = stop(self.name, 1, 10, "round", self.release)
        began = time.monotonic()
        self.message_api(hinder, 2)
        assert time.monotonic() - began < 50
        asked.join(5)
        rounds = rounds_of(until(lambda: over(self.name), "end of the run"))
        assert rounds[1]["status"] == "stopped"
        assert rounds[1]["stop_reason"] == "enough seen"
        assert rounds[1]["stop"]["state"] == "applied"
        assert outcomes(rounds[1]) == {"complete": 10, "no_reply": 2}
        assert rounds[2]["status"] == "complete"

    def test_a_stop_of_the_run_from_the_dashboard_keeps_what_was_trained(self) -> None:
        def hinder(node: int, number: int) -> None:
            if number == 2 and node == NODES[0]:
                self.release.wait(60)

        stop(self.name, 2, 11, "run", self.release)
        result = self.message_api(hinder, 30)
        run = until(lambda: over(self.name), "end of the run")
        assert (run["status"], run["reason"], run["stop"]["state"]) == ("stopped", "enough seen", "applied")
        assert sorted(rounds_of(run)) == [1, 2]
        assert sorted(result.train_metrics_clientapp) == [1, 2]

    def test_a_stop_from_the_dashboard_closes_a_round_of_the_legacy_api(self) -> None:
        def hinder(node: int, number: int) -> None:
            if number == 1 and node == NODES[5]:
                self.release.wait(60)

        stop(self.name, 1, 11, "round", self.release)
        self.legacy_api(hinder, 2)
        rounds = rounds_of(until(lambda: over(self.name), "end of the run"))
        assert rounds[1]["status"] == "stopped"
        assert rounds[1]["num_clients_completed"] == 11
        assert rounds[2]["status"] == "complete"


if __name__ == "__main__":
    unittest.main()
