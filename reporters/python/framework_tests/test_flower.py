"""The Flower adapter against real strategies and real ClientApps, in one process."""

from __future__ import annotations

import threading
import time
import unittest
from collections.abc import Callable
from typing import Any

import numpy as np
from apps import first_arrays, legacy_app, message_app
from digits import initial
from flwr.app import ArrayRecord, MetricRecord
from flwr.common import ndarrays_to_parameters, parameters_to_ndarrays
from flwr.server import ServerConfig
from flwr.server.compat import start_grid
from flwr.server.strategy import FedAvg as LegacyFedAvg
from flwr.serverapp.strategy import FedAvg
from local_grid import LocalGrid

from rondo.flower import client_mod
from rondo.flower.grid import ObservedGrid
from rondo.flower.legacy import observe_legacy_strategy
from rondo.flower.lifetime import Lifetime
from rondo.flower.message_api import observe_strategy
from rondo.flower.observer import Observer
from rondo.flower.updates import UpdateMeter

# Above 2^63, as Flower's are.
NODES = [2**63 + 1000 + i for i in range(10)]
Event = dict[str, Any]


class Recording:
    """A run that records every call."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    def report(self, event: Any) -> None:
        self.events.append(dict(event))

    def of(self, event_type: str, **fields: Any) -> list[Event]:
        return [
            each
            for each in list(self.events)
            if each["type"] == event_type and all(each.get(name) == value for name, value in fields.items())
        ]


class Watched:
    """An observer with its run, for one training."""

    def __init__(self, run: Any = None, **options: Any) -> None:
        self.run = run if run is not None else Recording()
        self.observer = Observer(self.run, **options)
        self.lifetime = Lifetime(
            self.observer,
            declare=lambda rounds, config: self.run.report({"type": "run_started", "num_rounds": rounds}),
            end=lambda status, reason: self.run.report({"type": "run_complete", "status": status, "reason": reason}),
        )

    def message(self, grid: LocalGrid, rounds: int = 2, strategy: Any = None, **start: Any) -> Any:
        strategy = strategy or FedAvg(min_available_nodes=len(grid.nodes))
        observe_strategy(strategy, self.observer, self.lifetime)
        return strategy.start(
            grid=ObservedGrid(grid, self.observer), initial_arrays=first_arrays(), num_rounds=rounds, **start
        )

    def legacy(self, grid: LocalGrid, rounds: int = 2, with_grid: bool = True) -> Any:
        strategy = legacy_strategy(len(grid.nodes))
        observe_legacy_strategy(strategy, self.observer, self.lifetime)
        self.lifetime.expects(rounds)
        seen = ObservedGrid(grid, self.observer) if with_grid else grid
        return start_grid(grid=seen, strategy=strategy, config=ServerConfig(num_rounds=rounds))


def legacy_strategy(clients: int) -> LegacyFedAvg:
    return LegacyFedAvg(
        min_fit_clients=clients,
        min_evaluate_clients=clients,
        min_available_clients=clients,
        initial_parameters=ndarrays_to_parameters(initial()),
    )


def clients(count: int = len(NODES)) -> set[str]:
    return {str(node) for node in NODES[:count]}


def later(condition: Callable[[], bool], act: Callable[[], None]) -> threading.Thread:
    """Acts from another thread as soon as the condition holds, as a command from the dashboard does."""

    def wait() -> None:
        end = time.monotonic() + 20
        while not condition() and time.monotonic() < end:
            time.sleep(0.005)
        act()

    thread = threading.Thread(target=wait, daemon=True)
    thread.start()
    return thread


class MessageApi(unittest.TestCase):
    def test_every_round_and_every_client_is_reported(self) -> None:
        watched = Watched()
        watched.message(LocalGrid(message_app(), NODES), rounds=3)
        for number in (1, 2, 3):
            assert {e["client_id"] for e in watched.run.of("client_result", round=number)} == clients()
            (started,) = watched.run.of("round_started", round=number)
            assert set(started["client_ids"]) == clients()
            (complete,) = watched.run.of("round_complete", round=number)
            assert complete["metrics"]["train_loss"] > 0
        assert watched.run.events[-1] == {"type": "run_complete", "status": "complete", "reason": None}

    def test_a_result_says_how_many_samples_what_loss_how_long_and_how_large(self) -> None:
        watched = Watched()
        watched.message(LocalGrid(message_app(), NODES[:3]), rounds=1)
        result = watched.run.of("client_result", client_id=str(NODES[2]))[0]
        assert result["sample_count"] == 50
        assert result["train_loss"] > 0
        assert result["duration_ms"] > 0
        assert result["bytes_up"] > 300
        assert result["bytes_down"] > 300

    def test_a_failure_is_the_clients_that_was_asked_not_the_superlinks(self) -> None:
        def hinder(node: int, number: int) -> None:
            if node == NODES[3]:
                raise RuntimeError("boom")

        watched = Watched()
        watched.message(LocalGrid(message_app(), NODES, hinder), rounds=1)
        (failed,) = watched.run.of("client_failed")
        assert failed["client_id"] == str(NODES[3])
        assert "boom" in failed["reason"]
        assert len(watched.run.of("client_result")) == 9

    def test_a_client_that_never_replies_is_reported_though_flower_says_nothing(self) -> None:
        watched = Watched()
        grid = LocalGrid(message_app(), NODES, lambda node, number: False if node == NODES[5] else None)
        watched.message(grid, rounds=1, timeout=0.5)
        (missing,) = watched.run.of("client_no_reply")
        assert (missing["client_id"], missing["round"]) == (str(NODES[5]), 1)
        assert missing["waited_ms"] >= 450

    def test_a_result_is_reported_when_it_arrives_not_when_the_round_ends(self) -> None:
        release = threading.Event()

        def hinder(node: int, number: int) -> None:
            if node == NODES[0]:
                release.wait(20)

        watched = Watched()
        later(lambda: len(watched.run.of("client_result")) == 9, release.set)
        watched.message(LocalGrid(message_app(), NODES, hinder), rounds=1)
        kinds = [e["type"] for e in watched.run.events]
        assert kinds.index("client_result") < kinds.index("round_update")
        assert release.is_set()

    def test_evaluation_of_the_server_counts_before_that_of_the_clients(self) -> None:
        watched = Watched()
        watched.message(
            LocalGrid(message_app(), NODES[:3]),
            rounds=1,
            evaluate_fn=lambda number, arrays: MetricRecord({"loss": 0.25, "accuracy": 0.75}),
        )
        (complete,) = watched.run.of("round_complete")
        assert (complete["global_loss"], complete["global_accuracy"]) == (0.25, 0.75)
        assert "eval_loss" in complete["metrics"]
        assert watched.run.of("metric", name="central_loss", round=0)[0]["value"] == 0.25

    def test_evaluation_of_the_clients_counts_where_there_is_no_other(self) -> None:
        watched = Watched()
        result = watched.message(LocalGrid(message_app(), NODES[:3]), rounds=1)
        (complete,) = watched.run.of("round_complete")
        assert complete["global_loss"] == result.evaluate_metrics_clientapp[1]["eval_loss"]
        assert complete["global_accuracy"] == result.evaluate_metrics_clientapp[1]["eval_acc"]

    def test_a_stopped_round_closes_with_the_replies_that_are_there(self) -> None:
        release = threading.Event()

        def hinder(node: int, number: int) -> None:
            if node in NODES[8:] and number == 2:
                release.wait(30)

        watched = Watched()
        later(
            lambda: len(watched.run.of("client_result", round=2)) == 8,
            lambda: watched.observer.request_stop_round(2, "too slow"),
        )
        began = time.monotonic()
        result = watched.message(LocalGrid(message_app(), NODES, hinder), rounds=3)
        release.set()
        assert time.monotonic() - began < 10
        assert watched.run.of("round_stopped") == [{"type": "round_stopped", "round": 2, "reason": "too slow"}]
        assert len(watched.run.of("client_no_reply", round=2)) == 2
        # The partial result counts, and training goes on.
        assert 2 in result.train_metrics_clientapp
        assert len(watched.run.of("round_complete", round=3)) == 1

    def test_a_stopped_run_ends_with_its_whole_result(self) -> None:
        watched = Watched()
        seen: list[int] = []

        class Counting(FedAvg):
            def aggregate_train(self, server_round: int, replies: Any) -> Any:
                seen.append(server_round)
                if server_round == 2:
                    watched.observer.request_stop_run("enough")
                return super().aggregate_train(server_round, replies)

        result = watched.message(LocalGrid(message_app(), NODES), rounds=50, strategy=Counting(min_available_nodes=10))
        assert seen == [1, 2]
        assert sorted(result.train_metrics_clientapp) == [1, 2]
        assert sum(np.abs(a).sum() for a in result.arrays.to_numpy_ndarrays()) > 0
        assert watched.run.events[-1] == {"type": "run_complete", "status": "stopped", "reason": "enough"}

    def test_an_error_of_the_user_passes_and_the_run_has_failed(self) -> None:
        class Broken(FedAvg):
            def aggregate_train(self, server_round: int, replies: Any) -> Any:
                raise ArithmeticError("not a number")

        watched = Watched()
        with self.assertRaises(ArithmeticError):
            watched.message(LocalGrid(message_app(), NODES[:2]), strategy=Broken())
        assert watched.run.of("round_failed")[0]["reason"] == "ArithmeticError: not a number"
        assert watched.run.of("run_complete")[0]["status"] == "failed"

    def test_a_reporter_that_raises_does_not_reach_training(self) -> None:
        class Raising:
            def report(self, event: Any) -> None:
                raise OSError("disk full")

        with self.assertLogs("rondo", "WARNING"):
            result = Watched(run=Raising()).message(LocalGrid(message_app(), NODES[:3]))
        assert sorted(result.train_metrics_clientapp) == [1, 2]

    def test_clients_that_name_themselves_are_counted_then_named(self) -> None:
        watched = Watched(named_by_clients=True)
        watched.message(LocalGrid(message_app(mods=[client_mod]), NODES[:3]))
        first, second = watched.run.of("round_started")
        assert (first["client_ids"], first["num_clients_expected"]) == ([], 3)
        assert set(second["client_ids"]) == {"0", "1", "2"}
        assert {e["client_id"] for e in watched.run.of("client_result")} == {"0", "1", "2"}
        assert all("client_train_ms" in e["metrics"] for e in watched.run.of("client_result"))
        assert watched.run.of("client_heartbeat")[0]["system"]["memory_bytes"] > 0

    def test_updates_are_measured_beside_the_training(self) -> None:
        said: list[tuple[str, float, int, str]] = []
        meter = UpdateMeter(lambda *metric: said.append(metric))
        watched = Watched(meter=meter)
        watched.message(LocalGrid(message_app(), NODES[:3]), rounds=1)
        meter.close(5)
        assert all(e["update_norm"] > 0 for e in watched.run.of("client_result"))
        assert {client for _, _, _, client in said} == clients(3)
        assert all(-1 <= value <= 1 for _, value, _, _ in said)


class Unchanged(unittest.TestCase):
    """Same seeds, same order, same bits."""

    def train(self, watch: bool) -> list[Any]:
        class InOrder(FedAvg):
            def configure_train(self, server_round: int, arrays: ArrayRecord, config: Any, grid: Any) -> Any:
                messages = list(super().configure_train(server_round, arrays, config, grid))
                return sorted(messages, key=lambda message: message.metadata.dst_node_id)

        # Replies come in another order every time; the sum must not.
        rng = np.random.default_rng()
        grid = LocalGrid(message_app(), NODES, lambda node, number: time.sleep(rng.uniform(0, 0.01)))
        if watch:
            watched = Watched(meter=UpdateMeter(lambda *metric: None))
            return list(watched.message(grid, 4, InOrder(min_available_nodes=10)).arrays.to_numpy_ndarrays())
        result = InOrder(min_available_nodes=10).start(grid=grid, initial_arrays=first_arrays(), num_rounds=4)
        return list(result.arrays.to_numpy_ndarrays())

    def test_the_final_arrays_are_bit_identical_with_and_without(self) -> None:
        for plain, seen in zip(self.train(watch=False), self.train(watch=True), strict=True):
            assert plain.tobytes() == seen.tobytes()


class LegacyApi(unittest.TestCase):
    def test_every_round_and_every_client_is_reported(self) -> None:
        watched = Watched()
        history = watched.legacy(LocalGrid(legacy_app(), NODES), rounds=2)
        for number in (1, 2):
            results = watched.run.of("client_result", round=number)
            assert {e["client_id"] for e in results} == clients()
            assert all(e["train_loss"] > 0 and e["sample_count"] >= 40 for e in results)
            (complete,) = watched.run.of("round_complete", round=number)
            assert complete["global_loss"] == dict(history.losses_distributed)[number]
        assert watched.run.of("run_complete")[0]["status"] == "complete"

    def test_without_a_grid_results_come_with_the_end_of_the_round(self) -> None:
        def hinder(node: int, number: int) -> None:
            if node == NODES[1]:
                raise RuntimeError("boom")

        watched = Watched()
        watched.legacy(LocalGrid(legacy_app(), NODES, hinder), rounds=1, with_grid=False)
        assert len(watched.run.of("client_result")) == 9
        (failed,) = watched.run.of("client_failed")
        assert failed["client_id"] == str(NODES[1])

    def test_a_stopped_round_closes_with_the_results_that_are_there(self) -> None:
        release = threading.Event()

        def hinder(node: int, number: int) -> None:
            if node == NODES[0] and number == 1:
                release.wait(30)

        watched = Watched()
        later(
            lambda: len(watched.run.of("client_result", round=1)) == 9,
            lambda: watched.observer.request_stop_round(1, "late"),
        )
        began = time.monotonic()
        watched.legacy(LocalGrid(legacy_app(), NODES, hinder), rounds=2)
        release.set()
        assert time.monotonic() - began < 10
        assert watched.run.of("round_stopped")[0]["round"] == 1
        assert len(watched.run.of("round_complete", round=2)) == 1

    def test_a_stopped_run_ends_with_its_whole_history(self) -> None:
        watched = Watched()
        later(
            lambda: bool(watched.run.of("round_complete", round=1)), lambda: watched.observer.request_stop_run("enough")
        )
        grid = LocalGrid(legacy_app(), NODES, lambda node, number: time.sleep(0.05))
        history = watched.legacy(grid, rounds=200)
        watched.lifetime.ends(None)
        assert len(history.losses_distributed) < 20
        assert len(history.losses_distributed) >= 1
        assert watched.run.of("run_complete")[-1]["status"] == "stopped"

    def test_the_final_parameters_are_those_of_the_strategy(self) -> None:
        kept: list[Any] = []

        class Keeping(LegacyFedAvg):
            def aggregate_fit(self, server_round: int, results: Any, failures: Any) -> Any:
                aggregated = super().aggregate_fit(server_round, results, failures)
                assert aggregated[0] is not None
                kept.append(parameters_to_ndarrays(aggregated[0]))
                return aggregated

        strategy = Keeping(
            min_fit_clients=1, min_available_clients=1, initial_parameters=ndarrays_to_parameters(initial())
        )
        plain = Keeping(
            min_fit_clients=1, min_available_clients=1, initial_parameters=ndarrays_to_parameters(initial())
        )
        watched = Watched()
        observe_legacy_strategy(strategy, watched.observer, watched.lifetime)
        grid = LocalGrid(legacy_app(), NODES[:1])
        start_grid(grid=ObservedGrid(grid, watched.observer), strategy=strategy, config=ServerConfig(num_rounds=3))
        start_grid(grid=LocalGrid(legacy_app(), NODES[:1]), strategy=plain, config=ServerConfig(num_rounds=3))
        for seen, unseen in zip(kept[2], kept[5], strict=True):
            assert seen.tobytes() == unseen.tobytes()


if __name__ == "__main__":
    unittest.main()
