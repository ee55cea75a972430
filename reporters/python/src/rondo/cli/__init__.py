"""The command line: `rondo check`, `sync`, `import`, `export` and `diagnose`."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from ..address import DEFAULT_URL
from .check import check
from .diagnose import diagnose
from .imports import KINDS, import_runs
from .sync import sync
from .transfer import export, import_rondo


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
        if options.command == "diagnose":
            return diagnose(options.run_id, given_url or DEFAULT_URL, key, as_json=options.json)
        if options.command == "export":
            return export(options.run_id, options.output, given_url or DEFAULT_URL, key, models=options.models)
        if options.kind == "rondo":
            return import_rondo(options, given_url or DEFAULT_URL)
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
        "path",
        type=Path,
        help="a folder of event files, an MLflow store (mlflow.db or mlruns), CSV files, HiveWatch's JSONL, "
        "or the file of `rondo export`",
    )
    rondo = imports.add_argument_group("for a file of `rondo export`, which an admin of the project imports")
    rondo.add_argument("--as", dest="new_id", metavar="ID", help="the id of the run here; by default the one it had")
    rondo.add_argument("--project", help="the project that gets the run (default)")
    rondo.add_argument("--user", help="the user who imports; RONDO_PASSWORD or a question is the password")
    exports = commands.add_parser("export", parents=[common], help="write a whole run into a file")
    exports.add_argument("run_id")
    exports.add_argument("-o", "--output", type=Path, required=True, metavar="FILE")
    exports.add_argument("--models", action="store_true", help="with every model version and its content")
    diagnoses = commands.add_parser("diagnose", parents=[common], help="cause, evidence and next action of a run")
    diagnoses.add_argument("run_id")
    diagnoses.add_argument("--json", action="store_true", help="for programs")
    return parser
