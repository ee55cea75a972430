"""Waits of a reporter's threads."""

from __future__ import annotations

import queue
import threading
import time


def joined(thread: threading.Thread, deadline: float) -> bool:
    """Waits for a thread that runs; `False` if there is none to wait for."""
    # A listener of problems may close the reporter from one of its own threads.
    if not thread.is_alive() or thread is threading.current_thread():
        return False
    thread.join(max(0.0, deadline - time.monotonic()))
    return True


def wait_for(news: queue.SimpleQueue[bool], timeout_s: float) -> bool:
    """Take all that there is; return True if there was any."""
    try:
        news.get(timeout=timeout_s)
    except queue.Empty:
        return False
    try:
        while True:
            news.get_nowait()
    except queue.Empty:
        return True
