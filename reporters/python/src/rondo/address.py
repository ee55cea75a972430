"""The address of a server, as people write it and as the spool knows it. [R19]"""

from __future__ import annotations

import hashlib
from urllib.parse import urlsplit

DEFAULT_URL = "http://127.0.0.1:8000"
_PORTS = {"http": 80, "https": 443}


def normalize(url: str) -> str | None:
    """One writing for one server, without user and password; `None` if it is no address."""
    try:
        parts = urlsplit(url.strip())
        port = parts.port
    except ValueError:
        return None
    scheme, host = parts.scheme.lower(), (parts.hostname or "").lower()
    if scheme not in _PORTS or not host:
        return None
    host = f"[{host}]" if ":" in host else host
    shown_port = "" if port is None or port == _PORTS[scheme] else f":{port}"
    return f"{scheme}://{host}{shown_port}{parts.path.rstrip('/')}"


def folder_of(address: str) -> str:
    """The name of the server's folder in the spool."""
    return hashlib.sha256(address.encode()).hexdigest()[:16]


def shown(url: str) -> str:
    """Without the password that a URL may carry. [R16]"""
    return normalize(url) or "RONDO_URL (not a valid address)"
