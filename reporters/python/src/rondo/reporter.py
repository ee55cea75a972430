"""Everything between a call and the server.

call ─▶ inbox ─(writing thread, ≤ 20 ms)─▶ outbox: spool, or memory ─(sending thread)─▶ server
"""

from __future__ import annotations

import atexit
import os
import queue
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any

from . import address, signals
from .account import Account, Stats
from .calls import Calls
from .children import close_with_multiprocessing, reporters
from .clock import SystemClock
from .commands import Commands
from .connection import Connection, Response
from .facts import Event, make_event
from .from_options import flush_s_of, home_of, masking_of
from .inbox import Entry, Inbox
from .news import News
from .options import Options, create_run_id
from .outbox import Outbox
from .presentable import presentable
from .problems import Problems
from .sender import Post, Sender
from .spool.lock import TOUCH_S
from .stamp import Stamper, to_moment
from .storable import clip_id
from .waiting import joined, wait_for

_CLOSE_S = 2.0
# Long enough to write many calls at once, short enough that a kill loses little. [R18]
_GATHER_S = 0.02
# Waking a thread costs a call more than all the rest, so it goes to sleep only when nothing comes.
_STAY_AWAKE_S = 1.0
# Written to disk one after the other, so that a long queue is not lost whole.
_ENCODE_AT_ONCE = 1_000
# Spools of other processes are looked for even if nothing is reported. [R26]
_LOOK_AROUND_S = 60.0


