"""Sending, with a clock that only moves when the test advances it."""

from __future__ import annotations

from itertools import pairwise

from .scene import SceneTest


class Sending(SceneTest):
    def test_r4_numbers_its_batches_without_holes_under_one_reporter_id(self) -> None:
        scene = self.scene()
        for step in range(3):
            scene.metrics(step)
            scene.advance(0.1)
        self.assertEqual([seen.batch for seen in scene.server.requests], [0, 1, 2])
        self.assertEqual(len({seen.reporter_id for seen in scene.server.requests}), 1)

    def test_r4_repeats_a_batch_with_the_same_events_until_it_is_answered(self) -> None:
        scene = self.scene()
        scene.server.fail_next("lost answer", "down", 500, "garbage")
        scene.advance(0.06)
        scene.metrics(*range(5))
        scene.advance(30)
        first = scene.server.requests[0]
        for again in scene.server.requests[1:5]:
            self.assertEqual((again.batch, again.events), (0, first.events))
        self.assertEqual(scene.server.types, ["run_started", *["metric"] * 5])
        stats = scene.reporter.stats()
        self.assertEqual((stats.acknowledged, stats.duplicates, stats.queued), (6, 1, 0))

    def test_r35_every_attempt_says_when_it_was_sent(self) -> None:
        scene = self.scene()
        scene.server.fail_next("down", "down", 503)
        scene.advance(30)
        moments = [seen.sent_at for seen in scene.server.requests]
        self.assertGreaterEqual(len(moments), 4)
        self.assertEqual(moments, sorted(set(moments)))
        self.assertEqual((moments[0], scene.server.changed), ("2026-01-31T12:00:00.000Z", []))

    def test_r5_a_backlog_in_bytes_follows_at_once(self) -> None:
        scene = self.scene()
        scene.advance(1)
        for number in range(900):
            scene.reporter.say("log", {"level": "info", "message": f"{number:04}" + "x" * 7_000})
        scene.reporter.write_turn()
        # 4 MiB first, and without a pause the rest.
        self.assertEqual(scene.reporter.send_turn(), 0)
        scene.reporter.send_turn()
        self.assertEqual(len(scene.server.facts), 901)

    def test_r5_a_batch_has_at_most_5000_events_and_a_backlog_follows_at_once(self) -> None:
        scene = self.scene()
        scene.metrics(*range(12_000))
        scene.advance(0.03)
        self.assertEqual([len(seen.events) for seen in scene.server.requests], [5_000, 5_000, 2_001])
        self.assertEqual(scene.server.steps, list(range(12_000)))

    def test_r5_a_batch_stays_under_half_the_bytes_the_server_takes(self) -> None:
        scene = self.scene()
        for step in range(1_000):
            scene.reporter.say("log", {"level": "info", "message": str(step).ljust(7_000, "x")})
        scene.advance(0.03)
        self.assertEqual(len(scene.server.requests), 2)
        self.assertLess(max(seen.size for seen in scene.server.requests), 4.2 * 1024 * 1024)

    def test_r5_asks_for_commands_every_second_while_the_run_can_take_them(self) -> None:
        scene = self.scene(commands_supported=["stop_round"])
        scene.advance(5.06)
        self.assertEqual([len(seen.events) for seen in scene.server.requests], [1, 0, 0, 0, 0, 0])
        scene.reporter.say("run_complete", {"status": "complete"})
        scene.advance(10)
        self.assertLessEqual(len(scene.server.requests), 7)

    def test_r5_is_silent_when_it_has_nothing_to_say_and_takes_no_commands(self) -> None:
        scene = self.scene()
        scene.advance(60)
        self.assertEqual(len(scene.server.requests), 1)

    def test_r6_compresses_bodies_from_1_kib(self) -> None:
        scene = self.scene()
        scene.advance(0.1)
        scene.metrics(*range(100))
        scene.advance(0.1)
        small, large = scene.server.requests
        self.assertNotIn("content-encoding", small.headers)
        self.assertEqual(large.headers["content-encoding"], "gzip")

    def test_r8_waits_longer_after_each_failure_and_tells_of_it_once(self) -> None:
        scene = self.scene()
        moments: list[float] = []

        def down(seen: object) -> str:
            moments.append(scene.clock.seconds)
            return "down"

        scene.server.fault = down
        scene.advance(60)
        gaps = [round(later - sooner, 3) for sooner, later in pairwise(moments)]
        self.assertEqual(gaps[:8], [0.2, 0.3, 0.5, 0.9, 1.7, 3.3, 6.5, 7.6])
        self.assertEqual(scene.codes, ["unreachable"])

    def test_r8_honours_retry_after(self) -> None:
        scene = self.scene()
        scene.server.retry_after = "7"
        scene.server.fail_next(503)
        scene.advance(6.9)
        self.assertEqual(len(scene.server.requests), 1)
        scene.advance(0.2)
        self.assertEqual(len(scene.server.requests), 2)

    def test_r8_a_long_outage_loses_and_doubles_nothing(self) -> None:
        scene = self.scene()
        scene.server.fault = lambda seen: "down"
        for hour in range(8):
            scene.metrics(*range(hour * 100, hour * 100 + 100))
            scene.advance(3_600)
        scene.server.fault = lambda seen: None
        scene.advance(20)
        self.assertEqual(scene.server.steps, list(range(800)))
        self.assertEqual(scene.reporter.stats().queued, 0)
        # At most every few seconds: an hour has 3,600.
        self.assertLess(len(scene.server.requests), 8 * 3_600 / 7)

    def test_r8_tells_of_the_next_outage_again(self) -> None:
        scene = self.scene()
        scene.server.fail_next("down", None, "down")
        scene.advance(1)
        scene.metrics(1)
        scene.advance(1)
        self.assertEqual(scene.codes, ["unreachable", "unreachable"])

    def test_r9_a_wrong_key_is_reported_once_and_tried_every_minute(self) -> None:
        for status in (401, 403, 404, 302):
            with self.subTest(status):
                scene = self.scene()
                scene.server.fault = lambda seen, status=status: status  # type: ignore[misc]
                scene.metrics(1)
                scene.advance(601)
                self.assertEqual(len(scene.server.requests), 11)
                self.assertEqual(scene.codes, ["misconfigured"])
                scene.server.fault = lambda seen: None
                scene.advance(61)
                self.assertEqual(scene.reporter.stats().acknowledged, 2)

    def test_r10_a_batch_that_is_too_large_is_halved(self) -> None:
        scene = self.scene()
        scene.server.fault = lambda seen: 413 if len(seen.events) > 30 else None
        scene.metrics(*range(100))
        scene.advance(1)
        self.assertEqual(scene.server.steps, list(range(100)))
        taken = [seen.batch for seen in scene.server.requests if len(seen.events) <= 30]
        self.assertEqual(taken, list(range(len(taken))))
        self.assertEqual(scene.reporter.stats().acknowledged, 101)

    def test_r10_an_event_that_alone_is_too_large_is_dropped_and_counted(self) -> None:
        scene = self.scene()
        scene.server.fault = lambda seen: 413 if any(e.get("step") == 7 for e in seen.events) else None
        scene.metrics(*range(20))
        scene.advance(1)
        self.assertEqual(scene.server.steps, [step for step in range(20) if step != 7])
        self.assertEqual(scene.reporter.stats().dropped, 1)

    def test_r11_a_refused_batch_is_dropped_and_its_number_sent_empty(self) -> None:
        scene = self.scene()
        scene.server.fault = lambda seen: 422 if seen.batch == 0 and seen.events else None
        scene.advance(0.1)
        scene.metrics(1)
        scene.advance(0.1)
        self.assertEqual([(seen.batch, len(seen.events)) for seen in scene.server.requests], [(0, 1), (0, 0), (1, 1)])
        self.assertEqual((scene.reporter.stats().dropped, scene.codes), (1, ["events_dropped"]))

    def test_r12_a_refused_event_is_counted_and_each_reason_reported_once(self) -> None:
        scene = self.scene()
        scene.server.rejects = lambda event: "no" if event.get("step", 0) % 2 else None
        scene.metrics(*range(10))
        scene.advance(1)
        stats = scene.reporter.stats()
        self.assertEqual((stats.rejected, stats.acknowledged), (5, 6))
        self.assertEqual([problem.message for problem in scene.problems], ["the server refused metric: no"])

    def test_r14_closing_tries_at_once_and_often(self) -> None:
        scene = self.scene()
        scene.server.fault = lambda seen: "down"
        scene.advance(60)
        before = len(scene.server.requests)
        scene.reporter._sender.begin_closing()
        scene.advance(2)
        self.assertGreaterEqual(len(scene.server.requests) - before, 8)

    def test_r14_closing_gives_up_at_once_on_a_wrong_key(self) -> None:
        scene = self.scene()
        scene.server.fault = lambda seen: 401
        scene.reporter._sender.begin_closing()
        scene.advance(2)
        self.assertEqual((len(scene.server.requests), scene.reporter._sender.is_finished), (1, True))


