"""Jobs of every kind in NVFLARE's simulator, watched: `python nvflare_jobs.py <kind> <workspace>`."""

from __future__ import annotations

import os
import sys
from typing import Any

from nvflare import FedJob
from nvflare.app_common.aggregators.intime_accumulate_model_aggregator import InTimeAccumulateWeightedAggregator
from nvflare.app_common.executors.statistics.statistics_executor import StatisticsExecutor
from nvflare.app_common.np.np_model_locator import NPModelLocator
from nvflare.app_common.np.np_model_persistor import NPModelPersistor
from nvflare.app_common.shareablegenerators.full_model_shareable_generator import FullModelShareableGenerator
from nvflare.app_common.statistics.json_stats_file_persistor import JsonStatsFileWriter
from nvflare.app_common.workflows.cross_site_model_eval import CrossSiteModelEval
from nvflare.app_common.workflows.cyclic import Cyclic
from nvflare.app_common.workflows.cyclic_ctl import CyclicController
from nvflare.app_common.workflows.fedavg import FedAvg
from nvflare.app_common.workflows.scatter_and_gather import ScatterAndGather
from nvflare.app_common.workflows.statistics_controller import StatisticsController
from nvflare_parts import Abort, Averaging, Rows, Sites

import rondo.nvflare

MODEL = [0.0, 0.0, 0.0]


def gather(job: FedJob) -> None:
    job.to_server(InTimeAccumulateWeightedAggregator(expected_data_kind="WEIGHTS"), id="aggregator")
    job.to_server(
        ScatterAndGather(min_clients=2, num_rounds=2, wait_time_after_min_received=0, persistor_id="persistor")
    )


def job_of(kind: str) -> FedJob:
    job = FedJob(name=kind, min_clients=2)
    sites: dict[str, Any] = {}
    if kind not in ("custom", "roundless", "statistics"):
        job.to_server(NPModelPersistor(model=MODEL), id="persistor")
        job.to_server(FullModelShareableGenerator(), id="shareable_generator")
    if kind in ("cyclic", "cyclic_fails"):
        job.to_server(CyclicController(num_rounds=2, task_assignment_timeout=30))
        sites = {"fails": "site-2"} if kind == "cyclic_fails" else {}
    elif kind == "cyclic_model":
        job.to_server(Cyclic(num_clients=2, num_rounds=2))
    elif kind in ("custom", "roundless"):
        job.to_server(Averaging(with_rounds=kind == "custom"))
    elif kind == "endless":
        # Only a stop ends it: no reader is slow enough to see its last round.
        job.to_server(FedAvg(num_clients=2, num_rounds=100_000))
    elif kind == "gather":
        gather(job)
        job.to_server(NPModelLocator(), id="locator")
        job.to_server(CrossSiteModelEval(model_locator_id="locator", submit_model_timeout=30, validation_timeout=30))
    elif kind in ("aborted", "fails", "dies"):
        gather(job)
        sites = {kind: "site-2"} if kind in ("fails", "dies") else {}
        if kind == "aborted":
            job.to_server(Abort(), id="abort")
    elif kind == "statistics":
        job.to_server(JsonStatsFileWriter(output_path="stats.json"), id="writer")
        job.to_server(StatisticsController(statistic_configs={"count": {}}, writer_id="writer", min_clients=2))
        job.to_clients(Rows(), id="rows")
        job.to_clients(StatisticsExecutor(generator_id="rows"), tasks=["fed_stats", "fed_stats_pre_run"])
    if kind != "statistics":
        job.to_clients(Sites(**sites), tasks=["train", "submit_model", "validate"])
    rondo.nvflare.attach(job, name=os.environ.get("JOB_NAME", kind))
    return job


if __name__ == "__main__":
    job_of(sys.argv[1]).simulator_run(sys.argv[2], n_clients=2, threads=2)
