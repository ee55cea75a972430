"""Passes each command to the program once and reports the result. [R13]"""

from __future__ import annotations

import queue
import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

from .verdict import Answered, Command

#: Carries out a command. `None` means applied; `("rejected", "why")` or an exception means rejected.
CommandHandler = Callable[[Command], Any]
Acknowledge = Callable[[str, str, "str | None"], None]

# Far more than are ever open at once; the server stops repeating a command when it has its acknowledgement.
_REMEMBERED = 1_000


class Commands:
    """The handler runs in a thread of its own: one that takes its time must not hold up the reports."""

    def __init__(
        self,
        run_id: str,
        handler: CommandHandler | None,
        acknowledge: Acknowledge,
        on_failure: Callable[[Exception], None],
        *,
        is_threaded: bool = True,
    ) -> None:
        self._run_id = run_id
        self._handler = handler
        self._acknowledge = acknowledge
        self._on_failure = on_failure
        self._is_threaded = is_threaded
        self._seen: OrderedDict[str, None] = OrderedDict()
        self._todo: queue.SimpleQueue[Command] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None

    def receive(self, answer: Answered) -> None:
        for command in answer.commands:
            # Commands of an ended run belong to the reporter that continues it. [R26]
            if command.run_id == self._run_id and self._is_new(command.command_id):
                self._acknowledge(command.command_id, "delivered", None)
                self._hand_over(command)
        for command_id in answer.unknown_commands:
            if self._is_new(command_id):
                self._acknowledge(command_id, "rejected", "not supported by this version of the reporter")

    def _hand_over(self, command: Command) -> None:
        if self._handler is None:
            self._acknowledge(command.command_id, "rejected", "not supported")
            return
        if not self._is_threaded:
            self._carry_out(command)
            return
        self._todo.put(command)
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name="rondo-commands", daemon=True)
            self._thread.start()

    def _work(self) -> None:
        while True:
            self._carry_out(self._todo.get())

    def _carry_out(self, command: Command) -> None:
        if self._handler is None:
            return
        try:
            outcome = self._handler(command)
        except Exception as error:
            self._on_failure(error)
            self._acknowledge(command.command_id, "rejected", str(error) or type(error).__name__)
            return
        state, detail = outcome if isinstance(outcome, tuple) and len(outcome) == 2 else (outcome, None)
        is_rejected = state == "rejected"
        self._acknowledge(command.command_id, "rejected" if is_rejected else "applied", detail)

    def _is_new(self, command_id: str) -> bool:
        if command_id in self._seen:
            return False
        self._seen[command_id] = None
        if len(self._seen) > _REMEMBERED:
            self._seen.popitem(last=False)
        return True
