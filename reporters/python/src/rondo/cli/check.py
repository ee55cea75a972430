"""`rondo check`: tests everything from the address to the key, and explains how to fix the first failure."""

from __future__ import annotations

import json
import os
import socket
import ssl
import time
import uuid
from collections.abc import Iterator
from email.utils import parsedate_to_datetime
from http.client import HTTPException
from pathlib import Path
from typing import NamedTuple
from urllib.parse import SplitResult, urlsplit

from .. import __version__ as version
from ..address import normalize
from ..connection import Connection, Response, proxy_for, split_proxy, ssl_context
from ..spool.home import default_root, find_spools
from ..spool.state import read_state

_TIMEOUT_S = 5.0
# Smaller differences are network delay, and invisible on a chart.
_SKEW_S = 5.0
_MARKS = {"ok": "✓", "warning": "!", "failed": "✗"}


class Finding(NamedTuple):
    """One sentence, and whether it is good news."""

    state: str
    text: str


def check(url: str, key: str, *, is_default: bool) -> int:
    print(f"rondo {version}")
    has_failed = False
    for finding in findings(url, key, is_default=is_default):
        print(f"{_MARKS[finding.state]} {finding.text}", flush=True)
        has_failed = has_failed or finding.state == "failed"
    print("Something is in the way." if has_failed else "Reports will arrive.")
    return 1 if has_failed else 0


def findings(url: str, key: str, *, is_default: bool = False) -> Iterator[Finding]:
    """Everything that was looked at; what cannot be looked at because of an earlier failure is left out."""
    yield from _spool()
    address = normalize(url)
    if address is None:
        yield Finding("failed", "RONDO_URL is not an address; it should look like http://rondo.example.org:8000.")
        return
    where = " (RONDO_URL is not set, so this is the default)" if is_default else ""
    yield Finding("ok", f"The address is {address}{where}.")
    parts = urlsplit(url.strip())
    network = list(_network(parts))
    yield from network
    if any(finding.state == "failed" for finding in network):
        return
    connection = Connection(url, {"authorization": f"Bearer {key}"} if key else {})
    try:
        yield from _server(connection)
        yield from _key(connection, key)
    except (OSError, HTTPException) as error:
        yield Finding("failed", f"The server was reached and then gave no answer: {error or type(error).__name__}.")
    finally:
        connection.close()


def _spool() -> Iterator[Finding]:
    root = default_root(os.environ)
    if root is None:
        yield Finding("warning", "RONDO_SPOOL_DIR is off: what the server has not taken is lost when a process ends.")
        return
    try:
        root.mkdir(mode=0o700, parents=True, exist_ok=True)
        probe = root / f".probe-{uuid.uuid4().hex}"
        probe.write_text("x")
        probe.unlink()
    except OSError as error:
        yield Finding("warning", f"Nothing can be kept on disk ({error}); set RONDO_SPOOL_DIR to a folder that can be.")
        return
    waiting = _waiting_in(root)
    if waiting:
        yield Finding("warning", f"{waiting} events wait in {root}; a reporter or `rondo sync` delivers them.")
    else:
        yield Finding("ok", f"Events can be kept in {root}; none are waiting.")


def _waiting_in(root: Path) -> int:
    count = 0
    for folder in find_spools(root):
        try:
            state = read_state(folder)
        except OSError:
            continue  # Another process's, or just delivered.
        count += len(state.unsettled) if state is not None else 0
    return count


