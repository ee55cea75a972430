"""Brings batches to the server, one at a time, each until it is answered. [R4]

            something to send · polling: 1 s
       idle ─────────────────────────────────▶ sending ──answered──▶ idle
                                                 │   ▲
            lost, 429, 5xx, wrong key, bad answer ▼   │ backoff, Retry-After, or 60 s
                                                waiting

A turn sends at most one request and says how long to wait for the next; who calls it owns the thread.
"""

from __future__ import annotations

import gzip
from collections.abc import Callable, Mapping, Sequence
from http.client import HTTPException
from typing import Protocol

from .backoff import backoff_ms
from .clock import Clock
from .connection import Response
from .outbox import MAX_BATCH_BYTES, MAX_BATCH_EVENTS, Outbox, Work
from .spool.records import Batch, Stored
from .stamp import to_moment
from .verdict import Answered, Misconfigured, Refused, TooLarge, Unanswered, Verdict, judge

# A stop reaches the FL server within about a second. [R5]
_POLL_S = 1.0
# Long enough not to spin on a wrong key, short enough that a mended one is noticed. [R9]
_MISCONFIGURED_S = 60.0
# Someone waits for `close`: a server that is just restarting still gets its chance.
_CLOSING_BACKOFF_S = 0.25
# Below this a packet holds it anyway.
_GZIP_FROM_BYTES = 1_024


class Post(Protocol):
    """One request to the ingest address; raises `OSError` or `HTTPException` when no whole answer came."""

    def __call__(self, body: bytes, headers: Mapping[str, str], timeout_s: float) -> Response: ...


class Listener(Protocol):
    """Receives the sender's results."""

    def on_answer(self, events: Sequence[Stored], answer: Answered, is_own: bool) -> None: ...
    def on_lost(self, events: Sequence[Stored], why: str, is_own: bool) -> None: ...
    def on_trouble(self, trouble: Unanswered | Misconfigured | None) -> None: ...


class Sender:
    def __init__(
        self,
        outbox: Outbox,
        post: Post,
        clock: Clock,
        random: Callable[[], float],
        listener: Listener,
        *,
        is_polling: Callable[[], bool],
        pace_s: float,
        timeout_s: float,
    ) -> None:
        self._outbox = outbox
        self._post = post
        self._clock = clock
        self._random = random
        self._listener = listener
        self._is_polling = is_polling
        self._pace_s = pace_s
        self._timeout_s = timeout_s
        self._work: Work | None = None
        self._attempt = 0
        self._not_before = float("-inf")
        self._sent_at = clock.monotonic()
        self._is_closing = False
        self.is_finished = False

    def begin_closing(self) -> None:
        """Tries at once whatever backoff is under way, and ends when everything is delivered or nothing helps. [R14]"""
        self._is_closing = True
        self._not_before = float("-inf")

    def stop(self) -> None:
        """Nothing more is sent or settled."""
        self.is_finished = True

    def turn(self) -> float | None:
        """Sends at most one batch; returns the seconds until the next turn, `None` if only news can bring it."""
        if self.is_finished:
            return None
        now = self._clock.monotonic()
        if now < self._not_before:
            return self._not_before - now
        self._outbox.adopt()
        if self._work is None:
            self._work = self._outbox.next(self._is_poll_due(now), self._is_closing)
        if self._work is None:
            return self._wait_idle(now)
        self._sent_at = now
        verdict = self._send(self._work)
        if self.is_finished:
            return None
        wait_s = self._settle(self._work, verdict)
        self._not_before = self._clock.monotonic() + wait_s if wait_s > 0 else float("-inf")
        return wait_s

    def _is_poll_due(self, now: float) -> bool:
        return not self._is_closing and self._is_polling() and now >= self._sent_at + _POLL_S

    def _wait_idle(self, now: float) -> float | None:
        if self._is_closing:
            self.is_finished = True
            return None
        return max(0.0, self._sent_at + _POLL_S - now) if self._is_polling() else None

    def _send(self, work: Work) -> Verdict:
        try:
            body, headers = encode(work.lane.reporter_id, work.batch, self._clock.now_ms())
            response = self._post(body, headers, self._timeout_s)
        except (OSError, HTTPException, ValueError) as error:
            return Unanswered(_message_of(error))
        return judge(response.status, response.headers.get("retry-after"), response.text, self._clock.now_ms())

    def _settle(self, work: Work, verdict: Verdict) -> float:
        """Apply a response, and return how long to wait for the next request."""
        batch = work.batch
        if isinstance(verdict, Answered):
            self._take_up(None)
            self._attempt = 0
            self._outbox.answered(work)
            self._listener.on_trouble(None)
            self._listener.on_answer(batch.events, verdict, work.is_own)
            goes_on = is_backlog(batch) or not work.is_own or self._outbox.has_rest
            return 0 if goes_on or self._is_closing else self._pace_s
        if isinstance(verdict, Unanswered):
            self._listener.on_trouble(verdict)
            wait_s = backoff_ms(self._attempt, self._random) / 1000
            self._attempt += 1
            return max(verdict.wait_ms / 1000, min(wait_s, _CLOSING_BACKOFF_S) if self._is_closing else wait_s)
        if isinstance(verdict, Misconfigured):
            self._listener.on_trouble(verdict)
            return self._wait_for_somebody()
        if isinstance(verdict, TooLarge):
            if len(batch.events) > 1:
                self._take_up(self._outbox.halve(work))
                return 0
            return self._give_up(work, "too large for the server")
        return self._give_up(work, verdict.why if isinstance(verdict, Refused) else "")

    def _give_up(self, work: Work, why: str) -> float:
        """The number is still sent, empty, until it is answered: an earlier, lost attempt may have used it up. [R11]"""
        if not work.batch.events:
            return self._wait_for_somebody()
        self._listener.on_lost(work.batch.events, why, work.is_own)
        self._take_up(self._outbox.give_up(work))
        return 0

    def _wait_for_somebody(self) -> float:
        if self._is_closing:
            self.is_finished = True
        return _MISCONFIGURED_S

    def _take_up(self, work: Work | None) -> None:
        self._work = work


def encode(reporter_id: str, batch: Batch, sent_at_ms: int) -> tuple[bytes, Mapping[str, str]]:
    """The request of one attempt: `sent_at` is its own, number and events are those of the batch. [R4, R35]"""
    events = b",".join([event.json for event in batch.events])
    names = (reporter_id.encode(), batch.number, to_moment(sent_at_ms).encode())
    body = b'{"reporter_id":"%s","batch":%d,"sent_at":"%s","events":[%s]}' % (*names, events)
    headers = {"content-type": "application/json"}
    if len(body) < _GZIP_FROM_BYTES:
        return body, headers
    # At a level that costs a third of the default for nearly the same size of JSON. [R6]
    return gzip.compress(body, 2, mtime=0), {**headers, "content-encoding": "gzip"}


def is_backlog(batch: Batch) -> bool:
    """More of it follows without a pause. [R5]"""
    size = sum(len(event.json) for event in batch.events)
    return len(batch.events) >= MAX_BATCH_EVENTS or size >= MAX_BATCH_BYTES // 2


def _message_of(error: Exception) -> str:
    return str(error) or type(error).__name__
