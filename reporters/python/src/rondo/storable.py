"""Text as every store can keep it. [R3]"""

from __future__ import annotations

import hashlib
import re

# Control characters, line separators, and Unicode's Default_Ignorable_Code_Point, which `re` does not know.
_UNSEEN = re.compile(
    "[\\x00-\\x1f\\x7f-\\x9f\\xad\\u034f\\u061c\\u115f\\u1160\\u17b4\\u17b5\\u180b-\\u180f\\u200b-\\u200f\\u2028-\\u202e"
    "\\u2060-\\u206f\\u3164\\ufe00-\\ufe0f\\ufeff\\uffa0\\ufff0-\\ufff8\\U0001bca0-\\U0001bca3\\U0001d173-\\U0001d17a"
    "\\U000e0000-\\U000e0fff]"
)


def clip_text(text: str, limit: int) -> str:
    """Cut to `limit` UTF-16 units with an ellipsis."""
    clean = to_storable(text)
    return clean if utf16_length(clean) <= limit else _cut(clean, limit - 1) + "…"


def clip_id(text: str, limit: int) -> str:
    """Like `clip_text`, but two long ids with one beginning stay two: the end is a part of their SHA-256.

    What cannot be seen is written as its code point.
    """
    clean = to_seen(to_storable(text))
    if utf16_length(clean) <= limit:
        return clean
    return f"{_cut(clean, limit - 13)}~{hashlib.sha256(clean.encode()).hexdigest()[:12]}"


def to_seen(identifier: str) -> str:
    if identifier in {".", ".."}:
        return "\\u{2e}" * len(identifier)
    return _UNSEEN.sub(lambda found: f"\\u{{{ord(found.group()):x}}}", identifier)


def to_storable(text: str) -> str:
    """Without NUL and without halves of surrogate pairs."""
    if text.isascii():
        return text.replace("\0", "\ufffd") if "\0" in text else text
    # Two halves that stand side by side are one character, as they are in JavaScript.
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace").replace("\0", "\ufffd")


def utf16_length(text: str) -> int:
    return len(text) if text.isascii() else len(text) + sum(character > "\uffff" for character in text)


def _cut(text: str, units: int) -> str:
    if text.isascii():
        return text[:units]
    # A pair that is cut through is left out whole.
    return text.encode("utf-16-le")[: 2 * units].decode("utf-16-le", "ignore")
