"""The disk: one that fills or fails, folders that others left, and two processes at once."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest import mock

from rondo.spool.home import SpoolHome
from rondo.spool.lock import take, take_over
from rondo.spool.segments import remove_folder
from rondo.spool.state import read_state

from .scene import Scene, SceneTest

_write = os.write


@contextmanager
def full_disk(spare: int = 0) -> Iterator[None]:
    """Takes `spare` more bytes, the last of them a part of a line."""
    left = [spare]

    def write(handle: int, data: bytes) -> int:
        if left[0] <= 0:
            raise OSError(errno.ENOSPC, "No space left on device")
        taken = _write(handle, data[: left[0]])
        left[0] -= taken
        return taken

    with mock.patch("rondo.spool.spool.os.write", write):
        yield


def folders_in(root: Path) -> list[Path]:
    return sorted(path for path in root.glob("*/*") if path.is_dir())


def last_lock(folder: Path) -> Path:
    return max(folder.glob("lock-*"), key=lambda path: int(path.name[5:]))


def say_it_died(folder: Path) -> None:
    """As if its process had been killed: nothing tidied up, and no such process."""
    lock = last_lock(folder)
    lock.write_text(json.dumps({**json.loads(lock.read_text()), "pid": 2**22 + 1}))


class FullDisk(SceneTest):
    def test_r27_events_are_delivered_although_the_disk_is_full(self) -> None:
        for spare in (0, 50, 500, 2_000):
            with self.subTest(spare):
                scene = self.scene()
                scene.advance(0.1)
                with full_disk(spare):
                    for part in range(5):
                        scene.metrics(*range(part * 10, part * 10 + 10))
                        scene.advance(0.3)
                scene.metrics(*range(50, 60))
                scene.advance(3)
                self.assertEqual(scene.server.steps, list(range(60)))
                self.assertEqual(scene.reporter.stats().queued, 0)
                self.assertEqual(scene.codes, ["spool_failed"])

    def test_r27_with_the_server_down_too_they_wait_in_memory_in_their_order(self) -> None:
        scene = self.scene()
        scene.advance(0.1)
        scene.server.fault = lambda seen: "down"
        scene.metrics(*range(10))
        scene.advance(1)
        with full_disk(30):
            scene.metrics(*range(10, 20))
            scene.advance(2)
        scene.metrics(*range(20, 30))
        scene.advance(2)
        scene.metrics(*range(30, 40))
        scene.server.fault = lambda seen: None
        scene.advance(30)
        self.assertEqual(scene.server.steps, list(range(40)))

    def test_r27_a_torn_line_on_a_full_disk_does_not_tear_the_next(self) -> None:
        scene = self.scene()
        scene.server.fault = lambda seen: "down"
        scene.advance(0.1)
        with full_disk(40):
            scene.metrics(1)
            scene.advance(2)
        scene.metrics(2)
        scene.advance(2)
        [folder] = folders_in(self.root)
        state = read_state(folder)
        assert state is not None
        self.assertEqual((state.damaged, len(state.events)), (0, 3))

    def test_r27_a_batch_that_cannot_be_written_goes_under_another_reporter_id(self) -> None:
        scene = self.scene()
        scene.advance(0.1)
        scene.metrics(*range(40))
        scene.reporter.write_turn()
        scene.server.fault = lambda seen: 413 if len(seen.events) > 15 else None
        with full_disk():
            scene.clock.advance(1)
            while scene.reporter.send_turn() == 0:
                pass
            self.assertEqual(scene.server.steps, list(range(40)))
        scene.metrics(40)
        scene.advance(2)
        self.assertEqual(scene.server.steps, list(range(41)))
        first, *others = [seen.reporter_id for seen in scene.server.requests if len(seen.events) <= 15]
        self.assertEqual([reporter_id == first for reporter_id in others], [False] * 3 + [True])
        self.assertEqual((scene.reporter.stats().queued, scene.server.changed), (0, []))

    def test_r27_memory_is_bounded_too(self) -> None:
        scene = self.scene(max_queued_events=100)
        scene.server.fault = lambda seen: "down"
        with full_disk():
            for step in range(1_000):
                scene.metrics(step)
                if step % 20 == 0:
                    scene.advance(0.02)
        stats = scene.reporter.stats()
        self.assertLessEqual(stats.queued, 160)
        self.assertEqual(stats.dropped + stats.queued, 1_001)

    def test_r27_a_folder_that_cannot_be_made_costs_only_the_spool(self) -> None:
        blocked = self.root / "file"
        blocked.write_text("not a folder")
        scene = self.scene(spool_dir=blocked / "spool")
        scene.metrics(*range(10))
        scene.advance(3)
        self.assertEqual(scene.server.steps, list(range(10)))
        self.assertEqual(scene.codes, ["spool_failed"])

    def test_r27_without_a_spool_what_is_left_at_the_end_is_dropped(self) -> None:
        scene = self.scene(spool=False)
        scene.server.fault = lambda seen: "down"
        scene.metrics(1)
        stats = scene.reporter.close(0.05)
        self.assertEqual((stats.dropped, stats.queued), (2, 0))


class Adoption(SceneTest):
    def leave(self, *steps: int, run_id: str = "run-1") -> Path:
        """A reporter that was killed after a batch that the server may or may not have taken."""
        before = set(folders_in(self.root))
        scene = Scene(self.root, run_id=run_id)
        scene.server.fault = lambda seen: "down"
        scene.metrics(*steps)
        scene.advance(0.1)
        scene.kill()
        [folder] = set(folders_in(self.root)) - before
        say_it_died(folder)
        return folder

    def test_r26_the_next_reporter_delivers_what_a_killed_one_left(self) -> None:
        folder = self.leave(1, 2, 3)
        scene = self.scene()
        scene.metrics(4)
        scene.advance(1)
        self.assertEqual(scene.server.steps, [1, 2, 3, 4])
        self.assertEqual(scene.server.requests[0].reporter_id, folder.name)
        self.assertFalse(folder.exists())
        stats = scene.reporter.stats()
        self.assertEqual((stats.recovered, stats.acknowledged, stats.reported), (4, 2, 2))

    def test_r22_a_batch_that_was_taken_before_the_kill_is_a_duplicate(self) -> None:
        scene = Scene(self.root)
        scene.server.fail_next("lost answer")
        scene.metrics(1, 2, 3)
        scene.advance(0.05)
        scene.kill()
        say_it_died(folders_in(self.root)[0])
        after = self.scene(post=scene.server.post)
        after.metrics(4)
        after.advance(1)
        self.assertEqual(scene.server.steps, [1, 2, 3, 4])
        self.assertEqual(scene.server.changed, [])

    def test_r26_what_a_close_left_is_delivered_by_the_next_in_the_same_process(self) -> None:
        first = Scene(self.root)
        first.server.fault = lambda seen: "down"
        first.metrics(1)
        stats = first.reporter.close(0.05)
        self.assertEqual((stats.dropped, stats.queued), (0, 2))
        self.assertIn("2 events are not delivered yet", first.problems[-1].message)
        scene = self.scene()
        scene.advance(1)
        self.assertEqual(scene.server.steps, [1])

    def test_r26_other_runs_wait_until_there_is_nothing_else(self) -> None:
        self.leave(1, 2, run_id="run-0")
        scene = self.scene()
        scene.metrics(3)
        scene.advance(1)
        self.assertEqual(scene.server.steps, [3, 1, 2])

    def test_r26_of_another_server_are_left_alone(self) -> None:
        folder = self.leave(1)
        scene = self.scene(url="http://other:8000")
        scene.advance(100)
        self.assertEqual(scene.server.steps, [])
        self.assertTrue(folder.exists())

    def test_r26_looks_again_every_minute(self) -> None:
        scene = self.scene(commands_supported=["stop_run"])
        scene.advance(1)
        self.leave(1)
        scene.advance(30)
        self.assertEqual(scene.server.steps, [])
        scene.advance(31)
        self.assertEqual(scene.server.steps, [1])

    def test_r24_drops_that_a_killed_reporter_did_not_report_are_reported(self) -> None:
        scene = Scene(self.root, spool_max_bytes=64 * 1024)
        scene.server.fault = lambda seen: "down"
        for step in range(600):
            scene.metrics(step)
            scene.advance(0.01)
        dropped = scene.reporter.stats().dropped
        self.assertGreater(dropped, 0)
        scene.kill()
        say_it_died(folders_in(self.root)[0])
        after = self.scene()
        after.advance(1)
        [notice] = [fact for fact in after.server.facts if fact["type"] == "log"]
        self.assertIn(f"{dropped} measurements", notice["message"])
        self.assertEqual(len(after.server.steps) + dropped, 600)

    def test_r21_an_event_damaged_on_disk_is_dropped_and_reported_not_sent_again_and_again(self) -> None:
        scene = self.scene()
        scene.server.fault = lambda seen: "down"
        scene.metrics(1, 2, 3)
        scene.advance(0.1)
        scene.metrics(4)
        scene.advance(0.03)
        [folder] = folders_in(self.root)
        [segment] = folder.glob("*.log")
        lines = segment.read_bytes().split(b"\n")
        spoilt = [b"x" * len(text) if b'"step":4' in text else text for text in lines]
        self.assertNotEqual(spoilt, lines)
        segment.write_bytes(b"\n".join(spoilt))
        scene.server.fault = lambda seen: None
        before = len(scene.server.requests)
        scene.advance(30)
        self.assertEqual(scene.server.steps, [1, 2, 3])
        self.assertLess(len(scene.server.requests) - before, 6)
        stats = scene.reporter.stats()
        self.assertEqual((stats.dropped, stats.queued), (1, 0))

    def test_r21_a_folder_in_which_nothing_can_be_read_is_left_alone(self) -> None:
        folder = self.leave(1, 2)
        [segment] = folder.glob("*.log")
        # As a later version writes it, but with a damaged first line.
        newer = [b"N 9 something else" for _ in range(3)]
        content = b"damaged\n" + b"".join(b"%08x %s\n" % (zlib.crc32(text), text) for text in newer)
        segment.write_bytes(content)
        self.scene().advance(120)
        self.assertEqual(segment.read_bytes(), content)

    def test_r23_a_folder_is_removed_from_its_oldest_segment_on(self) -> None:
        folder = self.root / "folder"
        folder.mkdir()
        lock = take(folder, 1)
        assert lock is not None
        names = [f"{index:08d}.log" for index in (2, 3, 1)]
        for name in names:
            (folder / name).touch()
        removed: list[str] = []
        unlink = Path.unlink

        def noted(path: Path, missing_ok: bool = False) -> None:
            removed.append(path.name)
            unlink(path, missing_ok)

        with (
            mock.patch.object(Path, "iterdir", lambda path: iter([folder / name for name in names])),
            mock.patch.object(Path, "unlink", noted),
        ):
            remove_folder(folder, lock)
        self.assertEqual(removed[:3], sorted(names))
        self.assertFalse(folder.exists())

    def test_r25_a_living_owner_keeps_its_folder(self) -> None:
        scene = self.scene()
        scene.server.fault = lambda seen: "down"
        scene.advance(0.1)
        home = SpoolHome(self.root, "http://127.0.0.1:8000", now=lambda: "")
        self.assertEqual(home.adopt(), [])

    def test_r25_an_owner_that_lost_its_folder_goes_on_elsewhere(self) -> None:
        scene = self.scene()
        scene.server.fault = lambda seen: "down"
        scene.metrics(1)
        scene.advance(0.1)
        [folder] = folders_in(self.root)
        (folder / "lock-2").write_text(json.dumps({"pid": 1, "place": "another machine"}))
        scene.reporter._outbox._own.lock._touched -= 100  # type: ignore[union-attr]
        scene.reporter._outbox.keep_locks()
        scene.server.fault = lambda seen: None
        scene.metrics(2)
        scene.advance(20)
        self.assertEqual(scene.server.steps, [1, 2])
        self.assertEqual({path.name for path in folder.iterdir()} >= {"lock-1", "lock-2", "00000001.log"}, True)

    def test_r25_a_lock_is_taken_once(self) -> None:
        self.assertIsNotNone(take(self.root, 1))
        self.assertIsNone(take(self.root, 1))
        self.assertEqual([path.name for path in self.root.iterdir()], ["lock-1"])

    def test_r25_a_lock_is_taken_once_on_a_disk_without_links(self) -> None:
        with mock.patch("rondo.spool.lock.os.link", side_effect=OSError(errno.EPERM, "no links here")):
            self.assertIsNotNone(take(self.root, 1))
            self.assertIsNone(take(self.root, 1))

    def test_r19_only_its_owner_may_read_it(self) -> None:
        scene = self.scene()
        scene.advance(0.1)
        [folder] = folders_in(self.root)
        self.assertEqual(folder.stat().st_mode & 0o777, 0o700)
        self.assertEqual((folder / "00000001.log").stat().st_mode & 0o777, 0o600)

    def test_r23_a_long_run_does_not_fill_the_disk(self) -> None:
        scene = self.scene()
        for step in range(20_000):
            scene.metrics(step)
            if step % 500 == 0:
                scene.advance(0.1)
        scene.advance(1)
        [folder] = folders_in(self.root)
        self.assertLessEqual(len(list(folder.glob("*.log"))), 2)
        self.assertEqual(scene.server.steps, list(range(20_000)))


_CHILD = """
import sys, time
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from rondo.spool.home import SpoolHome
home = SpoolHome(Path(sys.argv[2]), "http://127.0.0.1:8000", now=lambda: "2026-01-31T12:00:00.000Z")
print("ready", flush=True)
sys.stdin.readline()
print(*[spool.reporter_id for spool in home.adopt()], flush=True)
sys.stdin.readline()
"""


class TwoProcesses(SceneTest):
    def test_r25_of_many_that_start_at_once_one_gets_each_folder(self) -> None:
        left: list[str] = []
        for run in range(10):
            scene = Scene(self.root, run_id=f"run-{run}")
            scene.server.fault = lambda seen: "down"
            scene.advance(0.1)
            scene.kill()
        for folder in folders_in(self.root):
            say_it_died(folder)
            left.append(folder.name)
        source = str(Path(__file__).parents[1] / "src")
        children = [
            subprocess.Popen(
                [sys.executable, "-c", _CHILD, source, str(self.root)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
            for _ in range(6)
        ]
        try:
            for child in children:
                self.assertEqual(_line(child), "ready")
            for child in children:
                _tell(child)
            taken = [name for child in children for name in _line(child).split()]
        finally:
            for child in children:
                child.kill()
                child.communicate()
        self.assertEqual(sorted(taken), sorted(left))

    def test_r25_a_killed_owner_is_gone_at_once_even_as_a_zombie(self) -> None:
        source = str(Path(__file__).parents[1] / "src")
        script = _CHILD.replace("home.adopt()", '[home.create("run-9")]')
        child = subprocess.Popen(
            [sys.executable, "-c", script, source, str(self.root)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        _line(child)
        _tell(child)
        folder = folders_in(self.root)[0] if _line(child) else Path()
        self.assertIsNone(take_over(folder))
        child.kill()
        end = time.monotonic() + 5
        while (lock := take_over(folder)) is None and time.monotonic() < end:
            time.sleep(0.01)
        self.assertIsNotNone(lock)
        child.communicate()


def _line(child: subprocess.Popen[str]) -> str:
    assert child.stdout is not None
    return child.stdout.readline().strip()


def _tell(child: Any) -> None:
    child.stdin.write("\n")
    child.stdin.flush()
