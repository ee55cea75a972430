"""`rondo import`: brings runs of other tools. Doing it again changes nothing. [F2]"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

from ..address import normalize, shown
from ..facts import Event, make_event
from ..importers import ImportedRun
from ..importers.mlflow import read_mlflow
from ..importers.tensorboard import read_tensorboard
from ..spool.home import SpoolHome, default_root
from ..spool.spool import Spool
from ..stamp import to_moment
from .deliver import deliver

_READERS: dict[str, Callable[[Path], Iterator[ImportedRun]]] = {
    "tensorboard": read_tensorboard,
    "mlflow": read_mlflow,
}
_AT_ONCE = 1_000
# An import must not push itself out of the spool.
_MAX_BYTES = 16 * 1024**3


def import_runs(kind: str, path: Path, url: str, key: str, timeout_s: float) -> int:
    address = normalize(url)
    if address is None or not path.is_dir():
        print(f"{url!r} is not an address." if address is None else f"{path} is not a folder.", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory() as spare:
        # On the spool, what a server that is down has not taken is delivered later.
        root = default_root(os.environ) or Path(spare)
        home = SpoolHome(root, address, now=lambda: to_moment(time.time_ns() // 1_000_000), max_bytes=_MAX_BYTES)
        results = [_import_one(run, home, url, key, timeout_s) for run in _READERS[kind](path)]
    if not results:
        print(f"There is nothing of {kind} in {path}.", file=sys.stderr)
    return 0 if results and all(results) else 1


def _import_one(run: ImportedRun, home: SpoolHome, url: str, key: str, timeout_s: float) -> bool:
    spool = home.create(run.run_id)
    unsayable = _fill(spool, run)
    count = spool.waiting
    delivery = deliver(spool, url, key, timeout_s)
    left_out = f", {unsayable} left out because they cannot be said" if unsayable else ""
    if delivery.left:
        print(f"✗ {run.name}: {delivery.left} of {count} events are left: {delivery.trouble}", file=sys.stderr)
        print("  They are kept; `rondo sync` delivers them.", file=sys.stderr)
        return False
    new = delivery.delivered - delivery.already_there
    print(f"✓ {run.name} → run {run.run_id}: {count} events, {new} of them new to {shown(url)}{left_out}.")
    return delivery.refused == 0


def _fill(spool: Spool, run: ImportedRun) -> int:
    """Says how many facts had no wire form."""
    unsayable = 0
    facts = iter(run.facts())
    while some := list(islice(facts, _AT_ONCE)):
        events: list[Event] = []
        for fact_type, at, fields in some:
            event = make_event(fact_type, fields, run.run_id, at, keep=True).event
            if event is None:
                unsayable += 1
            else:
                events.append(event)
        written = 0
        while written < len(events):
            written += spool.append(events[written:])
    return unsayable
