"""The server-side component that converts the events of a job to facts."""

from __future__ import annotations

import time
from typing import Any

from nvflare.apis.event_type import EventType
from nvflare.apis.fl_constant import FLContextKey
from nvflare.apis.fl_context import FLContext
from nvflare.apis.job_def import JobMetaKey
from nvflare.app_common.app_constant import AppConstants
from nvflare.app_common.app_event_type import AppEventType
from nvflare.widgets.widget import Widget

from rondo.adapters.guard import guarded, observe_hook, quietly

from . import tasks
from .jobs import Job, job_of, release

# Naming by text keeps versions apart from each other. A saved model ends a round only where nothing aggregates.
AGGREGATED = ("_after_aggregation", "_round_done")
SAVED = "_after_save_model"


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
        self._owners: dict[str, str] = {}

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
        if event_type == EventType.START_WORKFLOW:
            self._workflow_started(job, fl_ctx)
        elif event_type == AppEventType.ROUND_STARTED:
            job.declare(fl_ctx.get_prop(AppConstants.NUM_ROUNDS))
            account.round_started(int(fl_ctx.get_prop(AppConstants.CURRENT_ROUND)))
        elif event_type == AppEventType.INITIAL_MODEL_LOADED:
            job.declare(fl_ctx.get_prop(AppConstants.NUM_ROUNDS))
        elif event_type == EventType.AFTER_TASK_DATA_FILTER:
            self._assigned(job, fl_ctx)
        elif event_type == EventType.BEFORE_PROCESS_SUBMISSION:
            self._submitted(job, fl_ctx)
        elif event_type == AppEventType.AFTER_CONTRIBUTION_ACCEPT:
            self._judged(job, fl_ctx)
        elif event_type == EventType.AFTER_PROCESS_SUBMISSION:
            self._processed(job, fl_ctx)
        elif event_type == AppEventType.BEFORE_AGGREGATION:
            account.aggregating()
        elif event_type in AGGREGATED:
            # The peer in this context is the site that came last, so it is not looked at.
            result = fl_ctx.get_prop(AppConstants.AGGREGATION_RESULT)
            account.aggregated(getattr(result, "metrics", None) or {})
            account.round_ended(is_aggregated=True)
        elif event_type == SAVED:
            account.round_ended(is_aborted=_is_aborted(fl_ctx))
        elif event_type == EventType.CLIENT_DISCONNECTED:
            account.presence.disconnected(str(fl_ctx.get_prop(FLContextKey.DISCONNECTED_CLIENT_NAME)))
        elif event_type == EventType.CLIENT_RECONNECTED:
            account.presence.reconnected(str(fl_ctx.get_prop(FLContextKey.RECONNECTED_CLIENT_NAME)))
        elif event_type == EventType.FATAL_SYSTEM_ERROR:
            account.panicked(str(fl_ctx.get_prop(FLContextKey.EVENT_DATA) or "fatal system error"))
        elif event_type == EventType.END_WORKFLOW:
            account.workflow_ended(_is_aborted(fl_ctx))
        elif event_type == EventType.END_RUN:
            self._end(job, fl_ctx)

    def _start(self, fl_ctx: FLContext) -> None:
        engine = fl_ctx.get_engine()

        def stop(reason: str) -> None:
            with engine.new_context() as context:
                self.system_panic(f"stopped from the dashboard: {reason}", context)

        self._job = job_of(fl_ctx, name=self.run_name, url=self.url)
        self._job.configure(loss=self.loss, accuracy=self.accuracy, on_stop=stop)
        meta = fl_ctx.get_prop(FLContextKey.JOB_META) or {}
        needed = quietly(lambda: int(meta.get(JobMetaKey.MIN_CLIENTS.value) or 0)) or None
        self._job.account.presence.begins([client.name for client in engine.get_clients()], needed)

    def _workflow_started(self, job: Job, fl_ctx: FLContext) -> None:
        """Observe the sites of each task, and when a site was last seen: no event reports it."""
        workflow_id = str(fl_ctx.get_prop(FLContextKey.WORKFLOW) or "")
        controller = fl_ctx.get_engine().get_component(workflow_id)
        job.account.workflow_started(workflow_id, type(controller).__name__)
        # Controllers were their own communicators up to 2.4.
        communicator = getattr(controller, "communicator", None) or controller

        def scheduled(task: Any, manager: Any) -> None:
            job.declare(tasks.header_of(task.data, AppConstants.NUM_ROUNDS))
            is_relay = "Relay" in type(manager).__name__
            job.account.asked(tasks.round_of(task), list(task.targets or []), str(task.name), is_relay=is_relay)

        observe_hook(
            communicator,
            "_schedule_task",
            before=lambda args, kwargs: (tasks.argument(args, kwargs, "task", 0), kwargs.get("manager")),
            after=lambda asked, result: scheduled(*asked),
        )
        observe_hook(
            communicator,
            "client_is_active",
            before=lambda args, kwargs: job.account.presence.seen(str(tasks.argument(args, kwargs, "client_name", 0))),
        )

    def _assigned(self, job: Job, fl_ctx: FLContext) -> None:
        peer = fl_ctx.get_peer_context()
        if peer is None:
            return
        client_id = peer.get_identity_name()
        self._sent_at[client_id] = time.monotonic()
        data, task = fl_ctx.get_prop(FLContextKey.TASK_DATA), fl_ctx.get_prop(FLContextKey.TASK_NAME)
        if task == AppConstants.TASK_VALIDATION:
            self._owners[str(fl_ctx.get_prop(FLContextKey.TASK_ID))] = tasks.owner_of(data) or "model"
        job.account.assigned(client_id, tasks.round_of_data(data, task))

    def _submitted(self, job: Job, fl_ctx: FLContext) -> None:
        peer, result = fl_ctx.get_peer_context(), fl_ctx.get_prop(FLContextKey.TASK_RESULT)
        if peer is not None and result is not None and not tasks.is_good(result):
            task = str(fl_ctx.get_prop(FLContextKey.TASK_NAME))
            flare_round = tasks.round_of_data(result, task)
            job.account.failed(peer.get_identity_name(), str(result.get_return_code()), flare_round, task)

    def _judged(self, job: Job, fl_ctx: FLContext) -> None:
        """The workflow took the contribution, or refused it."""
        peer, result = fl_ctx.get_peer_context(), fl_ctx.get_prop(AppConstants.TRAINING_RESULT)
        if peer is None or result is None or not tasks.is_good(result):
            return
        flare_round = tasks.round_of_data(result, fl_ctx.get_prop(FLContextKey.TASK_NAME))
        if flare_round is None:
            flare_round = fl_ctx.get_prop(AppConstants.CURRENT_ROUND)
        if fl_ctx.get_prop(AppConstants.AGGREGATION_ACCEPTED) is False:
            reason = "NVFLARE did not accept the result for the aggregation"
            job.account.failed(peer.get_identity_name(), reason, flare_round)
            return
        self._accepted(job, peer.get_identity_name(), flare_round, result)

    def _processed(self, job: Job, fl_ctx: FLContext) -> None:
        """The workflow processed a result; not every one says so with an event of its own."""
        peer, result = fl_ctx.get_peer_context(), fl_ctx.get_prop(FLContextKey.TASK_RESULT)
        if peer is None or result is None or not tasks.is_good(result):
            return
        task = str(fl_ctx.get_prop(FLContextKey.TASK_NAME))
        flare_round = tasks.round_of_data(result, task)
        if task == AppConstants.TASK_VALIDATION:
            owner = self._owners.pop(str(fl_ctx.get_prop(FLContextKey.TASK_ID)), "model")
            job.account.validated(peer.get_identity_name(), owner, tasks.figures_of(result).metrics)
        elif flare_round is not None:
            self._accepted(job, peer.get_identity_name(), flare_round, result)
        else:
            job.account.answered()

    def _accepted(self, job: Job, client_id: str, flare_round: int | None, result: Any) -> None:
        figures = tasks.figures_of(result)
        sent_at = self._sent_at.get(client_id)
        duration_ms = None if sent_at is None else round((time.monotonic() - sent_at) * 1000, 1)
        job.account.accepted(client_id, flare_round, figures.samples, figures.metrics, duration_ms)

    def _end(self, job: Job, fl_ctx: FLContext) -> None:
        job.account.run_ended(is_aborted=_is_aborted(fl_ctx))
        self._job = None
        release(job)


def _is_aborted(fl_ctx: FLContext) -> bool:
    signal = fl_ctx.get_run_abort_signal()
    return signal is not None and bool(signal.triggered)
