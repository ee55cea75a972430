"""The server-side component that turns the events of a job into facts."""

from __future__ import annotations

import time
from typing import Any

from nvflare.apis.event_type import EventType
from nvflare.apis.fl_constant import FLContextKey, ReturnCode
from nvflare.apis.fl_context import FLContext
from nvflare.app_common.app_constant import AppConstants
from nvflare.app_common.app_event_type import AppEventType
from nvflare.app_common.utils.fl_model_utils import FLModelUtils
from nvflare.widgets.widget import Widget

from rondo.adapters.guard import guarded

from .jobs import Job, job_of, release

SAMPLES = "NUM_STEPS_CURRENT_ROUND"

# Whichever of these a workflow fires first; naming by text keeps versions apart from each other.
ROUND_ENDS = ("_after_aggregation", "_round_done", "_after_save_model")


class RondoObserver(Widget):  # type: ignore[misc]
    """Add it to the server of a job: `job.to_server(RondoObserver(), id="rondo")`, or with `rondo.nvflare.attach(job)`.

    Parameters
    ----------
    run_name : str, optional
        Of the run; the job's own name otherwise.
    url : str, optional
        Of the dashboard; `RONDO_URL` otherwise. The key is only ever read from `RONDO_API_KEY`, because a job's
        configuration travels.
    loss, accuracy : str, optional
        Which of the aggregated metrics is the global loss and accuracy, where their names do not say it.
    """

    def __init__(
        self, run_name: str | None = None, url: str | None = None, loss: str | None = None, accuracy: str | None = None
    ) -> None:
        super().__init__()
        self.run_name = run_name
        self.url = url
        self.loss = loss
        self.accuracy = accuracy
        self._job: Job | None = None
        self._sent_at: dict[str, float] = {}

    def handle_event(self, event_type: str, fl_ctx: FLContext) -> None:
        """Called by NVFLARE in its own loop: never raises, never waits."""
        self._observe(event_type, fl_ctx)

    @guarded
    def _observe(self, event_type: str, fl_ctx: FLContext) -> None:
        if event_type == EventType.START_RUN:
            self._start(fl_ctx)
            return
        job = self._job
        if job is None:
            return
        account = job.account
        if event_type == AppEventType.ROUND_STARTED:
            job.declare(fl_ctx.get_prop(AppConstants.NUM_ROUNDS))
            account.round_started(int(fl_ctx.get_prop(AppConstants.CURRENT_ROUND)))
        elif event_type == AppEventType.INITIAL_MODEL_LOADED:
            job.declare(fl_ctx.get_prop(AppConstants.NUM_ROUNDS))
        elif event_type == EventType.AFTER_TASK_DATA_FILTER:
            self._assigned(job, fl_ctx)
        elif event_type == EventType.BEFORE_PROCESS_SUBMISSION:
            self._submitted(job, fl_ctx)
        elif event_type == AppEventType.AFTER_CONTRIBUTION_ACCEPT:
            self._accepted(job, fl_ctx)
        elif event_type == AppEventType.BEFORE_AGGREGATION:
            account.aggregating()
        elif event_type in ROUND_ENDS:
            # The peer in this context is whoever came last, so it is not looked at.
            result = fl_ctx.get_prop(AppConstants.AGGREGATION_RESULT)
            account.aggregated(getattr(result, "metrics", None) or {})
            account.round_ended()
        elif event_type == EventType.CLIENT_DISCONNECTED:
            account.left(str(fl_ctx.get_prop(FLContextKey.DISCONNECTED_CLIENT_NAME)), "the site is disconnected")
        elif event_type == EventType.CLIENT_RECONNECTED:
            account.joined([str(fl_ctx.get_prop(FLContextKey.RECONNECTED_CLIENT_NAME))])
        elif event_type == EventType.FATAL_SYSTEM_ERROR:
            account.panicked(str(fl_ctx.get_prop(FLContextKey.EVENT_DATA) or "fatal system error"))
        elif event_type == EventType.END_WORKFLOW:
            account.round_ended()
        elif event_type == EventType.END_RUN:
            self._end(job, fl_ctx)

    def _start(self, fl_ctx: FLContext) -> None:
        engine = fl_ctx.get_engine()

        def stop(reason: str) -> None:
            with engine.new_context() as context:
                self.system_panic(f"stopped from the dashboard: {reason}", context)

        self._job = job_of(fl_ctx, name=self.run_name, url=self.url)
        self._job.configure(loss=self.loss, accuracy=self.accuracy, on_stop=stop)
        self._job.account.joined([client.name for client in engine.get_clients()])

    def _assigned(self, job: Job, fl_ctx: FLContext) -> None:
        peer = fl_ctx.get_peer_context()
        task = fl_ctx.get_prop(FLContextKey.TASK_DATA)
        flare_round = task.get_header(AppConstants.CURRENT_ROUND) if task is not None else None
        if peer is None or flare_round is None:
            return
        self._sent_at[peer.get_identity_name()] = time.monotonic()
        job.account.assigned(peer.get_identity_name(), int(flare_round))

    def _submitted(self, job: Job, fl_ctx: FLContext) -> None:
        peer, result = fl_ctx.get_peer_context(), fl_ctx.get_prop(FLContextKey.TASK_RESULT)
        if peer is not None and result is not None and result.get_return_code() != ReturnCode.OK:
            job.account.failed(peer.get_identity_name(), str(result.get_return_code()))

    def _accepted(self, job: Job, fl_ctx: FLContext) -> None:
        peer, result = fl_ctx.get_peer_context(), fl_ctx.get_prop(AppConstants.TRAINING_RESULT)
        if peer is None or result is None:
            return
        client_id = peer.get_identity_name()
        model: Any = FLModelUtils.from_shareable(result)
        sent_at = self._sent_at.get(client_id)
        job.account.accepted(
            client_id,
            fl_ctx.get_prop(AppConstants.CURRENT_ROUND),
            max(int((model.meta or {}).get(SAMPLES) or 0), 0),
            model.metrics or {},
            None if sent_at is None else round((time.monotonic() - sent_at) * 1000, 1),
        )

    def _end(self, job: Job, fl_ctx: FLContext) -> None:
        signal = fl_ctx.get_run_abort_signal()
        job.account.run_ended(is_aborted=signal is not None and bool(signal.triggered))
        self._job = None
        release(job)