class Reporter(Calls, News):
    """Reports one run. No method but `close` waits for anything, and none raises. [R1]"""

    def __init__(self, options: Options) -> None:
        env = os.environ
        self._clock = options.clock
        self._url = str(options.url or env.get("RONDO_URL", "").strip() or address.DEFAULT_URL)
        self._key = str(options.api_key or env.get("RONDO_API_KEY", "")).strip()
        run_id = options.run_id or create_run_id(str(options.name), self._clock.now_ms())
        self.run_id = clip_id(str(run_id), 128)
        self.problems = Problems(options.on_problem, self._key)
        self._account = Account()
        self._masking = masking_of(options, env)
        self._inbox = Inbox(max(1, options.max_queued_events // 2), options.max_queued_bytes // 2)
        self._plain = deque()
        now_ms = self._clock.now_ms
        self._now_ns = time.time_ns if isinstance(self._clock, SystemClock) else lambda: now_ms() * 1_000_000
        self._stamper = Stamper(now_ms)
        self._to_report: deque[tuple[str, str, str | None]] = deque()
        self._is_run_over = False
        self._on_silence: list[Callable[[], None]] = []
        self._is_closed = False
        self._is_written = False
        self._is_silent = False
        self._is_awake = False
        self._writes_itself = False
        # Unlike an Event, it may be used in a signal handler that interrupts its use.
        self._news: queue.SimpleQueue[bool] = queue.SimpleQueue()
        self._to_send: queue.SimpleQueue[bool] = queue.SimpleQueue()
        self._commands_supported = tuple(map(str, options.commands_supported or ()))
        normalized = address.normalize(self._url)
        self._connection = Connection(self._url, self.auth)
        self._post: Post = options.post or self._post_over_http
        self._outbox = Outbox(
            self.run_id,
            home_of(options, normalized),
            self._clock,
            max_events=options.max_queued_events,
            max_bytes=options.max_queued_bytes,
            on_disk_trouble=self._on_disk_trouble,
            on_dropped=self._on_dropped,
        )
        self._sender = Sender(
            self._outbox,
            self._post,
            self._clock,
            options.random,
            self,
            is_polling=lambda: not self._is_run_over and bool(self._commands_supported),
            pace_s=max(0.0, flush_s_of(options.flush_interval_ms) - _GATHER_S),
            timeout_s=options.request_timeout_ms / 1000,
        )
        self._commands = Commands(
            self.run_id,
            options.on_command,
            lambda command_id, state, detail: self.say(
                "command_ack", {"command_id": command_id, "state": state, "detail": detail}
            ),
            lambda error: self.problems.report("command_failed", f"on_command failed: {error}"),
            is_threaded=options.is_threaded,
        )
        if self._key == "":
            self._tell_later("misconfigured", "there is no API key; set RONDO_API_KEY or api_key", None)
        if normalized is None:
            self._tell_later("misconfigured", "RONDO_URL is not an address such as http://127.0.0.1:8000", None)
        self.say(
            "run_started",
            {
                "name": options.name,
                "framework": options.framework,
                "config": options.config,
                "num_rounds": options.num_rounds,
                "tags": options.tags or None,
                "commands_supported": self._commands_supported,
            },
        )
        self._writing = threading.Thread(target=self._write_loop, name="rondo-spool", daemon=True)
        self._sending = threading.Thread(target=self._send_loop, name="rondo-send", daemon=True)
        # While the interpreter ends no thread can be started; then only a disk keeps what is still said. [R1]
        self._writes_itself = options.is_threaded and not self._start_threads()
        if self._writes_itself:
            self._safely(self.write_turn)
        reporters.add(self)
        atexit.register(self.close)
        close_with_multiprocessing(self)
        if options.is_threaded:
            signals.watch(self)

    @property
    def auth(self) -> Mapping[str, str]:
        return {"authorization": f"Bearer {self._key}"} if self._key else {}

    @property
    def url(self) -> str:
        return self._url

    @property
    def is_silent(self) -> bool:
        """In a forked child, which is not the process that reports."""
        return self._is_silent

    def stats(self) -> Stats:
        with self._account.lock:
            self._collect()
        return self._account.stats(self.problems.last)

    def close(self, timeout_s: float = _CLOSE_S) -> Stats:
        """Deliver the remaining events for at most `timeout_s`; the rest stays on disk for the next reporter. [R14]"""
        self._sum_up()
        with self._account.lock:
            if self._is_silent or self._is_closed:
                return self.stats()
            self._is_closed = True
        deadline = time.monotonic() + timeout_s
        atexit.unregister(self.close)
        signals.unwatch(self)
        try:
            self._finish(deadline)
        except Exception as error:
            self.problems.report("events_dropped", f"the reporter did not close properly: {error}")
        return self.stats()

    def stop_by(self, cause: str, timeout_s: float) -> None:
        """Report that a signal stopped the run, and close."""
        if not self._is_run_over:
            self.say("run_complete", {"status": "stopped", "reason": cause})
        self.close(timeout_s)

    # --- loops -------------------------------------------------------------------------------------------------------

    def write_turn(self) -> None:
        """Brings what was reported to the outbox."""
        while self._to_report:
            self.problems.report(*self._to_report.popleft())
        with self._account.lock:
            self._collect()
            entries = self._inbox.take()
        for start in range(0, len(entries), _ENCODE_AT_ONCE):
            events = [event for entry in entries[start : start + _ENCODE_AT_ONCE] if (event := self._encode(entry))]
            if events:
                self._outbox.append(events)
                self._to_send.put(True)

    def send_turn(self) -> float | None:
        """Sends at most one batch; returns the seconds until the next turn."""
        return self._sender.turn()

    def _encode(self, entry: Entry) -> Event | None:
        try:
            at = to_moment(entry.at) if type(entry.at) is int else entry.at
            fields = entry.fields
            # A plain call has no secrets, except in a line of the log.
            if type(entry.values) is not tuple or entry.type == "log":
                fields = presentable(fields, self._masking)
            event, flaw = make_event(entry.type, fields, self.run_id, at, entry.keep)
        except Exception as error:
            event, flaw = None, f"an event cannot be read: {type(error).__name__}: {error}"
        if flaw is not None:
            self.problems.report("invalid_event", flaw)
            self._account.omit(str(entry.type)[:64], flaw)
        if event is None:
            self._account.dropped(1)
        return event

    def _write_loop(self) -> None:
        kept_at = quiet_since = time.monotonic()
        self._is_awake = True
        while not self._is_closed:
            now = time.monotonic()
            if now - quiet_since < _STAY_AWAKE_S:
                time.sleep(_GATHER_S)
            else:
                self._is_awake = False
                # A call may have seen us awake just now.
                if len(self._inbox) == 0 and not self._plain:
                    wait_for(self._news, TOUCH_S)
                self._is_awake = True
            if self._plain or len(self._inbox) or self._to_report:
                quiet_since = time.monotonic()
                self._safely(self.write_turn)
            if now - kept_at >= TOUCH_S:
                kept_at = now
                self._safely(self._outbox.keep_locks)
        self._safely(self.write_turn)

    def _send_loop(self) -> None:
        while not self._sender.is_finished:
            wait_s = self._turn_safely()
            if wait_s != 0 and not self._sender.is_finished:
                # News do not shorten a backoff: the next turn only says how long is left.
                wait_s = _LOOK_AROUND_S if wait_s is None else min(wait_s, _LOOK_AROUND_S)
                wait_for(self._to_send, self._clock.real_seconds(wait_s))
        self._connection.close()

    def _turn_safely(self) -> float | None:
        try:
            return self._sender.turn()
        except Exception as error:
            # A defect of ours must neither end the reporting nor loop without a pause.
            self.problems.report("unreachable", f"sending failed: {type(error).__name__}: {error}")
            return 1.0

    def _safely(self, turn: Any) -> None:
        try:
            turn()
        except Exception as error:
            self.problems.report("spool_failed", f"storing events failed: {type(error).__name__}: {error}")

    def _start_threads(self) -> bool:
        try:
            self._writing.start()
            self._sending.start()
            return True
        except RuntimeError:
            return False

    # --- the end -----------------------------------------------------------------------------------------------------

    def _finish(self, deadline: float) -> None:
        self._news.put(True)
        if not joined(self._writing, deadline):
            self._safely(self.write_turn)
        with self._account.lock:
            self._collect()
            self._account.dropped(len(self._inbox.take()))
            self._is_written = True
        self._sender.begin_closing()
        self._to_send.put(True)
        if not joined(self._sending, deadline):
            self._send_here(deadline)
        self._sender.stop()
        self._connection.abort()
        self._to_send.put(True)
        if not self._sending.is_alive():
            self._connection.close()
        in_memory, folder = self._outbox.close()
        self._account.dropped(in_memory)
        if in_memory:
            message = f"{in_memory} events were not acknowledged before the reporter closed"
            self.problems.report("events_dropped", message)
        if folder is not None:
            left = self.stats().queued
            self.problems.report(
                "unreachable",
                f"{left} events are not delivered yet; they are kept in {folder}, and the next reporter to this server "
                "or `rondo sync` delivers them",
            )

    def _send_here(self, deadline: float) -> None:
        while not self._sender.is_finished and time.monotonic() < deadline:
            wait_s = self._turn_safely()
            if wait_s:
                time.sleep(min(self._clock.real_seconds(wait_s), max(0.0, deadline - time.monotonic())))

    def _post_over_http(self, body: bytes, headers: Mapping[str, str], timeout_s: float) -> Response:
        return self._connection.request("POST", "/api/ingest", body, headers, timeout_s)

    def on_silence(self, silence: Callable[[], None]) -> None:
        """Call this in a forked child, before anything else happens there."""
        self._on_silence.append(silence)

    def silence(self) -> None:
        """The child of a fork has none of our threads, and possibly a lock that is never released."""
        self._is_silent = True
        self._account.reset_locks()
        for silence in self._on_silence:
            silence()
