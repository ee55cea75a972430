"""Whole runs as files: out of one dashboard, into another."""

from __future__ import annotations

import http.client
import json
import urllib.error
import urllib.request
import zipfile
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from .http import Api, NoRedirect, ReadError, path_of, refusal

# The server reads and checks the whole file before it answers.
_IMPORT_TIMEOUT_S = 3_600.0


def export_run(api: Api, run_id: str, target: Path, *, models: bool) -> int:
    """Write a whole run into a file, which appears only when it is whole; return its bytes."""
    partial = target.with_name(f".{target.name}.part")
    try:
        with partial.open("wb") as file:
            try:
                api.download(path_of("api", "runs", run_id, "export"), {"models": models}, file)
            except (OSError, http.client.HTTPException) as error:
                raise ReadError(f"the export of {run_id} ended before it was whole: {error}; try again") from error
        try:
            with zipfile.ZipFile(partial) as archive:
                archive.getinfo("manifest.json")
        except (zipfile.BadZipFile, KeyError) as error:
            raise ReadError(f"the export of {run_id} ended before it was whole; try again") from error
        size = partial.stat().st_size
        partial.replace(target)
        return size
    finally:
        partial.unlink(missing_ok=True)


def sign_in(url: str, username: str, password: str) -> str:
    """Return an access token."""
    body = json.dumps({"username": username, "password": password}).encode()
    request = urllib.request.Request(f"{url}/api/auth/login", body, {"content-type": "application/json"}, method="POST")
    return str(_send(request, 30.0)["access_token"])


def import_run(url: str, token: str, source: Path, *, run_id: str | None, project: str | None) -> dict[str, Any]:
    """Send the file of an export; return the run as it is now."""
    query = {name: value for name, value in (("run_id", run_id), ("project", project)) if value is not None}
    address = f"{url}/api/runs/import" + (f"?{urlencode(query)}" if query else "")
    headers = {
        "authorization": f"Bearer {token}",
        "content-type": "application/zip",
        "content-length": str(source.stat().st_size),
    }
    with source.open("rb") as file:
        return _send(urllib.request.Request(address, file, headers, method="POST"), _IMPORT_TIMEOUT_S)


def _send(request: urllib.request.Request, timeout_s: float) -> dict[str, Any]:
    opener = urllib.request.build_opener(NoRedirect())
    try:
        with opener.open(request, timeout=timeout_s) as answer:
            found: dict[str, Any] = json.load(answer)
            return found
    except urllib.error.HTTPError as error:
        with error:
            raise ReadError(refusal(error, request.selector.split("?")[0], is_by_key=False), error.code) from None
    except (urllib.error.URLError, OSError) as error:
        raise ReadError(f"the dashboard does not answer: {getattr(error, 'reason', error)}") from None
