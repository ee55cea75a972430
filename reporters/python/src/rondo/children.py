"""Reporters in the children of a process. [R34]"""

from __future__ import annotations

import os
import sys
import weakref
from typing import Any, Protocol


class Reporting(Protocol):
    """A reporter, as a child of its process sees it."""

    def silence(self) -> None: ...
    def close(self) -> Any: ...


def close_with_multiprocessing(reporter: Reporting) -> None:
    """A child of `multiprocessing` ends without `atexit`; its own finalizers run. [R34]"""
    if "multiprocessing.process" not in sys.modules:
        return
    from multiprocessing import process, util

    if process.parent_process() is not None:
        util.Finalize(None, _close_if_alive, args=(weakref.ref(reporter),), exitpriority=100)


def _close_if_alive(reference: weakref.ref[Reporting]) -> None:
    reporter = reference()
    if reporter is not None:
        reporter.close()


reporters: weakref.WeakSet[Reporting] = weakref.WeakSet()


def _silence_all() -> None:
    for reporter in list(reporters):
        reporter.silence()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_silence_all)
