"""The reports of a run about its clients."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal

from .inbox import PLAIN_FIELDS
from .reporter import Reporter
from .run_types import At, Number


class ClientReports:
    """A part of `Run`."""

    _reporter: Reporter

    def client_joined(
        self,
        client_id: str | int,
        *,
        dataset_size: int | None = None,
        labels: Mapping[str, str] | None = None,
        at: At = None,
    ) -> None:
        """Report that a client joined."""
        fields = {"client_id": client_id, "dataset_size": dataset_size, "labels": labels}
        self._reporter.say("client_joined", fields, at)

    def client_left(self, client_id: str | int, reason: str | None = None, *, at: At = None) -> None:
        """Report that a client left."""
        self._reporter.say("client_left", {"client_id": client_id, "reason": reason}, at)

    def client_heartbeat(
        self, client_id: str | int, *, system: Mapping[str, Number] | None = None, at: At = None
    ) -> None:
        """Report that a client is alive; `system` may hold `cpu_percent`, `memory_bytes` and `gpu_percent`."""
        self._reporter.say("client_heartbeat", {"client_id": client_id, "system": system}, at)

    def client_presence(
        self,
        client_ids: Iterable[str | int] | None = None,
        *,
        num_connected: int | None = None,
        num_needed: int | None = None,
        at: At = None,
    ) -> None:
        """Report which clients the framework holds connected, or how many, and how many the FL server waits for."""
        fields = {"client_ids": client_ids, "num_connected": num_connected, "num_needed": num_needed}
        self._reporter.say("client_presence", fields, at)

    def client_status(
        self,
        client_id: str | int,
        status: Literal["idle", "training", "uploading", "offline", "failed"],
        *,
        round: int | None = None,
        progress: float | None = None,
        at: At = None,
    ) -> None:
        """Report a client's status and progress (0 to 1)."""
        fields = {"client_id": client_id, "status": status, "round": round, "progress": progress}
        self._reporter.say("client_status", fields, at)

    def client_result(
        self,
        client_id: str | int,
        round: int,
        sample_count: int,
        *,
        train_loss: Number = None,
        metrics: Mapping[str, Number] | None = None,
        duration_ms: float | None = None,
        bytes_up: int | None = None,
        bytes_down: int | None = None,
        update_norm: Number = None,
        cosine_to_mean: Number = None,
        cosine_to_previous: Number = None,
        at: At = None,
    ) -> None:
        """Report a client's result in a round."""
        figures = (
            round, sample_count, train_loss, duration_ms, bytes_up, bytes_down,
            update_norm, cosine_to_mean, cosine_to_previous,
        )  # fmt: skip
        if at is None and self._reporter.say_plain_result(client_id, metrics, figures):
            return
        fields = dict(zip(PLAIN_FIELDS["client_result"], (client_id, metrics, *figures), strict=True))
        self._reporter.say("client_result", fields, at)

    def client_failed(self, client_id: str | int, round: int, reason: str, *, at: At = None) -> None:
        """Report that a client returned an error for this round."""
        self._reporter.say("client_failed", {"client_id": client_id, "round": round, "reason": reason}, at)

    def client_no_reply(
        self, client_id: str | int, round: int, waited_ms: float | None = None, *, at: At = None
    ) -> None:
        """Report that a client did not reply in time."""
        self._reporter.say("client_no_reply", {"client_id": client_id, "round": round, "waited_ms": waited_ms}, at)
