"""How an exception ends a run or a round."""

from __future__ import annotations

from typing import Literal


def status_of(error: BaseException | None) -> tuple[Literal["complete", "failed", "stopped"], str | None]:
    if error is None or (isinstance(error, SystemExit) and error.code in (None, 0)):
        return "complete", None
    if isinstance(error, KeyboardInterrupt):
        return "stopped", "interrupted"
    return "failed", text_of(error)


def text_of(error: BaseException) -> str:
    try:
        return f"{type(error).__name__}: {error}"
    except Exception:
        return type(error).__name__
