"""Which sites NVFLARE holds connected. [L6]"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

#: A third of the silence after which the dashboard shows a client as offline.
SAY_AGAIN_S = 20.0


class Presence:
    """The sites of a job. NVFLARE takes a site off when its process is lost for a minute."""

    def __init__(self, say: Callable[..., None], clock: Callable[[], float] = time.monotonic) -> None:
        self._say = say
        self._clock = clock
        self._lock = threading.Lock()
        self._sites: list[str] = []
        self._needed: int | None = None
        self._heard: dict[str, float] = {}
        self._said_at = 0.0
        self.gone: set[str] = set()

    def begins(self, clients: list[str], needed: int | None) -> None:
        """The sites of the job, and how many of them it needs."""
        self._needed = needed
        self._join(clients)
        self._say_all()

    def disconnected(self, client_id: str) -> None:
        self.gone.add(client_id)
        self._say("client_left", client_id=client_id, reason="the site is disconnected")
        self._say_all()

    def reconnected(self, client_id: str) -> None:
        self.gone.discard(client_id)
        self._join([client_id])
        self._say_all()

    def seen(self, client_id: str) -> None:
        """A site spoke: it asked for a task, or sent a heartbeat while it trains."""
        now = self._clock()
        with self._lock:
            is_new = client_id not in self._sites
            is_quiet = now - self._heard.get(client_id, -SAY_AGAIN_S) >= SAY_AGAIN_S
            is_time = now - self._said_at >= SAY_AGAIN_S
            if is_quiet:
                self._heard[client_id] = now
        if is_new:
            self._join([client_id])
        if is_quiet:
            self._say("client_heartbeat", client_id=client_id)
        if is_time:
            self._say_all()

    def _join(self, clients: list[str]) -> None:
        with self._lock:
            self._sites.extend(client for client in clients if client not in self._sites)
        for client_id in clients:
            self._say("client_joined", client_id=client_id, labels={"site": client_id})

    def _say_all(self) -> None:
        with self._lock:
            self._said_at = self._clock()
            here = [client for client in self._sites if client not in self.gone]
        self._say("client_presence", client_ids=here, num_connected=len(here), num_needed=self._needed)
