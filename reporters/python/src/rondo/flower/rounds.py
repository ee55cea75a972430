"""The state of a running round, and of each request in it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from rondo.adapters import naming


@dataclass(frozen=True)
class Sent:
    """One request that is on its way."""

    client_id: str
    round: int
    phase: str
    at: float
    bytes_down: int | None
    arrays: Any
    #: In secure aggregation: the stage of the request.
    stage: str | None = None


@dataclass
class Round:
    """The reported state of one round."""

    number: int
    started_at: datetime
    asked: dict[str, str] = field(default_factory=dict)
    metrics: dict[str, float] = field(default_factory=dict)
    #: Figures of the global model under the user's own names, by who took them.
    evaluations: dict[str, dict[str, float]] = field(default_factory=dict)
    model_version: str | None = None
    #: In secure aggregation: what each client has reported so far, and the time of its first request.
    parts: dict[str, dict[str, Any]] = field(default_factory=dict)
    first_sent: dict[str, float] = field(default_factory=dict)
    evaluated_clients: set[str] = field(default_factory=set)
    is_announced: bool = False
    is_over: bool = False

    def figure(self, wanted: str | None, usual: tuple[str, ...]) -> float | None:
        """The global loss or accuracy: the server's own evaluation counts before the clients'."""
        for where in ("central", "eval"):
            found = naming.pick(self.evaluations.get(where, {}), wanted, usual)
            if found is not None:
                return found
        return None if wanted is None else self.metrics.get(wanted)

    def settle(self, client_id: str, outcome: str) -> bool:
        """Notes a client's outcome; whether it had none yet."""
        was = self.asked.get(client_id)
        self.asked[client_id] = outcome
        return was in (None, "asked")

    def unanswered(self) -> list[str]:
        """The clients that received a request and have no outcome."""
        return [client_id for client_id, state in self.asked.items() if state == "asked"]
