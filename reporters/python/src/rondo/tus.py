"""A small tus 1.0 client: one upload, in parts, resumed where the server says. [R28]"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Protocol
from urllib.parse import urlsplit

from .connection import Response

PART_BYTES = 8 * 1024 * 1024
# A smaller bound than this lets nothing else of Rondo pass either.
LEAST_PART_BYTES = 64 * 1024
_BLOCK_BYTES = 256 * 1024
# A part over a slow line; that nothing moves at all is noticed by the socket.
_PART_TIMEOUT_S = 300.0
_TIMEOUT_S = 30.0
_VERSION = {"tus-resumable": "1.0.0"}


class Source(Protocol):
    """The content to upload: any part of it, as often as requested."""

    def blocks(self, start: int, size: int, block: int) -> Iterator[bytes]: ...


class Refused(Exception):
    """The server answered, and not with yes."""

    def __init__(self, response: Response) -> None:
        super().__init__(f"HTTP {response.status}: {response.text[:300]}")
        self.response = response


class PartTooLarge(Refused):
    """A bound for request bodies between here and the server, such as that of a proxy, does not let a part pass."""


class Request(Protocol):
    def __call__(
        self,
        method: str,
        path: str,
        body: bytes | Iterable[bytes] | None = None,
        headers: Mapping[str, str] | None = None,
        timeout_s: float = 10.0,
    ) -> Response: ...


def metadata_of(entries: Mapping[str, str]) -> str:
    return ",".join(f"{key} {base64.b64encode(value.encode()).decode()}" for key, value in entries.items())


class TusUpload:
    """Raises `Refused`, `OSError` or `HTTPException`; the caller decides whether to retry."""

    def __init__(
        self, request: Request, size: int, metadata: Mapping[str, str], on_progress: Callable[[int], None]
    ) -> None:
        self._request = request
        self._size = size
        self._metadata = metadata
        self._on_progress = on_progress
        self._path: str | None = None
        self.offset = 0
        self.part_bytes = PART_BYTES

    @property
    def is_done(self) -> bool:
        return self._path is not None and self.offset >= self._size

    @property
    def next_bytes(self) -> int:
        """The size of the next part."""
        return min(self.part_bytes, self._size - self.offset)

    def halve_part(self) -> bool:
        """Send smaller parts from now on; return whether that is possible."""
        if self.next_bytes <= LEAST_PART_BYTES:
            return False
        self.part_bytes = max(LEAST_PART_BYTES, self.next_bytes // 2)
        return True

    def begin(self) -> None:
        """Creates the upload, or asks how far it has come."""
        if self._path is None:
            self._create()
            return
        response = self._request("HEAD", self._path, None, _VERSION, _TIMEOUT_S)
        if response.status in (404, 410):
            self._path = None
            self._create()
            return
        _require(response, 200, 204)
        self.offset = int(response.headers.get("upload-offset", "0"))

    def send_part(self, source: Source) -> None:
        if self._path is None:
            raise AssertionError("begin first")
        size = self.next_bytes
        headers = {
            **_VERSION,
            "upload-offset": str(self.offset),
            "content-type": "application/offset+octet-stream",
            "content-length": str(size),
        }
        body = self._watched(source.blocks(self.offset, size, _BLOCK_BYTES))
        response = self._request("PATCH", self._path, body, headers, _PART_TIMEOUT_S)
        if response.status == 413:
            raise PartTooLarge(response)
        _require(response, 204, 200)
        self.offset = int(response.headers.get("upload-offset", str(self.offset + size)))

    def cancel(self) -> None:
        if self._path is not None:
            self._request("DELETE", self._path, None, _VERSION, _TIMEOUT_S)
            self._path = None

    def _create(self) -> None:
        headers = {
            **_VERSION,
            "upload-length": str(self._size),
            "upload-metadata": metadata_of(self._metadata),
            "content-length": "0",
        }
        response = self._request("POST", "/api/uploads", b"", headers, _TIMEOUT_S)
        _require(response, 201, 200)
        # Only its path: the server may know itself by another name than the one that leads to it.
        self._path = _path_in(response.headers.get("location", "")) or None
        self.offset = int(response.headers.get("upload-offset", "0"))
        if self._path is None:
            raise Refused(response)

    def _watched(self, blocks: Iterator[bytes]) -> Iterator[bytes]:
        for block in blocks:
            self._on_progress(len(block))
            yield block


def _path_in(location: str) -> str:
    """The path from `/api/uploads/` on: what is before it belongs to the address that leads here."""
    path = urlsplit(location).path
    return path[max(0, path.find("/api/uploads/")) :]


def _require(response: Response, *statuses: int) -> None:
    if response.status not in statuses:
        raise Refused(response)
