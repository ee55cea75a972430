"""Scalars that clients stream during training."""

from __future__ import annotations

from typing import Any

from nvflare.apis.analytix import AnalyticsData, AnalyticsDataType
from nvflare.apis.dxo import from_shareable
from nvflare.apis.fl_context import FLContext
from nvflare.app_common.widgets.streaming import AnalyticsReceiver

from rondo.adapters.guard import guarded

from .jobs import Job, job_of, release

NUMBERS = {AnalyticsDataType.SCALAR, AnalyticsDataType.SCALARS, AnalyticsDataType.METRIC, AnalyticsDataType.METRICS}


class RondoReceiver(AnalyticsReceiver):  # type: ignore[misc]
    """Reports the values of `nvflare.client.tracking.SummaryWriter().add_scalar(…)` as series of that client.

    Parameters
    ----------
    run_name, url : str, optional
        As of `RondoObserver`, with which it shares the run.
    """

    def __init__(self, run_name: str | None = None, url: str | None = None, events: list[str] | None = None) -> None:
        super().__init__(events=events)
        self.run_name = run_name
        self.url = url
        self._job: Job | None = None
        self._steps: dict[tuple[str, str], int] = {}

    def initialize(self, fl_ctx: FLContext) -> None:
        self._job = job_of(fl_ctx, name=self.run_name, url=self.url)

    @guarded
    def save(self, fl_ctx: FLContext, shareable: Any, record_origin: str) -> None:
        data = AnalyticsData.from_dxo(from_shareable(shareable))
        if self._job is None or data is None or data.data_type not in NUMBERS:
            return
        key = (record_origin, data.tag)
        # Without a step, the next one is meant.
        step = int(data.step) if data.step is not None else self._steps.get(key, -1) + 1
        self._steps[key] = step
        self._job.account.metric(record_origin, data.tag, data.value, max(step, 0))

    def finalize(self, fl_ctx: FLContext) -> None:
        if self._job is not None:
            release(self._job)
            self._job = None
