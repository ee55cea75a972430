"""The records of a TensorBoard event file.

A record is `length` (uint64), its checksum, `length` bytes, and theirs; see TensorFlow's `record_writer.h`.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path

# Images and graphs: to check them in Python takes longer than it is worth, as they are not read.
_CHECKED_BYTES = 64 * 1024
_MAX_RECORD_BYTES = 1 << 30


class Damaged(Exception):
    """What follows in the file cannot be read."""


def read_records(path: Path) -> Iterator[bytes]:
    """Every whole record. A file that is still being written ends in the middle of one; that is no damage."""
    with open(path, "rb") as file:
        while True:
            head = file.read(12)
            if len(head) < 12:
                return
            (length, checksum) = struct.unpack("<QI", head)
            if checksum != _masked_crc(head[:8]) or length > _MAX_RECORD_BYTES:
                raise Damaged(f"{path} is damaged at byte {file.tell() - 12}")
            data, tail = file.read(length), file.read(4)
            if len(tail) < 4:
                return
            if length <= _CHECKED_BYTES and struct.unpack("<I", tail)[0] != _masked_crc(data):
                raise Damaged(f"{path} is damaged at byte {file.tell() - 4 - length}")
            yield data


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
