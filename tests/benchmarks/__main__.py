"""`make bench`: how far the program is from the floor, measured in one run, as JSON (design section 12).

Also how many small reads a second the emulator answers (reads.py).

Never a test with a time limit: machines differ, and the ratios are what counts.
"""

from __future__ import annotations

import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from provisioner.emulator.seed.directory import CONTOSO, RUNNER_SECRET
from tests.benchmarks import reads
from tests.rehearsal import Cloud, served

ROOT = Path(__file__).parents[2]
PROGRAM = str(Path(sys.executable).with_name("provisioner"))
SPEC = "configs/emulator.yaml"
RUNS = 5
ADDED_MS = 50
SLOWED = ("entra.*", "graph.batch", "arm.*", "key_vault.*")  # a part of a $batch is no response of its own
FIRST_ROUND = ("graph.batch", "arm.vaults.get")


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="provisioner-bench-") as folder, served(Path(folder)) as cloud:
        environment = {
            "HOME": folder,
            "PATH": os.environ["PATH"],
            "PROVISIONER_EMULATOR": f"{folder}/endpoint.json",
            "BROWSER": f"{sys.executable} -m tests.browser %s &",
        }
        _run([PROGRAM, "apply", SPEC, "--auto-approve", "--no-consent"], environment)
        _run([PROGRAM, "consent", SPEC], environment)
        plan = [PROGRAM, "plan", SPEC, "--detailed-exitcode"]
        requests = _requests_of(plan, environment, cloud)
        floor_input = json.dumps(_floor_input(cloud, requests)).encode()
        for operation in SLOWED:
            cloud.control("POST", "faults", {"operation": operation, "action": "slow", "ms": ADDED_MS, "count": None})
        floor = _measure([sys.executable, "-m", "tests.benchmarks.floor"], environment, floor_input)
        planned = _measure(plan, environment)
        result = {
            "addedMsPerResponse": ADDED_MS,
            "plan": planned | {"requests": len(requests)},
            "floor": floor,
            "ratio": {name: round(planned[name] / floor[name], 2) for name in ("wallS", "cpuS")},
            "version": _measure([PROGRAM, "--version"], environment),
            "validate1000": _validate(Path(folder), environment),
        }
    print(json.dumps(result | {"emulatorReads": reads.measure()}, indent=2))


def _run(command: list[str], environment: dict[str, str]) -> None:
    """Not checked: apply ends with 3, the person's sign-in is missing."""
    subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, stdin=subprocess.DEVNULL, check=False)


def _requests_of(plan: list[str], environment: dict[str, str], cloud: Cloud) -> list[dict[str, Any]]:
    """What a clean plan sends, the parts of a `$batch` not counted."""
    cloud.control("DELETE", "requests")
    subprocess.run(plan, env=environment, cwd=ROOT, capture_output=True, check=True)
    sent = cloud.control("GET", "requests")["requests"]
    return [request for request in sent if not request["inner"] and not request["operation"].startswith("control.")]


def _floor_input(cloud: Cloud, requests: list[dict[str, Any]]) -> dict[str, Any]:
    """The same requests but refused ones, in two rounds: the second needs the answers of the first."""
    rounds: tuple[list[dict[str, Any]], list[dict[str, Any]]] = ([], [])
    for request in requests:
        if request["service"] == "entra" or request["status"] >= 400:
            continue
        second = request["operation"] not in FIRST_ROUND or any(
            request["operation"] == earlier["operation"] for earlier in rounds[0]
        )
        rounds[second].append(
            {key: request[key] for key in ("operation", "method", "url")} | {"body": request["request"]["body"]}
        )
    host, _, port = cloud.description["address"].rpartition(":")
    return {
        "ca": cloud.description["ca"],
        "host": host,
        "port": int(port),
        "tenant": CONTOSO.id,
        "client": CONTOSO.runner.client_id,
        "secret": RUNNER_SECRET,
        "rounds": rounds,
    }


def _validate(folder: Path, environment: dict[str, str]) -> dict[str, float]:
    """A folder of 1,000 specs."""
    specs = folder / "specs"
    specs.mkdir()
    text = (ROOT / SPEC).read_text(encoding="utf-8")
    for number in range(1000):
        named = text.replace("name: contoso-sam", f"name: sam-{number}").replace("kv-contoso-sam", f"kv-sam-{number}")
        (specs / f"{number:04}.yaml").write_text(named, encoding="utf-8")
    return _measure([PROGRAM, "validate", str(specs)], environment, runs=1)


def _measure(
    command: Sequence[str], environment: dict[str, str], given: bytes | None = None, *, runs: int = RUNS
) -> dict[str, float]:
    """Median seconds of wall and CPU, process start to exit; one run before to warm the disk's cache."""
    walls, processors = [], []
    for _ in range(runs + 1):
        before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
        subprocess.run(command, env=environment, cwd=ROOT, input=given, capture_output=True, check=True)
        walls.append(time.perf_counter() - started)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        processors.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return {"wallS": round(statistics.median(walls[1:]), 3), "cpuS": round(statistics.median(processors[1:]), 3)}


if __name__ == "__main__":
    main()
