"""Carries out an admin's commands; rejects unsupported ones with the reason."""

from __future__ import annotations

from collections.abc import Callable

from rondo.commands import CommandHandler
from rondo.verdict import Command


def answer_commands(
    *, stop_run: Callable[[str], None], stop_round: Callable[[int | None, str], None] | None = None
) -> CommandHandler:
    """A command handler that returns when the command is applied, and raises when it is not."""

    def handle(command: Command) -> None:
        reason = command.reason or "stopped from the dashboard"
        if command.command == "stop_run":
            stop_run(reason)
        elif command.command == "stop_round" and stop_round is not None:
            stop_round(command.round, reason)
        else:
            raise ValueError(f"this server cannot do {command.command}")

    return handle
