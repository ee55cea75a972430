"""A grid in this process: real ClientApps, called in threads."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any

from flwr.app import Context, Error, Message, RecordDict
from flwr.clientapp import ClientApp
from flwr.serverapp import Grid

# Flower's own code for "the ClientApp raised".
CLIENT_APP_RAISED = 2


class LocalGrid(Grid):
    """`hinder(node_id, round)` may sleep, raise, or return False for a client that never answers."""

    def __init__(
        self,
        app: ClientApp,
        node_ids: Iterable[int],
        hinder: Callable[[int, int], bool | None] = lambda node_id, round_number: None,
        workers: int = 16,
        run_id: int = 1,
    ) -> None:
        self.app = app
        self.nodes = {node_id: partition for partition, node_id in enumerate(node_ids)}
        self.hinder = hinder
        self.pool = ThreadPoolExecutor(workers)
        self.pending: dict[str, Future[Message | None]] = {}
        self.run_id = run_id
        # A node keeps its state from one message to the next, as a SuperNode does.
        self.states: dict[int, RecordDict] = {}
        claim_identity(run_id)

    def set_run(self, run: Any) -> None:
        self.run_id = run if isinstance(run, int) else run.run_id

    @property
    def run(self) -> Any:
        return SimpleNamespace(run_id=self.run_id)

    def create_message(self, content, message_type, dst_node_id, group_id, ttl=None) -> Message:  # type: ignore[no-untyped-def]
        return Message(content, dst_node_id, message_type, ttl=ttl, group_id=group_id)

    def get_node_ids(self) -> Iterable[int]:
        return list(self.nodes)

    def push_messages(self, messages: Iterable[Message]) -> Iterable[str]:
        ids = []
        for message in messages:
            message_id = str(uuid.uuid4())
            message.metadata.__dict__["_message_id"] = message_id
            self.pending[message_id] = self.pool.submit(self._answer, message, message.metadata.dst_node_id)
            ids.append(message_id)
        return ids

    def pull_messages(self, message_ids: Iterable[str]) -> Iterable[Message]:
        wanted = set(message_ids)
        done = [each for each, future in self.pending.items() if each in wanted and future.done()]
        replies = [self.pending[each].result() for each in done]
        for each, reply in zip(done, replies, strict=True):
            if reply is not None:
                del self.pending[each]
        return [reply for reply in replies if reply is not None]

    def send_and_receive(self, messages: Iterable[Message], *, timeout: float | None = None) -> Iterable[Message]:
        order = list(self.push_messages(messages))
        end = time.monotonic() + (1e9 if timeout is None else timeout)
        replies: dict[str, Message] = {}
        while len(replies) < len(order) and time.monotonic() < end:
            for reply in self.pull_messages(order):
                replies[reply.metadata.reply_to_message_id] = reply
            time.sleep(0.002)
        return [replies[each] for each in order if each in replies]

    def _answer(self, message: Message, node_id: int) -> Message | None:
        context = Context(
            run_id=self.run_id,
            node_id=node_id,
            node_config={"partition-id": self.nodes[node_id], "num-partitions": len(self.nodes)},
            state=self.states.setdefault(node_id, RecordDict()),
            run_config={},
        )
        try:
            if self.hinder(node_id, round_of(message)) is False:
                return None
            return self.app(message, context)
        except Exception as error:
            # As the SuperLink does it: the error's source is not the client.
            reply = Message(Error(CLIENT_APP_RAISED, f"{type(error)}:<{error}>"), reply_to=message)
            reply.metadata.__dict__["_src_node_id"] = 1
            return reply


def round_of(message: Message) -> int:
    for record in message.content.config_records.values():
        number = record.get("server-round")
        if isinstance(number, int):
            return number
    return int(message.metadata.group_id or 0)


def claim_identity(run_id: int) -> None:
    """From 1.41 a message takes its run from the process's task."""
    try:
        from flwr.supercore.task_identity import TaskIdentity
    except ImportError:
        return
    TaskIdentity.task_id, TaskIdentity.run_id, TaskIdentity.node_id = 1, run_id, 1
