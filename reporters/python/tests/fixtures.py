"""The cases that the reporters of both languages must agree on."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

_FOLDER = Path(__file__).parents[3] / "protocol" / "fixtures"


def read_fixture(name: str) -> Any:
    return json.loads((_FOLDER / f"{name}.json").read_text(encoding="utf-8"))


def revive(value: Any) -> Any:
    """The values that objects with `$` stand for."""
    if isinstance(value, list):
        return [revive(item) for item in value]
    if not isinstance(value, dict):
        return value
    kind = value.get("$")
    if kind is None:
        return {key: revive(item) for key, item in value.items()}
    if kind == "number":
        return float(value["is"])
    if kind == "integer":
        return int(value["is"])
    if kind == "repeat":
        return value["text"] * value["times"]
    if kind == "join":
        return "".join(revive(part) for part in value["parts"])
    if kind == "entries":
        return {f"m{index}": index for index in range(value["count"])}
    if kind == "entry":
        return {revive(value["key"]): value["value"]}
    if kind == "nest":
        return _nest(value["depth"])
    raise AssertionError(kind)


def _nest(depth: int) -> Any:
    nested: Any = None
    for _ in range(depth - 1):
        nested = {"inner": nested}
    return nested
