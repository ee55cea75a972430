"""Delivers one spool and shows the progress."""

from __future__ import annotations

import random
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ..address import shown
from ..clock import SystemClock
from ..connection import Connection, Response
from ..outbox import MAX_BATCH_BYTES, MAX_BATCH_EVENTS, Outbox, type_of
from ..sender import Sender
from ..spool.records import Stored
from ..spool.spool import Spool
from ..verdict import Answered, Misconfigured, Unanswered


@dataclass
class Delivery:
    """How it went. `trouble` says why something is left."""

    delivered: int = 0
    already_there: int = 0
    refused: int = 0
    left: int = 0
    trouble: str | None = None


class _Watch:
    def __init__(self, delivery: Delivery, total: int) -> None:
        self._delivery = delivery
        self._total = total
        self._reported: set[str] = set()

    def on_answer(self, events: Sequence[Stored], answer: Answered, is_own: bool) -> None:
        taken = len(events) - len(answer.rejected)
        self._delivery.delivered += taken
        self._delivery.already_there += min(answer.duplicates, taken)
        self._delivery.refused += len(answer.rejected)
        for index, detail in answer.rejected:
            if detail not in self._reported:
                self._reported.add(detail)
                print(f"  refused: {type_of(events[index])}: {detail}", file=sys.stderr)
        if self._total > MAX_BATCH_EVENTS and sys.stderr.isatty():
            print(f"\r  {self._delivery.delivered} of {self._total}", end="", file=sys.stderr, flush=True)

    def on_lost(self, events: Sequence[Stored], why: str, is_own: bool) -> None:
        self._delivery.refused += len(events)
        print(f"  {len(events)} events were refused: {why}", file=sys.stderr)

    def on_trouble(self, trouble: Unanswered | Misconfigured | None) -> None:
        self._delivery.trouble = None if trouble is None else trouble.why


def deliver(spool: Spool, url: str, key: str, timeout_s: float) -> Delivery:
    """Sends what is in a spool we hold, for at most `timeout_s` without an answer; closes it either way."""
    clock = SystemClock()
    connection = Connection(url, {"authorization": f"Bearer {key}"} if key else {})

    def post(body: bytes, headers: Mapping[str, str], timeout_s: float) -> Response:
        return connection.request("POST", "/api/ingest", body, headers, timeout_s)

    delivery = Delivery()
    outbox = Outbox(
        spool.run_id,
        None,
        clock,
        max_events=MAX_BATCH_EVENTS,
        max_bytes=MAX_BATCH_BYTES,
        on_disk_trouble=lambda error: None,
        on_dropped=lambda telemetry, facts: None,
    )
    outbox.add(spool)
    sender = Sender(
        outbox,
        post,
        clock,
        random.random,
        _Watch(delivery, spool.waiting),
        is_polling=lambda: False,
        pace_s=0,
        timeout_s=max(1.0, min(10.0, timeout_s)),
    )
    try:
        _send_all(sender, delivery, timeout_s)
        delivery.left = spool.waiting
    finally:
        outbox.close()
        connection.close()
    if delivery.left and delivery.trouble:
        delivery.trouble = f"{shown(url)}: {delivery.trouble}"
    return delivery


def _send_all(sender: Sender, delivery: Delivery, timeout_s: float) -> None:
    answered_at = time.monotonic()
    while True:
        wait_s = sender.turn()
        if wait_s is None:
            return
        now = time.monotonic()
        if delivery.trouble is None:
            answered_at = now
        elif now + wait_s - answered_at > timeout_s:
            return
        time.sleep(wait_s)
