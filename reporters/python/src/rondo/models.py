"""Checkpoints on their way to the server, off the training thread. [R28]"""

from __future__ import annotations

import hashlib
import random
import threading
import time
from collections import deque
from collections.abc import Iterator
from http.client import HTTPException
from os import PathLike
from typing import TYPE_CHECKING

from . import tus
from .backoff import backoff_ms, retry_after_ms
from .connection import Connection

if TYPE_CHECKING:
    from .reporter import Reporter

ModelSource = bytes | bytearray | memoryview | str | PathLike[str]
_READ_BYTES = 1024 * 1024
_FORKED = "this process was forked after rondo.run(); save models in the parent, or call rondo.run() in the child"
_MISCONFIGURED_S = 60.0
_LOST_PARTS = 2
# A large checkpoint over a slow line; a training that ended has nothing better to do.
_LONGEST_CLOSE_S = 600.0


class ModelUpload:
    """One checkpoint's upload.

    Attributes
    ----------
    version : str
        The model's name.
    state : str
        `waiting`, `uploading`, `done` or `failed`.
    sha256 : str or None
        Known once the file has been read.
    detail : str or None
        Why it failed.
    """

    def __init__(self, version: str) -> None:
        self.version = version
        self.state = "waiting"
        self.sha256: str | None = None
        self.detail: str | None = None
        self._over = threading.Event()

    def wait(self, timeout_s: float | None = None) -> bool:
        """Waits until it is over; whether the server has the model."""
        self._over.wait(timeout_s)
        return self.state == "done"

    def _silence(self) -> None:
        """In a forked child nothing carries it out; the event may be locked by a thread that does not exist there."""
        self._over = threading.Event()
        if self.state in ("waiting", "uploading"):
            self._end("failed", _FORKED)

    def _end(self, state: str, detail: str | None = None) -> None:
        self.state, self.detail = state, detail
        self._over.set()


class _Unreadable(Exception):
    """The file is not there, or not ours to read."""


class _Changed(Exception):
    """The file is not what its digest was counted from."""


class _Job:
    def __init__(self, upload: ModelUpload, source: ModelSource, metadata: dict[str, str]) -> None:
        self.upload = upload
        self.metadata = metadata
        self._source = source

    def blocks(self, start: int, size: int | None, block: int = _READ_BYTES) -> Iterator[bytes]:
        if isinstance(self._source, (bytes, bytearray, memoryview)):
            view = memoryview(self._source)
            end = len(view) if size is None else start + size
            for at in range(start, end, block):
                yield bytes(view[at : min(at + block, end)])
            return
        try:
            yield from self._read(self._source, start, size, block)
        except OSError as error:
            # Not to be taken for a lost connection, which is tried again.
            raise _Unreadable(f"it cannot be read: {error}") from error

    def _read(self, path: str | PathLike[str], start: int, size: int | None, block: int) -> Iterator[bytes]:
        with open(path, "rb") as file:
            file.seek(start)
            left = size
            while left is None or left > 0:
                data = file.read(block if left is None else min(block, left))
                if not data and left is None:
                    return
                if not data:
                    # The server would wait for the rest of the part.
                    raise _Changed
                left = None if left is None else left - len(data)
                yield data

    def digest(self) -> tuple[str, int]:
        counted, size = hashlib.sha256(), 0
        for block in self.blocks(0, None):
            counted.update(block)
            size += len(block)
        return counted.hexdigest(), size