class Drops(SceneTest):
    def test_r7_the_oldest_telemetry_is_dropped_first_and_reported_when_the_link_is_back(self) -> None:
        scene = self.scene(max_queued_events=20)
        scene.server.fault = lambda seen: "down"
        scene.reporter.say("client_left", {"client_id": "a"})
        scene.metrics(*range(30))
        scene.advance(1)
        scene.server.fault = lambda seen: None
        scene.advance(20)
        # Ten in the inbox: the start, the client, and the newest eight.
        self.assertEqual(scene.server.types[:2], ["run_started", "client_left"])
        self.assertEqual(scene.server.steps, list(range(22, 30)))
        notice = scene.server.facts[-1]
        self.assertEqual((notice["type"], notice["level"]), ("log", "warning"))
        self.assertIn("22 measurements", notice["message"])
        self.assertEqual((scene.reporter.stats().dropped, scene.codes.count("events_dropped")), (22, 1))

    def test_r7_then_the_oldest_facts_and_the_start_of_the_run_last(self) -> None:
        scene = self.scene(max_queued_events=6)
        for name in "abcde":
            scene.reporter.say("client_left", {"client_id": name})
        scene.advance(1)
        left = [fact.get("client_id") for fact in scene.server.facts if fact["type"] != "log"]
        self.assertEqual(left, [None, "d", "e"])

    def test_r24_a_full_spool_drops_its_oldest_telemetry_and_tells(self) -> None:
        scene = self.scene(spool_max_bytes=64 * 1024)
        scene.server.fault = lambda seen: "down"
        scene.advance(0.1)
        for step in range(3_000):
            scene.metrics(step)
            if step % 100 == 0:
                scene.reporter.say("client_left", {"client_id": str(step)})
            if step % 10 == 0:
                scene.advance(0.1)
        size = sum(path.stat().st_size for path in self.root.rglob("*.log"))
        self.assertLess(size, 70 * 1024)
        scene.server.fault = lambda seen: None
        scene.advance(60)
        facts = [fact["client_id"] for fact in scene.server.facts if fact["type"] == "client_left"]
        self.assertEqual(facts, [str(step) for step in range(0, 3_000, 100)])
        self.assertEqual(scene.server.steps[-1], 2_999)
        self.assertEqual(scene.server.steps, sorted(set(scene.server.steps)))
        stats = scene.reporter.stats()
        self.assertEqual(stats.dropped, 3_000 - len(scene.server.steps))
        self.assertGreater(stats.dropped, 1_000)
        self.assertEqual(stats.queued, 0)
        notices = [fact["message"] for fact in scene.server.facts if fact["type"] == "log"]
        self.assertIn(f"{stats.dropped} measurements", notices[0])
