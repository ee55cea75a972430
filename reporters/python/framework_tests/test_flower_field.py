"""The field cases of Flower: each test is named after its example, with its right outcome. See docs/field.md."""

from __future__ import annotations

import copy
import functools
import threading
import types
import unittest
from typing import Any
from unittest import mock

import numpy as np
from apps import LegacyClient, first_arrays, legacy_app, message_app
from digits import initial
from flwr.app import ArrayRecord, ConfigRecord, Context, Error, Message, MetricRecord, RecordDict
from flwr.client.mod import secaggplus_mod
from flwr.clientapp import ClientApp
from flwr.common import Code, FitRes, Status, ndarrays_to_parameters
from flwr.server import LegacyContext, ServerConfig
from flwr.server.compat import start_grid
from flwr.server.strategy import FedAvg as LegacyFedAvg
from flwr.server.workflow import DefaultWorkflow, SecAggPlusWorkflow
from flwr.serverapp.strategy import FedAvg
from local_grid import LocalGrid
from test_flower import NODES, Recording, Watched, later, legacy_strategy

import rondo.flower
from rondo.flower.arrays import BLOCK, RUN
from rondo.flower.checkpoints import Checkpoints
from rondo.flower.grid import FIRST_POLL_S, LONGEST_POLL_S, Pace
from rondo.flower.observe import needed_by
from rondo.flower.updates import Direction, UpdateMeter

Bytes = list[bytes]
KEY = "key-of-the-test"
#: The aggregate of each round.
kept: Bytes = []


class Ordered(FedAvg):
    """Replies are summed in the order of their nodes, so that equal trainings give equal bits."""

    def configure_train(self, server_round: int, arrays: Any, config: Any, grid: Any) -> Any:
        messages = list(super().configure_train(server_round, arrays, config, grid))
        return sorted(messages, key=lambda message: message.metadata.dst_node_id)

    def aggregate_train(self, server_round: int, replies: Any) -> Any:
        arrays, metrics = super().aggregate_train(server_round, replies)
        assert arrays is not None
        kept.extend(array.tobytes() for array in arrays.to_numpy_ndarrays())
        return arrays, metrics


class Slotted:
    """A strategy that keeps no attribute of ours."""

    __slots__ = ("inner",)

    def __init__(self, inner: Any) -> None:
        self.inner = inner

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)


class Frozen(Ordered):
    def freeze(self) -> Any:
        self.is_frozen = True
        return self

    def __setattr__(self, name: str, value: Any) -> None:
        if getattr(self, "is_frozen", False):
            raise TypeError("frozen")
        super().__setattr__(name, value)


class ByKeyword(Ordered):
    """Calls its own methods by name, which Flower's loop does not."""

    def start(self, grid: Any, initial_arrays: Any, num_rounds: int = 2, **rest: Any) -> Any:  # type: ignore[override]
        arrays = initial_arrays
        config = rest.get("train_config") or __import__("flwr.app").app.ConfigRecord()
        for number in range(1, num_rounds + 1):
            messages = self.configure_train(server_round=number, arrays=arrays, config=config, grid=grid)
            replies = grid.send_and_receive(messages=messages)
            arrays, _ = self.aggregate_train(replies=replies, server_round=number)
            self.aggregate_evaluate(replies=[], server_round=number)
        return types.SimpleNamespace(arrays=arrays)


def strategy_of(kind: str) -> Any:
    if kind == "slots":
        return Slotted(Ordered(min_available_nodes=3))
    if kind == "proxy":
        return type("Proxy", (), {"__getattr__": lambda self, name: getattr(inner, name)})()
    if kind == "frozen":
        return Frozen(min_available_nodes=3).freeze()
    return (ByKeyword if kind == "keywords" else Ordered)(min_available_nodes=3)


inner = Ordered(min_available_nodes=3)

