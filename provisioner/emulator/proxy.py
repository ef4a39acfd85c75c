"""A CONNECT proxy on the loopback: the emulated host names go to the TLS listener, everything else is refused.

For what cannot be redirected below TLS: curl, az, a browser. Nothing leaves the machine through it.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket

from . import clouds

_OPEN = b"HTTP/1.1 200 Connection established\r\n\r\n"
_CHUNK = 64 * 1024


class Proxy:
    """The running proxy."""

    def __init__(self, target_port: int) -> None:
        self._target_port = target_port
        self._tunnels: dict[asyncio.StreamWriter, asyncio.Task[None] | None] = {}
        self._server: asyncio.Server | None = None

    async def start(self, listener: socket.socket) -> None:
        self._server = await asyncio.start_server(self._accept, sock=listener)

    async def close(self) -> None:
        """Stop accepting, cut the open tunnels, and wait until they are gone."""
        if self._server is not None:
            self._server.close()
        for writer in self._tunnels:
            writer.transport.abort()
        await asyncio.gather(*(task for task in self._tunnels.values() if task is not None))

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._tunnels[writer] = asyncio.current_task()
        with contextlib.suppress(ConnectionError):  # either side may hang up at any time
            await _tunnel(reader, writer, self._target_port)
        writer.close()
        del self._tunnels[writer]


async def _tunnel(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, target_port: int) -> None:
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except (asyncio.IncompleteReadError, asyncio.LimitOverrunError):
        return await _refuse(writer, "400 Bad Request", "This is not an HTTP request.")
    words = head.split(b"\r\n", 1)[0].decode("ascii", "replace").split()
    if len(words) != 3 or words[0] != "CONNECT":
        return await _refuse(writer, "400 Bad Request", "This proxy takes CONNECT only: the emulator speaks HTTPS.")
    host, _, port = words[1].rpartition(":")
    if port not in ("443", str(target_port)) or clouds.locate(host) is None:
        text = "The emulator has no such host and port, and nothing leaves this machine through its proxy."
        return await _refuse(writer, "403 Forbidden", text)
    far_reader, far_writer = await asyncio.open_connection("127.0.0.1", target_port)
    writer.write(_OPEN)
    await writer.drain()
    await asyncio.gather(_copy(reader, far_writer), _copy(far_reader, writer))
    return None


async def _refuse(writer: asyncio.StreamWriter, status: str, text: str) -> None:
    head = f"HTTP/1.1 {status}\r\nContent-Type: text/plain\r\nContent-Length: {len(text)}\r\nConnection: close\r\n\r\n"
    writer.write((head + text).encode("ascii"))
    await writer.drain()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Carry bytes one way; when this side ends the other is closed too (TLS knows no half-open connections)."""
    with contextlib.suppress(ConnectionError):
        while chunk := await reader.read(_CHUNK):
            writer.write(chunk)
            await writer.drain()
    writer.close()
