"""The fixtures that both reporters share."""

from __future__ import annotations

import base64
import itertools
import json
import tempfile
import unittest
from contextlib import suppress
from pathlib import Path
from typing import Any

from rondo import address, limits
from rondo.backoff import backoff_ms, retry_after_ms
from rondo.facts import FACT_TYPES, FIELDS, Event, kind_of, make_event
from rondo.sender import is_backlog
from rondo.spool.lock import is_gone, take
from rondo.spool.records import Batch, Header, Stored, parse
from rondo.spool.spool import Spool
from rondo.spool.state import read_state
from rondo.stamp import Stamper, to_moment
from rondo.values import read_values
from rondo.verdict import Answered, Unanswered, judge

from .fixtures import read_fixture, revive

NOW = "2026-01-31T12:00:00.000Z"
VERDICTS = {
    "Answered": "answered",
    "Unanswered": "unanswered",
    "Misconfigured": "misconfigured",
    "TooLarge": "too_large",
    "Refused": "refused",
}


class EventFixtures(unittest.TestCase):
    def test_r3_the_wire_form_of_every_fact(self) -> None:
        fixture = read_fixture("events")
        for case in fixture["cases"]:
            with self.subTest(case["name"]):
                fields = revive(case["fact"])
                event, flaw = make_event(fields["type"], fields, fixture["run_id"], fixture["at"])
                self.assertEqual("invalid" if event is None else "valid", case["is"], flaw)
                if event is not None:
                    self.assertEqual(json.loads(event.json), case["wire"])
                    self.assertEqual(flaw is not None, case["has_flaw"], flaw)

    def test_r2_the_moments_of_calls(self) -> None:
        for case in read_fixture("stamps")["cases"]:
            with self.subTest(case["name"]):
                now = [0]
                stamper = Stamper(lambda now=now: now[0])  # type: ignore[misc]
                for call in case["calls"]:
                    now[0] = call["now_ms"]
                    given = call["fact"].get("at")
                    at = given or to_moment(stamper.stamp(call["fact"]["type"], call["fact"]))
                    self.assertEqual(_ms(at), _ms(call["at"]))


class ValuesFixtures(unittest.TestCase):
    def test_r29_what_a_record_of_metrics_says(self) -> None:
        for case in read_fixture("values")["cases"]:
            with self.subTest(case["name"]):
                found = read_values(revive(case["record"]))
                # `repr`, because NaN is not equal to itself.
                expected = {name: float(value) for name, value in revive(case["numbers"]).items()}
                self.assertEqual(repr({name: float(value) for name, value in found.numbers.items()}), repr(expected))
                self.assertEqual(found.points, case.get("points", {}))
                self.assertEqual(list(found.problems), case.get("left_out", []))


class ProtocolFixtures(unittest.TestCase):
    def test_r3_every_field_of_every_fact_is_handled(self) -> None:
        expected = {
            fact_type: {name: field["required"] for name, field in fields.items()}
            for fact_type, fields in read_fixture("facts").items()
        }
        handled = {
            fact_type: {field.name: field.is_required for field in fields} for fact_type, fields in FIELDS.items()
        }
        self.assertEqual(handled, expected)

    def test_r3_the_bounds_are_those_of_the_protocol(self) -> None:
        bounds = read_fixture("limits")
        own = {name: value for name, value in vars(limits).items() if name.isupper()}
        # These two are bounds of number types, not of the protocol.
        self.assertEqual((own.pop("ROUND"), own.pop("COUNT")), (2**31 - 1, 2**53 - 1))
        self.assertEqual(own, {name: bounds.get(_camel_case(name)) for name in own})


def _camel_case(name: str) -> str:
    first, *rest = name.lower().split("_")
    return first + "".join(word.capitalize() for word in rest)


