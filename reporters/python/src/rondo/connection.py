"""One kept-open HTTP connection, directly or through the proxy that the environment names."""

from __future__ import annotations

import base64
import http.client
import io
import socket
import ssl
import time
import urllib.request
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple, cast
from urllib.parse import SplitResult, unquote, urlsplit

# The details of a batch in which every event is refused are about 1 MiB.
_MAX_ANSWER_BYTES = 16 * 1024 * 1024


class Response(NamedTuple):
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode("utf-8", "replace")


class Connection:
    """To one server. Redirects are not followed, so the key goes nowhere else. [R16]

    Requests come from one thread; `abort` may be called from any.
    """

    def __init__(self, url: str, headers: Mapping[str, str]) -> None:
        self._url = url
        self._headers = dict(headers)
        self._connection: http.client.HTTPConnection | None = None
        self._prefix = ""
        self._proxy_headers: Mapping[str, str] = {}
        self._is_aborted = False

    def request(
        self,
        method: str,
        path: str,
        body: bytes | Iterable[bytes] | None = None,
        headers: Mapping[str, str] | None = None,
        timeout_s: float = 10.0,
    ) -> Response:
        """One request and its whole answer within the time; raises `OSError` or `HTTPException` if none came."""
        deadline = time.monotonic() + timeout_s
        was_open = self._connection is not None
        try:
            return self._attempt(method, path, body, headers or {}, deadline)
        except (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError):
            # The server may have closed an idle connection just now; nothing was answered on this one.
            if not was_open or self._is_aborted or not isinstance(body, (bytes, type(None))):
                raise
            return self._attempt(method, path, body, headers or {}, deadline)

    def close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def abort(self) -> None:
        """Ends a request that another thread waits for, and refuses the next."""
        self._is_aborted = True
        connection = self._connection
        opened = getattr(connection, "sock", None)
        if opened is not None:
            try:
                opened.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass  # It has ended by itself.

    def _attempt(
        self, method: str, path: str, body: bytes | Iterable[bytes] | None, headers: Mapping[str, str], deadline: float
    ) -> Response:
        try:
            connection = self._connection or self._open(deadline)
            if self._is_aborted:
                raise ConnectionAbortedError("the reporter is closed")
            cast(_Timed, connection.sock).deadline = deadline
            is_whole = True
            try:
                connection.request(
                    method, self._prefix + path, body, {**self._proxy_headers, **self._headers, **headers}
                )
            except (BrokenPipeError, ConnectionResetError):
                # A proxy may answer that a body is too large, and close, before it has the whole of it.
                if isinstance(body, (bytes, type(None))):
                    raise
                is_whole = False
            response = connection.getresponse()
            content = _read(response)
            if response.will_close or not is_whole:
                self.close()
            return Response(response.status, {k.lower(): v for k, v in response.getheaders()}, content)
        except TimeoutError as error:
            self.close()
            raise TimeoutError("no answer in time") from error
        except BaseException:
            self.close()
            raise

    def _open(self, deadline: float) -> http.client.HTTPConnection:
        parts = urlsplit(self._url.strip())
        if parts.scheme.lower() not in ("http", "https") or not parts.hostname:
            raise OSError("the address is not valid")
        connection, self._prefix, self._proxy_headers = _connect_to(parts, max(0.001, deadline - time.monotonic()))
        self._connection = connection
        connection.connect()
        # A batch is written at once; the acknowledgement of its header must not be waited for.
        connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.sock = _Timed(connection.sock)
        return connection


def proxy_for(parts: SplitResult) -> str | None:
    """The proxy that `HTTP_PROXY`, `HTTPS_PROXY` and `NO_PROXY` name for an address."""
    host = parts.hostname or ""
    if urllib.request.proxy_bypass(host):
        return None
    return urllib.request.getproxies().get(parts.scheme.lower())


def split_proxy(proxy: str) -> tuple[SplitResult, str, int]:
    """Return a proxy's address, host and port; raise `OSError` that does not show a password. [R16]"""
    try:
        via = urlsplit(proxy if "://" in proxy else f"http://{proxy}")
        host, port = via.hostname, via.port or 80
    except ValueError:
        host = None
    if not host:
        raise OSError("the proxy address in HTTP_PROXY or HTTPS_PROXY is not valid; check its port") from None
    return via, host, port


def _connect_to(parts: SplitResult, timeout_s: float) -> tuple[http.client.HTTPConnection, str, Mapping[str, str]]:
    host, path = parts.hostname or "", parts.path.rstrip("/")
    is_secure = parts.scheme.lower() == "https"
    port = parts.port or (443 if is_secure else 80)
    proxy = proxy_for(parts)
    if proxy is None:
        if is_secure:
            return http.client.HTTPSConnection(host, port, timeout=timeout_s, context=ssl_context()), path, {}
        return http.client.HTTPConnection(host, port, timeout=timeout_s), path, {}
    via, via_host, via_port = split_proxy(proxy)
    if not is_secure:
        connection = http.client.HTTPConnection(via_host, via_port, timeout=timeout_s)
        named = f"[{host}]" if ":" in host else host
        return connection, f"http://{named}:{port}{path}", _proxy_headers(via)
    secure = http.client.HTTPSConnection(via_host, via_port, timeout=timeout_s, context=ssl_context())
    secure.set_tunnel(host, port, _proxy_headers(via))
    return secure, path, {}


def _proxy_headers(via: SplitResult) -> dict[str, str]:
    if not via.username:
        return {}
    user = f"{unquote(via.username)}:{unquote(via.password or '')}"
    return {"Proxy-Authorization": f"Basic {base64.b64encode(user.encode()).decode()}"}


_context: ssl.SSLContext | None = None


def ssl_context() -> ssl.SSLContext:
    """Loads the machine's certificates once: it takes tens of milliseconds."""
    global _context
    if _context is None:
        _context = ssl.create_default_context()
    return _context


def _read(response: http.client.HTTPResponse) -> bytes:
    chunks: list[bytes] = []
    size = 0
    while chunk := response.read(65_536):
        size += len(chunk)
        if size > _MAX_ANSWER_BYTES:
            raise http.client.HTTPException("the answer is too long to be ours")
        chunks.append(chunk)
    if response.length:
        raise http.client.IncompleteRead(b"".join(chunks), response.length)
    return b"".join(chunks)


class _Timed:
    """A socket with one deadline for all that is sent and received.

    A socket timeout applies to each read: a server that sends a byte per second would hold the connection open.
    """

    def __init__(self, opened: socket.socket) -> None:
        self._opened = opened
        self.deadline = float("inf")

    def sendall(self, data: bytes) -> None:
        self.limit()
        self._opened.sendall(data)

    def makefile(self, *_: object) -> io.BufferedReader:
        return io.BufferedReader(_TimedReads(self, self._opened.makefile("rb", buffering=0)))

    def shutdown(self, how: int) -> None:
        self._opened.shutdown(how)

    def close(self) -> None:
        self._opened.close()

    def limit(self) -> None:
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        self._opened.settimeout(left)


class _TimedReads(io.RawIOBase):
    def __init__(self, timed: _Timed, raw: socket.SocketIO) -> None:
        self._timed = timed
        self._raw = raw

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        self._timed.limit()
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()
