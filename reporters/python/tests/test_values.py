"""Values of a training, and hooks that are observed."""

from __future__ import annotations

import inspect
import math
import unittest
from decimal import Decimal
from fractions import Fraction
from typing import Any

from rondo.adapters.guard import observe_hook
from rondo.values import find, read_values, to_number

from .scene import SceneTest


class ZeroDimensional:
    """Like a 0-d array of NumPy or a tensor of PyTorch."""

    shape = ()

    def __init__(self, value: Any) -> None:
        self._value = value

    def item(self) -> Any:
        return self._value


class Vector:
    """Like a one-dimensional array."""

    def __init__(self, values: list[float]) -> None:
        self._values = values
        self.shape = (len(values),)

    def __len__(self) -> int:
        return len(self._values)

    def __getitem__(self, part: slice) -> Vector:
        return Vector(self._values[part])

    def item(self) -> Any:
        if len(self._values) != 1:
            raise ValueError("only one element can be converted")
        return self._values[0]

    def tolist(self) -> list[float]:
        return self._values


class Raises:
    def __float__(self) -> float:
        raise RuntimeError("no")

    __str__ = __float__  # type: ignore[assignment]


class Values(unittest.TestCase):
    def test_r29_numbers_of_every_kind(self) -> None:
        given = [
            1,
            0.5,
            True,
            Decimal("0.25"),
            Fraction(1, 4),
            ZeroDimensional(0.5),
            ZeroDimensional(True),
            Vector([3.0]),
        ]
        self.assertEqual([to_number(value).value for value in given], [1, 0.5, 1, 0.25, 0.25, 0.5, 1, 3.0])
        self.assertEqual(to_number(10**400).value, math.inf)
        self.assertEqual(to_number(-(2**60)).value, -float(2**60))

    def test_r29_what_is_no_number_is_named(self) -> None:
        given: list[Any] = ["0.5", b"x", None, 1j, Raises(), object(), Decimal("sNaN"), ZeroDimensional("x")]
        for value in given:
            with self.subTest(type(value).__name__):
                number = to_number(value)
                self.assertIsNone(number.value)
                self.assertTrue(number.problem)

    def test_r29_a_list_is_points_and_its_last_value_is_the_scalar(self) -> None:
        read = read_values({"train_loss": [1 / step for step in range(1, 41)], "v": Vector([1.0, 2.0])})
        self.assertEqual(len(read.points["train_loss"]), 40)
        self.assertEqual(read.numbers, {"train_loss": 1 / 40, "v": 2.0})
        self.assertEqual(read.problems, {})

    def test_r29_nested_maps_are_named_by_their_path(self) -> None:
        self.assertEqual(read_values({"val": {"f1": 0.8, "by": {"a": 1}}}).numbers, {"val/f1": 0.8, "val/by/a": 1})

    def test_r29_one_bad_value_costs_only_itself(self) -> None:
        read = read_values({"a": 1, "bad": Raises(), "text": "x", "half": [1, "x", 2], Raises(): 4, "empty": []})
        self.assertEqual(read.numbers, {"a": 1, "half": 2, "(Raises)": 4})
        self.assertEqual(set(read.problems), {"bad", "text", "half", "empty"})

    def test_r29_cycles_and_hostile_records_end(self) -> None:
        cycle: dict[str, Any] = {"a": 1}
        cycle["self"] = cycle
        self.assertEqual(read_values(cycle).numbers["a"], 1)
        wide: dict[str, Any] = {}
        wide.update({str(key): wide for key in range(50)})
        self.assertIn("metrics", read_values(wide).problems)
        self.assertEqual(set(read_values(7).problems), {"metrics"})

    def test_r29_names_match_regardless_of_case(self) -> None:
        self.assertEqual(find({"VAL_LOSS": 1}, "val_loss"), "VAL_LOSS")
        self.assertEqual(find({"VAL-F1-SCORE": 1}, "val_f1_score"), "VAL-F1-SCORE")
        self.assertEqual(find({"Loss": 1, "loss": 2}, "loss"), "loss")
        self.assertIsNone(find({"a": 1}, "b"))


class Omissions(SceneTest):
    def test_r30_what_is_left_out_is_reported_once_and_counted(self) -> None:
        scene = self.scene()
        for _ in range(3):
            scene.reporter.omit("val/f1", "is not a number but a text")
        scene.reporter.say("run_complete", {"status": "complete", "reason": None})
        scene.advance(1)
        logs = [fact["message"] for fact in scene.server.facts if fact["type"] == "log"]
        self.assertEqual(
            logs,
            [
                "val/f1 is left out of the report: it is not a number but a text",
                "Left out of the report: val/f1 (3 times: is not a number but a text)",
            ],
        )
        self.assertEqual([problem.message for problem in scene.problems], [logs[0]])
        self.assertEqual(scene.reporter.stats().left_out["val/f1"].count, 3)


class Strategy:
    def evaluate(self, server_round: int, *, parameters: str = "p") -> tuple[int, str]:
        """A value type of the user."""
        if server_round < 0:
            raise KeyError("theirs")
        return server_round, parameters


class Slots:
    __slots__ = ()

    def evaluate(self) -> int:
        return 1


class Proxy:
    def __init__(self, inner: Any) -> None:
        object.__setattr__(self, "inner", inner)

    def __getattr__(self, name: str) -> Any:
        return getattr(object.__getattribute__(self, "inner"), name)

    def __setattr__(self, name: str, value: Any) -> None:
        raise RuntimeError("read only")


class Hooks(unittest.TestCase):
    def test_r31_arguments_result_and_exception_are_unchanged(self) -> None:
        strategy, seen, ends = Strategy(), [], []

        def before(args: Any, kwargs: Any) -> int:
            seen.append((args, kwargs))
            return len(seen)

        possible = observe_hook(
            strategy,
            "evaluate",
            before=before,
            after=lambda token, result: ends.append((token, result)),
            failed=lambda token, error: ends.append((token, repr(error))),
        )
        self.assertTrue(possible)
        self.assertEqual(strategy.evaluate(1, parameters="q"), (1, "q"))
        with self.assertRaisesRegex(KeyError, "theirs"):
            strategy.evaluate(server_round=-1)
        self.assertEqual(seen, [((1,), {"parameters": "q"}), ((), {"server_round": -1})])
        self.assertEqual(ends, [(1, (1, "q")), (2, "KeyError('theirs')")])
        self.assertEqual(list(inspect.signature(strategy.evaluate).parameters), ["server_round", "parameters"])

    def test_r31_an_observer_that_raises_changes_nothing(self) -> None:
        def broken(*_: Any) -> None:
            raise ZeroDivisionError

        strategy = Strategy()
        with self.assertLogs("rondo", "WARNING") as logs:
            observe_hook(strategy, "evaluate", before=broken, after=broken, failed=broken)
            self.assertEqual(strategy.evaluate(2), (2, "p"))
            with self.assertRaises(KeyError):
                strategy.evaluate(-2)
        self.assertEqual(len(logs.output), 1)

    def test_r31_what_cannot_be_observed_is_said_and_works_on(self) -> None:
        for target in (Slots(), Proxy(Strategy()), object()):
            with self.subTest(type(target).__name__):
                reasons: list[str] = []
                self.assertFalse(observe_hook(target, "evaluate", on_impossible=reasons.append))
                self.assertRegex(reasons[0], r"evaluate cannot be observed .*; training is not affected")
        self.assertEqual(Slots().evaluate(), 1)
