"""Everything between a call and the server.

call ─▶ inbox ─(writing thread, ≤ 20 ms)─▶ outbox: spool, or memory ─(sending thread)─▶ server
"""

from __future__ import annotations

import atexit
import os
import queue
import sys
import threading
import time
import weakref
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from . import address, signals
from .account import Account, Stats
from .adapt import adapt
from .commands import Commands
from .connection import Connection, Response
from .facts import Event, make_event
from .freeze import freeze
from .inbox import Entry, Inbox
from .limits import NAME
from .log_text import readable
from .masking import Masking
from .options import Options, create_run_id
from .outbox import Outbox, type_of
from .problems import Problems
from .sender import Post, Sender
from .spool.home import SpoolHome, bound_of, default_root
from .spool.lock import TOUCH_S
from .spool.records import Stored
from .stamp import Stamper, to_moment
from .storable import clip_id
from .verdict import Answered, Misconfigured, Unanswered

_CLOSE_S = 2.0
# Long enough to write many calls at once, short enough that a kill loses little. [R18]
_GATHER_S = 0.02
# Waking a thread costs a call more than all the rest, so it goes to sleep only when nothing comes.
_STAY_AWAKE_S = 1.0
# Written to disk one after the other, so that a long queue is not lost whole.
_ENCODE_AT_ONCE = 1_000
# Spools of other processes are looked for even if nothing is reported. [R26]
_LOOK_AROUND_S = 60.0
# Each distinct problem is reported once; a loop of different ones must not fill the memory.
# Longer lines of text are cut where they have to be.
_PLAIN_TEXT = 1_000
_NUMBERS = frozenset({float, int})
_INTEGERS = frozenset({int, type(None)})
_TEXTS = frozenset({str, type(None)})
_MAX_TO_REPORT = 1_000
_FULL = "the queue is full: the oldest events are being dropped"


