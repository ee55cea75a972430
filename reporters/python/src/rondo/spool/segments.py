"""The files of one spool: the newest one that grows, the reading of events, and a copy with less in it."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from .lock import FolderLock
from .records import Stored, parse
from .state import Segment, segment_path, whole_lines

#: Where events are read from: a segment's index and a place in it.
Cursor = tuple[int, int]


class Tail:
    """The newest segment, open for writing."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._file = -1

    @property
    def is_open(self) -> bool:
        return self._file >= 0

    def begin(self, index: int, content: bytes) -> None:
        """Create a segment that begins with this content; on `OSError` the one before stays open."""
        path = segment_path(self._folder, index)
        file = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_APPEND, 0o600)
        try:
            if os.write(file, content) != len(content):
                raise OSError("the disk is full")
        except OSError:
            os.close(file)
            path.unlink(missing_ok=True)
            raise
        self.close()
        self._file = file

    def write(self, data: bytes, size: int) -> None:
        """Append whole lines, or nothing, to the segment of this size."""
        written = 0
        try:
            while written < len(data):
                written += os.write(self._file, data[written:])
        except OSError:
            try:
                os.ftruncate(self._file, size)
            except OSError:
                self.close()  # The next line must not continue a torn one.
            raise

    def close(self) -> None:
        if self._file >= 0:
            os.close(self._file)
            self._file = -1


class Found(NamedTuple):
    events: tuple[Stored, ...]
    #: Where the next event is.
    cursor: Cursor


def read_events(
    folder: Path,
    segments: Iterable[Segment],
    cursor: Cursor,
    *,
    start: int,
    to: int | None,
    max_events: int,
    max_bytes: int,
) -> Found:
    """Return events from `start` on and before `to`, read from the cursor's position."""
    found: list[Stored] = []
    size = 0
    index, offset = cursor
    for segment in [segment for segment in segments if segment.index >= index]:
        offset = offset if segment.index == index else 0
        if segment.last_event < start:
            continue
        with open(segment_path(folder, segment.index), "rb") as file:
            file.seek(offset)
            for text in file:
                record = parse(text[:-1]) if text.endswith(b"\n") else None
                if isinstance(record, Stored) and record.n >= start:
                    size += len(record.json) + 1
                    is_full = len(found) == max_events or (bool(found) and size > max_bytes)
                    if is_full or (to is not None and record.n >= to):
                        return Found(tuple(found), (segment.index, offset))
                    found.append(record)
                offset += len(text)
        cursor = (segment.index, offset)
    return Found(tuple(found), cursor)


class Rewritten(NamedTuple):
    content: bytes
    segment: Segment
    dropped: int


def without(content: bytes, segment: Segment, kind: str, settled: int, held: range) -> Rewritten:
    """Return a segment without its settled events and those of one kind, except the events of the open batch."""
    kept: list[bytes] = []
    rewritten = Segment(segment.index)
    dropped = 0
    for text in whole_lines(content):
        record = parse(text)
        if record is None:
            continue
        if isinstance(record, Stored):
            if record.n < settled:
                continue
            if record.kind == kind and record.n not in held:
                dropped += 1
                continue
            rewritten.last_event = record.n
            rewritten.telemetry += record.kind == "t"
            rewritten.facts += record.kind == "f"
        kept.append(text + b"\n")
    joined = b"".join(kept)
    rewritten.size = len(joined)
    return Rewritten(joined, rewritten, dropped)


def remove_folder(folder: Path, lock: FolderLock) -> None:
    """Delete all files, oldest first and the lock last: if killed in between, the rest still says what is settled."""
    for path in sorted(folder.iterdir()):
        if not path.name.startswith("lock-"):
            path.unlink(missing_ok=True)
    lock.remove()
    folder.rmdir()
