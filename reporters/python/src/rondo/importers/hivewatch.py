"""HiveWatch: the JSONL of its GeoEmitter, `runs/<run_id>.jsonl`, one event a line."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta, timezone
from functools import partial
from pathlib import Path
from typing import Any

from ..hivewatch import facts
from ..storable import clip_id
from . import ImportedFact, ImportedRun, LeftOut

Event = Mapping[str, Any]
# A line has every client of a round.
_MAX_LINE = 64 * 1024 * 1024


def read_hivewatch(path: Path, left_out: LeftOut) -> Iterator[ImportedRun]:
    """Yield every run of a file, or of the files in a folder."""
    for file in [path] if path.is_file() else sorted(each for each in path.rglob("*.jsonl") if each.is_file()):
        first = next(_events(file, LeftOut(), quiet=True), None)
        if first is None or first.get("event_type") != "init":
            left_out.add(f"{file}: its first line is not the `init` of HiveWatch")
            continue
        name = str(first.get("run_id") or file.stem)
        yield ImportedRun(clip_id(f"hivewatch-{name}", 128), name, partial(_facts, file, name, left_out))


def _facts(file: Path, name: str, left_out: LeftOut) -> Iterator[ImportedFact]:
    joined: set[str] = set()
    # Of the rounds that have not ended, by number.
    waiting: dict[int, list[Event]] = {}
    algorithm, config, last = "", {}, ""
    for event in _events(file, left_out):
        kind = event.get("event_type")
        at = str(event.get("timestamp") or event.get("started_at") or last)
        last = at
        if kind == "init":
            algorithm, config = str(event.get("algorithm") or "unknown"), dict(event.get("config") or {})
            yield _at(at, facts.start(name, algorithm, config))
        elif kind == "server_metadata":
            yield _at(at, facts.start(name, algorithm, config, event.get("server") or {}))
        elif kind in ("client_update", "client_dropout", "comm_failure"):
            if event.get("round") is None:
                for update in event.get("clients") or ():
                    yield from _update(at, update, joined, left_out)
            else:
                waiting.setdefault(event["round"], []).append(event)
        elif kind == "round_end":
            yield from _round(event, at, waiting.pop(event["round"], []), joined, left_out)
        elif kind == "checkpoint":
            text = f"checkpoint of round {event.get('round')}: {event.get('path')}"
            yield "log", at, {"level": "info", "message": text}
        elif kind == "finished":
            for number, events in sorted(waiting.items()):
                yield from _open_round(number, events, joined, left_out)
            waiting = {}
            yield "run_complete", at, {"status": "complete"}
        else:
            left_out.add(f"{file}: an event of the type {kind!r}")
    for number, events in sorted(waiting.items()):
        yield from _open_round(number, events, joined, left_out)


def _round(end: Event, at: str, events: list[Event], joined: set[str], left_out: LeftOut) -> Iterator[ImportedFact]:
    summary = {**(end.get("round_metrics") or {}), "round": end["round"]}
    seen = {str(update.get("client_id")) for event in events for update in _updates(event)}
    # A file without `client_update` has the clients here only.
    missing = [update for update in end.get("clients") or () if str(update.get("client_id")) not in seen]
    if missing:
        events = [*events, {**end, "event_type": "client_update", "clients": missing}]
    begun = _begun(at, summary.get("round_duration_sec"), events)
    yield from _open_round(end["round"], events, joined, left_out, begun, summary.get("num_selected"))
    failed = {client for event in events for client in _clients_with(event, "failed")}
    dropped = {client for event in events for client in _clients_with(event, "dropped")}
    ended = failed | dropped | {client for event in events for client in _clients_with(event, "idle")}
    completed = {str(update["client_id"]) for event in events for update in _updates(event)} - ended
    yield _at(at, facts.round_end(summary, len(failed), len(dropped), len(completed)))


def _open_round(
    number: int,
    events: list[Event],
    joined: set[str],
    left_out: LeftOut,
    begun: str | None = None,
    num_selected: Any = None,
) -> Iterator[ImportedFact]:
    clients = list(dict.fromkeys(str(update["client_id"]) for event in events for update in _updates(event)))
    at = begun or str(events[0].get("timestamp"))
    fields: dict[str, Any] = {"round": number, "client_ids": clients}
    if isinstance(num_selected, int) and num_selected > len(clients):
        fields["num_clients_expected"] = num_selected
    yield "round_started", at, fields
    for event in events:
        when, reason = str(event.get("timestamp")), event.get("reason")
        for update in _updates(event):
            if event["event_type"] == "comm_failure":
                yield _at(when, facts.failed(number, update["client_id"], reason))
                continue
            yield from _update(when, {**update, "round": number}, joined, left_out)
            if event["event_type"] == "client_dropout" and reason not in (None, "unknown"):
                text = f"dropped out of round {number}: {reason}"
                yield "log", when, {"level": "warning", "message": text, "client_id": str(update["client_id"])}


def _update(at: str, update: Event, joined: set[str], left_out: LeftOut) -> Iterator[ImportedFact]:
    client_id = str(update["client_id"])
    if client_id not in joined:
        joined.add(client_id)
        yield _at(at, facts.joined(update))
    for fact in facts.of_update(update):
        yield _at(at, fact)
    for name in facts.unsaid(update):
        left_out.add(f"client {client_id}: {name} is neither a number nor a text")


def _updates(event: Event) -> list[Event]:
    if event.get("event_type") == "comm_failure":
        return [{"client_id": event.get("client_id"), "status": "failed"}]
    return [update for update in event.get("clients") or () if update.get("client_id") is not None]


def _clients_with(event: Event, status: str) -> Iterator[str]:
    return (str(update["client_id"]) for update in _updates(event) if update.get("status") == status)


def _begun(at: str, duration_s: Any, events: list[Event]) -> str:
    """Return when a round began: by its duration, else at its first event."""
    moments = [str(event["timestamp"]) for event in events if event.get("timestamp")]
    if facts.is_number(duration_s):
        moments.append(
            (datetime.fromisoformat(at) - timedelta(seconds=duration_s)).astimezone(timezone.utc).isoformat()
        )
    return min(moments, default=at, key=datetime.fromisoformat)


def _at(at: str, fact: facts.Fact) -> ImportedFact:
    return fact[0], at, fact[1]


def _events(file: Path, left_out: LeftOut, *, quiet: bool = False) -> Iterator[Event]:
    """Yield the lines that are events; a line that is cut, as after a crash, is named."""
    with file.open(encoding="utf-8", errors="replace") as lines:
        number = 0
        while line := lines.readline(_MAX_LINE):
            number += 1
            try:
                event = json.loads(line)
                if not isinstance(event, dict):
                    raise ValueError("not an object")
            except ValueError as error:
                if line.strip() and not quiet:
                    left_out.add(f"{file}:{number}: is not an event ({error})")
                continue
            yield event
