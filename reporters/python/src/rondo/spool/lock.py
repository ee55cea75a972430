"""Decides which process may write in a folder. [R25]

No lock works in every language, container and network disk, so this uses what all of them have: exclusive creation of a
file, its modification time, and a check whether a process lives.
"""

from __future__ import annotations

import json
import os
import socket
import time
import uuid
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

TOUCH_S = 10.0
# Twelve touches missed; a machine that swaps or a disk that hangs misses a few.
_SILENT_S = 120.0


class FolderLock:
    """A folder that is ours until another process takes it over."""

    def __init__(self, folder: Path, generation: int, token: str) -> None:
        self.folder = folder
        self._generation = generation
        self._token = token
        self._touched = time.monotonic()

    @property
    def _path(self) -> Path:
        return _lock_path(self.folder, self._generation)

    def moved_to(self, folder: Path) -> None:
        self.folder = folder

    def keep(self) -> bool:
        """Touches the lock when it is time; `False` if the folder is no longer ours."""
        now = time.monotonic()
        if now - self._touched < TOUCH_S:
            return True
        self._touched = now
        try:
            os.utime(self._path)
        except FileNotFoundError:
            return False
        except OSError:
            return True  # A disk that fails now and then does not give the folder to another process.
        return not _lock_path(self.folder, self._generation + 1).exists()

    def release(self) -> None:
        """Release the folder to the next reporter, at once. May raise `OSError`."""
        beside = self._path.with_suffix(".tmp")
        beside.write_text(json.dumps({"released": True, "token": self._token}))
        os.replace(beside, self._path)

    def give_back(self) -> None:
        """As if it had never been taken."""
        with suppress(OSError):
            self._path.unlink()

    def remove(self) -> None:
        """The folder is empty but for its locks."""
        for path in self.folder.glob("lock-*"):
            path.unlink(missing_ok=True)


def take(folder: Path, generation: int) -> FolderLock | None:
    """Create the lock of this generation; return None if another process was faster."""
    token = uuid.uuid4().hex
    mine = {"pid": os.getpid(), "started": _started(os.getpid()), "place": here(), "token": token}
    try:
        _create_whole(_lock_path(folder, generation), json.dumps(mine), token)
    except FileExistsError:
        return None
    return FolderLock(folder, generation, token)


def _create_whole(path: Path, text: str, token: str) -> None:
    """Exclusively, and with its text in it: a process that is killed in between leaves no lock that says nothing."""
    beside = path.with_name(f"{path.name}.{token}")
    try:
        _create(beside, text)
        os.link(beside, path)
    except FileExistsError:
        raise
    except OSError:
        _create(path, text)  # There are disks without links.
    finally:
        beside.unlink(missing_ok=True)


def _create(path: Path, text: str) -> None:
    with os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as file:
        file.write(text)


def take_over(folder: Path) -> FolderLock | None:
    """Take over a folder whose owner has ended."""
    generation = _highest(folder)
    if generation == 0:
        # Removed except for itself, or created by hand: reporters never create a folder without its lock.
        age_s = time.time() - folder.stat().st_mtime
        return take(folder, 1) if age_s > _SILENT_S else None
    path = _lock_path(folder, generation)
    try:
        text, age_s = path.read_text(errors="replace"), time.time() - path.stat().st_mtime
    except FileNotFoundError:
        return None
    return take(folder, generation + 1) if is_gone(text, age_s, here(), _started_of_living) else None


def is_gone(text: str, age_s: float, place: str, started_of: Callable[[int], str | bool | None]) -> bool:
    """Return True if the owner that a lock names has ended.

    `started_of` returns the start time of a local process: `False` if it does not live, `None` if unknown.
    """
    owner = _read_owner(text)
    if owner.get("released") is True:
        return True
    pid = owner.get("pid")
    if owner.get("place") != place or not isinstance(pid, int) or pid <= 0:
        return age_s > _SILENT_S
    started = started_of(pid)
    if started is False:
        return True
    # The number of an ended process is given to another one sooner or later.
    return isinstance(started, str) and isinstance(owner.get("started"), str) and started != owner["started"]


def here() -> str:
    """Identifies the namespace of process ids."""
    parts = [socket.gethostname()]
    try:
        parts.append(Path("/proc/sys/kernel/random/boot_id").read_text().strip())
        parts.append(os.readlink("/proc/self/ns/pid"))
    except OSError:
        pass  # Not Linux: the host's name has to do.
    return " ".join(parts)


def _highest(folder: Path) -> int:
    numbers = [path.name[5:] for path in folder.glob("lock-*")]
    return max((int(number) for number in numbers if number.isdigit()), default=0)


def _lock_path(folder: Path, generation: int) -> Path:
    return folder / f"lock-{generation}"


def _read_owner(text: str) -> dict[str, Any]:
    try:
        owner = json.loads(text)
    except ValueError:
        return {}
    return owner if isinstance(owner, dict) else {}


def _started(pid: int) -> str | bool | None:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(errors="replace")
    except OSError:
        return None
    # The second field is the program's name, in brackets, with whatever it likes in it.
    fields = stat.rpartition(")")[2].split()
    # Killed, and not yet waited for by its parent.
    return False if fields[0] in "ZX" else fields[19]


def _started_of_living(pid: int) -> str | bool | None:
    if os.name == "nt":
        return _lives_on_windows(pid)
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        pass  # It lives, and belongs to another user.
    return _started(pid)


def _lives_on_windows(pid: int) -> bool | None:
    import ctypes

    # On Windows `os.kill` would end the process instead of asking for it.
    kernel: Any = ctypes.windll.kernel32  # type: ignore[attr-defined,unused-ignore]
    handle = kernel.OpenProcess(0x1000, False, pid)
    if not handle:
        return False
    kernel.CloseHandle(handle)
    return None
