"""Reports that SIGTERM stopped a run, where nothing else handles the signal. [R36]"""

from __future__ import annotations

import os
import signal
import threading
import time
import weakref
from types import FrameType
from typing import Protocol

# A supervisor kills what does not end in time; most wait for ten seconds or more.
_CLOSE_S = 2.0


class Stoppable(Protocol):
    """A process that reports a run."""

    def stop_by(self, cause: str, timeout_s: float) -> None: ...


_watched: weakref.WeakSet[Stoppable] = weakref.WeakSet()


def watch(run: Stoppable) -> None:
    """Install the handler over the default one, in the main thread; any other handler stays. Never raises."""
    _watched.add(run)
    if threading.current_thread() is not threading.main_thread():
        return
    try:
        if signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
            signal.signal(signal.SIGTERM, _on_sigterm)
    except (ValueError, OSError, AttributeError):
        return  # An interpreter without signals, or one that is not the main one.


def unwatch(run: Stoppable) -> None:
    """Restore the default with the last run, if the handler is still ours. Never raises."""
    _watched.discard(run)
    if _watched or threading.current_thread() is not threading.main_thread():
        return
    try:
        if signal.getsignal(signal.SIGTERM) is _on_sigterm:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
    except (ValueError, OSError, AttributeError):
        return


def _on_sigterm(number: int, frame: FrameType | None) -> None:
    # The default first: a second signal ends the process at once.
    signal.signal(number, signal.SIG_DFL)
    deadline = time.monotonic() + _CLOSE_S
    for run in list(_watched):
        try:
            run.stop_by("SIGTERM", max(0.0, deadline - time.monotonic()))
        except Exception:
            pass  # Whatever happens here, the process ends as it would have without us.
    os.kill(os.getpid(), number)
