"""Readers of what other tools have written."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

#: Type, moment, fields.
ImportedFact = tuple[str, str, Mapping[str, Any]]


@dataclass(frozen=True)
class ImportedRun:
    """A run of another tool; its facts are read when they are asked for."""

    run_id: str
    name: str
    facts: Callable[[], Iterator[ImportedFact]]
