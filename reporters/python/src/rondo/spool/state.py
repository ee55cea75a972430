"""Reads the state of a folder of segments. [R21]"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from .records import VERSION, AnswerLine, BatchLine, DroppedLine, Header, Record, SettledLine, parse


@dataclass
class Segment:
    """One file: its position in the order, and its content."""

    index: int
    size: int = 0
    #: The greatest event number in it, or -1.
    last_event: int = -1
    telemetry: int = 0
    facts: int = 0


@dataclass
class SpoolState:
    """The state of a spool."""

    header: Header | None = None
    next_event: int = 0
    next_batch: int = 0
    settled: int = 0
    dropped: tuple[int, int] = (0, 0)
    #: The batch that was written last, and whether it is answered.
    last_batch: BatchLine | None = None
    is_answered: bool = False
    damaged: int = 0
    segments: list[Segment] = field(default_factory=list)
    #: Numbers of the stored events, including settled ones.
    events: list[int] = field(default_factory=list)

    @property
    def open_batch(self) -> BatchLine | None:
        """The batch to send again: sent perhaps, answered not. [R22]"""
        batch = self.last_batch
        return None if batch is None or self.is_answered or batch.start == batch.to else batch

    @property
    def unsettled(self) -> list[int]:
        return [n for n in self.events if n >= self.settled]

    def apply(self, record: Record) -> None:
        if isinstance(record, Header):
            self.header = self.header or record
            self.next_event = max(self.next_event, record.next_event)
            self.next_batch = max(self.next_batch, record.next_batch)
            self.settled = max(self.settled, record.settled)
            self.dropped = record.dropped
        elif isinstance(record, BatchLine):
            self.next_batch = max(self.next_batch, record.batch + 1)
            self.settled = max(self.settled, record.start)
            self.last_batch, self.is_answered = record, False
        elif isinstance(record, AnswerLine):
            if self.last_batch is not None and self.last_batch.batch == record.batch:
                self.is_answered = True
                self.settled = max(self.settled, self.last_batch.to)
        elif isinstance(record, SettledLine):
            self.settled = max(self.settled, record.n)
        elif isinstance(record, DroppedLine):
            self.dropped = (record.telemetry, record.facts)
        else:
            self.events.append(record.n)
            self.next_event = max(self.next_event, record.n + 1)


def segment_path(folder: Path, index: int) -> Path:
    return folder / f"{index:08d}.log"


def segment_indexes(folder: Path) -> list[int]:
    """The existing segments, oldest first."""
    names = [path.stem for path in folder.glob("*.log")]
    return sorted(int(name) for name in names if len(name) == 8 and name.isdigit())


def whole_lines(content: bytes) -> Iterator[bytes]:
    """Every line that has its newline; what follows the last one is a torn tail."""
    yield from content.split(b"\n")[:-1]


def read_state(folder: Path) -> SpoolState | None:
    """Reads every segment; `None` if a later version wrote the folder. May raise `OSError`."""
    state = SpoolState()
    for index in segment_indexes(folder):
        content = segment_path(folder, index).read_bytes()
        segment = Segment(index, len(content))
        state.segments.append(segment)
        for text in whole_lines(content):
            record = parse(text)
            if record is None:
                state.damaged += 1
                continue
            if isinstance(record, Header) and record.version > VERSION:
                return None
            state.apply(record)
            if not isinstance(record, (Header, BatchLine, AnswerLine, SettledLine, DroppedLine)):
                segment.last_event = max(segment.last_event, record.n)
                segment.telemetry += record.kind == "t"
                segment.facts += record.kind == "f"
    return state
