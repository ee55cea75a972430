"""Which nodes Flower holds connected, and how many clients the strategy waits for. [L6]"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

from .directory import Directory

#: A third of the silence after which the dashboard shows a client as offline.
SAY_AGAIN_S = 20.0


class Presence:
    """Reports the nodes when they change, and now and then while they do not."""

    def __init__(
        self,
        directory: Directory,
        say: Callable[..., Any],
        needed: int | None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._directory = directory
        self._say = say
        self._needed = needed
        self._clock = clock
        self._said: tuple[list[int], float] | None = None

    def forget(self) -> None:
        self._directory.forget_presence()
        self._said = None

    def nodes_are(self, node_ids: Sequence[int]) -> None:
        """Nodes that have come and gone since the last look, and those that are connected."""
        directory = self._directory
        came, went = directory.look(node_ids)
        for node in came:
            self._say("client_joined", client_id=directory.name_of(node), labels={"node_id": str(node)})
        for node in went:
            self._say("client_left", client_id=directory.name_of(node), reason="the node left the federation")
        here, now = sorted(node_ids), self._clock()
        if self._said is not None and self._said[0] == here and now - self._said[1] < SAY_AGAIN_S:
            return
        self._said = here, now
        named = [directory.name_of(node) for node in here if directory.is_named(node)]
        self._say("client_presence", client_ids=named, num_connected=len(here), num_needed=self._needed)