class Uploads:
    """One at a time, in the order they came."""

    def __init__(self, reporter: Reporter) -> None:
        self._reporter = reporter
        self._connection = Connection(reporter.url, reporter.auth)
        self._jobs: deque[_Job] = deque()
        self._lock = threading.Lock()
        self._news = threading.Event()
        self._thread: threading.Thread | None = None
        self._is_closing = False
        self._is_closed = False
        self._moved_at = time.monotonic()
        # The request size that a proxy accepted, for all uploads of this run.
        self._part_bytes: int | None = None
        reporter.on_silence(self._silence)

    def add(
        self, version: str, source: ModelSource, *, round: int | None, format: str, parent: str | None
    ) -> ModelUpload:
        upload = ModelUpload(str(version))
        given = {
            "version": version,
            "run_id": self._reporter.run_id,
            "round": round,
            "format": format,
            "parent": parent,
        }
        metadata = {key: str(value) for key, value in given.items() if value is not None}
        if self._reporter.is_silent:
            self._reporter.note_silent()
            upload._end("failed", _FORKED)
            return upload
        try:
            with self._lock:
                if self._is_closed:
                    upload._end("failed", "the reporter is closed")
                    return upload
                self._jobs.append(_Job(upload, source, metadata))
                if self._thread is None:
                    self._thread = threading.Thread(target=self._work, name="rondo-models", daemon=True)
                    self._thread.start()
            self._news.set()
        except Exception as error:
            upload._end("failed", str(error))
        return upload

    def close(self, idle_s: float) -> None:
        """Wait while bytes move. After `idle_s` without progress, the remaining uploads have failed."""
        if self._thread is None or self._reporter.is_silent:
            self._is_closed = True
            return
        self._is_closing = True
        self._news.set()
        began = self._moved_at = time.monotonic()
        while self._jobs:
            now = time.monotonic()
            left = min(self._moved_at + idle_s - now, began + _LONGEST_CLOSE_S - now)
            if left <= 0:
                break
            try:
                self._jobs[0].upload._over.wait(left)
            except IndexError:
                break  # The last one ended just now.
        self._is_closed = True
        self._news.set()
        self._connection.abort()
        for job in list(self._jobs):
            self._fail(job, "the reporter closed before it was uploaded")
        self._thread.join(0.1)  # It has nothing left to do but to hang up.

    def _silence(self) -> None:
        self._lock = threading.Lock()
        self._news = threading.Event()
        for job in list(self._jobs):
            job.upload._silence()
        self._jobs.clear()

    def _work(self) -> None:
        while not self._is_closed:
            if self._jobs:
                self._carry_out(self._jobs[0])
            else:
                self._news.wait()
                self._news.clear()
        self._connection.close()

    def _carry_out(self, job: _Job) -> None:
        try:
            self._upload(job)
        except _Unreadable as error:
            self._fail(job, str(error))
        except Exception as error:
            self._fail(job, f"{type(error).__name__}: {error}")
        with self._lock:
            if self._jobs and self._jobs[0] is job:
                self._jobs.popleft()

    def _upload(self, job: _Job) -> None:
        job.upload.state = "uploading"
        sha256, size = job.digest()
        job.upload.sha256 = sha256
        sending = tus.TusUpload(self._connection.request, size, {**job.metadata, "sha256": sha256}, self._note_progress)
        sending.part_bytes = self._part_bytes or tus.PART_BYTES
        attempt = lost_parts = 0
        is_begun = False
        while not self._is_closed:
            try:
                if not is_begun:
                    sending.begin()
                    is_begun = True
                if sending.is_done or size == 0:
                    job.upload._end("done")
                    return
                if sending.offset + sending.part_bytes >= size and job.digest() != (sha256, size):
                    raise _Changed
                sending.send_part(job)
                attempt = lost_parts = 0
                if sending.part_bytes < tus.PART_BYTES:
                    self._part_bytes = sending.part_bytes
            except _Changed:
                try:
                    sending.cancel()
                except (OSError, HTTPException, tus.Refused):
                    pass  # The server forgets it by itself after a while.
                self._fail(job, "the file changed while it was uploaded")
                return
            except tus.PartTooLarge:
                is_begun = False
                refused_bytes = sending.next_bytes
                if not sending.halve_part():
                    self._fail(job, _too_large(refused_bytes))
                    return
            except tus.Refused as refused:
                is_begun = False
                wait_s = self._wait_after(refused, attempt, job)
                if wait_s is None:
                    return
                self._pause(wait_s)
                attempt += 1
            except (OSError, HTTPException) as error:
                # Some proxies close the connection instead of an answer, when a body is too large for them.
                lost_parts += is_begun
                if lost_parts >= _LOST_PARTS and sending.halve_part():
                    lost_parts = 0
                is_begun = False
                self._tell_unreachable(str(error) or type(error).__name__)
                self._pause(backoff_ms(attempt, random.random) / 1000)
                attempt += 1

    def _wait_after(self, refused: tus.Refused, attempt: int, job: _Job) -> float | None:
        """How long until the next attempt, or `None` if there is no use in one."""
        status = refused.response.status
        if status >= 500 or status in (408, 425, 429):
            self._tell_unreachable(f"HTTP {status}")
            asked_ms = retry_after_ms(refused.response.headers.get("retry-after"), time.time() * 1000)
            return max(backoff_ms(attempt, random.random), asked_ms) / 1000
        # A part that another attempt of ours has already brought: the server is asked where to go on, a few times.
        if status == 409 and "offset" in refused.response.text.lower() and attempt < 5:
            return 0.2
        if status in (401, 403, 404, 405):
            message = f"models are not accepted (HTTP {status}); check RONDO_URL, and that the key may send models"
            self._reporter.problems.report("misconfigured", message)
            return _MISCONFIGURED_S
        self._fail(job, str(refused))
        return None

    def _fail(self, job: _Job, why: str) -> None:
        if job.upload.state == "failed":
            return
        job.upload._end("failed", why)
        self._reporter.problems.report("upload_failed", f"model {job.upload.version} is not uploaded: {why}")

    def _tell_unreachable(self, why: str) -> None:
        self._reporter.problems.report("unreachable", f"a model cannot be uploaded: {why}; it is tried again", "models")

    def _note_progress(self, _bytes: int) -> None:
        self._moved_at = time.monotonic()

    def _pause(self, seconds: float) -> None:
        if self._is_closing:
            seconds = min(seconds, 0.25)
        self._news.wait(seconds)
        self._news.clear()


def _too_large(size: int) -> str:
    return (
        f"HTTP 413 for a part of {size} bytes: something before the server, such as a proxy, bounds the size of "
        f"requests. Let at least {tus.LEAST_PART_BYTES} bytes pass (nginx: client_max_body_size 1m)"
    )