EVALUATIONS: dict[str, Any] = {
    "none": lambda number, arrays: None,
    "a float": lambda number, arrays: 0.5,
    "a NumPy scalar": lambda number, arrays: np.float32(0.5),
    "a tuple": lambda number, arrays: (0.5, {"accuracy": 0.9}),
    "a dict": lambda number, arrays: {"loss": 0.5, "accuracy": 0.9},
    "a record": lambda number, arrays: MetricRecord({"loss": 0.5, "accuracy": 0.9}),
    "a text": lambda number, arrays: "fine",
}


def arrays_of(watch: bool, kind: str = "plain", evaluate_fn: Any = None) -> tuple[Bytes, Watched]:
    watched = Watched()
    grid: Any = LocalGrid(message_app(), NODES[:3])
    strategy = strategy_of(kind)
    start = {} if evaluate_fn is None else {"evaluate_fn": evaluate_fn}
    kept.clear()
    try:
        if watch:
            watched.message(grid, 2, strategy, **start)
        else:
            strategy.start(grid=grid, initial_arrays=first_arrays(), num_rounds=2, **start)
    except AttributeError as error:
        # Some versions of Flower cannot print such an evaluation; that must be so with and without us.
        kept.append(str(error).encode())
    return list(kept), watched


class Naming(Recording):
    """A run that keeps what was left out."""

    def __init__(self) -> None:
        super().__init__()
        self.omitted: list[tuple[str, str]] = []

    def left_out(self, name: str, reason: str) -> None:
        self.omitted.append((name, reason))


class Saving:
    """A run whose uploads never end."""

    run_id = "saving"

    def __init__(self) -> None:
        self.saved: list[tuple[int, str]] = []
        self.notes: list[str] = []

    def save_model(self, version: str, model: bytes, *, round: int, parent: str | None) -> Any:
        self.saved.append((round, version))
        return types.SimpleNamespace(state="uploading")

    def log(self, message: str, *, level: str) -> None:
        self.notes.append(message)


def close(one: float | None, other: float) -> bool:
    return one is not None and bool(np.isclose(one, other, rtol=1e-5, atol=1e-5))


def _keep_by_client(found: dict[str, float], name: str, value: float, number: int, client: str) -> None:
    found[client] = value


def cosine(one: Any, other: Any) -> float:
    return float(one @ other / np.linalg.norm(one) / np.linalg.norm(other))


def own_content(message: Any, context: Any, call_next: Any) -> Any:
    """On a wire each client has its own copy; in one process the mod would empty the record of all."""
    message.content = copy.deepcopy(message.content)
    return call_next(message, context)


class Invisible(unittest.TestCase):
    """Family 1."""

    def test_the_final_arrays_are_bit_identical_for_every_kind_of_strategy(self) -> None:
        for kind in ("plain", "slots", "proxy", "frozen", "keywords"):
            with self.subTest(kind):
                assert arrays_of(False, kind)[0] == arrays_of(True, kind)[0]

    def test_a_central_evaluate_fn_that_returns_a_tuple_or_a_float(self) -> None:
        for name, evaluate_fn in EVALUATIONS.items():
            with self.subTest(name):
                plain, _ = arrays_of(False, evaluate_fn=evaluate_fn)
                seen, watched = arrays_of(True, evaluate_fn=evaluate_fn)
                assert plain == seen
                losses = [each.get("global_loss") for each in watched.run.of("round_complete")]
                if name not in ("none", "a text"):
                    assert losses == [0.5, 0.5]
                    # The evaluation before the first round is the first point of the same series.
                    assert watched.run.of("metric", name="global_loss", round=0)[0]["value"] == 0.5
                assert len(losses) == 2

    def test_a_strategy_that_cannot_be_patched_is_named_once(self) -> None:
        _, watched = arrays_of(True, "frozen")
        notes = [each["message"] for each in watched.run.of("log")]
        assert len(notes) == len(set(notes)) == 5
        assert len(watched.run.of("client_result")) == 0 or notes

    def test_observe_never_raises(self) -> None:
        for odd in (None, object(), 7, Slotted(None)):
            _, strategy = rondo.flower.observe(None, odd, url="http://127.0.0.1:9", api_key=KEY)
            assert strategy is odd

    def test_a_legacy_strategy_raises_in_round_2(self) -> None:
        error = ArithmeticError("round 2")

        class Broken(LegacyFedAvg):
            def aggregate_fit(self, server_round: int, results: Any, failures: Any) -> Any:
                if server_round == 2:
                    raise error
                return super().aggregate_fit(server_round, results, failures)

        watched = Watched()
        strategy = Broken(initial_parameters=ndarrays_to_parameters(initial()))
        rondo.flower.legacy.observe_legacy_strategy(strategy, watched.observer, watched.lifetime)
        with self.assertRaises(ArithmeticError) as raised:
            start_grid(grid=LocalGrid(legacy_app(), NODES[:2]), strategy=strategy, config=ServerConfig(num_rounds=3))
        assert raised.exception is error
        assert watched.run.of("round_failed")[0]["reason"] == "ArithmeticError: round 2"
        assert watched.run.of("run_complete") == [
            {"type": "run_complete", "status": "failed", "reason": "ArithmeticError: round 2"}
        ]


