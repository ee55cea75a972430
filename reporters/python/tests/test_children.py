"""Children of `multiprocessing` and `fork`, and proxies."""

from __future__ import annotations

import os
import subprocess
import sys
import unittest
from unittest import mock

from rondo.cli.check import findings

from .test_live import LiveTest

_PROGRAM = """
import multiprocessing, os, sys
import rondo

def child(url, spool):
    run = rondo.run("child", run_id="run-1", url=url, api_key="key-for-tests", spool_dir=spool)
    for step in range(50):
        run.metric("loss", 1, step=step)
    run.run_complete()

if __name__ == "__main__":
    url, spool, method = sys.argv[1:]
    if method == "os.fork":
        run = rondo.run("parent", run_id="run-1", url=url, api_key="key-for-tests", spool_dir=spool)
        if (pid := os.fork()) == 0:
            run.metric("loss", 1, step=1)
            run.metric("loss", 1, step=2)
            print("dropped", run.stats().dropped, flush=True)
            os._exit(0)
        os.waitpid(pid, 0)
        sys.exit()
    process = multiprocessing.get_context(method).Process(target=child, args=(url, spool))
    process.start()
    process.join(30)
    sys.exit(process.exitcode)
"""


class Children(LiveTest):
    def run_program(self, url: str, method: str) -> subprocess.CompletedProcess[str]:
        program = self.root / "program.py"
        program.write_text(_PROGRAM, "utf-8")
        source = os.path.join(os.path.dirname(__file__), "..", "src")
        environment = {name: value for name, value in os.environ.items() if not name.startswith("RONDO_")}
        return subprocess.run(
            [sys.executable, str(program), url, str(self.root / "spool"), method],
            capture_output=True,
            text=True,
            timeout=60,
            env={**environment, "PYTHONPATH": source},
        )

    @unittest.skipUnless(hasattr(os, "fork"), "there is no fork here")
    def test_r34_a_child_of_multiprocessing_loses_nothing(self) -> None:
        for method in ("fork", "spawn", "forkserver"):
            with self.subTest(method):
                ingest = self.ingest()
                done = self.run_program(ingest.url, method)
                self.assertEqual(done.returncode, 0, done.stderr)
                self.assertEqual(ingest.steps, list(range(50)))
                self.assertEqual(ingest.facts[-1]["type"], "run_complete")

    @unittest.skipUnless(hasattr(os, "fork"), "there is no fork here")
    def test_r34_a_forked_child_that_reports_says_that_it_is_in_vain(self) -> None:
        done = self.run_program(self.ingest().url, "os.fork")
        self.assertIn("dropped 2", done.stdout)
        self.assertEqual(done.stderr.count("was forked after rondo.run()"), 1)


class Proxies(unittest.TestCase):
    def test_r16_a_misspelt_proxy_is_a_finding_without_its_password(self) -> None:
        environment = {"http_proxy": "http://user:hunter2@proxy:80a80", "no_proxy": ""}
        with mock.patch.dict(os.environ, environment):
            found = list(findings("http://rondo.example.org", "key"))
        self.assertEqual(found[-1].state, "failed")
        self.assertNotIn("hunter2", " ".join(finding.text for finding in found))
