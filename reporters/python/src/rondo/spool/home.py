"""Where spools lie, how one is made, and how those of ended processes are found. [R19, R25, R26]"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path

from ..address import folder_of
from .lock import FolderLock, take, take_over
from .records import VERSION, Header, parse
from .segments import remove_folder
from .spool import MAX_BYTES, Spool
from .state import read_state, segment_indexes, segment_path

# Incomplete because its process died in the same instant; renaming a folder never takes longer.
_HALF_MADE_S = 3600.0


def default_root(environment: Mapping[str, str]) -> Path | None:
    """The root of all spools, or `None` if there is to be none."""
    given = environment.get("RONDO_SPOOL_DIR", "").strip()
    if given:
        return None if given.lower() == "off" else Path(given).expanduser()
    if sys.platform == "win32":
        base = environment.get("LOCALAPPDATA", "")
    else:
        base = environment.get("XDG_STATE_HOME", "") or os.path.join(os.path.expanduser("~"), ".local", "state")
    if os.path.isabs(base):
        return Path(base) / "rondo" / "spool"
    # Without a home, and not shared: the user who created it first would own it.
    return Path(tempfile.gettempdir()) / f"rondo-spool-{_user()}"


def _user() -> str:
    return str(os.getuid()) if hasattr(os, "getuid") else os.environ.get("USERNAME", "")


def bound_of(environment: Mapping[str, str]) -> int:
    given = environment.get("RONDO_SPOOL_MAX_BYTES", "").strip()
    # Less than a few batches would drop what is being sent.
    return max(int(given), 1024 * 1024) if given.isdigit() else MAX_BYTES


class SpoolHome:
    """The folder of one server."""

    def __init__(self, root: Path, address: str, *, now: Callable[[], str], max_bytes: int = MAX_BYTES) -> None:
        self.folder = root / folder_of(address)
        self._address = address
        self._now = now
        self._max_bytes = max_bytes

    def create(self, run_id: str) -> Spool:
        """A folder of one's own. May raise `OSError`."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        reporter_id = str(uuid.uuid4())
        half_made = self.folder / f".new-{reporter_id}"
        half_made.mkdir(mode=0o700)
        lock = take(half_made, 1)
        if lock is None:
            raise FileExistsError(half_made)
        folder = self.folder / reporter_id
        half_made.rename(folder)
        lock.moved_to(folder)
        header = Header(reporter_id, run_id, self._address, self._now())
        try:
            return Spool(folder, lock, header, now=self._now, max_bytes=self._max_bytes)
        except OSError:
            with suppress(OSError):
                remove_folder(folder, lock)
            raise

    def adopt(self) -> list[Spool]:
        """The spools whose owners have ended, oldest first. Never raises: an unreadable one is skipped."""
        found = [spool for folder in self._folders() if (spool := adopt(folder, self._now, self._max_bytes))]
        return sorted(found, key=lambda spool: spool.header.at)

    def _folders(self) -> Iterator[Path]:
        try:
            folders = sorted(self.folder.iterdir())
        except OSError:
            return
        for folder in folders:
            if folder.name.startswith(".new-"):
                with suppress(OSError):
                    if time.time() - folder.stat().st_mtime > _HALF_MADE_S:
                        shutil.rmtree(folder)
            elif folder.is_dir():
                yield folder


def adopt(folder: Path, now: Callable[[], str], max_bytes: int = MAX_BYTES) -> Spool | None:
    """Take over a spool whose owner has ended, if it holds events to send; otherwise delete it."""
    try:
        if any(header.version > VERSION for header in _headers(folder)):
            return None
        lock = take_over(folder)
        return None if lock is None else _open(folder, lock, now, max_bytes)
    except OSError:
        return None


def _open(folder: Path, lock: FolderLock, now: Callable[[], str], max_bytes: int) -> Spool | None:
    try:
        state = read_state(folder)
        if state is None or (state.header is None and state.damaged > 0 and not state.events):
            # A later version wrote it, or nothing in it can be read: not ours to throw away.
            lock.give_back()
            return None
        if not state.unsettled and state.dropped == (0, 0):
            remove_folder(folder, lock)
            return None
        header = state.header or Header(folder.name, "", "", "")
        return Spool(folder, lock, header, now=now, state=state, max_bytes=max_bytes)
    except OSError:
        # It cannot be read or written now: retry later, or leave it to another process.
        lock.give_back()
        raise


def find_spools(folder: Path) -> Iterator[Path]:
    """The spools in a root, in a server's folder, or the one folder itself."""
    if segment_indexes(folder):
        yield folder
        return
    for inner in sorted(folder.iterdir()):
        if inner.is_dir() and not inner.name.startswith("."):
            yield from find_spools(inner)


def address_in(folder: Path) -> str | None:
    """The server that a spool is for."""
    return next((header.url for header in _headers(folder)), None)


def _headers(folder: Path) -> Iterator[Header]:
    for index in segment_indexes(folder):
        with open(segment_path(folder, index), "rb") as file:
            record = parse(file.readline().rstrip(b"\n"))
        if isinstance(record, Header):
            yield record