class Ends(unittest.TestCase):
    """Family 2."""

    def test_legacy_without_a_grid_gives_each_client_its_own_reason(self) -> None:
        def hinder(node: int, number: int) -> None:
            if node in NODES[:2]:
                raise RuntimeError(f"reason of {node}")

        watched = Watched()
        watched.legacy(LocalGrid(legacy_app(), NODES[:4], hinder), rounds=1, with_grid=False)
        failed = watched.run.of("client_failed")
        assert {each["client_id"] for each in failed} == {str(node) for node in NODES[:2]}
        assert len({each["reason"] for each in failed}) == 2
        assert all(each["reason"].count("reason of") == 1 for each in failed)

    def test_legacy_without_a_grid_has_client_evaluations(self) -> None:
        watched = Watched()
        watched.legacy(LocalGrid(legacy_app(), NODES[:3]), rounds=1, with_grid=False)
        points = watched.run.of("metric", name="eval_loss", round=1)
        assert {each["client_id"] for each in points} == {str(node) for node in NODES[:3]}


class Again(unittest.TestCase):
    """Family 3."""

    def secure(self, dropped: int | None) -> Watched:
        stages: dict[int, int] = {}

        def hinder(node: int, number: int) -> bool | None:
            stages[node] = stages.get(node, 0) + 1
            return False if node == dropped and stages[node] == 4 else None

        def client(context: Context) -> Any:
            return LegacyClient(int(context.node_config["partition-id"])).to_client()

        watched = Watched()
        app = ClientApp(client_fn=client, mods=[own_content, secaggplus_mod])
        grid = LocalGrid(app, NODES[:4], hinder)
        strategy = legacy_strategy(4)
        rondo.flower.legacy.observe_legacy_strategy(strategy, watched.observer, watched.lifetime)
        context = Context(run_id=1, node_id=0, node_config={}, state=RecordDict(), run_config={})
        legacy = LegacyContext(context=context, config=ServerConfig(num_rounds=1), strategy=strategy)
        workflow = DefaultWorkflow(fit_workflow=SecAggPlusWorkflow(1.0, 0.5, timeout=4.0))
        workflow(rondo.flower.grid.ObservedGrid(grid, watched.observer), legacy)
        return watched

    def test_secagg_reports_each_client_once_with_the_last_stages_figures(self) -> None:
        watched = self.secure(dropped=None)
        results = watched.run.of("client_result")
        assert sorted(each["client_id"] for each in results) == sorted(str(node) for node in NODES[:4])
        assert all(each["sample_count"] >= 40 and each["train_loss"] > 0 for each in results)

    def test_a_dropout_of_secagg_did_not_reply(self) -> None:
        watched = self.secure(dropped=NODES[0])
        assert [each["client_id"] for each in watched.run.of("client_no_reply")] == [str(NODES[0])]
        assert len(watched.run.of("client_result")) == 3

    def test_a_sweep_in_one_server_app_is_two_runs(self) -> None:
        context = Context(run_id=4711, node_id=0, node_config={}, state=RecordDict(), run_config={})
        ids = set()
        strategy = FedAvg(min_available_nodes=2)
        for _ in range(2):
            grid = LocalGrid(message_app(), NODES[:2])
            seen, strategy = rondo.flower.observe(grid, strategy, context, url="http://127.0.0.1:9", api_key=KEY)
            strategy.start(grid=seen, initial_arrays=first_arrays(), num_rounds=1)
            ids.add(seen._observer._run.run_id)
        # The same strategy started once more, without another `observe`.
        strategy.start(grid=seen, initial_arrays=first_arrays(), num_rounds=1)
        ids.add(seen._observer._run.run_id)
        assert ids == {"flower-4711", "flower-4711-2", "flower-4711-3"}


