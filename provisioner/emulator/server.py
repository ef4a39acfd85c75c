"""The listener: TLS on a loopback port, raw ASGI under uvicorn, and the CONNECT proxy beside it, in one thread.

Handlers run on the event loop: each is a few SQLite reads and at most one RSA operation, and one transaction at a time
is all SQLite gives anyway.
"""

from __future__ import annotations

import asyncio
import json
import os
import socket
import string
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import uvicorn
from filelock import FileLock
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from . import clouds, control, proxy, seed, tls
from .dispatch import handle
from .faults import Disturbed
from .kernel import Reply
from .key_vault.rules import resolves
from .note import Control, Note, folder_note, user_note, write_note
from .store import Store

if TYPE_CHECKING:
    import ssl

    from uvicorn._types import ASGI3Application, ASGIReceiveCallable, ASGISendCallable, Scope

MAX_BODY = 8 * 1024 * 1024
_TRANSPORT = "provisioner.transport"


class Emulator:
    """A cloud served from a state folder. Any number may serve one folder, in one process or several."""

    def __init__(self, folder: Path, port: int = 0) -> None:
        self.folder = folder.resolve()
        self._port = port
        self._store = Store(self.folder)
        self._ready = threading.Event()
        self._failure: BaseException | None = None
        self._stopping = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._lock: FileLock | None = None
        self.note: Note | None = None

    def start(self) -> None:
        """Serve in a thread; returns when requests are answered. Raises OSError when the port is taken."""
        ca, leaf = tls.certificate_files(self.folder)
        listener, proxy_listener = _listen(self._port), _listen(0)
        self.note = self._endpoint(ca, listener.getsockname()[1], proxy_listener.getsockname()[1])
        self._lock = FileLock(self.note.lock, timeout=5)  # somebody may be asking just now whether it is held
        self._lock.acquire()
        self._thread = threading.Thread(
            target=self._run, args=(leaf, listener, proxy_listener), name="emulator", daemon=True
        )
        self._thread.start()
        self._ready.wait()
        if self._failure is not None:
            raise RuntimeError("the emulator did not start") from self._failure

    def announce(self) -> None:
        """Leave the note in the user's state folder, for commands that were not told where the emulator is."""
        assert self.note is not None, "announce() comes after start()"
        write_note(self.note, user_note())

    def stop(self) -> None:
        """Stop serving. State and note stay; the lock is let go, so the note counts as stale."""
        if self._thread is not None and self._loop is not None and self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._stopping.set)
            self._thread.join()
        if self._lock is not None:
            self._lock.release()
            Path(self._lock.lock_file).unlink(missing_ok=True)
        self._store.close()

    def wait(self) -> None:
        """Block until the server ends."""
        if self._thread is not None:
            self._thread.join()

    def description(self) -> dict[str, Any]:
        """The JSON object of `emulator start --json`."""
        assert self.note is not None, "a description names the port: start() first"
        with self._store.transaction() as tx:
            found = control.description(tx)
        return found | _public(self.note)

    def _endpoint(self, ca: Path, port: int, proxy_port: int) -> Note:
        with self._store.transaction() as tx:
            seed.plant(tx)
            url = f"https://localhost:{port}/control/"
            note = Note(
                address=f"127.0.0.1:{port}",
                proxy=f"http://127.0.0.1:{proxy_port}",
                pid=os.getpid(),
                ca=str(ca),
                state=str(self.folder),
                lock=str(self.folder / f"serving-{port}.lock"),
                control=Control(url, control.token(tx)),
            )
            tx.set_meta("endpoint", json.dumps(_public(note)))
        return note

    def _run(self, leaf: Path, listener: socket.socket, proxy_listener: socket.socket) -> None:
        try:
            config = configuration(self._application, tls.server_context(leaf, self._has_name))
            with asyncio.Runner(loop_factory=config.get_loop_factory()) as runner:
                runner.run(self._serve(config, listener, proxy_listener))
        except BaseException as error:  # noqa: BLE001  start() raises it in the caller's thread
            self._failure = error
        finally:
            self._store.close()
            self._ready.set()

    async def _serve(self, config: uvicorn.Config, listener: socket.socket, proxy_listener: socket.socket) -> None:
        port = listener.getsockname()[1]
        self._loop = asyncio.get_running_loop()
        server = uvicorn.Server(config)
        side = proxy.Proxy(port)
        await side.start(proxy_listener)
        main = asyncio.create_task(server.serve(sockets=[listener]))
        while not (server.started or main.done()):  # noqa: ASYNC110  uvicorn tells it has started by a flag only
            await asyncio.sleep(0.002)
        assert self.note is not None, "start() made it"
        write_note(self.note, folder_note(self.folder))
        self._ready.set()
        stopping = asyncio.create_task(self._stopping.wait())
        await asyncio.wait({main, stopping}, return_when=asyncio.FIRST_COMPLETED)
        await side.close()
        server.should_exit = True
        await main
        stopping.cancel()

    def _has_name(self, host: str) -> bool:
        """A vault's name exists only with its vault; to a client the refused connection is a name without address."""
        found = clouds.locate(host)
        if found is None or found[0] != "key_vault":
            return True
        with self._store.transaction() as tx:
            return resolves(tx, host)

    async def _application(self, scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        assert scope["type"] == "http", "lifespan and websockets are off"
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        try:
            body = await _body(receive)
        except _HungUpError:
            return
        if len(body) > MAX_BODY:
            reply = Reply(413, {"error": {"code": "RequestEntityTooLarge", "message": "The request is too large."}})
        else:
            path = scope["raw_path"].decode("latin-1") if scope.get("raw_path") else scope["path"]
            url = f"https://{headers.get('host', '')}{path}?{scope['query_string'].decode('latin-1')}"
            reply = handle(self._store, scope["method"], url, headers, body)
        if isinstance(reply, Disturbed):
            transport: asyncio.Transport = (scope["extensions"] or {})[_TRANSPORT]  # type: ignore[assignment]  # ours
            await _send_disturbed(transport, receive, send, reply)
        else:
            await _send(send, reply)


def configuration(application: ASGI3Application, context: ssl.SSLContext) -> uvicorn.Config:
    """How the listener runs an ASGI application; the benchmark runs a bare one the same way."""
    config = uvicorn.Config(
        application,
        http=_Protocol,
        interface="asgi3",
        proxy_headers=False,
        loop="auto",
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=1,
    )
    config.load()
    config.ssl = context
    return config


class _Protocol(HttpToolsProtocol):
    """uvicorn's protocol, with the connection in the scope so that a fault can cut it."""

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.scope["extensions"] = {_TRANSPORT: self.transport}  # type: ignore[dict-item]  # an extension of ours


class _HungUpError(Exception):
    """The client went away in the middle of its request."""


async def _body(receive: ASGIReceiveCallable) -> bytes:
    """The request's body, at most one chunk more of it than any service takes. Raises _HungUpError."""
    chunks: list[bytes] = []
    size = 0
    while size <= MAX_BODY:
        message = await receive()
        if message["type"] != "http.request":
            raise _HungUpError
        chunks.append(message["body"])
        size += len(message["body"])
        if not message.get("more_body"):
            break
    return b"".join(chunks)


async def _send(send: ASGISendCallable, reply: Reply) -> None:
    body, content_type = reply.encoded()
    await _send_bytes(send, reply, content_type, body, announced=len(body))


async def _send_disturbed(
    transport: asyncio.Transport, receive: ASGIReceiveCallable, send: ASGISendCallable, reply: Disturbed
) -> None:
    await asyncio.sleep(reply.delay_s)
    body, content_type = reply.encoded()
    half = body[: len(body) // 2]
    if reply.lost is None:
        await _send(send, reply)
    elif reply.lost == "short":
        await _send_bytes(send, reply, content_type, half, announced=len(half))
    elif reply.lost == "cut":
        await _send_bytes(send, reply, content_type, half, announced=len(body), more_body=True)
        transport.close()  # what was written goes out first
        await _gone(receive)
    else:
        if reply.lost == "reset":
            transport.abort()
        await _gone(receive)


def _header_value(value: str) -> bytes:
    """Headers that repeat what a client sent must neither break the connection nor let it write headers of its own."""
    return quote(value, safe=string.printable[:95], encoding="latin-1", errors="replace").encode()


async def _gone(receive: ASGIReceiveCallable) -> None:
    """Until the connection has ended: uvicorn takes it amiss when an application leaves an open one unanswered."""
    while (await receive())["type"] != "http.disconnect":
        pass


async def _send_bytes(
    send: ASGISendCallable,
    reply: Reply,
    content_type: str | None,
    body: bytes,
    *,
    announced: int,
    more_body: bool = False,
) -> None:
    names = {name.lower() for name in reply.headers}
    headers = [(name.encode("latin-1"), _header_value(value)) for name, value in reply.headers.items()]
    if content_type and "content-type" not in names:
        headers.append((b"content-type", content_type.encode()))
    if reply.status not in (204, 304):
        headers.append((b"content-length", str(announced).encode()))
    await send({"type": "http.response.start", "status": reply.status, "headers": headers, "trailers": False})
    await send({"type": "http.response.body", "body": body, "more_body": more_body})


def _listen(port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(("127.0.0.1", port))
    except OSError:
        listener.close()
        raise
    return listener


def _public(note: Note) -> dict[str, Any]:
    return {
        "address": note.address,
        "proxy": note.proxy,
        "ca": note.ca,
        "state": note.state,
        "control": {"url": note.control.url, "token": note.control.token},
    }
