"""Producers that call a peer's library. Arguments: peer, folder, seconds, producers. Prints one line of JSON."""

from __future__ import annotations

import json
import math
import multiprocessing
import os
import sqlite3
import sys
import time
from collections.abc import Callable
from pathlib import Path

NAMES = [f"loss_{n}" for n in range(10)]
STEPS = 100

Write = Callable[[int], None]


def values_of(step: int) -> dict[str, float]:
    return {name: math.sin(step / 100 + n) for n, name in enumerate(NAMES)}


def tensorboard(folder: Path, producer: int) -> Write:
    from tensorboard.compat.proto.event_pb2 import Event
    from tensorboard.compat.proto.summary_pb2 import Summary
    from tensorboard.summary.writer.event_file_writer import EventFileWriter

    writer = EventFileWriter(str(folder / f"run-{producer}"), filename_suffix=str(time.time_ns()))

    def write(batch: int) -> None:
        for step in range(batch * STEPS, (batch + 1) * STEPS):
            for name, value in values_of(step).items():
                summary = Summary(value=[Summary.Value(tag=name, simple_value=value)])
                writer.add_event(Event(wall_time=time.time(), step=step, summary=summary))
        writer.flush()

    return write


def trackio(folder: Path, producer: int) -> Write:
    os.environ["TRACKIO_DIR"] = str(folder)
    from trackio.sqlite_storage import SQLiteStorage

    run = f"run-{producer}-{time.time_ns()}"

    def write(batch: int) -> None:
        steps = range(batch * STEPS, (batch + 1) * STEPS)
        # What the sending thread of a local run calls.
        SQLiteStorage.bulk_log("bench", run, [values_of(step) for step in steps], list(steps))

    return write


def sqlite(folder: Path, producer: int) -> Write:
    db = sqlite3.connect(folder / "points.db", timeout=60, isolation_level=None)
    db.execute("pragma journal_mode = wal")
    db.execute("pragma synchronous = full")
    db.execute(
        "create table if not exists points (run text, name text, step integer, value real, at real, "
        "primary key (run, name, step)) without rowid"
    )
    run = f"run-{producer}-{time.time_ns()}"

    def write(batch: int) -> None:
        at = time.time()
        rows = [
            (run, name, step, value, at)
            for step in range(batch * STEPS, (batch + 1) * STEPS)
            for name, value in values_of(step).items()
        ]
        db.execute("begin immediate")
        db.executemany("insert into points values (?, ?, ?, ?, ?)", rows)
        db.execute("commit")

    return write


PEERS = {"tensorboard": tensorboard, "trackio": trackio, "sqlite": sqlite}


def produce(peer: str, folder: Path, seconds: float, producer: int, gate: object, queue: object) -> None:
    write = PEERS[peer](folder, producer)
    write(0)
    gate.wait()  # type: ignore[attr-defined]
    began = time.monotonic()
    latencies: list[float] = []
    while time.monotonic() - began < seconds:
        before = time.monotonic()
        write(len(latencies) + 1)
        latencies.append((time.monotonic() - before) * 1000)
    queue.put((latencies, time.monotonic() - began))  # type: ignore[attr-defined]


def main() -> None:
    peer, folder, seconds, producers = sys.argv[1], Path(sys.argv[2]), float(sys.argv[3]), int(sys.argv[4])
    gate, queue = multiprocessing.Barrier(producers), multiprocessing.Queue()
    started = [
        multiprocessing.Process(target=produce, args=(peer, folder, seconds, n, gate, queue)) for n in range(producers)
    ]
    for process in started:
        process.start()
    reports = [queue.get(timeout=seconds + 120) for _ in started]
    for process in started:
        process.join()
    latencies = sorted(latency for found, _ in reports for latency in found)
    print(
        json.dumps(
            {
                "values": len(latencies) * STEPS * len(NAMES),
                "seconds": max(took for _, took in reports),
                "p50": latencies[len(latencies) // 2],
                "p99": latencies[len(latencies) * 99 // 100],
            }
        )
    )


if __name__ == "__main__":
    main()