class RetryFixtures(unittest.TestCase):
    fixture = read_fixture("retry")

    def test_r8_the_wait_before_an_attempt(self) -> None:
        for case in self.fixture["backoff"]:
            self.assertAlmostEqual(backoff_ms(case["attempt"], lambda case=case: case["random"]), case["ms"])  # type: ignore[misc]

    def test_r8_what_retry_after_asks_for(self) -> None:
        for case in self.fixture["retry_after"]:
            with self.subTest(case["header"]):
                self.assertEqual(retry_after_ms(case["header"], self.fixture["now_ms"]), case["ms"])

    def test_r8_to_r11_what_an_answer_means(self) -> None:
        for case in self.fixture["answers"]:
            with self.subTest(status=case["status"], text=case["text"]):
                verdict = judge(case["status"], case["retry_after"], case["text"], self.fixture["now_ms"])
                self.assertEqual(VERDICTS[type(verdict).__name__], case["verdict"])
                if isinstance(verdict, Unanswered):
                    self.assertEqual(verdict.wait_ms, case["wait_ms"])
                if isinstance(verdict, Answered):
                    self.assertEqual(verdict.duplicates, case["duplicates"])
                    rejected = [{"index": index, "detail": detail} for index, detail in verdict.rejected]
                    self.assertEqual(rejected, case["rejected"])
                    self.assertEqual([command.command_id for command in verdict.commands], case["commands"])
                    self.assertEqual(list(verdict.unknown_commands), case["unknown_commands"])


class SpoolFixtures(unittest.TestCase):
    fixture = read_fixture("spool")

    def setUp(self) -> None:
        holder = tempfile.TemporaryDirectory()
        self.addCleanup(holder.cleanup)
        self.root = Path(holder.name)
        self._numbers = itertools.count()

    def folder_with(self, files: dict[str, Any]) -> Path:
        folder = self.root / str(next(self._numbers))
        folder.mkdir()
        for name, content in files.items():
            raw = base64.b64decode(content["base64"]) if isinstance(content, dict) else "\n".join(content).encode()
            (folder / name).write_bytes(raw)
        return folder

    def open_spool(self, folder: Path, **options: Any) -> Spool:
        lock = take(folder, 1)
        assert lock is not None
        state = read_state(folder)
        header = state.header if state is not None and state.header is not None else None
        spool = Spool(
            folder,
            lock,
            header or Header("rep-1", "run-1", "http://127.0.0.1:8000", NOW),
            now=lambda: NOW,
            state=state,
            **options,
        )
        self.addCleanup(spool.abandon)
        return spool

    def test_r19_the_folder_of_a_server(self) -> None:
        for case in self.fixture["servers"]:
            with self.subTest(case["url"]):
                self.assertEqual(address.normalize(case["url"]), case["address"])
                self.assertEqual(address.folder_of(case["address"]), case["folder"])

    def test_r20_the_class_of_every_type(self) -> None:
        self.assertEqual({fact_type: kind_of(fact_type) for fact_type in FACT_TYPES}, self.fixture["classes"])
        self.assertEqual(kind_of("log", keep=True), "f")

    def test_r21_what_a_folder_says(self) -> None:
        for case in self.fixture["reads"]:
            with self.subTest(case["name"]):
                state = read_state(self.folder_with(case["files"]))
                expected = case["state"]
                if state is None or expected is None:
                    self.assertIs(state, expected)
                    continue
                batch = state.open_batch
                seen = {
                    "next_event": state.next_event,
                    "next_batch": state.next_batch,
                    "settled": state.settled,
                    "open": batch
                    and {
                        "batch": batch.batch,
                        "from": batch.start,
                        "to": batch.to,
                        "events": [n for n in state.events if batch.start <= n < batch.to],
                    },
                    "unsettled": state.unsettled,
                    "dropped": list(state.dropped),
                    "damaged": state.damaged,
                }
                self.assertEqual(seen, expected)

    def test_r22_what_an_adopter_sends_first(self) -> None:
        for case in self.fixture["reads"]:
            if case["state"] is None:
                continue
            with self.subTest(case["name"]):
                spool = self.open_spool(self.folder_with(case["files"]))
                batch = spool.next_batch(5_000, 4_000_000)
                expected = case["state"]
                again = expected["open"]
                self.assertEqual(batch.number, again["batch"] if again else expected["next_batch"])
                self.assertEqual(
                    [event.n for event in batch.events], again["events"] if again else expected["unsettled"]
                )
                spool.answered()
                rest = spool.next_batch(5_000, 4_000_000)
                self.assertEqual(rest.number, batch.number + 1)
                sent = {event.n for event in batch.events}
                self.assertEqual(
                    [event.n for event in rest.events], [n for n in expected["unsettled"] if n not in sent]
                )

    def test_r20_what_is_written(self) -> None:
        for case in self.fixture["writes"]:
            with self.subTest(case["name"]):
                folder = self.folder_with({})
                spool = self.open_spool(folder, segment_bytes=case["segment_bytes"])
                for step in case["steps"]:
                    _take_step(spool, step)
                self.assertEqual(_lines_in(folder), _expected(case["files"]))

    def test_r24_what_goes_first_when_there_is_no_room(self) -> None:
        for case in self.fixture["drops"]:
            with self.subTest(case["name"]):
                folder = self.folder_with(case["files"])
                spool = self.open_spool(folder, max_bytes=case["max_bytes"], segment_bytes=100_000)
                spool.keep_within_bound()
                self.assertEqual(_lines_in(folder), _expected(case["after"]))
                self.assertEqual(list(spool.dropped), case["dropped"])
                state = read_state(folder)
                assert state is not None
                self.assertEqual(spool.waiting, len(state.unsettled))

    def test_r21_events_that_the_disk_does_not_return(self) -> None:
        for case in self.fixture["unreadable"]:
            with self.subTest(case["name"]):
                folder = self.folder_with({})
                spool = self.open_spool(folder)
                spool.append([Event("", "f", json.dumps({"n": n})) for n in range(case["events"])])
                _damage(folder, case["damaged"])
                sent = []
                for _ in case["batches"]:
                    sent.append([event.n for event in spool.next_batch(case["max_events"], 4_000_000).events])
                    spool.answered()
                self.assertEqual(sent, case["batches"])
                self.assertEqual((list(spool.dropped), spool.waiting), (case["dropped"], 0))
                readable = [text for text in _bodies_in(folder) if text[:1] in "BAD"]
                self.assertEqual(readable, case["lines"])

    def test_r5_what_is_followed_at_once_by_the_next_batch(self) -> None:
        for case in self.fixture["backlog"]:
            with self.subTest(case):
                events = tuple(Stored(n, "f", b"x" * case["bytes_each"]) for n in range(case["events"]))
                self.assertEqual(is_backlog(Batch(0, events, 0, len(events))), case["is_backlog"])

    def test_r5_what_fits_into_a_batch(self) -> None:
        for case in self.fixture["fits"]:
            with self.subTest(case["name"]):
                spool = self.open_spool(self.folder_with({}))
                spool.append([Event("", "f", text) for text in case["events"]])
                sent = []
                for _ in case["batches"]:
                    sent.append(len(spool.next_batch(case["max_events"], case["max_bytes"]).events))
                    spool.answered()
                self.assertEqual(sent, case["batches"])

    def test_r25_whether_an_owner_is_gone(self) -> None:
        locks = self.fixture["locks"]
        for case in locks["cases"]:
            with self.subTest(case["name"]):
                gone = is_gone(
                    case["text"], case["age_s"], locks["place"], lambda pid: locks["processes"].get(str(pid), False)
                )
                self.assertEqual(gone, case["is_gone"])


