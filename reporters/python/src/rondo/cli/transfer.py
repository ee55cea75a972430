"""`rondo export` and `rondo import rondo`: a whole run as one file. [X1]"""

from __future__ import annotations

import argparse
import getpass
import os
import sys
from pathlib import Path

from ..address import normalize
from ..reading import ReadError
from ..reading.http import Api
from ..reading.transfer import export_run, import_run, sign_in

_NEEDS_ADMIN = (
    "An import needs an admin of the project, not an API key: "
    "name one with --user, or set RONDO_TOKEN to an access token."
)


def export(run_id: str, target: Path, url: str, key: str, *, models: bool) -> int:
    """Write a run into a file; return 0 if it is whole."""
    if target.exists():
        print(f"{target} exists; name another file.", file=sys.stderr)
        return 2
    try:
        size = export_run(Api(url, key), run_id, target, models=models)
    except ReadError as error:
        print(error, file=sys.stderr)
        return 1
    print(f"✓ run {run_id} → {target} ({size} bytes{', with its models' if models else ''})")
    return 0


def import_rondo(options: argparse.Namespace, url: str) -> int:
    """Import the file of an export; return 0 if the run is there."""
    address, source = normalize(url), Path(options.path)
    if address is None or not source.is_file():
        print(f"{url!r} is not an address." if address is None else f"{source} is not a file.", file=sys.stderr)
        return 2
    try:
        token = os.environ.get("RONDO_TOKEN", "").strip()
        if options.user:
            password = os.environ.get("RONDO_PASSWORD") or getpass.getpass(f"Password of {options.user}: ")
            token = sign_in(address, options.user, password)
        if not token:
            print(_NEEDS_ADMIN, file=sys.stderr)
            return 2
        found = import_run(address, token, source, run_id=options.new_id, project=options.project)
    except ReadError as error:
        print(error, file=sys.stderr)
        return 1
    print(
        f"✓ {source} → run {found['run']['run_id']} of the project {found['run']['project_id']}: "
        f"{sum(found['rows'].values())} rows"
    )
    return 0
