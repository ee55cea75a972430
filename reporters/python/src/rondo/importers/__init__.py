"""Readers for the files of other tools."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

#: Type, moment, fields.
ImportedFact = tuple[str, str, Mapping[str, Any]]
# A store of a thousand damaged files must not scroll its own summary away.
_MAX_SHOWN = 50
# Nor must one store of a thousand models.
_MAX_NAMES = 20


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

    def models(self, place: object, kind: str, names: Sequence[str]) -> None:
        """Name models of a store, each one an item: only runs are imported."""
        if names:
            more = f" and {len(names) - _MAX_NAMES} more" if len(names) > _MAX_NAMES else ""
            shown = ", ".join(names[:_MAX_NAMES])
            plural = "" if len(names) == 1 else "s"
            self.add(f"{place}: {len(names)} {kind}{plural}: {shown}{more}; only runs are imported", len(names))
