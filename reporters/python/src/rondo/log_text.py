"""The readable text of a line that was written for a terminal. [R33]"""

from __future__ import annotations

import re

_ANSI = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)?"
    r"|\x1b[PX^_][^\x1b]*(?:\x1b\\)?|\x1b[ -/]*[0-~]|\x9b[0-?]*[ -/]*[@-~]"
)


def readable(text: str) -> str:
    """Return the text without ANSI codes, and of each line only what a terminal shows after its carriage returns."""
    if "\x1b" in text or "\x9b" in text:
        text = _ANSI.sub("", text)
    if "\r" not in text:
        return text
    return "\n".join(_last_frame(line) for line in text.split("\n"))


def _last_frame(line: str) -> str:
    # A bar may end with a carriage return: the frame before it is still on the screen.
    return line.rstrip("\r").rpartition("\r")[2]
