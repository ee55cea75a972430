"""Workflows, executors and components of the jobs in `nvflare_jobs.py`; NVFLARE imports them by name."""

from __future__ import annotations

import os
import signal
from typing import Any

import numpy as np
from nvflare.apis.dxo import DXO, DataKind, MetaKey
from nvflare.apis.event_type import EventType
from nvflare.apis.executor import Executor
from nvflare.apis.fl_component import FLComponent
from nvflare.apis.fl_constant import FLContextKey, ReturnCode
from nvflare.apis.shareable import Shareable, make_reply
from nvflare.app_common.abstract.fl_model import FLModel
from nvflare.app_common.abstract.statistics_spec import DataType, Feature, Statistics
from nvflare.app_common.app_constant import AppConstants
from nvflare.app_common.workflows.model_controller import ModelController

KEY = "numpy_key"


class Sites(Executor):  # type: ignore[misc]
    """A step of training; one site may fail, or end its process, in one round."""

    def __init__(self, fails: str = "", dies: str = "", at_round: int = 1) -> None:
        super().__init__()
        self.fails, self.dies, self.at_round = fails, dies, at_round

    def execute(self, task_name: str, shareable: Shareable, fl_ctx: Any, abort_signal: Any) -> Shareable:
        number = shareable.get_header(AppConstants.CURRENT_ROUND)
        site = fl_ctx.get_identity_name()
        if number == self.at_round and site == self.dies:
            os.kill(os.getpid(), signal.SIGKILL)
        if number == self.at_round and site == self.fails:
            return make_reply(ReturnCode.EXECUTION_EXCEPTION)
        weights = np.ones(3) * (1 + (number or 0))
        if task_name == AppConstants.TASK_VALIDATION:
            return DXO(DataKind.METRICS, data={"accuracy": 0.75}).to_shareable()
        meta = {MetaKey.NUM_STEPS_CURRENT_ROUND: 5, MetaKey.INITIAL_METRICS: {"loss": 0.5, "accuracy": 0.75}}
        return DXO(DataKind.WEIGHTS, data={KEY: weights}, meta=meta).to_shareable()


class Averaging(ModelController):  # type: ignore[misc]
    """A workflow of the user's own: it fires no event of a round. `site-9` never fetches its task."""

    def __init__(self, with_rounds: bool = True) -> None:
        super().__init__(persistor_id="")
        self.with_rounds = with_rounds

    def run(self) -> None:
        model = FLModel(params={KEY: np.zeros(3)})
        for number in range(2):
            if self.with_rounds:
                model.current_round, model.total_rounds = number, 2
            results = self.send_model_and_wait(
                targets=["site-1", "site-2", "site-9"], data=model, min_responses=2, timeout=60
            )
            model.params = {KEY: np.mean([each.params[KEY] for each in results], axis=0)}


class Abort(FLComponent):  # type: ignore[misc]
    """Do what NVFLARE's command `abort_job` does in the job's process, while a round is open."""

    def handle_event(self, event_type: str, fl_ctx: Any) -> None:
        if event_type != EventType.AFTER_TASK_DATA_FILTER:
            return
        if fl_ctx.get_prop(FLContextKey.TASK_DATA).get_header(AppConstants.CURRENT_ROUND) == 1:
            fl_ctx.get_prop(FLContextKey.RUNNER).abort(fl_ctx)


class Rows(Statistics):  # type: ignore[misc]
    """Counts of one feature."""

    def initialize(self, fl_ctx: Any) -> None:
        return None

    def features(self) -> dict[str, list[Feature]]:
        return {"train": [Feature("age", DataType.FLOAT)]}

    def count(self, dataset_name: str, feature_name: str) -> int:
        return 20
