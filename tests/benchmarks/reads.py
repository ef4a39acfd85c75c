"""How many small Graph reads one emulator process answers a second, beside a bare ASGI echo.

Server and client have a core each; the two servers take turns, so that what else the machine does falls on both. The
emulator's figure is for whole requests: TLS, routing, token, one transaction with its row in the list of requests.
"""

from __future__ import annotations

import asyncio
import json
import os
import ssl
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

ROUNDS = 7
CALLS = 3000
CONNECTIONS = 8
SERVER_CORE, CLIENT_CORE = 0, 1


class _Served:
    """A running server process and what to ask it."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self._stdin, self._stdout = process.stdin, process.stdout
        self._described: dict[str, Any] = json.loads(self._stdout.readline())
        self.port = int(self._described["port"])
        self.context = ssl.create_default_context(cafile=self._described["ca"])
        self.request = (
            f"GET {self._described['path']} HTTP/1.1\r\nHost: graph.microsoft.com\r\nAccept: application/json\r\n"
            f"Authorization: Bearer {self._described['token']}\r\nUser-Agent: bench\r\n\r\n"
        ).encode()

    def processor_s(self) -> float:
        """CPU seconds the server has used."""
        print(file=self._stdin, flush=True)
        return float(self._stdout.readline())


def measure() -> dict[str, Any]:
    """{"emulator", "bareEcho": {"callsPerS", "callsPerCpuS"}, "ratio"}: medians of the rounds, ratio by CPU time."""
    everywhere = os.sched_getaffinity(0) if hasattr(os, "sched_setaffinity") else set()
    cores = sorted(everywhere)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="provisioner-reads-")))
        servers = {kind: stack.enter_context(_serving(kind, folder / kind, cores)) for kind in ("emulator", "echo")}
        if len(cores) > 1:
            os.sched_setaffinity(0, {cores[CLIENT_CORE]})
            stack.callback(os.sched_setaffinity, 0, everywhere)
        rates: dict[str, list[tuple[float, float]]] = {kind: [] for kind in servers}
        for _ in range(ROUNDS + 1):  # the first warms up
            for kind, server in servers.items():
                rates[kind].append(_round(server))
    found = {kind: _medians(pairs[1:]) for kind, pairs in rates.items()}
    ratio = found["emulator"]["callsPerCpuS"] / found["echo"]["callsPerCpuS"]
    return {"emulator": found["emulator"], "bareEcho": found["echo"], "ratio": round(ratio, 3)}


@contextmanager
def _serving(kind: str, folder: Path, cores: list[int]) -> Iterator[_Served]:
    folder.mkdir()
    core = cores[SERVER_CORE] if cores else 0
    command = [sys.executable, "-m", "tests.benchmarks.serving", kind, str(folder), str(core)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        yield _Served(process)
    finally:
        process.kill()
        process.communicate()


def _round(server: _Served) -> tuple[float, float]:
    """(calls a second by the clock, calls a CPU second of the server)."""
    before, started = server.processor_s(), time.perf_counter()
    asyncio.run(_calls(server))
    wall, processor = time.perf_counter() - started, server.processor_s() - before
    return CALLS / wall, CALLS / processor


def _medians(pairs: list[tuple[float, float]]) -> dict[str, float]:
    walls, processors = zip(*pairs, strict=True)
    return {
        "callsPerS": round(statistics.median(walls)),
        "bestCallsPerS": round(max(walls)),
        "callsPerCpuS": round(statistics.median(processors)),
    }


async def _calls(server: _Served) -> None:
    await asyncio.gather(*(_connection(server, CALLS // CONNECTIONS) for _ in range(CONNECTIONS)))


async def _connection(server: _Served, calls: int) -> None:
    """Calls one after the other on one kept connection. A bare socket: no client library may be the bottleneck."""
    reader, writer = await asyncio.open_connection(
        "127.0.0.1", server.port, ssl=server.context, server_hostname="graph.microsoft.com"
    )
    for _ in range(calls):
        writer.write(server.request)
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        assert head.startswith(b"http/1.1 200 "), head
        await reader.readexactly(int(head.partition(b"content-length: ")[2].partition(b"\r\n")[0]))
    writer.close()


if __name__ == "__main__":
    print(json.dumps(measure(), indent=2))
