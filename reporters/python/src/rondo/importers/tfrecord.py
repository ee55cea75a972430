"""The records of a TensorBoard event file.

A record is `length` (uint64), its checksum, `length` bytes, and theirs; see TensorFlow's `record_writer.h`.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

# Images and graphs: to check them in Python takes longer than it is worth, as they are not read.
_CHECKED_BYTES = 64 * 1024
_MAX_RECORD_BYTES = 1 << 30
# A damaged length is followed by a whole record somewhere; further than this is not searched.
_MAX_SEARCH_BYTES = 8 * 1024 * 1024


def read_records(
    path: Path, on_damage: Callable[[int], None], *, is_checked: bool = True
) -> Iterator[tuple[int, bytes]]:
    """Yield the place and the bytes of every whole record; pass the place of a damaged one to `on_damage` and go on.

    A file that is still being written ends in the middle of a record; that is no damage.
    """
    with open(path, "rb") as file:
        while True:
            place = file.tell()
            head = file.read(12)
            if len(head) < 12:
                return
            length = _length_in(head)
            if length is None:
                on_damage(place)
                if not _seek_next(file, place + 1):
                    return
                continue
            data, tail = file.read(length), file.read(4)
            if len(tail) < 4:
                return
            is_small = length <= _CHECKED_BYTES
            if is_checked and is_small and struct.unpack("<I", tail)[0] != _masked_crc(data):
                on_damage(place)
                continue
            yield place, data


def _length_in(head: bytes) -> int | None:
    length, checksum = struct.unpack("<QI", head)
    # The length first: it rejects most places of a search without a checksum.
    return length if length <= _MAX_RECORD_BYTES and checksum == _masked_crc(head[:8]) else None


def _seek_next(file: BinaryIO, start: int) -> bool:
    """Move to the next place that reads as the beginning of a record."""
    file.seek(start)
    window = file.read(_MAX_SEARCH_BYTES)
    for offset in range(len(window) - 11):
        # The upper four bytes of a length are zero.
        if window[offset + 4 : offset + 8] == bytes(4) and _length_in(window[offset : offset + 12]) is not None:
            file.seek(start + offset)
            return True
    return False


def _table() -> tuple[int, ...]:
    entries = []
    for byte in range(256):
        crc = byte
        for _ in range(8):
            # Castagnoli's polynomial, reversed.
            crc = (crc >> 1) ^ (0x82F63B78 if crc & 1 else 0)
        entries.append(crc)
    return tuple(entries)


_TABLE = _table()


def crc32c(data: bytes) -> int:
    crc = 0xFFFFFFFF
    for byte in data:
        crc = _TABLE[(crc ^ byte) & 0xFF] ^ (crc >> 8)
    return crc ^ 0xFFFFFFFF


def _masked_crc(data: bytes) -> int:
    crc = crc32c(data)
    return (((crc >> 15) | (crc << 17)) + 0xA282EAD8) & 0xFFFFFFFF
