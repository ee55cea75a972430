"""The lines of a segment. [R20]"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any
from zlib import crc32

VERSION = 1
_to_json = json.JSONEncoder(separators=(",", ":")).encode


@dataclass(frozen=True)
class Header:
    """The state when a segment was begun."""

    reporter_id: str
    run_id: str
    url: str
    at: str
    next_event: int = 0
    next_batch: int = 0
    settled: int = 0
    dropped: tuple[int, int] = (0, 0)
    version: int = VERSION


@dataclass(frozen=True)
class Stored:
    """An event in a segment."""

    n: int
    kind: str
    json: bytes


@dataclass(frozen=True)
class BatchLine:
    batch: int
    start: int
    to: int


@dataclass(frozen=True)
class AnswerLine:
    batch: int


@dataclass(frozen=True)
class SettledLine:
    n: int


@dataclass(frozen=True)
class DroppedLine:
    telemetry: int
    facts: int


Record = Header | Stored | BatchLine | AnswerLine | SettledLine | DroppedLine

_NUMBERS = re.compile(rb"(\d+)(?: (\d+)(?: (\d+))?)?")


@dataclass(frozen=True)
class Batch:
    """Keeps its number and its events until it is answered. [R4]"""

    number: int
    events: tuple[Stored, ...]
    #: The events from `start` to before `to` are its own, those that were dropped excepted.
    start: int
    to: int


def line(body: bytes) -> bytes:
    return b"%08x %s\n" % (crc32(body), body)


def header_line(header: Header) -> bytes:
    fields: dict[str, Any] = {
        "version": header.version,
        "reporter_id": header.reporter_id,
        "run_id": header.run_id,
        "url": header.url,
        "at": header.at,
        "next_event": header.next_event,
        "next_batch": header.next_batch,
        "settled": header.settled,
        "dropped": list(header.dropped),
    }
    return line(b"H " + _to_json(fields).encode())


def event_line(n: int, kind: str, event: str) -> bytes:
    return line(f"E {n} {kind} {event}".encode())


def parse(text: bytes) -> Record | None:
    """Parse a line without its newline; return `None` if it is damaged. [R21]"""
    body = text[9:]
    if text[8:9] != b" " or text[:8] != b"%08x" % crc32(body):
        return None
    kind, _, rest = body.partition(b" ")
    if kind == b"E":
        return _parse_event(rest)
    if kind == b"H":
        return _parse_header(rest)
    match = _NUMBERS.fullmatch(rest)
    numbers = tuple(int(number) for number in match.groups() if number is not None) if match else ()
    if kind == b"B" and len(numbers) == 3:
        return BatchLine(*numbers)
    if kind == b"A" and len(numbers) == 1:
        return AnswerLine(*numbers)
    if kind == b"S" and len(numbers) == 1:
        return SettledLine(*numbers)
    if kind == b"D" and len(numbers) == 2:
        return DroppedLine(*numbers)
    return None


def _parse_event(rest: bytes) -> Stored | None:
    parts = rest.split(b" ", 2)
    if len(parts) != 3 or not parts[0].isdigit() or parts[1] not in (b"t", b"f", b"s"):
        return None
    return Stored(int(parts[0]), parts[1].decode(), parts[2])


def _parse_header(rest: bytes) -> Header | None:
    try:
        fields = json.loads(rest)
        telemetry, facts = fields["dropped"]
        return Header(
            reporter_id=str(fields["reporter_id"]),
            run_id=str(fields["run_id"]),
            url=str(fields["url"]),
            at=str(fields["at"]),
            next_event=int(fields["next_event"]),
            next_batch=int(fields["next_batch"]),
            settled=int(fields["settled"]),
            dropped=(int(telemetry), int(facts)),
            version=int(fields["version"]),
        )
    except (ValueError, KeyError, TypeError):
        return None