class Named(unittest.TestCase):
    """Family 4."""

    def test_a_list_of_40_values_gives_40_points_and_its_last_value(self) -> None:
        watched = Watched()
        watched.observer.selected(1, [NODES[0]])
        losses = [1 - i / 50 for i in range(40)]
        watched.observer.answered(1, str(NODES[0]), {"train_loss": losses, "val": {"f1": np.float64(0.8)}}, 7)
        (result,) = watched.run.of("client_result")
        assert result["train_loss"] == losses[-1]
        assert result["metrics"]["val/f1"] == 0.8
        assert [each["value"] for each in watched.run.of("metric", name="train_loss/steps")] == losses

    def test_a_wanted_accuracy_that_never_comes_is_named_once_with_the_names_there_are(self) -> None:
        run = Naming()
        watched = Watched(run=run, accuracy="VAL-F1-SCORE", loss="EVAL-LOSS")
        watched.message(LocalGrid(message_app(), NODES[:2]), rounds=3)
        ((name, reason),) = run.omitted
        assert name == "VAL-F1-SCORE" and "eval_acc" in reason
        assert all(each["global_loss"] > 0 for each in watched.run.of("round_complete"))

    def test_checkpoint_every_1_on_fast_rounds_saves_every_round(self) -> None:
        run = Saving()
        checkpoints = Checkpoints(run, every=1)  # type: ignore[arg-type]
        versions = [checkpoints.save(number, first_arrays(), {}) for number in range(1, 21)]
        checkpoints.close(20)
        assert [number for number, _ in run.saved] == list(range(1, 21))
        assert all(versions) and not run.notes

    def test_checkpoints_of_a_slow_line_are_named_and_the_last_is_saved(self) -> None:
        run = Saving()
        with mock.patch("rondo.flower.checkpoints.MAX_WAITING_BYTES", 1):
            checkpoints = Checkpoints(run, every=1)  # type: ignore[arg-type]
            versions = [checkpoints.save(number, first_arrays(), {}) for number in range(1, 6)]
            checkpoints.close(20)
        saved = [number for number, _ in run.saved]
        skipped = [number for number, version in enumerate(versions, 1) if version is None]
        assert saved[-1] == 5 and set(saved) | set(skipped) == set(range(1, 6))
        assert len(run.notes) == len(skipped) == 4

    def test_the_last_model_is_saved_whichever_round_made_it(self) -> None:
        run = Saving()
        checkpoints = Checkpoints(run, every=5)  # type: ignore[arg-type]
        for number in range(1, 8):
            checkpoints.save(number, first_arrays(), {})
        checkpoints.close(20)
        assert [number for number, _ in run.saved] == [5, 7]


