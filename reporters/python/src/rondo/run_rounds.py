"""The reports of a run about its rounds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Literal

from .reporter import Reporter
from .run_types import At, Number


class RoundReports:
    """A part of `Run`."""

    _reporter: Reporter

    def round_started(
        self,
        round: int,
        client_ids: Iterable[str | int] | None = None,
        *,
        num_clients_expected: int | None = None,
        deadline: datetime | str | None = None,
        at: At = None,
    ) -> None:
        """Report that a round began, with these clients or this number of clients."""
        fields = {
            "round": round,
            "client_ids": client_ids,
            "num_clients_expected": num_clients_expected,
            "deadline": deadline,
        }
        self._reporter.say("round_started", fields, at)

    def round_update(self, round: int, status: Literal["collecting", "aggregating"], *, at: At = None) -> None:
        """Report the current state of the round."""
        self._reporter.say("round_update", {"round": round, "status": status}, at)

    def round_complete(
        self,
        round: int,
        *,
        global_loss: Number = None,
        global_accuracy: Number = None,
        metrics: Mapping[str, Number] | None = None,
        model_version: str | None = None,
        update_norm: Number = None,
        cosine_to_previous: Number = None,
        num_clients_completed: int | None = None,
        num_clients_failed: int | None = None,
        num_clients_no_reply: int | None = None,
        at: At = None,
    ) -> None:
        """Report that a round ended with a new global model.

        Parameters
        ----------
        round : int
            Its number.
        global_loss, global_accuracy : number, optional
            Of the new global model.
        metrics : mapping, optional
            More metrics of the model; nested maps become names such as `val/f1`.
        model_version : str, optional
            The stored checkpoint that the round made.
        update_norm, cosine_to_previous : number, optional
            Of the mean update: its L2 norm, and its cosine with the mean update of the round before.
        num_clients_completed, num_clients_failed, num_clients_no_reply : int, optional
            Outcomes of clients that are not named, as in secure aggregation.
        at : datetime or str, optional
            The time of the end; now by default.
        """
        fields = {
            "round": round,
            "global_loss": global_loss,
            "global_accuracy": global_accuracy,
            "metrics": metrics,
            "model_version": model_version,
            "update_norm": update_norm,
            "cosine_to_previous": cosine_to_previous,
            "num_clients_completed": num_clients_completed,
            "num_clients_failed": num_clients_failed,
            "num_clients_no_reply": num_clients_no_reply,
        }
        self._reporter.say("round_complete", fields, at)

    def round_failed(self, round: int, reason: str, *, at: At = None) -> None:
        """Report that the round ended without a new global model."""
        self._reporter.say("round_failed", {"round": round, "reason": reason}, at)

    def round_stopped(self, round: int, reason: str, *, at: At = None) -> None:
        """Report that the round was closed because a stop was requested."""
        self._reporter.say("round_stopped", {"round": round, "reason": reason}, at)
