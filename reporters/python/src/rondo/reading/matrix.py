"""The client by round matrix as the server sends it."""

from __future__ import annotations

import json
import math
import struct
import sys
from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from typing import Any

_MAGIC = b"RMX1"
_MISSING_BITS = 0x7FC00001
_OUTCOMES = (None, "pending", "complete", "failed", "no_reply", "unreported")


@dataclass(frozen=True)
class Matrix:
    """One measure of every client in every round.

    Attributes
    ----------
    measure : str
        What the cells are.
    client_ids : list of str
        The rows.
    rounds : list of int
        The columns.
    """

    measure: str
    client_ids: list[str]
    rounds: list[int]
    _columns: list[list[Any]]

    def value(self, client_id: str, round: int) -> Any:
        """Return one cell: a float, an outcome, or None where nothing was reported."""
        return self._columns[self.rounds.index(round)][self.client_ids.index(client_id)]

    def __iter__(self) -> Iterator[tuple[str, int, Any]]:
        """Yield (client_id, round, value) for each cell that was reported."""
        for round_number, column in zip(self.rounds, self._columns, strict=True):
            for client_id, value in zip(self.client_ids, column, strict=True):
                if value is not None:
                    yield client_id, round_number, value

    def to_pandas(self) -> Any:
        """Return a DataFrame with a row per client and a column per round. Needs pandas.

        A cell without a report is None in a matrix of outcomes and NaN otherwise.
        """
        pandas: Any = import_module("pandas")

        data = dict(zip(self.rounds, self._columns, strict=True))
        return pandas.DataFrame(data, index=pandas.Index(self.client_ids, name="client_id"))


def decode_matrix(content: bytes) -> Matrix:
    """Read a matrix from its bytes. Raises ValueError when they are not one."""
    if len(content) < 8 or content[:4] != _MAGIC:
        raise ValueError("these bytes are not a matrix: they do not begin with RMX1")
    (header_bytes,) = struct.unpack_from("<I", content, 4)
    start = 8 + header_bytes
    header = json.loads(content[8:start])
    rows = len(header["client_ids"])
    size = 1 if header["cell"] == "uint8" else 4
    if len(content) - start != rows * len(header["rounds"]) * size:
        raise ValueError("the matrix does not have the number of cells that its header says")
    cells: list[Any]
    if size == 1:
        cells = [_OUTCOMES[code] if code < len(_OUTCOMES) else None for code in content[start:]]
    else:
        cells = _floats(content[start:])
    columns = [cells[at * rows : (at + 1) * rows] for at in range(len(header["rounds"]))]
    return Matrix(header["measure"], header["client_ids"], header["rounds"], columns)


def _floats(content: bytes) -> list[float | None]:
    values, words = array("f"), array("I")
    values.frombytes(content)
    words.frombytes(content)
    if sys.byteorder == "big":
        values.byteswap()
        words.byteswap()
    return [
        None if math.isnan(value) and word == _MISSING_BITS else value
        for value, word in zip(values, words, strict=True)
    ]
