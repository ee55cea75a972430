"""The state of a round of NVFLARE, and of a workflow."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime


@dataclass
class JobRound:
    """One round and the sites that were asked in it."""

    number: int
    started_at: datetime
    #: `asked`, `complete` or `failed`, by site.
    asked: dict[str, str] = field(default_factory=dict)
    failures: dict[str, str] = field(default_factory=dict)
    #: Sites that received their task.
    fetched: set[str] = field(default_factory=set)
    metrics: dict[str, float] = field(default_factory=dict)
    is_announced: bool = False
    is_aggregating: bool = False
    #: Each site continues with what the one before returned.
    is_relay: bool = False
    is_over: bool = False

    def at_work(self) -> list[str]:
        """The sites that received their task and have not returned a result."""
        return sorted(client_id for client_id in self.fetched if self.asked.get(client_id) == "asked")

    def close(self) -> list[str]:
        """End the round; return the sites that were asked and did not answer."""
        self.is_over = True
        return [client_id for client_id, state in self.asked.items() if state == "asked"]

    def problem(self) -> str | None:
        """Why a round that ended without an aggregation has no result; None if it has one."""
        if self.is_aggregating:
            return "the workflow ended during the aggregation"
        if self.is_relay and self.failures:
            client_id, code = next(iter(self.failures.items()))
            return f"the relay ended at {client_id}: {code}"
        if "complete" not in self.asked.values():
            return "no site returned a result"
        return None


@dataclass
class WorkflowTally:
    """Counts of a workflow, for one that has no rounds."""

    workflow_id: str
    kind: str
    has_rounds: bool = False
    tasks: dict[str, int] = field(default_factory=dict)
    results: int = 0
    failures: int = 0

    def task_scheduled(self, task: str, num_clients: int) -> None:
        self.tasks[task] = self.tasks.get(task, 0) + num_clients

    def summary(self) -> str:
        """Return one line that says that there are no rounds."""
        tasks = ", ".join(f"{name} ({count})" for name, count in list(self.tasks.items())[:8]) or "none"
        return (
            f"the workflow {self.workflow_id} ({self.kind}) has no rounds. Tasks for sites: {tasks}; "
            f"{self.results} results, {self.failures} failures"
        )
