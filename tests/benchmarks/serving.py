"""A server for the read benchmark: the emulator or, for comparison, a bare ASGI echo under the same uvicorn and TLS.

Run as a process of its own: `python -m tests.benchmarks.serving emulator|echo FOLDER CORE`. Prints one JSON line
{"port", "ca", "path", "token"}; then answers each line on its standard input with the CPU seconds it has used; ends
with its input.
"""

from __future__ import annotations

import asyncio
import json
import os
import socket
import sys
import threading
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import uvicorn

from provisioner.emulator import dispatch, server, tls
from provisioner.emulator.seed.directory import CONTOSO, RUNNER_SECRET
from provisioner.emulator.store import Store

_GRAPH = "https://graph.microsoft.com"
_ECHOED = b'{"@odata.context":"https://graph.microsoft.com/v1.0/$metadata#applications(id,displayName)/$entity"}'


def main(kind: str, folder: Path, core: int) -> None:
    if hasattr(os, "sched_setaffinity"):  # Linux only; elsewhere the numbers are as good as the machine is idle
        os.sched_setaffinity(0, {core})
    described = _emulator(folder) if kind == "emulator" else _echo(folder)
    print(json.dumps(described), flush=True)
    for _ in sys.stdin:
        print(time.process_time(), flush=True)


def _emulator(folder: Path) -> dict[str, Any]:
    served = server.Emulator(folder)
    served.start()
    description = served.description()
    store = Store(folder)
    form = {
        "grant_type": "client_credentials",
        "client_id": CONTOSO.runner.client_id,
        "client_secret": RUNNER_SECRET,
        "scope": f"{_GRAPH}/.default",
    }
    url = f"https://login.microsoftonline.com/{CONTOSO.id}/oauth2/v2.0/token"
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    token = dispatch.handle(store, "POST", url, headers, urlencode(form).encode()).body["access_token"]
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    body = json.dumps({"displayName": "read often"}).encode()
    made = dispatch.handle(store, "POST", f"{_GRAPH}/v1.0/applications", headers, body).body
    store.close()
    port = int(description["address"].rpartition(":")[2])
    path = f"/v1.0/applications(appId='{made['appId']}')?$select=id,displayName"
    return {"port": port, "ca": description["ca"], "path": path, "token": token}


async def _answer(scope: Any, receive: Any, send: Any) -> None:
    """Reads the request and answers as many bytes as the emulator does, with as many headers."""
    assert scope["type"] == "http"
    await receive()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(_ECHOED)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": _ECHOED})


def _echo(folder: Path) -> dict[str, Any]:
    ca, leaf = tls.certificate_files(folder)
    listener = socket.create_server(("127.0.0.1", 0))
    config = server.configuration(_answer, tls.server_context(leaf, lambda _name: True))
    started = uvicorn.Server(config)

    def run() -> None:
        with asyncio.Runner(loop_factory=config.get_loop_factory()) as runner:
            runner.run(started.serve(sockets=[listener]))

    threading.Thread(target=run, daemon=True).start()
    while not started.started:
        time.sleep(0.01)
    return {"port": listener.getsockname()[1], "ca": str(ca), "path": "/", "token": "none"}


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]))