class Counts(unittest.TestCase):
    """Clients without a name are in the account of their round by number. [A4]"""

    def account(self, watched: Watched, number: int = 1) -> dict[str, int]:
        """Every selected client, by outcome; a named client counts once."""
        started = watched.run.of("round_started", round=number)
        (complete,) = watched.run.of("round_complete", round=number)
        named = {each["client_id"] for each in watched.run.of("client_result", round=number)}
        failed = {each["client_id"] for each in watched.run.of("client_failed", round=number)}
        missing = {each["client_id"] for each in watched.run.of("client_no_reply", round=number)}
        counts = {
            "selected": max(each["num_clients_expected"] for each in started),
            "completed": len(named) + complete.get("num_clients_completed", 0),
            "failed": len(failed) + complete.get("num_clients_failed", 0),
            "no_reply": len(missing) + complete.get("num_clients_no_reply", 0),
        }
        assert counts["selected"] == counts["completed"] + counts["failed"] + counts["no_reply"], counts
        return counts

    def test_clients_that_name_themselves_are_counted_when_they_fail_before_their_first_reply(self) -> None:
        def hinder(node: int, number: int) -> bool | None:
            if number == 1 and node == NODES[0]:
                raise RuntimeError("boom")
            return False if number == 1 and node == NODES[1] else None

        watched = Watched(named_by_clients=True)
        grid = LocalGrid(message_app(mods=[rondo.flower.client_mod]), NODES[:5], hinder)
        watched.message(grid, 2, FedAvg(min_available_nodes=5), timeout=3)
        assert self.account(watched) == {"selected": 5, "completed": 3, "failed": 1, "no_reply": 1}
        (complete,) = watched.run.of("round_complete", round=1)
        assert (complete["num_clients_failed"], complete["num_clients_no_reply"]) == (1, 1)
        # No client is there twice: once under its node id, and once under its name.
        assert watched.run.of("client_failed") == [] and watched.run.of("client_no_reply") == []
        assert any("boom" in each["message"] for each in watched.run.of("log"))
        assert self.account(watched, 2) == {"selected": 5, "completed": 5, "failed": 0, "no_reply": 0}

    def test_a_loop_that_does_not_use_the_observed_grid_has_its_clients(self) -> None:
        def hinder(node: int, number: int) -> bool | None:
            if node == NODES[0]:
                raise RuntimeError("boom")
            return False if node == NODES[1] else None

        watched = Watched()
        grid = LocalGrid(message_app(), NODES[:5], hinder)
        strategy = FedAvg(min_available_nodes=5)
        rondo.flower.message_api.observe_strategy(strategy, watched.observer, watched.lifetime)
        messages = list(strategy.configure_train(1, first_arrays(), ConfigRecord(), grid))
        strategy.aggregate_train(1, list(grid.send_and_receive(messages, timeout=3)))
        strategy.aggregate_evaluate(1, [])
        assert self.account(watched) == {"selected": 5, "completed": 3, "failed": 1, "no_reply": 1}
        assert all(each["sample_count"] > 0 for each in watched.run.of("client_result"))

    def test_errors_that_match_no_request_are_counted(self) -> None:
        watched = Watched()
        grid = LocalGrid(message_app(), NODES[:4], lambda node, number: None)
        strategy = FedAvg(min_available_nodes=4)
        rondo.flower.message_api.observe_strategy(strategy, watched.observer, watched.lifetime)
        messages = list(strategy.configure_train(1, first_arrays(), ConfigRecord(), grid))
        replies = list(grid.send_and_receive(messages, timeout=20))
        lost = [Message(Error(2, "out of memory"), reply_to=messages[0]), *replies[2:]]
        lost[0].metadata.__dict__["_reply_to_message_id"] = "a request that is not known"
        strategy.aggregate_train(1, lost)
        strategy.aggregate_evaluate(1, [])
        assert self.account(watched) == {"selected": 4, "completed": 2, "failed": 1, "no_reply": 1}
        assert any("out of memory" in each["message"] for each in watched.run.of("log"))

    def test_results_of_a_server_that_does_not_name_their_clients_are_counted(self) -> None:
        watched = Watched()
        strategy = legacy_strategy(3)
        rondo.flower.legacy.observe_legacy_strategy(strategy, watched.observer, watched.lifetime)
        parameters = ndarrays_to_parameters(initial())
        result = FitRes(Status(Code.OK, ""), parameters, 10, {})
        watched.observer.selected(1, [])
        strategy.aggregate_fit(1, [(object(), result)] * 3, [RuntimeError("boom")])  # type: ignore[list-item]
        watched.observer.round_over(1)
        (complete,) = watched.run.of("round_complete")
        assert (complete["num_clients_completed"], complete["num_clients_failed"]) == (3, 1)


