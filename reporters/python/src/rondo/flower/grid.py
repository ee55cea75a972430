"""The user's grid, seen through: every message out and every reply in, as it happens."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Any

from ._flwr import Grid, Message
from .observer import Observer

# Fast enough for an in-process grid, slow enough for a SuperLink, whose own grid polls every 3 s.
FIRST_POLL_S = 0.002
LONGEST_POLL_S = 0.5
# A pause is this part of the wait since the last reply, so the last reply of a round waits for us that little.
POLL_SHARE = 0.03
# And polls take no more than a fifth of the time, however slow the grid is.
POLL_COST = 4.0
# A poll that waited for another thread says nothing about the grid: what a poll takes rises by no more than this.
COST_RISE = 1.5
# A third of the silence after which the dashboard calls a client offline.
LOOK_AROUND_S = 20.0


class Pace:
    """The pauses of one wait for replies."""

    def __init__(self) -> None:
        self._cost = LONGEST_POLL_S

    def pause_after(self, took_s: float, silent_s: float) -> float:
        """Seconds, after a poll that took so long, and so long after the last reply."""
        self._cost = min(took_s, COST_RISE * self._cost)
        return min(max(FIRST_POLL_S, POLL_SHARE * silent_s, POLL_COST * self._cost), LONGEST_POLL_S)


class ObservedGrid(Grid):  # type: ignore[misc, unused-ignore]
    """Forwards everything to the user's grid and reports each message to the observer."""

    def __init__(self, inner: Any, observer: Observer) -> None:
        self.inner = inner
        self._observer = observer

    def set_run(self, run: Any) -> None:
        self.inner.set_run(run)

    @property
    def run(self) -> Any:
        return self.inner.run

    def create_message(self, *args: Any, **kwargs: Any) -> Message:
        message: Message = self.inner.create_message(*args, **kwargs)
        return message

    def get_node_ids(self) -> Iterable[int]:
        return self._seen(self.inner.get_node_ids())

    def get_nodes(self) -> Iterable[Any]:
        nodes = list(self.inner.get_nodes())
        self._observer.nodes_are([node.node_id for node in nodes])
        return nodes

    def push_messages(self, messages: Iterable[Message]) -> Iterable[str]:
        going = list(messages)
        ids = list(self.inner.push_messages(going))
        self._observer.sent(going, ids)
        return ids

    def pull_messages(self, message_ids: Iterable[str]) -> list[Message]:
        replies = list(self.inner.pull_messages(message_ids))
        if replies:
            self._observer.replied(replies)
        return replies

    def send_and_receive(self, messages: Iterable[Message], *, timeout: float | None = None) -> Iterable[Message]:
        """The replies that came in time, in the order of their requests; fewer when an admin closed the round."""
        going = list(messages)
        if not going:
            return []
        # Its round is read once: the loop asks often, and on the cores of the training.
        is_closed = self._observer.closing_of(going)
        if is_closed():
            return []
        order = list(self.push_messages(going))
        waiting = {message_id for message_id in order if message_id}
        replies: dict[str, Message] = {}
        deadline = None if timeout is None else time.monotonic() + timeout
        looked = came_at = time.monotonic()
        pace = Pace()
        while waiting:
            asked_at = time.monotonic()
            came = self.pull_messages(waiting)
            now = time.monotonic()
            took = now - asked_at
            if came:
                came_at = now
                for reply in came:
                    message_id = reply.metadata.reply_to_message_id
                    replies[message_id] = reply
                    waiting.discard(message_id)
            if now - looked > LOOK_AROUND_S:
                looked = now
                self._observer.still_there(self.inner.get_node_ids())
                now = time.monotonic()
            left = None if deadline is None else deadline - now
            if not waiting or is_closed() or (left is not None and left <= 0):
                break
            pause = pace.pause_after(took, now - came_at)
            self._observer.stops.wait(pause if left is None else min(pause, left))
        self._observer.gave_up(waiting)
        return [replies[message_id] for message_id in order if message_id in replies]

    def __getattr__(self, name: str) -> Any:
        # Methods that a grid has beyond the interface, such as close().
        return getattr(self.inner, name)

    def _seen(self, node_ids: Iterable[int]) -> list[int]:
        nodes = list(node_ids)
        self._observer.nodes_are(nodes)
        return nodes
