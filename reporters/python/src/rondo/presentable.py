"""What may be written and sent. [R32] [R33]"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .log_text import readable
from .masking import Masking


def presentable(given: Mapping[str, Any], masking: Masking) -> dict[str, Any]:
    """Before anything is on disk: no secrets in the configuration and in texts, no codes of a terminal."""
    fields = dict(given)
    for name in ("config", "message", "reason", "detail"):
        value = fields.get(name)
        if name == "config" and value is not None:
            fields[name] = masking.mask(value)
        elif isinstance(value, str):
            fields[name] = masking.mask_text(readable(value))
    return fields
