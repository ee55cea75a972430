"""Stores a long series in a peer and, where the peer is a library, opens it. Arguments: peer, folder, points, run."""

from __future__ import annotations

import json
import math
import os
import random
import sqlite3
import sys
import time
from collections.abc import Iterator
from pathlib import Path

SPIKES = 100
SPIKE = 1_000
SHOWN = 2_000


def points_of(count: int) -> Iterator[tuple[int, float]]:
    for step in range(count):
        is_spike = step % (count // SPIKES) == 77
        yield step, SPIKE + step if is_spike else math.sin(step / 1_000) + random.random()


def opened(ms: float, values: list[float], note: str) -> dict[str, object]:
    return {"ms": ms, "points": len(values), "spikes": sum(value >= SPIKE for value in values), "note": note}


def mlflow(folder: Path, count: int) -> dict[str, object]:
    run, now = sys.argv[4], int(time.time() * 1000)
    db = sqlite3.connect(folder / "mlflow.db", timeout=60)
    rows = (("long", value, now + step, run, step, False) for step, value in points_of(count))
    db.executemany("insert into metrics (key, value, timestamp, run_uuid, step, is_nan) values (?, ?, ?, ?, ?, ?)", rows)
    db.execute(
        "insert into latest_metrics (key, value, timestamp, step, is_nan, run_uuid) values ('long', 0, ?, ?, 0, ?)",
        (now + count, count - 1, run),
    )
    db.commit()
    return {}


def tensorboard(folder: Path, count: int) -> dict[str, object]:
    from tensorboard.compat.proto.event_pb2 import Event
    from tensorboard.compat.proto.summary_pb2 import Summary
    from tensorboard.summary.writer.event_file_writer import EventFileWriter

    writer = EventFileWriter(str(folder))
    for step, value in points_of(count):
        summary = Summary(value=[Summary.Value(tag="loss", simple_value=value)])
        writer.add_event(Event(wall_time=time.time(), step=step, summary=summary))
    writer.close()
    return {}


def trackio(folder: Path, count: int) -> dict[str, object]:
    os.environ["TRACKIO_DIR"] = str(folder)
    from trackio.sqlite_storage import SQLiteStorage

    found = list(points_of(count))
    for start in range(0, count, 10_000):
        some = found[start : start + 10_000]
        SQLiteStorage.bulk_log("bench", "long", [{"loss": value} for _, value in some], [step for step, _ in some])
    before = time.monotonic()
    logs = SQLiteStorage.get_logs("bench", "long", max_points=SHOWN)
    return opened((time.monotonic() - before) * 1000, [log["loss"] for log in logs], "in its process, 2,000 points")


def sqlite(folder: Path, count: int) -> dict[str, object]:
    db = sqlite3.connect(folder / "points.db", timeout=60)
    rows = (("long", "loss", step, value, 0.0) for step, value in points_of(count))
    db.executemany("insert into points values (?, ?, ?, ?, ?)", rows)
    db.commit()
    before = time.monotonic()
    width = max(1, count // (SHOWN // 2))
    found = db.execute(
        "select min(value), max(value) from points where run = 'long' and name = 'loss' group by step / ?", (width,)
    ).fetchall()
    values = [value for pair in found for value in pair]
    return opened((time.monotonic() - before) * 1000, values, "in its process, least and greatest of 1,000 stretches")


def main() -> None:
    peer, folder, count = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
    stores = {"mlflow": mlflow, "tensorboard": tensorboard, "trackio": trackio, "sqlite": sqlite}
    print(json.dumps(stores[peer](folder, count)))


if __name__ == "__main__":
    main()
