"""Requests of a reader: JSON and bytes, with the key, and errors that say what to do."""

from __future__ import annotations

import json
import os
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, BinaryIO, cast
from urllib.parse import quote, urlencode, urlsplit

Query = Mapping[str, object]

_TIMEOUT_S = 30.0
#: Tries of one request, with pauses of 0.5, 1 and 2 s between them.
_TRIES = 4
_CHUNK_BYTES = 1024 * 1024


class ReadError(Exception):
    """The dashboard refused a request, or did not answer.

    Attributes
    ----------
    status : int or None
        The HTTP status; None when no answer arrived.
    """

    def __init__(self, message: str, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status


class NoRedirect(urllib.request.HTTPRedirectHandler):
    """The key goes to no other address."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


class Api:
    """The REST interface of one dashboard, with an API key of scope `read`."""

    def __init__(self, url: str | None, key: str | None) -> None:
        address = url or os.environ.get("RONDO_URL") or "http://127.0.0.1:8000"
        self.url = address.rstrip("/")
        if urlsplit(self.url).scheme not in ("http", "https"):
            raise ReadError("the address must begin with http:// or https://")
        self.key = key or os.environ.get("RONDO_API_KEY") or ""
        if not self.key:
            raise ReadError("a key is missing: pass key=, or set RONDO_API_KEY to an API key with the scope read")
        self._opener = urllib.request.build_opener(NoRedirect())

    def get(self, path: str, query: Query | None = None) -> Any:
        """Return the JSON at a path."""
        with self._open(path, query) as answer:
            return json.load(answer)

    def get_bytes(self, path: str, query: Query | None = None) -> bytes:
        """Return the bytes at a path."""
        with self._open(path, query) as answer:
            content: bytes = answer.read()
            return content

    def download(self, path: str, query: Query | None, target: BinaryIO) -> None:
        """Write the content at a path into a file, in parts of 1 MiB."""
        with self._open(path, query) as answer:
            while chunk := answer.read(_CHUNK_BYTES):
                target.write(chunk)

    def pages(self, path: str, query: Query, limit: int) -> Iterator[Mapping[str, Any]]:
        """Yield the items of a list, page by page, by cursor where the list has one."""
        position: dict[str, object] = {}
        seen = 0
        while True:
            page = self.get(path, {**query, **position, "limit": limit})
            items = cast("Sequence[Mapping[str, Any]]", page["items"])
            yield from items
            seen += len(items)
            following = page.get("next")
            if following is not None:
                position = {"cursor": following}
            elif "next" not in page and items and seen < page["total"]:
                position = {"offset": seen}
            else:
                return

    def _open(self, path: str, query: Query | None) -> Any:
        request = urllib.request.Request(
            f"{self.url}{path}{_query_text(query)}",
            headers={"Authorization": f"Bearer {self.key}", "Accept-Encoding": "identity"},
        )
        for attempt in range(_TRIES):
            is_last = attempt == _TRIES - 1
            try:
                return self._opener.open(request, timeout=_TIMEOUT_S)
            except urllib.error.HTTPError as error:
                with error:
                    if is_last or error.code not in (429, 502, 503, 504):
                        raise ReadError(refusal(error, path), error.code) from None
            except (urllib.error.URLError, OSError) as error:
                if is_last:
                    reason = getattr(error, "reason", error)
                    raise ReadError(f"the dashboard at {self.url} does not answer: {reason}") from None
            time.sleep(0.5 * 2**attempt)
        raise AssertionError("the last attempt returns or raises")


def path_of(*parts: str | int) -> str:
    """Join parts of an address, each escaped."""
    return "/" + "/".join(quote(str(part), safe="") for part in parts)


def _query_text(query: Query | None) -> str:
    pairs: list[tuple[str, str]] = []
    for name, value in (query or {}).items():
        values = value if isinstance(value, (list, tuple)) else [value]
        pairs += [(name, _text(each)) for each in values if each is not None]
    return f"?{urlencode(pairs)}" if pairs else ""


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def refusal(error: urllib.error.HTTPError, path: str, *, is_by_key: bool = True) -> str:
    """Return what the server said, and what to do."""
    try:
        detail = json.loads(error.read(65_536)).get("detail")
    except (ValueError, AttributeError, OSError):
        detail = None
    hint = "; use an API key with the scope read" if is_by_key and error.code in (401, 403) else ""
    return f"{path}: HTTP {error.code}: {detail or error.reason}{hint}"
