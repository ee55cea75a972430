"""`rondo sync`: delivers the events of a spool by hand."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

from ..address import shown
from ..spool.home import address_in, adopt, default_root, find_spools
from ..stamp import to_moment
from .deliver import deliver


def sync(folder: Path | None, url: str | None, key: str, timeout_s: float) -> int:
    root = folder or default_root(os.environ)
    if root is None or not root.is_dir():
        print(f"There is no spool in {root}." if root else "RONDO_SPOOL_DIR is off.", file=sys.stderr)
        return 0 if folder is None else 2
    folders = list(find_spools(root))
    results = [_sync_one(one, url, key, timeout_s) for one in folders]
    if not folders:
        print(f"Nothing is waiting in {root}.")
    return 0 if all(results) else 1


def _sync_one(folder: Path, url: str | None, key: str, timeout_s: float) -> bool:
    """Return True if the folder has no events left that need delivery by hand."""
    to = url or address_in(folder)
    if to is None:
        print(f"✗ {folder} does not say which server it is for; name it with --url.", file=sys.stderr)
        return False
    spool = adopt(folder, lambda: to_moment(time.time_ns() // 1_000_000))
    if spool is None:
        if folder.exists():
            print(f"· {folder.name} belongs to a process that is running; it delivers by itself.")
        return True
    count, run_id = spool.waiting, spool.run_id
    delivery = deliver(spool, to, key, timeout_s)
    if delivery.left:
        print(f"✗ run {run_id}: {delivery.left} of {count} events are left: {delivery.trouble}", file=sys.stderr)
        return False
    again = f", {delivery.already_there} of them were there already" if delivery.already_there else ""
    print(f"✓ run {run_id}: {delivery.delivered} events delivered to {shown(to)}{again}.")
    return delivery.refused == 0
