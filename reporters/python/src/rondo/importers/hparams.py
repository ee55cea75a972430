"""Hyper-parameters in TensorBoard event files: the `hparams` plugin's session start."""

from __future__ import annotations

import struct
from typing import Any

from .protobuf import Value, fields_of

_TAG = b"_hparams_/session_start_info"


def hparams_in(summary_value: bytes) -> dict[str, Any]:
    """Return the hyper-parameters that a summary value holds; most hold none."""
    if _TAG not in summary_value:
        return {}
    found: dict[str, Any] = {}
    # Summary.Value.metadata, its plugin_data, their content, session_start_info, hparams.
    for metadata in _all(summary_value, 9):
        for plugin in _all(metadata, 1):
            for content in _all(plugin, 2):
                for session in _all(content, 3):
                    for entry in _all(session, 1):
                        key, value = _entry(entry)
                        if key:
                            found[key] = value
    return found


def _all(message: bytes, number: int) -> list[bytes]:
    return [value for field, value in fields_of(message) if field == number and isinstance(value, bytes)]


def _entry(entry: bytes) -> tuple[str, Any]:
    fields = dict(fields_of(entry))
    key, value = fields.get(1, b""), fields.get(2, b"")
    text = key.decode("utf-8", "replace") if isinstance(key, bytes) else ""
    return text, _value(value) if isinstance(value, bytes) else None


def _value(value: bytes) -> Any:
    """Read a google.protobuf.Value: a number, a text, a boolean or null; TensorBoard writes no lists and structs."""
    fields: dict[int, Value] = dict(fields_of(value))
    number, text = fields.get(2), fields.get(3)
    if isinstance(number, bytes):
        return float(struct.unpack("<d", number)[0])
    if isinstance(text, bytes):
        return text.decode("utf-8", "replace")
    return bool(fields[4]) if 4 in fields else None
