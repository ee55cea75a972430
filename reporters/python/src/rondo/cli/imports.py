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
from ..importers import ImportedRun, LeftOut
from ..importers.csv_files import read_csv
from ..importers.hivewatch import read_hivewatch
from ..importers.mlflow import read_mlflow
from ..importers.tensorboard import read_tensorboard
from ..masking import Masking
from ..spool.home import SpoolHome, default_root
from ..spool.spool import Spool
from ..stamp import to_moment
from .deliver import deliver

_READERS: dict[str, Callable[[Path, LeftOut], Iterator[ImportedRun]]] = {
    "tensorboard": read_tensorboard,
    "mlflow": read_mlflow,
    "csv": read_csv,
    "hivewatch": read_hivewatch,
}
KINDS = (*_READERS, "wandb", "rondo")
_WANDB = """The files of an offline run of W&B are in a format of its own, which Rondo does not read.
Export the history as CSV instead, and import that:
  wandb sync PATH                                              # or `wandb beta sync`; then, in Python:
  wandb.Api().run("entity/project/run").history().to_csv("run.csv")
  rondo import csv run.csv"""
_AT_ONCE = 1_000
# An import must not push itself out of the spool.
_MAX_BYTES = 16 * 1024**3
_SHOW_EVERY_S = 2.0


def import_runs(kind: str, path: Path, url: str, key: str, timeout_s: float) -> int:
    """Import every run; return 0 only if everything was imported and delivered."""
    if kind == "wandb":
        print(_WANDB, file=sys.stderr)
        return 2
    address = normalize(url)
    is_there = path.is_dir() or (path.is_file() and kind in ("mlflow", "csv", "hivewatch"))
    if address is None or not is_there:
        what = f"{url!r} is not an address." if address is None else f"{path} is not a folder."
        print(what if path.exists() or address is None else f"{path} does not exist.", file=sys.stderr)
        return 2
    left_out = LeftOut()
    results: list[bool] = []
    with tempfile.TemporaryDirectory() as spare:
        # On the spool, what a server that is down has not taken is delivered later.
        root = default_root(os.environ) or Path(spare)
        home = SpoolHome(root, address, now=lambda: to_moment(time.time_ns() // 1_000_000), max_bytes=_MAX_BYTES)
        for run in _READERS[kind](path, left_out):
            try:
                results.append(_import_one(run, home, url, key, timeout_s, left_out))
            except Exception as error:  # One bad run must not stop the rest.
                left_out.add(f"run {run.name}: {type(error).__name__}: {error}")
                results.append(False)
    if not results:
        print(f"There is nothing of {kind} in {path}.", file=sys.stderr)
    elif len(results) > 1 or left_out.count:
        said = f"{sum(results)} of {len(results)} runs are imported"
        print(f"{said}; {left_out.count} items are left out." if left_out.count else f"{said}.", file=sys.stderr)
    return 0 if results and all(results) and not left_out.count else 1


def _import_one(run: ImportedRun, home: SpoolHome, url: str, key: str, timeout_s: float, left_out: LeftOut) -> bool:
    spool = home.create(run.run_id)
    _fill(spool, run, left_out)
    count = spool.waiting
    delivery = deliver(spool, url, key, timeout_s)
    if delivery.left:
        print(f"✗ {run.name}: {delivery.left} of {count} events are left: {delivery.trouble}", file=sys.stderr)
        print("  They are kept; `rondo sync` delivers them.", file=sys.stderr)
        return False
    new = delivery.delivered - delivery.already_there
    print(f"✓ {run.name} → run {run.run_id}: {count} events, {new} of them new to {shown(url)}.")
    return delivery.refused == 0


def _fill(spool: Spool, run: ImportedRun, left_out: LeftOut) -> None:
    """Write the facts of a run to the spool, without secrets, and name those that have no wire form."""
    masking = Masking.of(os.environ)
    facts = iter(run.facts())
    count, shown_at = 0, time.monotonic()
    while some := list(islice(facts, _AT_ONCE)):
        events: list[Event] = []
        for fact_type, at, fields in some:
            config = fields.get("config")
            given = {**fields, "config": masking.mask(config)} if config else fields
            if fact_type == "run_started":
                given = {**given, "imported": True}
            event, flaw = make_event(fact_type, given, run.run_id, at, keep=True)
            if flaw is not None:
                left_out.add(f"run {run.name}: {fields.get('name', '')} {flaw}")
            if event is not None:
                events.append(event)
        written = 0
        while written < len(events):
            written += spool.append(events[written:])
        count += len(some)
        if time.monotonic() - shown_at > _SHOW_EVERY_S:
            shown_at = time.monotonic()
            print(f"  {run.name}: {count} events read", file=sys.stderr, flush=True)