def _network(parts: SplitResult) -> Iterator[Finding]:
    host = parts.hostname or ""
    is_secure = parts.scheme.lower() == "https"
    port = parts.port or (443 if is_secure else 80)
    proxy = proxy_for(parts)
    if proxy is not None:
        try:
            _, via_host, via_port = split_proxy(proxy)
        except OSError as error:
            yield Finding("failed", f"No request can be sent: {error}.")
            return
        yield Finding(
            "warning",
            f"Requests go through the proxy {via_host}:{via_port}, which the environment names; "
            f"put {host} into NO_PROXY if they should not.",
        )
        return
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError as error:
        yield Finding("failed", f"The name {host} cannot be resolved ({error}); check the name and the network")
        return
    yield Finding("ok", f"{host} is {', '.join(sorted({str(entry[4][0]) for entry in found}))}.")
    try:
        opened = socket.create_connection((host, port), _TIMEOUT_S)
    except ConnectionRefusedError:
        yield Finding(
            "failed", f"Nothing listens on port {port} of {host}; is the dashboard running, and on that port?"
        )
        return
    except OSError as error:
        yield Finding("failed", f"Port {port} of {host} does not answer ({error}); a firewall may be in between.")
        return
    with opened:
        yield Finding("ok", f"Port {port} answers.")
        if is_secure:
            yield _tls(opened, host)


def _tls(opened: socket.socket, host: str) -> Finding:
    try:
        with ssl_context().wrap_socket(opened, server_hostname=host) as secure:
            return Finding("ok", f"The certificate is valid ({secure.version()}).")
    except ssl.SSLCertVerificationError as error:
        return Finding(
            "failed",
            f"The certificate is not trusted: {error.verify_message}. If it is your organisation's own, name its "
            "authority in SSL_CERT_FILE.",
        )
    except OSError as error:
        return Finding(
            "failed", f"There is no TLS on that port ({error}); is the address http:// rather than https://?"
        )


def _server(connection: Connection) -> Iterator[Finding]:
    before = time.time()
    response = connection.request("GET", "/api/health", timeout_s=_TIMEOUT_S)
    after = time.time()
    health = _json_of(response)
    if response.status in (301, 302, 307, 308):
        to = response.headers.get("location", "elsewhere")
        yield Finding("failed", f"The server sends us on to {to}; set RONDO_URL to that, the key is not sent after it.")
        return
    if not isinstance(health, dict) or "status" not in health:
        yield Finding("failed", f"Something answers (HTTP {response.status}), but it is not Rondo; check the address.")
        return
    if response.status == 200:
        yield Finding("ok", f"It is Rondo {health.get('version', 'of an unknown version')}.")
    else:
        yield Finding(
            "failed", f"It is Rondo, and it is {health['status']}: its database may be down. Events are kept."
        )
    yield from _clock(response, before, after)


def _clock(response: Response, before: float, after: float) -> Iterator[Finding]:
    try:
        # It is cut to the second, so it is half a second older on average.
        server = parsedate_to_datetime(response.headers["date"]).timestamp() + 0.5
    except (KeyError, ValueError, TypeError):
        return
    skew = (before + after) / 2 - server
    if abs(skew) <= _SKEW_S + (after - before) / 2:
        yield Finding("ok", "The clocks agree.")
        return
    way = "ahead of" if skew > 0 else "behind"
    yield Finding(
        "warning",
        f"This machine's clock is {abs(skew):.0f} s {way} the server's: times on the dashboard will be off by as much.",
    )


def _key(connection: Connection, key: str) -> Iterator[Finding]:
    if not key:
        yield Finding("failed", "There is no API key; make one in the dashboard and set RONDO_API_KEY.")
        return
    body = json.dumps({"reporter_id": f"check-{uuid.uuid4()}", "batch": 0, "events": []}).encode()
    headers = {"content-type": "application/json"}
    response = connection.request("POST", "/api/ingest", body, headers, _TIMEOUT_S)
    if response.status == 200:
        yield Finding("ok", "The API key is accepted.")
    elif response.status == 401:
        yield Finding("failed", "The API key is not accepted: it is mistyped, revoked or expired. Make a new one.")
    elif response.status == 403:
        yield Finding("failed", "The API key may not report (403): it needs the scope `ingest`.")
    else:
        yield Finding("failed", f"An empty report was answered with HTTP {response.status}: {response.text[:200]}")


def _json_of(response: Response) -> object:
    try:
        return json.loads(response.text)
    except ValueError:
        return None
