"""Readers for the files of other tools."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

#: Type, moment, fields.
ImportedFact = tuple[str, str, Mapping[str, Any]]
# A store of a thousand damaged files must not scroll its own summary away.
_MAX_SHOWN = 50


@dataclass(frozen=True)
class ImportedRun:
    """A run of another tool; its facts are read when they are asked for."""

    run_id: str
    name: str
    facts: Callable[[], Iterator[ImportedFact]]


class LeftOut:
    """Names what an import leaves out, each with its place, and counts it. One bad item never stops the rest."""

    def __init__(self) -> None:
        self.count = 0

    def add(self, what: str, count: int = 1) -> None:
        """Name something that is not imported."""
        self.count += count
        if self.count - count < _MAX_SHOWN:
            print(f"  left out: {what}", file=sys.stderr)
