"""Calls, commands, and the account."""

from __future__ import annotations

import os
import threading
import time
import unittest
from collections.abc import Callable
from typing import Any, ClassVar

import rondo
from rondo.models import Uploads
from rondo.options import Options

from .scene import Scene, SceneTest


class Calls(SceneTest):
    def test_the_run_starts_by_itself(self) -> None:
        scene = self.scene(name="CIFAR", framework="flower", num_rounds=3, config={"lr": 0.1}, tags=["a"])
        scene.advance(0.1)
        [started] = scene.server.facts
        self.assertEqual((started["type"], started["run_id"], started["name"]), ("run_started", "run-1", "CIFAR"))
        self.assertEqual((started["framework"], started["num_rounds"]), ("flower", 3))
        self.assertEqual((started["config"], started["tags"]), ({"lr": 0.1}, ["a"]))

    def test_r1_never_raises_whatever_it_is_given(self) -> None:
        class Hostile:
            def __str__(self) -> str:
                raise RuntimeError("no")

            def __float__(self) -> float:
                raise RuntimeError("no")

            def __iter__(self) -> Any:
                raise RuntimeError("no")

            __index__ = __len__ = __hash__ = __bool__ = __str__  # type: ignore[assignment]

        run = rondo.Run(self._options())
        hostile: Any = Hostile()
        calls: list[Callable[[], None]] = [
            lambda: run.client_left(hostile),
            lambda: run.client_joined(None),  # type: ignore[arg-type]
            lambda: run.report(hostile),
            lambda: run.report({"type": "nonsense"}),
            lambda: run.report({"type": hostile}),
            lambda: run.report({"type": ["log"]}),
            lambda: run.metric(hostile, 1, step=1),
            lambda: run.metric("x", hostile, step=1),
            lambda: run.metric("x", 1),
            lambda: run.log(hostile),
            lambda: run.round_started(1, hostile),
            lambda: run.log("x", at=hostile),
            lambda: run.round_complete(hostile),
        ]
        for call in calls:
            call()
        stats = run.close(0)
        # A value that is no number is named in a log line, and so is the count at the end. [R30]
        self.assertEqual((stats.reported, stats.dropped, stats.queued), (3 + len(calls), len(calls), 3))

    def test_r1_a_hostile_configuration_ends_nothing(self) -> None:
        for options in (
            {"name": object()},
            {"tags": 5},
            {"mask_keys": 5},
            {"mask_keys": "pin"},
            {"config": object()},
            {"url": "nonsense"},
            {"url": "ftp://x"},
        ):
            with self.subTest(options):
                scene = self.scene(**options)
                scene.advance(0.1)
                scene.metrics(1)

    def test_r1_survives_a_listener_that_raises(self) -> None:
        def listener(problem: object) -> None:
            raise RuntimeError("listener")

        scene = self.scene(on_problem=listener)
        scene.reporter.say("nonsense", {})
        scene.advance(1)
        self.assertEqual(scene.reporter.stats().dropped, 1)

    def test_r1_neither_sends_nor_writes_inside_a_call(self) -> None:
        scene = self.scene()
        scene.metrics(1)
        self.assertEqual(scene.server.requests, [])
        self.assertEqual(list(self.root.iterdir()), [])

    def test_r1_keeps_what_was_reported_not_what_it_became(self) -> None:
        scene = self.scene()
        metrics, ids, config = {"loss": 1.0}, ["a"], {"inner": {"lr": 0.1}}
        scene.reporter.say("round_complete", {"round": 1, "metrics": metrics})
        scene.reporter.say("round_started", {"round": 2, "client_ids": ids})
        scene.reporter.say("run_started", {"name": "x", "framework": "y", "config": config})
        metrics["loss"] = 2
        ids.append("b")
        config["inner"]["lr"] = 0.2
        scene.advance(0.1)
        _, complete, started, run = scene.server.facts
        self.assertEqual(complete["metrics"], {"loss": 1})
        self.assertEqual(started["client_ids"], ["a"])
        self.assertEqual(run["config"], {"inner": {"lr": 0.1}})

    def test_r3_takes_numbers_of_other_libraries(self) -> None:
        class Float32:
            def item(self) -> float:
                return 0.5

        class Int64:
            def __index__(self) -> int:
                return 600

        scene = self.scene()
        fields = {"client_id": "a", "round": Int64(), "sample_count": Int64(), "metrics": {"x": Float32()}}
        scene.reporter.say("client_result", {**fields, "train_loss": Float32()})
        scene.advance(0.1)
        result = scene.server.facts[-1]
        self.assertEqual((result["round"], result["sample_count"]), (600, 600))
        self.assertEqual((result["train_loss"], result["metrics"]), (0.5, {"x": 0.5}))

    def test_r3_tells_a_dropped_event_once_and_counts_every_one(self) -> None:
        scene = self.scene()
        for _ in range(3):
            scene.reporter.say("client_failed", {"client_id": "", "round": 1, "reason": "x"})
        scene.advance(0.1)
        self.assertEqual(scene.codes, ["invalid_event"])
        self.assertIn("client_id", scene.problems[0].message)
        self.assertEqual(scene.reporter.stats().dropped, 3)

    def test_r16_never_shows_the_key_or_a_password(self) -> None:
        key = "rondo_0123456789"

        def post(*request: object) -> Any:
            raise OSError(f"bad header Bearer {key}")

        scene = self.scene(api_key=key, url="http://me:hunter2@host:8000", post=post)
        scene.advance(1)
        shown = f"{scene.problems} {scene.reporter.stats()}"
        self.assertIn("http://host:8000", shown)
        self.assertNotIn(key, shown)
        self.assertNotIn("hunter2", shown)
        spooled = b"".join(path.read_bytes() for path in self.root.rglob("*") if path.is_file())
        self.assertNotIn(key.encode(), spooled)
        self.assertNotIn(b"hunter2", spooled)

    def test_r17_accounts_for_every_event_at_every_moment(self) -> None:
        scene = self.scene(max_queued_events=40)
        scene.server.fail_next("down", "lost answer", 503)
        for step in range(60):
            scene.metrics(step)
            if step % 7 == 0:
                scene.reporter.say("client_failed", {"client_id": "a", "round": -1, "reason": "invalid"})
            scene.advance(0.04)
            stats = scene.reporter.stats()
            on_disk = scene.reporter._outbox.waiting + len(scene.reporter._inbox)
            self.assertEqual(stats.queued, on_disk)
        scene.advance(20)
        self.assertEqual((scene.reporter.stats().queued, scene.reporter.stats().acknowledged), (0, 61))
        self.assertGreater(scene.reporter.stats().duplicates, 0)

    def test_clips_a_run_id_that_is_too_long(self) -> None:
        self.assertEqual(len(self.scene(run_id="r" * 300).reporter.run_id), 128)

    @unittest.skipIf(os.environ.get("CI"), "a shared machine's timing says nothing")
    def test_r1_takes_microseconds_with_a_server_that_is_down(self) -> None:
        run = rondo.run("speed", url="http://127.0.0.1:9", api_key="k" * 9, spool_dir=self.root, on_problem=_nothing)
        self.addCleanup(lambda: run.close(0))
        took: list[int] = []
        for step in range(3_000):
            before = time.perf_counter_ns()
            run.metric("loss", 0.5, step=step)
            took.append(time.perf_counter_ns() - before)
        # Far above the promise of 20 µs, which `npm run bench` measures: this only finds a call that waits.
        self.assertLess(sorted(took)[len(took) * 9 // 10], 200_000)

    def _options(self) -> Options:
        return Options(name="x", api_key="key-for-tests", spool_dir=self.root, on_problem=_nothing, is_threaded=False)


class Commands(SceneTest):
    command: ClassVar = {
        "command_id": "c1",
        "command": "stop_round",
        "run_id": "run-1",
        "round": 3,
        "reason": "too slow",
    }

    def heard_by(self, handler: Any, *commands: Any, **options: Any) -> Scene:
        scene = self.scene(commands_supported=["stop_round"], on_command=handler, **options)
        scene.advance(0.1)
        scene.server.commands = list(commands) or [self.command]
        scene.advance(3)
        return scene

    def acks(self, scene: Scene) -> list[tuple[str, Any]]:
        return [(f["state"], f.get("detail")) for f in scene.server.facts if f["type"] == "command_ack"]

    def test_r13_reach_the_handler_once_and_are_acknowledged(self) -> None:
        got: list[rondo.Command] = []
        scene = self.heard_by(got.append, self.command, self.command)
        self.assertEqual(got, [rondo.Command("c1", "stop_round", "run-1", 3, "too slow")])
        self.assertEqual(self.acks(scene), [("delivered", None), ("applied", None)])

    def test_r13_are_rejected_as_the_handler_says(self) -> None:
        scene = self.heard_by(lambda command: ("rejected", "round 3 is over"))
        self.assertEqual(self.acks(scene), [("delivered", None), ("rejected", "round 3 is over")])

    def test_r13_are_rejected_when_the_handler_raises(self) -> None:
        def handler(command: object) -> None:
            raise ValueError("no such round")

        scene = self.heard_by(handler)
        self.assertEqual(self.acks(scene), [("delivered", None), ("rejected", "no such round")])
        self.assertEqual(scene.codes, ["command_failed"])

    def test_r13_are_rejected_without_a_handler(self) -> None:
        self.assertEqual(self.acks(self.heard_by(None)), [("delivered", None), ("rejected", "not supported")])

    def test_r13_of_a_newer_server_are_rejected_without_losing_the_answer(self) -> None:
        scene = self.heard_by(print, {**self.command, "command": "resume_run"})
        self.assertEqual([state for state, _ in self.acks(scene)], ["rejected"])
        self.assertEqual(scene.reporter.stats().queued, 0)

    def test_r26_of_another_run_are_left_to_others(self) -> None:
        scene = self.heard_by(self.fail, {**self.command, "run_id": "run-2"})
        self.assertEqual(self.acks(scene), [])

    def test_r13_a_slow_handler_does_not_hold_up_the_reports(self) -> None:
        go = threading.Event()
        scene = self.scene(commands_supported=["stop_round"], on_command=lambda command: go.wait(10) and None)
        scene.reporter._commands._is_threaded = True
        scene.server.commands = [self.command]
        scene.advance(1)
        scene.metrics(1)
        scene.advance(1)
        self.assertEqual(scene.server.steps, [1])
        self.assertEqual(self.acks(scene), [("delivered", None)])
        go.set()
        self.until(lambda: len(scene.reporter._inbox) > 0)
        scene.advance(1)
        self.assertEqual(self.acks(scene), [("delivered", None), ("applied", None)])


class TheEndOfARun(SceneTest):
    def run_in(self, scene: Scene) -> rondo.Run:
        run = rondo.Run.__new__(rondo.Run)
        run._reporter = scene.reporter
        run._uploads = Uploads(scene.reporter)
        run._is_complete = False
        return run

    def end_of(self, error: BaseException | None) -> dict[str, Any]:
        scene = self.scene()
        try:
            with self.run_in(scene):
                if error is not None:
                    raise error
        except BaseException as raised:
            self.assertIs(raised, error)
        else:
            self.assertIsNone(error)
        return scene.server.facts[-1]

    def test_a_clean_end_is_complete(self) -> None:
        self.assertEqual(self.end_of(None)["status"], "complete")

    def test_an_exception_is_failed_and_goes_on(self) -> None:
        end = self.end_of(ValueError("no data"))
        self.assertEqual((end["status"], end["reason"]), ("failed", "ValueError: no data"))

    def test_ctrl_c_is_stopped(self) -> None:
        self.assertEqual(self.end_of(KeyboardInterrupt())["status"], "stopped")

    def test_sys_exit_is_as_it_says(self) -> None:
        self.assertEqual(self.end_of(SystemExit(0))["status"], "complete")
        self.assertEqual(self.end_of(SystemExit(3))["status"], "failed")

    def test_what_the_program_said_is_not_said_again(self) -> None:
        scene = self.scene()
        with self.run_in(scene) as run:
            run.run_complete("stopped", "enough")
        ends = [fact for fact in scene.server.facts if fact["type"] == "run_complete"]
        self.assertEqual([end["status"] for end in ends], ["stopped"])

    def test_a_round_ends_with_its_block(self) -> None:
        scene = self.scene()
        run = self.run_in(scene)
        with run.round(1, ["a", "b"]) as round:
            round.result("a", 10, train_loss=0.5, figure_of_tomorrow=1)
            round.client_failed("b", "no memory")
            round.complete(global_loss=0.5)
        with self.assertRaises(ValueError), run.round(2, num_clients_expected=2):
            raise ValueError("no data")
        with run.round(3, ["a"]):
            pass
        scene.advance(0.1)
        self.assertEqual(
            scene.server.types,
            [
                *("run_started", "round_started", "client_result", "client_failed", "round_complete"),
                *("round_started", "round_failed", "round_started", "round_complete"),
            ],
        )

    def test_r14_what_is_reported_after_close_is_counted(self) -> None:
        scene = self.scene()
        scene.reporter.close()
        scene.metrics(1)
        stats = scene.reporter.stats()
        self.assertEqual((stats.reported, stats.acknowledged, stats.dropped, stats.queued), (2, 1, 1, 0))

    def test_r14_closing_twice_is_closing_once(self) -> None:
        scene = self.scene()
        self.assertEqual(scene.reporter.close(), scene.reporter.close())


def _nothing(problem: object) -> None:
    pass
