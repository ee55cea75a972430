"""A training script for the tests that end processes. Arguments: url, spool, run id, first step, seconds, ending."""

from __future__ import annotations

import atexit
import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "src"))

import rondo


def main() -> None:
    url, spool, run_id, first, seconds, ending = sys.argv[1:7]
    run = rondo.run("kill", run_id=run_id, url=url, api_key="key-for-tests", spool_dir=spool, on_problem=_nothing)
    end = time.monotonic() + float(seconds)
    step = int(first)
    while time.monotonic() < end:
        run.metric("loss", step / 7, step=step)
        if step % 10 == 0:
            run.client_left(f"c{step}")
        # Reports and their times: the test that kills this process knows what must have arrived.
        sys.stdout.write(f"{step} {time.monotonic_ns()}\n")
        sys.stdout.flush()
        step += 1
        time.sleep(0.001)
    if ending == "forget":
        return
    if ending == "raise":
        with run:
            raise ValueError("no data")
    if ending == "late":
        _report_at_exit(url, spool)
        return
    if ending == "fork":
        _fork(run)
    print(f"stats {run.close()}", flush=True)


def _fork(run: rondo.Run) -> None:
    child = os.fork()
    if child == 0:
        run.metric("loss", 1, step=-1)
        run.log("from the child")
        run.close()
        sys.exit(0)
    os.waitpid(child, 0)
    run.log("from the parent")


def _report_at_exit(url: str, spool: str) -> None:
    """A reporter that is only made when the interpreter ends, when no thread can be started any more."""

    class Late:
        def __del__(self) -> None:
            late.log("from a finalizer")

    def at_exit() -> None:
        rondo.run("late", run_id="run-2", url=url, api_key="key-for-tests", spool_dir=spool).log("at exit")

    late = rondo.run("late", run_id="run-3", url=url, api_key="key-for-tests", spool_dir=spool)
    late.held = Late()  # type: ignore[attr-defined]
    atexit.register(at_exit)


def _nothing(problem: object) -> None:
    pass


if __name__ == "__main__":
    main()
