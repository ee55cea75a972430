"""Interprets the HTTP response to a batch."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .backoff import retry_after_ms


@dataclass(frozen=True)
class Command:
    """An admin's request to the FL server.

    Attributes
    ----------
    command_id : str
        Names the request.
    command : str
        `stop_round` or `stop_run`.
    run_id : str
        The run it is about.
    round : int or None
        The round it is about.
    reason : str
        The admin's words.
    """

    command_id: str
    command: str
    run_id: str
    round: int | None
    reason: str


@dataclass(frozen=True)
class Answered:
    """The server has the batch for good."""

    duplicates: int
    #: Index and detail of every event it refused.
    rejected: tuple[tuple[int, str], ...]
    commands: tuple[Command, ...]
    #: Ids of commands that this version does not know.
    unknown_commands: tuple[str, ...]


@dataclass(frozen=True)
class Unanswered:
    """Perhaps taken, perhaps not: the same batch again, soon. [R8]"""

    why: str
    wait_ms: float = 0


@dataclass(frozen=True)
class Misconfigured:
    """Not accepted, and retried only slowly until the key or the address is changed. [R9]"""

    why: str


@dataclass(frozen=True)
class TooLarge:
    """Not taken: too many bytes. [R10]"""


@dataclass(frozen=True)
class Refused:
    """Not taken, and the same again would not be either. [R11]"""

    why: str


Verdict = Answered | Unanswered | Misconfigured | TooLarge | Refused


def judge(status: int, retry_after: str | None, text: str, now_ms: float) -> Verdict:
    if 200 <= status < 300:
        # Otherwise it is a login page or another program on the same port.
        return parse_answer(text) or Unanswered(f"the answer (HTTP {status}) is not an ingest answer")
    if status == 413:
        return TooLarge()
    if status in (400, 422):
        return Refused(f"HTTP {status}: {text[:500]}")
    if status >= 500 or status in (408, 425, 429):
        return Unanswered(f"HTTP {status}", retry_after_ms(retry_after, now_ms))
    if status in (401, 403):
        return Misconfigured(f"the API key is not accepted (HTTP {status}); check RONDO_API_KEY")
    return Misconfigured(f"there is no Rondo at this address (HTTP {status}); check RONDO_URL")


def parse_answer(text: str) -> Answered | None:
    try:
        answer = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(answer, dict) or not _is_count(answer.get("accepted")):
        return None
    rejected, given = answer.get("rejected"), answer.get("commands")
    if (
        not _is_count(answer.get("duplicates"))
        or not isinstance(rejected, list)
        or not all(map(_is_rejection, rejected))
    ):
        return None
    commands: list[Command] = []
    unknown: list[str] = []
    # One by one: a newer server's new command must not make its answer unreadable. [R13]
    for item in given if isinstance(given, list) else []:
        command = _to_command(item) if isinstance(item, dict) else None
        if command is not None:
            commands.append(command)
        elif isinstance(item, dict) and isinstance(item.get("command_id"), str):
            unknown.append(item["command_id"])
    refused = tuple((item["index"], item["detail"]) for item in rejected)
    return Answered(int(answer["duplicates"]), refused, tuple(commands), tuple(unknown))


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _is_rejection(item: Any) -> bool:
    return isinstance(item, dict) and _is_count(item.get("index")) and isinstance(item.get("detail"), str)


def _to_command(item: Mapping[str, Any]) -> Command | None:
    command, round_number = item.get("command"), item.get("round")
    texts = (item.get("command_id"), item.get("run_id"), item.get("reason"))
    if command not in ("stop_round", "stop_run") or not all(isinstance(text, str) for text in texts):
        return None
    if round_number is not None and not _is_count(round_number):
        return None
    return Command(str(texts[0]), command, str(texts[1]), round_number, str(texts[2]))