def _take_step(spool: Spool, step: dict[str, Any]) -> None:
    if "append" in step:
        spool.append([Event("", event["class"], event["json"]) for event in step["append"]])
    elif "batch" in step:
        spool.next_batch(step["batch"], 4_000_000)
    elif "answered" in step:
        spool.answered()
    elif "halve" in step:
        spool.halve()
    else:
        spool.give_up()


def _lines_in(folder: Path) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    for path in sorted(folder.glob("*.log")):
        lines = path.read_bytes().split(b"\n")
        assert lines.pop() == b""
        found[path.name] = [_shown(text) for text in lines]
    return found


def _damage(folder: Path, numbers: list[int]) -> None:
    """Changes the checksum of these events, as a disk does that flips bits."""
    for path in folder.glob("*.log"):
        lines = path.read_bytes().split(b"\n")
        for index, text in enumerate(lines):
            record = parse(text)
            if isinstance(record, Stored) and record.n in numbers:
                lines[index] = b"x" + text[1:]
        path.write_bytes(b"\n".join(lines))


def _bodies_in(folder: Path) -> list[str]:
    texts = [text for path in sorted(folder.glob("*.log")) for text in path.read_bytes().split(b"\n")]
    return [text[9:].decode() for text in texts if text]


def _shown(text: bytes) -> Any:
    record = parse(text)
    assert record is not None, text
    body = text[9:].decode()
    return ["H", json.loads(body[2:])] if isinstance(record, Header) else body


def _expected(files: dict[str, Any]) -> dict[str, list[Any]]:
    return {name: files[name] for name in sorted(files)}


def _ms(at: str) -> str:
    with suppress(ValueError):
        return at.replace("Z", "").ljust(23, "0") if "." in at else at.replace("Z", ".000")
    return at