class Silence(unittest.TestCase):
    """Family 5."""

    def test_a_server_that_waits_for_clients_says_how_many_are_here(self) -> None:
        late = LocalGrid(message_app(), NODES[:2])
        watched = Watched(clients_needed=3)
        joins = later(lambda: bool(watched.run.of("client_presence")), lambda: late.nodes.update({NODES[2]: 2}))
        watched.message(late, 1, FedAvg(min_available_nodes=3, min_train_nodes=3, min_evaluate_nodes=3))
        joins.join(20)
        first, *_, last = watched.run.of("client_presence")
        assert (first["num_connected"], first["num_needed"]) == (2, 3)
        assert set(first["client_ids"]) == {str(node) for node in NODES[:2]}
        assert last["num_connected"] == 3

    def test_the_strategy_says_how_many_clients_it_needs(self) -> None:
        assert needed_by(FedAvg(min_available_nodes=7)) == 7
        assert needed_by(legacy_strategy(4)) == 4
        assert needed_by(object()) is None


class Pauses(unittest.TestCase):
    def test_one_slow_poll_delays_no_reply_and_a_slow_grid_is_asked_seldom(self) -> None:
        pace = Pace()
        assert [pace.pause_after(took, 0.0) for took in (0.0001, 0.05, 0.0001)] == [FIRST_POLL_S] * 3
        slow = Pace()
        assert [slow.pause_after(0.05, 0.0) for _ in range(3)] == [0.2] * 3
        assert slow.pause_after(9.0, 0.0) <= LONGEST_POLL_S
        # A grid that becomes slow is asked seldom soon.
        assert max(pace.pause_after(0.05, 0.0) for _ in range(20)) == 0.2

    def test_the_longer_the_silence_the_longer_the_pause(self) -> None:
        assert Pace().pause_after(0.0001, 10.0) == 0.3
        assert Pace().pause_after(0.0001, 1e6) == LONGEST_POLL_S


