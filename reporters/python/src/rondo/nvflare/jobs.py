"""One run for each job, however many components of it report."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from importlib.metadata import version
from typing import Any

from nvflare.apis.fl_constant import FLContextKey
from nvflare.apis.fl_context import FLContext
from nvflare.apis.job_def import JobMetaKey

import rondo
from rondo.adapters.answer_commands import answer_commands

from .account import JobAccount

# The simulator calls every job so.
SIMULATED = "simulate_job"

_lock = threading.Lock()
_jobs: dict[str, Job] = {}


class Job:
    """A job's run and account, shared by the observer and the receiver of its server process."""

    def __init__(self, job_id: str, name: str, url: str | None) -> None:
        self.job_id = job_id
        self.users = 0
        self._stop: Callable[[str], None] | None = None
        self._declared: dict[str, Any] = {
            "name": name,
            "framework": f"nvflare {version('nvflare')}",
            "commands_supported": ["stop_run"],
        }
        self.run = rondo.run(
            **self._declared,
            run_id=f"nvflare-{job_id}" if job_id != SIMULATED else None,
            url=url,
            on_command=answer_commands(stop_run=self._stop_run),
        )
        self.account = JobAccount(self.run.report)

    def configure(self, *, loss: str | None, accuracy: str | None, on_stop: Callable[[str], None]) -> None:
        self.account.prefer(loss, accuracy)
        self._stop = on_stop

    def declare(self, num_rounds: Any) -> None:
        """NVFLARE says how many rounds only at the beginning."""
        if num_rounds is not None and self._declared.get("num_rounds") != num_rounds:
            self._declared["num_rounds"] = int(num_rounds)
            self.run.report({"type": "run_started", **self._declared})

    def _stop_run(self, reason: str) -> None:
        if self._stop is None:
            raise RuntimeError("the job has no RondoObserver")
        # Before the panic, so that what it sets off is not taken for a failure.
        self.account.stop_requested(reason)
        self._stop(reason)


def job_of(fl_ctx: FLContext, *, name: str | None, url: str | None) -> Job:
    """The job of this context; each call is answered by one `release`."""
    job_id = str(fl_ctx.get_job_id() or f"job-{time.time_ns()}")
    with _lock:
        job = _jobs.get(job_id)
        if job is None:
            meta = fl_ctx.get_prop(FLContextKey.JOB_META) or {}
            job = _jobs[job_id] = Job(
                job_id, name or str(meta.get(JobMetaKey.JOB_NAME.value) or "NVIDIA FLARE job"), url
            )
        job.users += 1
        return job


def release(job: Job) -> None:
    """The last one closes the run, which takes 2 s at most."""
    with _lock:
        job.users -= 1
        if job.users > 0:
            return
        _jobs.pop(job.job_id, None)
    job.run.close()
