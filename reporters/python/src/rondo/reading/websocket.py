"""As much of a WebSocket client as reading needs (RFC 6455): text from the server, `ping` from us."""

from __future__ import annotations

import base64
import hashlib
import os
import socket
import ssl
import struct
from urllib.parse import urlsplit

_GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
#: A snapshot of 100,000 clients is about 60 MB.
_MAX_MESSAGE_BYTES = 256 * 1024 * 1024
_MAX_HEADER_BYTES = 64 * 1024

_TEXT, _CLOSE, _PING, _PONG = 1, 8, 9, 10


class Closed(Exception):
    """The server ended the connection.

    Attributes
    ----------
    code : int
        The close code of the protocol's SPEC; 1006 when the connection broke.
    """

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(f"closed with {code}: {reason}")
        self.code = code
        self.reason = reason


class WebSocket:
    """One connection. Not for several threads."""

    def __init__(self, url: str, key: str, timeout_s: float) -> None:
        """Connect and shake hands; raises OSError or `Closed`."""
        parts = urlsplit(url)
        is_secure = parts.scheme == "https"
        host = parts.hostname or ""
        port = parts.port or (443 if is_secure else 80)
        connection: socket.socket = socket.create_connection((host, port), timeout_s)
        if is_secure:
            connection = ssl.create_default_context().wrap_socket(connection, server_hostname=host)
        self._socket = connection
        self._buffer = b""
        nonce = base64.b64encode(os.urandom(16)).decode()
        target = parts.path + (f"?{parts.query}" if parts.query else "")
        self._socket.sendall(
            (
                f"GET {target} HTTP/1.1\r\nHost: {parts.netloc.rpartition('@')[2]}\r\nUpgrade: websocket\r\n"
                f"Connection: Upgrade\r\nSec-WebSocket-Key: {nonce}\r\nSec-WebSocket-Version: 13\r\n"
                f"Authorization: Bearer {key}\r\n\r\n"
            ).encode()
        )
        head = self._until(b"\r\n\r\n").decode("latin-1")
        accepted = base64.b64encode(hashlib.sha1((nonce + _GUID).encode()).digest()).decode()
        status = head.split(" ", 2)[1:2]
        if status != ["101"] or accepted not in head:
            self.close()
            raise Closed(1006, f"the server answered HTTP {' '.join(status)} instead of opening a socket")

    def receive(self) -> str:
        """Return the next text message; raises `Closed`, or TimeoutError after the timeout of the connection."""
        parts: list[bytes] = []
        while True:
            first, second = self._exactly(2)
            length = second & 0x7F
            if length == 126:
                (length,) = struct.unpack(">H", self._exactly(2))
            elif length == 127:
                (length,) = struct.unpack(">Q", self._exactly(8))
            if length + sum(map(len, parts)) > _MAX_MESSAGE_BYTES:
                raise Closed(1009, "a message is larger than 256 MiB")
            payload = self._exactly(length)
            opcode = first & 0x0F
            if opcode == _CLOSE:
                code = struct.unpack(">H", payload[:2])[0] if len(payload) >= 2 else 1005
                raise Closed(code, payload[2:].decode("utf-8", "replace"))
            if opcode == _PING:
                self._send(_PONG, payload)
            elif opcode != _PONG:
                parts.append(payload)
                if first & 0x80:
                    return b"".join(parts).decode()

    def send(self, text: str) -> None:
        """Send a text message."""
        self._send(_TEXT, text.encode())

    def close(self) -> None:
        """Close the connection without waiting for the server."""
        self._socket.close()

    def _send(self, opcode: int, payload: bytes) -> None:
        if len(payload) > 125:
            raise ValueError("a reader sends short messages only")
        mask = os.urandom(4)
        masked = bytes(byte ^ mask[at % 4] for at, byte in enumerate(payload))
        self._socket.sendall(bytes([0x80 | opcode, 0x80 | len(payload)]) + mask + masked)

    def _until(self, end: bytes) -> bytes:
        while end not in self._buffer:
            if len(self._buffer) > _MAX_HEADER_BYTES:
                raise Closed(1006, "the answer to the handshake is too long")
            self._fill()
        head, _, self._buffer = self._buffer.partition(end)
        return head

    def _exactly(self, count: int) -> bytes:
        chunks = [self._buffer[:count]]
        missing = count - len(chunks[0])
        self._buffer = self._buffer[count:]
        while missing > 0:
            chunk = self._socket.recv(min(missing, 1 << 20))
            if not chunk:
                raise Closed(1006, "the connection broke")
            chunks.append(chunk)
            missing -= len(chunk)
        return b"".join(chunks)

    def _fill(self) -> None:
        chunk = self._socket.recv(65_536)
        if not chunk:
            raise Closed(1006, "the connection broke")
        self._buffer += chunk
