"""SIGTERM, models in forked children, and several runs in one process."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import unittest

import rondo

from .test_live import LiveTest

_SIGTERM = """
import os, signal, sys, threading, time
import rondo

url, spool, kind = sys.argv[1:]
if kind == "own handler":
    signal.signal(signal.SIGTERM, lambda *_: os._exit(7))
run = rondo.run("a", run_id="run-1", url=url, api_key="key-for-tests", spool_dir=spool)
run.metric("loss", 1, step=1)
if kind == "closed":
    run.run_complete()
    run.close()
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
if kind == "in a thread":
    thread = threading.Thread(target=lambda: rondo.run("b", run_id="run-2", url=url, api_key="k", spool_dir=spool))
    thread.start()
    thread.join()
if kind == "forked":
    if (pid := os.fork()) == 0:
        os.kill(os.getpid(), signal.SIGTERM)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == -signal.SIGTERM
print("ready", flush=True)
while True:
    time.sleep(0.01)
"""

_FORK = """
import os, signal, sys, threading
import rondo

run = rondo.run("a", url="http://127.0.0.1:9", api_key="key-for-tests", spool_dir=sys.argv[1])
ends = threading.Event()

# As `save_model` does, without a queue that grows without a bound.
lock = run._uploads._lock

def save():
    while not ends.is_set():
        with lock:
            pass
        run.left_out("x", "is busy")
        run.stats()

threads = [threading.Thread(target=save, daemon=True) for _ in range(3)]
for thread in threads:
    thread.start()
hung = wrong = 0
for _ in range(200):
    if (pid := os.fork()) == 0:
        signal.alarm(20)
        upload = run.save_model("child", b"x")
        run.left_out("x", "is busy")
        run.stats()
        run.close()
        os._exit(0 if upload.state == "failed" and not upload.wait(1) else 3)
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    hung += code < 0
    wrong += code > 0
print(hung, wrong, flush=True)
os._exit(0)
"""


def _environment() -> dict[str, str]:
    source = os.path.join(os.path.dirname(__file__), "..", "src")
    kept = {name: value for name, value in os.environ.items() if not name.startswith("RONDO_")}
    return {**kept, "PYTHONPATH": source}


@unittest.skipUnless(hasattr(os, "fork"), "there are no such signals here")
class Sigterm(LiveTest):
    def end(self, kind: str, url: str) -> int:
        program = self.root / "program.py"
        program.write_text(_SIGTERM, "utf-8")
        process = subprocess.Popen(
            [sys.executable, str(program), url, str(self.root / "spool"), kind],
            stdout=subprocess.PIPE,
            text=True,
            env=_environment(),
        )
        try:
            assert process.stdout is not None
            self.assertEqual(process.stdout.readline(), "ready\n")
            process.send_signal(signal.SIGTERM)
            return process.wait(30)
        finally:
            process.kill()
            process.communicate()

    def test_r36_sigterm_without_a_handler_is_reported_and_ends_the_process(self) -> None:
        for kind in ("plain", "in a thread", "forked"):
            with self.subTest(kind):
                ingest = self.ingest()
                self.assertEqual(self.end(kind, ingest.url), -signal.SIGTERM)
                ends = [fact for fact in ingest.facts if fact["type"] == "run_complete" and fact["run_id"] == "run-1"]
                self.assertEqual([(end["status"], end["reason"]) for end in ends], [("stopped", "SIGTERM")])
                self.assertEqual(ingest.steps, [1])

    def test_r36_a_handler_of_the_program_stays(self) -> None:
        ingest = self.ingest()
        self.assertEqual(self.end("own handler", ingest.url), 7)
        self.assertNotIn("run_complete", ingest.types)

    def test_r36_the_handler_leaves_with_the_last_run(self) -> None:
        ingest = self.ingest()
        self.assertEqual(self.end("closed", ingest.url), -signal.SIGTERM)
        self.assertEqual([fact["status"] for fact in ingest.facts if fact["type"] == "run_complete"], ["complete"])

    def test_r36_what_a_server_that_is_down_did_not_take_is_on_disk(self) -> None:
        self.assertEqual(self.end("plain", "http://127.0.0.1:9"), -signal.SIGTERM)
        on_disk = "".join(path.read_text("utf-8") for path in (self.root / "spool").rglob("*.log"))
        self.assertIn('"reason":"SIGTERM"', on_disk)


@unittest.skipUnless(hasattr(os, "fork"), "there is no fork here")
class Forks(LiveTest):
    def test_r34_a_model_saved_in_a_forked_child_never_hangs(self) -> None:
        program = self.root / "program.py"
        program.write_text(_FORK, "utf-8")
        done = subprocess.run(
            [sys.executable, str(program), str(self.root / "spool")],
            capture_output=True,
            text=True,
            timeout=120,
            env=_environment(),
        )
        self.assertEqual(done.stdout, "0 0\n", done.stderr[-2000:])


class SeveralRuns(LiveTest):
    def test_a_sweep_in_one_process_is_separate_runs_wandb_6636(self) -> None:
        ingest = self.ingest()
        spool = self.root / "spool"
        runs = [
            rondo.run("sweep", url=ingest.url, api_key="key-for-tests", spool_dir=spool, config={"lr": lr})
            for lr in (0.1, 0.01, 0.001)
        ]
        for run in runs:
            run.client_result("a", 1, 10, train_loss=0.5)
        for run in runs:
            run.run_complete()
            run.close()
        self.assertEqual(len({run.run_id for run in runs}), 3)
        for run in runs:
            own = [fact["type"] for fact in ingest.facts if fact["run_id"] == run.run_id]
            self.assertEqual(own, ["run_started", "client_result", "run_complete"])
