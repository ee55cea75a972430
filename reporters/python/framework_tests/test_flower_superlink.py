"""The example app on a real deployment on this machine: one SuperLink, SuperNodes as processes of their own."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path
from typing import Any

from dashboard import TOKEN, WHY_NOT, ask, open_round, outcomes, over, rounds_of, run_named, until

EXAMPLE = Path(__file__).resolve().parents[3] / "examples" / "flower"
BIN = Path(sys.executable).parent
NODES = 3


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def accepts(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def options_of(program: str) -> str:
    shown = subprocess.run([BIN / program, "--help"], capture_output=True, text=True, timeout=60)
    return shown.stdout + shown.stderr


class Deployment:
    """A SuperLink and its SuperNodes, in a folder of their own. Their options differ between versions."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.processes: list[subprocess.Popen[bytes]] = []
        # Their mutual secrets and state belong to this test.
        self.env = {**os.environ, "FLWR_HOME": str(folder / "home"), "FLWR_TELEMETRY_ENABLED": "0"}
        self.env["PATH"] = f"{BIN}{os.pathsep}{self.env.get('PATH', '')}"
        self.control, self.fleet, self.app_io = free_port(), free_port(), free_port()
        link = ["flower-superlink", "--insecure"]
        if "Runtime HTTP API" in options_of("flower-superlink"):  # from 1.36: one port for everything
            self.fleet = self.control
            link += ["--port", str(self.control), "--disable-runtime-dependency-installation"]
        else:
            link += [
                "--control-api-address",
                f"127.0.0.1:{self.control}",
                "--fleet-api-address",
                f"127.0.0.1:{self.fleet}",
            ]
            link += ["--serverappio-api-address", f"127.0.0.1:{self.app_io}"]
        self.start(link)
        until(lambda: accepts(self.control) and accepts(self.fleet), "SuperLink", 90)
        self.nodes = [self.start_node(index) for index in range(NODES)]
        home = folder / "home"
        home.mkdir(exist_ok=True)
        here = f'address = "127.0.0.1:{self.control}"\ninsecure = true\n'
        (home / "config.toml").write_text(f'[superlink]\ndefault = "here"\n\n[superlink.here]\n{here}')
        shutil.copytree(EXAMPLE, folder / "app", ignore=shutil.ignore_patterns("__pycache__"))

    def start_node(self, index: int) -> subprocess.Popen[bytes]:
        node = ["flower-supernode", "--insecure", "--superlink", f"127.0.0.1:{self.fleet}"]
        node += ["--node-config", f"partition-id={index} num-partitions={NODES}"]
        port = str(free_port())
        node += ["--port", port] if self.fleet == self.control else ["--clientappio-api-address", f"127.0.0.1:{port}"]
        return self.start(node)

    def start(self, command: list[str]) -> subprocess.Popen[bytes]:
        with (self.folder / f"{len(self.processes)}-{command[0]}.log").open("wb") as log:
            process = subprocess.Popen(
                [BIN / command[0], *command[1:]], env=self.env, stdout=log, stderr=log, start_new_session=True
            )
        self.processes.append(process)
        return process

    def submit(self, **settings: Any) -> None:
        """Starts a run of the example."""
        config = " ".join(f"{name.replace('_', '-')}={value}" for name, value in settings.items())
        command = [str(BIN / "flwr"), "run", "app", "here", "--run-config", config]
        done = subprocess.run(command, cwd=self.folder, env=self.env, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stdout + done.stderr

    def kill(self, process: subprocess.Popen[bytes]) -> None:
        os.killpg(process.pid, signal.SIGKILL)

    def close(self) -> None:
        for process in self.processes:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
            process.wait(10)

    def logs(self) -> str:
        return "\n".join(
            f"--- {log.name}\n{log.read_text(errors='replace')[-3000:]}" for log in self.folder.glob("*.log")
        )


@unittest.skipUnless(TOKEN, WHY_NOT)
class SuperLink(unittest.TestCase):
    deployment: Deployment

    @classmethod
    def setUpClass(cls) -> None:
        folder = Path(tempfile.mkdtemp(prefix="rondo-superlink-"))
        cls.addClassCleanup(shutil.rmtree, folder, ignore_errors=True)
        cls.deployment = Deployment(folder)
        cls.addClassCleanup(cls.deployment.close)

    def test_a_run_is_all_there_and_a_client_that_is_killed_is_accounted_for(self) -> None:
        try:
            self.one_run_to_its_end()
            self.one_run_with_a_killed_client_and_a_stop()
        except BaseException:
            print(self.deployment.logs(), file=sys.stderr)
            raise

    def one_run_to_its_end(self) -> None:
        self.deployment.submit(num_server_rounds=2, run_name='"superlink-whole"')
        run = until(lambda: over("superlink-whole"), "end of the run", 300)
        rounds = rounds_of(run)
        assert (run["status"], run["num_rounds"], run["num_clients"]) == ("complete", 2, NODES)
        assert sorted(rounds) == [1, 2]
        for each in rounds.values():
            assert outcomes(each) == {"complete": NODES}
            # By the names that the clients give themselves, not by node ids that change.
            assert set(each["updates"]) == {"0", "1", "2"}
            assert all(update["metrics"]["client_train_ms"] > 0 for update in each["client_updates"])
        assert rounds[2]["global_accuracy"] > rounds[1]["global_accuracy"] / 2
        assert run["config"]["num-server-rounds"] == 2

    def one_run_with_a_killed_client_and_a_stop(self) -> None:
        self.deployment.submit(num_server_rounds=50, client_seconds=6.0, run_name='"superlink-killed"')
        until(lambda: open_round("superlink-killed", 1, 0), "first round", 120)
        self.deployment.kill(self.deployment.nodes[2])
        found = until(lambda: open_round("superlink-killed", 1, 2), "round that waits for the killed client", 120)
        ask(f"/api/rounds/{found['round_id']}/stop", {"reason": "a client is gone", "scope": "run"})
        asked_at = time.monotonic()
        run = until(lambda: over("superlink-killed"), "end of the run", 90)
        took = time.monotonic() - asked_at
        (of_round,) = rounds_of(run).values()
        assert (run["status"], run["reason"]) == ("stopped", "a client is gone")
        assert of_round["status"] == "stopped"
        assert of_round["num_clients_completed"] == 2
        assert of_round["num_clients_no_reply"] + of_round["num_clients_failed"] == 1
        assert took < 60, f"the stop took {took:.0f} s"
        assert run_named("superlink-killed") is not None


if __name__ == "__main__":
    unittest.main()
