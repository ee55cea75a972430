"""A federation of real NVFLARE processes on this machine: `python nvflare_processes.py <kind> <workspace>`.

The simulator waits without end for a site whose process is gone: a site that dies needs a server and sites that are
processes of their own.
"""

from __future__ import annotations

import os
import socket
import sys
import time
from pathlib import Path

# NVFLARE waits a minute for a site that may come back; read by the job's processes.
os.environ |= {"NVFLARE_DEAD_CLIENT_GRACE_PERIOD": "2", "NVFLARE_DEAD_CLIENT_CHECK_LEAD_TIME": "1"}
WORKSPACE = Path(sys.argv[2]) / "federation"
os.environ["NVFLARE_POC_WORKSPACE"] = str(WORKSPACE)
# Its own settings are in the home of the user.
os.environ["HOME"] = sys.argv[2]

from nvflare.recipe.poc_env import PocEnv  # noqa: E402
from nvflare.tool.poc import poc_commands as poc  # noqa: E402
from nvflare_jobs import job_of  # noqa: E402

LONGEST_S = 150.0
ENDS = ("FINISHED", "FAILED", "ABORTED")


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def project() -> Path:
    """NVFLARE's own description of a server and two sites, on ports that are free."""
    WORKSPACE.mkdir()
    config = poc.load_yaml(poc.gen_project_config_file(str(WORKSPACE)))
    config = poc.update_clients([], 2, poc.update_server_name(config))
    for participant in config["participants"]:
        if participant["type"] == "server":
            participant["fed_learn_port"] = participant["admin_port"] = free_port()
    path = Path(sys.argv[2]) / "project.yml"
    poc.save_project_config(config, str(path))
    return path


def main(kind: str) -> None:
    env = PocEnv(num_clients=2, project_conf_path=str(project()))
    try:
        job_id = env.deploy(job_of(kind))
        end = time.monotonic() + LONGEST_S
        while (status := str(env.get_job_status(job_id))).split(":")[0] not in ENDS and time.monotonic() < end:
            time.sleep(0.5)
        print("the job ended as", status)
    finally:
        env.stop(clean_up=False)


if __name__ == "__main__":
    main(sys.argv[1])
