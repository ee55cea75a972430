"""Calls with nothing to convert: they keep their values, and the writing thread does the rest."""

from __future__ import annotations

import threading
from typing import Any

import rondo

from .scene import Scene, SceneTest


class PlainCalls(SceneTest):
    def test_r1_they_are_reported_in_their_order_among_the_others(self) -> None:
        scene, run = self.run_of()
        for n in range(40):
            run.log(f"line {n}")
            run.client_result(f"c{n}", 1, n, train_loss=0.5)
            run.client_joined(f"d{n}")
            run.metric("loss", n / 7, step=n)
        self.deliver(scene)
        facts = [fact for fact in scene.server.facts if fact["type"] != "run_started"]
        kinds = ["log", "client_result", "client_joined", "metric"] * 40
        self.assertEqual([fact["type"] for fact in facts], kinds)
        self.assertEqual([fact["step"] for fact in facts[3::4]], list(range(40)))
        moments = [fact["at"] for fact in facts]
        self.assertEqual(moments, sorted(moments))

    def test_r2_facts_about_one_client_rise_and_others_share_a_moment(self) -> None:
        scene, run = self.run_of()
        run.client_result("a", 1, 10)
        run.client_result("b", 1, 10)
        run.client_result("a", 2, 10)
        run.client_status("a", "idle")
        self.deliver(scene)
        first, other, second, third = scene.server.facts[-4:]
        self.assertEqual(first["at"], other["at"])
        self.assertTrue(first["at"] < second["at"] < third["at"])

    def test_r2_a_moment_is_that_of_the_call_however_late_it_is_written(self) -> None:
        scene, run = self.run_of()
        run.metric("loss", 1.0, step=1)
        scene.clock.advance(5)
        run.metric("loss", 2.0, step=2)
        self.deliver(scene)
        early, late = (int(fact["at"][17:19]) for fact in scene.server.facts[-2:])
        self.assertEqual((late - early) % 60, 5)

    def test_r1_a_call_keeps_the_metrics_that_it_was_given(self) -> None:
        scene, run = self.run_of()
        metrics = {"f1": 0.5}
        run.client_result("a", 1, 10, metrics=metrics, bytes_up=7)
        metrics["f1"] = 0.9
        metrics["later"] = 1.0
        self.deliver(scene)
        fact = scene.server.facts[-1]
        self.assertEqual((fact["metrics"], fact["bytes_up"], fact["sample_count"]), ({"f1": 0.5}, 7, 10))

    def test_r29_what_has_to_be_converted_is_reported_as_before(self) -> None:
        scene, run = self.run_of()
        odd: list[dict[str, Any]] = [
            {"metrics": {"steps": [1, 2]}},
            {"metrics": {"__proto__": 1.0, "f1": 0.5}},
            {"metrics": {1: 0.5}},
            {"metrics": {"f1": True}},
            {"train_loss": "0.5"},
            {"metrics": {f"m{n}": 1.0 for n in range(300)}},
        ]
        for n, given in enumerate(odd):
            run.client_result(n, 1, 10, **given)
        self.deliver(scene)
        results = [fact for fact in scene.server.facts if fact["type"] == "client_result"]
        self.assertEqual([fact["client_id"] for fact in results], [str(n) for n in range(len(odd))])
        shown = [fact.get("metrics") for fact in results[:4]]
        self.assertEqual(shown, [{"steps": 2}, {"f1": 0.5}, {"1": 0.5}, {"f1": 1}])
        self.assertEqual(len(results[5]["metrics"]), 256)

    def test_r7_r17_more_than_the_bound_leaves_the_newest_and_the_account_adds_up(self) -> None:
        scene, run = self.run_of(max_queued_events=200)
        for n in range(5_000):
            run.metric("loss", 0.5, step=n)
            if n % 1_000 == 0:
                self.assertEqual(run.stats().reported, n + 2)
        self.deliver(scene)
        stats = run.stats()
        self.assertEqual(stats.reported, stats.acknowledged + stats.rejected + stats.dropped + stats.queued)
        self.assertGreater(stats.dropped, 4_000)
        steps = [fact["step"] for fact in scene.server.facts if fact["type"] == "metric"]
        self.assertEqual(steps[-1], 4_999)

    def test_r14_r17_calls_during_close_are_delivered_or_counted_as_dropped(self) -> None:
        for _ in range(5):
            scene, run = self.run_of(is_threaded=True)
            ready = threading.Barrier(5)
            made = [0] * 4

            def work(n: int, run: rondo.Run = run, ready: threading.Barrier = ready, made: list[int] = made) -> None:
                ready.wait(30)
                for step in range(3_000):
                    run.metric("loss", 0.5, step=step)
                    made[n] = step + 1

            threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
            for thread in threads:
                thread.start()
            ready.wait(30)
            self.until(lambda made=made: sum(made) > 500)  # type: ignore[misc]
            run.close(20)
            for thread in threads:
                thread.join(60)
            stats = run.stats()
            of_calls = stats.reported - sum(fact["type"] != "metric" for fact in scene.server.facts)
            self.assertEqual((of_calls, stats.queued), (12_000, 0))
            self.assertEqual(stats.acknowledged, len(scene.server.facts))

    def run_of(self, **options: Any) -> tuple[Scene, rondo.Run]:
        scene = self.scene(**options)
        run = rondo.Run.__new__(rondo.Run)
        run._reporter = scene.reporter
        run._uploads = rondo.models.Uploads(scene.reporter)
        run._is_complete = False
        return scene, run

    def deliver(self, scene: Scene) -> None:
        scene.advance(5)