class Directions(unittest.TestCase):
    """Each update and the mean of a round have a norm, and a cosine to the mean of the round before."""

    def test_figures_of_updates_are_those_of_numpy(self) -> None:
        rng = np.random.default_rng(1)
        before = ArrayRecord([np.zeros((4, 5), np.float32), np.zeros(3, np.float64)])
        cosines: dict[tuple[int, str], float] = {}
        meter = UpdateMeter(lambda name, value, number, client: cosines.update({(number, client): value}))
        found: dict[Any, Direction] = {}
        updates: dict[int, list[Any]] = {}
        for number in (1, 2):
            for position in range(20):
                arrays: list[Any] = [rng.normal(size=(4, 5)).astype(np.float32), rng.normal(size=3)]
                updates.setdefault(number, []).append(np.concatenate([each.ravel() for each in arrays]))
                key = (number, str(position))
                say = functools.partial(found.__setitem__, key)
                meter.measure(str(position), number, position + 1, before, ArrayRecord(arrays), say)
            meter.round_is_in(number)
            meter.of_mean(number, functools.partial(found.__setitem__, number))
        meter.close(20)
        means = {number: np.average(each, axis=0, weights=range(1, 21)) for number, each in updates.items()}
        for (number, position), direction in [each for each in found.items() if isinstance(each[0], tuple)]:
            update = updates[number][int(position)]
            assert close(direction.norm, float(np.linalg.norm(update)))
            assert np.isclose(cosines[number, position], cosine(update, means[number]), atol=1e-5)
            if number == 1:
                assert direction.cosine_to_previous is None
            else:
                assert close(direction.cosine_to_previous, cosine(update, means[1]))
        assert close(found[2].norm, float(np.linalg.norm(means[2])))
        assert close(found[2].cosine_to_previous, cosine(means[2], means[1]))

    def test_large_updates_are_measured_whole_whatever_the_length_of_their_pieces(self) -> None:
        rng = np.random.default_rng(2)
        # Shorter than a run of the sum, exactly some pieces, a piece and a rest, and a rest that is a run and one.
        sizes = (5, 2 * BLOCK, BLOCK + 77, RUN + 1)
        old = [rng.normal(size=size).astype(np.float32) for size in sizes]
        for clients in (2, 40):
            cosines: dict[str, float] = {}
            norms: list[Direction] = []
            of_mean: list[Direction] = []
            say = functools.partial(_keep_by_client, cosines)
            meter = UpdateMeter(say)
            updates: list[Any] = []
            for position in range(clients):
                new = [each + rng.normal(scale=1e-3, size=each.size).astype(np.float32) for each in old]
                updates.append(np.concatenate([n.astype(np.float64) - o for n, o in zip(new, old, strict=True)]))
                meter.measure(str(position), 1, 1, ArrayRecord(old), ArrayRecord(new), norms.append)
            meter.round_is_in(1)
            meter.of_mean(1, of_mean.append)
            meter.close(60)
            mean = np.mean(updates, axis=0)
            assert close(of_mean[0].norm, float(np.linalg.norm(mean)))
            for position, update in enumerate(updates):
                assert close(norms[position].norm, float(np.linalg.norm(update)))
                assert np.isclose(cosines[str(position)], cosine(update, mean), atol=1e-5)

    def test_a_round_and_its_results_carry_them(self) -> None:
        meter = UpdateMeter(lambda *metric: None)
        watched = Watched(meter=meter)
        watched.message(LocalGrid(message_app(), NODES[:3]), rounds=3)
        meter.close(20)
        results = watched.run.of("client_result", round=2)
        assert len(results) == 3 and all(-1 <= each["cosine_to_previous"] <= 1 for each in results)
        assert [each["update_norm"] > 0 for each in watched.run.of("round_complete")] == [True] * 3
        assert ["cosine_to_previous" in each for each in watched.run.of("round_complete")] == [False, True, True]

    def test_legacy_without_a_grid_has_update_norms(self) -> None:
        meter = UpdateMeter(lambda *metric: None)
        watched = Watched(meter=meter)
        watched.legacy(LocalGrid(legacy_app(), NODES[:3]), rounds=1, with_grid=False)
        meter.close(20)
        results = watched.run.of("client_result", round=1)
        assert len(results) == 3 and all(each["update_norm"] > 0 for each in results)

    def test_what_the_measuring_thread_cannot_take_is_named_and_delays_nothing(self) -> None:
        left: list[tuple[str, str]] = []
        said: list[Direction] = []
        gate = threading.Event()
        with mock.patch("rondo.flower.updates.MAX_WAITING", 1):
            meter = UpdateMeter(lambda *metric: None, lambda name, reason: left.append((name, reason)))

            def wait() -> None:
                gate.wait(20)

            meter._put(wait)
            for number in range(3):
                meter.measure(str(number), 1, 1, None, None, said.append)
        gate.set()
        meter.close(20)
        assert len(said) == 3
        assert left and all(name == "update_norm" and "waiting already" in reason for name, reason in left)

    def test_a_round_past_the_bound_has_norms_and_its_cosines_are_named(self) -> None:
        left: list[tuple[str, str]] = []
        found: list[Direction] = []
        cosines: list[float] = []
        with mock.patch("rondo.flower.updates.MAX_ROUND_BYTES", 100):
            meter = UpdateMeter(lambda *metric: cosines.append(1.0), lambda name, reason: left.append((name, reason)))
            before, after = ArrayRecord([np.zeros(20, np.float32)]), ArrayRecord([np.ones(20, np.float32)])
            for client in ("a", "b"):
                meter.measure(client, 1, 1, before, after, found.append)
            meter.round_is_in(1)
            meter.close(20)
        assert [round(each.norm or 0, 3) for each in found] == [4.472] * 2
        assert [name for name, _ in left] == ["cosine_to_mean"] and not cosines

    def test_what_is_not_measured_in_time_is_reported_without(self) -> None:
        meter = UpdateMeter(lambda *metric: None)
        said: list[Direction] = []
        gate = threading.Event()

        def wait() -> None:
            gate.wait(20)

        meter._put(wait)
        meter.of_mean(1, said.append)
        meter.close(0.01)
        gate.set()
        assert said == [Direction()]


if __name__ == "__main__":
    unittest.main()
