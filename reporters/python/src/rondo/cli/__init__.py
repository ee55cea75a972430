"""The command line: `rondo check`, `rondo sync`, `rondo import`."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from ..address import DEFAULT_URL
from .check import check
from .imports import KINDS, import_runs
from .sync import sync


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs a command; returns 0 if all is well, 1 if not, 2 if it was not understood."""
    options = _parser().parse_args(arguments)
    key = options.key or os.environ.get("RONDO_API_KEY", "").strip()
    given_url = options.url or os.environ.get("RONDO_URL", "").strip()
    try:
        if options.command == "check":
            return check(given_url or DEFAULT_URL, key, is_default=not given_url)
        if options.command == "sync":
            return sync(options.dir, options.url, key, options.timeout)
        return import_runs(options.kind, options.path, given_url or DEFAULT_URL, key, options.timeout)
    except KeyboardInterrupt:
        print("\nInterrupted; what was not delivered is kept.", file=sys.stderr)
        return 130
    except BrokenPipeError:
        return 1


def _parser() -> argparse.ArgumentParser:
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--url", help="where the dashboard is; by default RONDO_URL")
    common.add_argument("--key", help="the API key; better in RONDO_API_KEY, which others on this machine cannot see")
    parser = argparse.ArgumentParser(prog="rondo", description="Reports federated learning to a Rondo dashboard.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    commands.add_parser("check", parents=[common], help="find out why nothing arrives")
    delivers = argparse.ArgumentParser(add_help=False, parents=[common])
    delivers.add_argument("--timeout", type=float, default=60, metavar="SECONDS", help="for a server that is down (60)")
    syncs = commands.add_parser("sync", parents=[delivers], help="deliver the events stored in a spool")
    syncs.add_argument("dir", nargs="?", type=Path, help="a spool, or a folder of spools; by default all there are")
    imports = commands.add_parser("import", parents=[delivers], help="bring runs from elsewhere")
    imports.add_argument("kind", choices=KINDS, help="what the files are")
    imports.add_argument(
        "path", type=Path, help="a folder of event files, an MLflow store (mlflow.db or mlruns), or CSV files"
    )
    return parser
