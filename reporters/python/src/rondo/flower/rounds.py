"""The state of a running round, and of each request in it."""

from __future__ import annotations

from collections import Counter
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
    #: None where the client is known by its name alone.
    node: int | None = None
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
    #: Clients without a name, by outcome: `completed`, `failed`, `no_reply`. [A4]
    unnamed: Counter[str] = field(default_factory=Counter)
    #: Those of them whose node is known, as the facts about them.
    unnamed_facts: list[dict[str, Any]] = field(default_factory=list)
    num_expected: int = 0
    is_announced: bool = False
    #: The observed grid sends its requests.
    is_sent: bool = False
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

    def counts(self) -> dict[str, int]:
        """The outcomes of clients without a name, as fields of `round_complete`."""
        return {f"num_clients_{outcome}": count for outcome, count in self.unnamed.items() if count > 0}

    def unanswered(self) -> list[str]:
        """The clients that received a request and have no outcome."""
        return [client_id for client_id, state in self.asked.items() if state == "asked"]