class Reporter:
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
        self._masking = _masking_of(options, env)
        self._inbox = Inbox(max(1, options.max_queued_events // 2), options.max_queued_bytes // 2)
        self._stamper = Stamper(self._clock.now_ms)
        self._to_report: deque[tuple[str, str, str | None]] = deque()
        self._is_run_over = False
        self._on_silence: list[Callable[[], None]] = []
        self._is_closed = False
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
            _home_of(options, normalized),
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
            pace_s=max(0.0, options.flush_interval_ms / 1000 - _GATHER_S),
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
        _reporters.add(self)
        atexit.register(self.close)
        _close_with_multiprocessing(self)
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

    # --- calls -------------------------------------------------------------------------------------------------------

    def say(self, fact_type: Any, fields: dict[str, Any], at: Any = None, keep: bool = False) -> None:
        """Takes over `fields`; a few microseconds, whatever the server and the disk do."""
        if self._is_silent:
            self.note_silent()
            return
        if fact_type == "run_complete":
            self._sum_up()
        try:
            points, problems = adapt(fact_type, fields)
            for name, reason in problems.items():
                self.omit(name, reason)
            moment = self._take(fact_type, fields, at, keep)
            if moment is not None:
                for point in points:
                    self._take("metric", point, moment, keep)
            if fact_type == "run_complete":
                self._is_run_over = True
        except Exception as error:
            # The caller's objects can hold anything: properties that raise, texts that are none.
            self._note_unreadable(error)
        if self._writes_itself:
            self._safely(self.write_turn)
        elif not self._is_awake:
            self._is_awake = True
            self._news.put(True)

    def say_plain_metric(self, name: Any, value: Any, step: Any, round_number: Any, client_id: Any) -> bool:
        """The same as `say` in less code, where nothing has to be converted or copied; False if something has.

        After a step of training the code of a call is cold, and every line of it costs.
        """
        if (
            type(name) is not str
            or len(name) > NAME
            or type(value) not in _NUMBERS
            or type(step) not in _INTEGERS
            or type(round_number) not in _INTEGERS
            or type(client_id) not in _TEXTS
        ):
            return False
        fields = {"name": name, "value": value, "step": step, "round": round_number, "client_id": client_id}
        return self._take_plain("metric", fields, len(name))

    def say_plain_log(self, message: Any, level: Any, client_id: Any) -> bool:
        """The same for a line of text."""
        if type(message) is not str or len(message) > _PLAIN_TEXT or type(level) is not str:
            return False
        if type(client_id) not in _TEXTS:
            return False
        return self._take_plain("log", {"level": level, "message": message, "client_id": client_id}, len(message))

    def _take_plain(self, fact_type: str, fields: dict[str, Any], size: int) -> bool:
        if self._is_silent or self._writes_itself:
            return False
        with self._account.lock:
            if self._is_closed or self._inbox.is_full(size):
                return False
            self._inbox.push(fact_type, fields, self._stamper.now_ms(), size, False)
            self._account.reported_under_lock()
        if not self._is_awake:
            self._is_awake = True
            self._news.put(True)
        return True

    def _take(self, fact_type: Any, fields: dict[str, Any], at: Any, keep: bool) -> Any:
        """Put one fact in the inbox; return its moment, or `None` if the reporter is closed."""
        size = freeze(fact_type, fields)
        account = self._account
        with account.lock:
            if self._is_closed:
                account.reported()
                account.dropped()
                self.problems.report("events_dropped", "an event was reported after the reporter was closed")
                return None
            moment = at if at is not None else self._stamper.stamp(fact_type, fields)
            dropped = self._inbox.push(fact_type, fields, moment, size, keep)
            account.reported()
            if dropped is not None:
                account.pushed_out(dropped)
                self._tell_later("events_dropped", _FULL, "full")
        return moment

    def omit(self, name: str, reason: str) -> None:
        """Count a value that could not be reported; report the first of a name on stderr and in the run. [R30]"""
        if self._is_silent or not self._account.omit(name, reason):
            return
        message = f"{name} is left out of the report: it {reason}"
        self._tell_later("invalid_event", message, None)
        self.say("log", {"level": "warning", "message": message}, keep=True)

    def _sum_up(self) -> None:
        """Report what was left out more than once, before the run ends."""
        summary = None if self._is_closed or self._is_silent else self._account.take_summary()
        if summary is not None:
            self.say("log", {"level": "warning", "message": summary}, keep=True)

    def note_silent(self) -> None:
        """A forked child that reports would do so in vain: it says so once. [R34]"""
        self._account.reported()
        self._account.dropped()
        self.problems.report(
            "events_dropped",
            f"process {os.getpid()} was forked after rondo.run(), and its reports are dropped; "
            "call rondo.run() in the child, with the same run_id to report the same run",
            "forked",
        )

    def _note_unreadable(self, error: Exception) -> None:
        self._account.reported()
        self._account.dropped()
        self._tell_later("invalid_event", f"an event cannot be read: {type(error).__name__}", None)

    def _tell_later(self, code: str, message: str, key: str | None) -> None:
        """The handler may write to a terminal that blocks; the caller must not wait for it. [R1]"""
        if len(self._to_report) < _MAX_TO_REPORT:
            self._to_report.append((code, message, key))

    def stats(self) -> Stats:
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
            event, flaw = make_event(entry.type, self._presentable(entry), self.run_id, at, entry.keep)
        except Exception as error:
            event, flaw = None, f"an event cannot be read: {type(error).__name__}: {error}"
        if flaw is not None:
            self.problems.report("invalid_event", flaw)
            self._account.omit(str(entry.type)[:64], flaw)
        if event is None:
            self._account.dropped(1)
        return event

    def _presentable(self, entry: Entry) -> dict[str, Any]:
        """Before anything is on disk: no secrets in the configuration and in texts, no codes of a terminal."""
        fields = dict(entry.fields)
        for name in ("config", "message", "reason", "detail"):
            value = fields.get(name)
            if name == "config" and value is not None:
                fields[name] = self._masking.mask(value)
            elif isinstance(value, str):
                fields[name] = self._masking.mask_text(readable(value))
        return fields

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
                if len(self._inbox) == 0:
                    _wait_for(self._news, TOUCH_S)
                self._is_awake = True
            if len(self._inbox) or self._to_report:
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
                _wait_for(self._to_send, self._clock.real_seconds(wait_s))
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
        if not _joined(self._writing, deadline):
            self._safely(self.write_turn)
        self._sender.begin_closing()
        self._to_send.put(True)
        if not _joined(self._sending, deadline):
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

    # --- news --------------------------------------------------------------------------------------------------------

    def on_answer(self, events: Sequence[Stored], answer: Answered, is_own: bool) -> None:
        self._account.answered(len(events), len(answer.rejected), answer.duplicates, is_own)
        for index, detail in answer.rejected:
            what = type_of(events[index]) if index < len(events) else "an event"
            self.problems.report("rejected_event", f"the server refused {what}: {detail}")
        self._commands.receive(answer)
        if self._account.has_unannounced and not self._inbox.is_over_half:
            self._tell_drops()

    def on_lost(self, events: Sequence[Stored], why: str, is_own: bool) -> None:
        if is_own:
            self._account.dropped(len(events))
        self.problems.report("events_dropped", f"{len(events)} events were refused by the server: {why}")

    def on_trouble(self, trouble: Unanswered | Misconfigured | None) -> None:
        shown = address.shown(self._url)
        if trouble is None:
            self.problems.forget("unreachable", self._url)
            self.problems.forget("misconfigured", self._url)
        elif isinstance(trouble, Unanswered):
            message = f"{shown} cannot be reached: {trouble.why}; events are kept and retried"
            self.problems.report("unreachable", message, self._url)
        else:
            message = f"{shown}: {trouble.why}; events are kept and retried every minute"
            self.problems.report("misconfigured", message, self._url)

    def _tell_drops(self) -> None:
        with self._account.lock:
            at = to_moment(self._stamper.stamp("log", {}))
            telemetry, facts = self._account.unannounced
        if self._outbox.tell_drops(at, telemetry, facts):
            self._account.announced(telemetry, facts)
            self.problems.forget("events_dropped", "full")
            self._to_send.put(True)

    def _on_dropped(self, telemetry: int, facts: int) -> None:
        """The outbox had no room; it counts the drops that are still to be reported."""
        self._account.lost_by_outbox(telemetry + facts)
        self.problems.report("events_dropped", _FULL, "full")

    def _on_disk_trouble(self, error: OSError | None) -> None:
        if error is None:
            self.problems.forget("spool_failed", "disk")
        else:
            message = (
                f"events cannot be kept on disk ({error}); they wait in memory, and a kill would lose them. "
                "If it does not pass, set RONDO_SPOOL_DIR to a folder with room"
            )
            self.problems.report("spool_failed", message, "disk")

    def _post_over_http(self, body: bytes, headers: Mapping[str, str], timeout_s: float) -> Response:
        return self._connection.request("POST", "/api/ingest", body, headers, timeout_s)

    def on_silence(self, silence: Callable[[], None]) -> None:
        """Call this in a forked child, before anything else happens there."""
        self._on_silence.append(silence)

    # --- fork --------------------------------------------------------------------------------------------------------

    def silence(self) -> None:
        """The child of a fork has none of our threads, and possibly a lock that is never released."""
        self._is_silent = True
        self._account.reset_locks()
        for silence in self._on_silence:
            silence()


def _masking_of(options: Options, env: Mapping[str, str]) -> Masking:
    given = options.mask_keys
    try:
        keys = [given] if isinstance(given, str) else [str(key) for key in given]
    except Exception:
        keys = []  # The usual keys stay masked, whatever the caller gave. [R1]
    return Masking.of(env, options.mask is not False, keys)


def _home_of(options: Options, normalized: str | None) -> SpoolHome | None:
    if not options.spool or normalized is None:
        return None
    given = Path(options.spool_dir) if options.spool_dir is not None else default_root(os.environ)
    if given is None:
        return None
    # A training may change its folder.
    root = given.absolute()
    max_bytes = options.spool_max_bytes or bound_of(os.environ)
    clock = options.clock
    return SpoolHome(root, normalized, now=lambda: to_moment(clock.now_ms()), max_bytes=max_bytes)


def _joined(thread: threading.Thread, deadline: float) -> bool:
    """Waits for a thread that runs; `False` if there is none to wait for."""
    # A listener of problems may close the reporter from one of its own threads.
    if not thread.is_alive() or thread is threading.current_thread():
        return False
    thread.join(max(0.0, deadline - time.monotonic()))
    return True


def _wait_for(news: queue.SimpleQueue[bool], timeout_s: float) -> bool:
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


def _close_with_multiprocessing(reporter: Reporter) -> None:
    """A child of `multiprocessing` ends without `atexit`; its own finalizers run. [R34]"""
    if "multiprocessing.process" not in sys.modules:
        return
    from multiprocessing import process, util

    if process.parent_process() is not None:
        util.Finalize(None, _close_if_alive, args=(weakref.ref(reporter),), exitpriority=100)


def _close_if_alive(reference: weakref.ref[Reporter]) -> None:
    reporter = reference()
    if reporter is not None:
        reporter.close()


_reporters: weakref.WeakSet[Reporter] = weakref.WeakSet()


def _silence_all() -> None:
    for reporter in list(_reporters):
        reporter.silence()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_silence_all)
