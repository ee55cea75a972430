"""The Python reporter's cost for a training, and its throughput. Arguments: seconds, calls. Prints one line of JSON."""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from collections import deque
from collections.abc import Callable

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../../../reporters/python/src"))

import rondo

WARM_UP_CALLS = 5_000
# 10,000 calls a second: a busy simulation, not a loop that does nothing else.
BURST = 100
EVERY_S = 0.01
# Enough that the reporter never waits for us, far from a full queue.
AHEAD = 20_000


def measure(calls: int, call: Callable[[int], None]) -> dict[str, float]:
    took: list[int] = []
    for n in range(WARM_UP_CALLS + calls):
        before = time.perf_counter_ns()
        call(n)
        took.append(time.perf_counter_ns() - before)
        if n % BURST == 0:
            time.sleep(EVERY_S)
    took = sorted(took[WARM_UP_CALLS:])
    return {"p50": took[len(took) // 2] / 1e3, "p99": took[len(took) * 99 // 100] / 1e3, "longest": took[-1] / 1e3}


kept: deque[dict[str, object]] = deque(maxlen=1_000)


def keep(n: int) -> None:
    kept.append({"name": "loss", "value": 1 / (n + 1), "step": n})


def sustained(run: rondo.Run, seconds: float) -> float:
    before = run.stats().acknowledged
    began = time.monotonic()
    step = 0
    while time.monotonic() - began < seconds:
        for _ in range(200):
            run.metric("sustained", 0.5, step=step)
            step += 1
        while run.stats().queued > AHEAD:
            time.sleep(0.005)
    return (run.stats().acknowledged - before) / (time.monotonic() - began)


def say_result(run: rondo.Run, n: int) -> None:
    run.client_result(
        f"client-{n % 500}", 1 + n // 500, 100, train_loss=1 / (n + 1), metrics={"accuracy": 0.5}, duration_ms=900
    )


def main() -> None:
    seconds, calls = float(sys.argv[1]), int(sys.argv[2])
    with tempfile.TemporaryDirectory() as spool:
        run = rondo.run("python-log-call", spool_dir=spool)
        figures: dict[str, object] = {
            # Cold caches on the first call of every burst depend on the machine, and would be the 99th percentile.
            "plain append()": measure(calls, keep),
            "metric()": measure(calls, lambda n: run.metric("loss", 1 / (n + 1), step=n)),
            "client_result()": measure(calls, lambda n: say_result(run, n)),
            "log()": measure(calls, lambda n: run.log(f"step {n} done")),
        }
        per_second = sustained(run, seconds)
        stats = run.close(20)
    lost = stats.dropped + stats.rejected + stats.queued
    print(json.dumps({"calls": figures, "per_second": per_second, "lost": lost}))


if __name__ == "__main__":
    main()
