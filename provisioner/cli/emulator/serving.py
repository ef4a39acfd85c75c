"""`emulator start`, `stop`, `status`, `env` and `reset`: the process, and where it is."""

from __future__ import annotations

import http.client
import json
import os
import shlex
import signal
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

import click

from provisioner.cli.emulator.folder import STATE, Surface, folder_of, required, running
from provisioner.cli.emulator.scenario import load_scenario
from provisioner.core import exit_codes
from provisioner.core.errors import ProvisionerError, UsageError

if TYPE_CHECKING:
    from provisioner.emulator.note import Note

_START_DEADLINE_S = 30.0


@click.command()
@click.option("--detach", is_flag=True, help="Leave it running in the background; return when it answers.")
@STATE
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="Port to listen on; 0 takes a free one.")
@click.option("--scenario", metavar="FILE|NAME", help="Begin anew as a scenario says: healthy, bad-day, neglected.")
@click.option("--reset", "anew", is_flag=True, help="With --scenario: give up the state the folder has.")
@click.option("--json", "as_json", is_flag=True, help="Print the description as one JSON object.")
def start(detach: bool, state: Path | None, port: int, scenario: str | None, anew: bool, as_json: bool) -> None:
    """Start the emulator and say where it is.

    It runs until interrupted, or with --detach until `provisioner emulator stop`.
    """
    from provisioner.emulator.note import default_state

    if anew and scenario is None:
        raise click.UsageError("--reset goes with --scenario; `provisioner emulator reset` makes a cloud as when new")
    folder = (state or default_state()).resolve()
    _make(folder)
    if scenario is not None:
        load_scenario(folder, scenario, anew=anew)
    if detach:
        note = running(folder)  # a second start finds the first
        if note is not None and port in (0, int(note.address.rpartition(":")[2])):
            _show(_description(note), as_json=as_json)
        else:
            _show(_start_apart(folder, port), as_json=as_json)
        return
    _serve(folder, port, as_json=as_json)


@click.command()
@STATE
def stop(state: Path | None) -> None:
    """Stop the emulator. Its state stays."""
    from provisioner.emulator.note import is_alive

    note = running(state)
    if note is None:
        click.echo("no emulator is running", err=True)
        return
    os.kill(note.pid, signal.SIGTERM)  # its lock is held, so the pid is still its own
    deadline = time.monotonic() + _START_DEADLINE_S
    while is_alive(note):
        if time.monotonic() > deadline:
            raise ProvisionerError(f"the emulator, process {note.pid}, does not stop", next_step="end it by hand")
        time.sleep(0.02)
    click.echo("stopped", err=True)


@click.command()
@STATE
@click.option("--json", "as_json", is_flag=True, help="Print the description as one JSON object.")
def status(state: Path | None, as_json: bool) -> int:
    """Say whether an emulator is running, and where.

    With its tenants and who signs in there. Exit 1 when none is running.
    """
    note = running(state)
    if note is None:
        click.echo("null" if as_json else "not running")
        return exit_codes.FAILED
    description = _description(note)
    if as_json:
        click.echo(json.dumps(description))
    else:
        click.echo("\n".join((f"running, process {note.pid}", *_told(description))))
    return exit_codes.DONE


@click.command()
@STATE
def env(state: Path | None) -> None:
    """Print export lines, so that curl, az and others use it.

    In a shell: eval "$(provisioner emulator env)"
    """
    from provisioner.emulator.note import VARIABLE, folder_note

    note = required(state)
    ca = note.ca
    variables = {
        VARIABLE: str(folder_note(Path(note.state))),
        "HTTPS_PROXY": note.proxy,
        "https_proxy": note.proxy,
        "REQUESTS_CA_BUNDLE": ca,
        "SSL_CERT_FILE": ca,
        "CURL_CA_BUNDLE": ca,
        "NODE_EXTRA_CA_CERTS": ca,
        "NODE_USE_ENV_PROXY": "1",  # Node's own fetch and https heed HTTPS_PROXY only when told
        "AZURE_CORE_INSTANCE_DISCOVERY": "false",
        "AZURE_CORE_COLLECT_TELEMETRY": "false",
        "AZURE_EXTENSION_USE_DYNAMIC_INSTALL": "no",
        # az keeps its sign-ins beside the cloud they belong to, not among the real ones
        "AZURE_CONFIG_DIR": str(Path(note.state) / "az"),
    }
    for name, value in variables.items():
        click.echo(f"export {name}={shlex.quote(value)}")
    click.echo("unset NO_PROXY no_proxy")


@click.command()
@STATE
def reset(state: Path | None) -> None:
    """Make the cloud as when new. Its CA, keys, snapshots and control token stay."""
    folder = folder_of(state)
    Surface(folder, made=False).ask("POST", "reset")
    click.echo(f"{folder} is as when new", err=True)


def _serve(folder: Path, port: int, *, as_json: bool) -> None:
    from provisioner.emulator.server import Emulator
    from provisioner.emulator.store import StateError

    def interrupt(_signal: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, interrupt)
    try:
        served = Emulator(folder, port)
    except StateError as error:
        raise ProvisionerError(str(error), next_step="name another folder with --state") from error
    try:
        served.start()
    except OSError as error:
        raise ProvisionerError(
            f"cannot listen on port {port}: {error.strerror}", next_step="name another with --port, or leave it out"
        ) from error
    try:
        served.announce()
        _show(served.description(), as_json=as_json)
        served.wait()
    except KeyboardInterrupt:
        click.echo("stopped", err=True)
    finally:
        served.stop()


def _make(folder: Path) -> None:
    """The state folder, for its owner only. Raises UsageError where there can be none."""
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise UsageError(
            f"the state folder {folder} cannot be made: {error.strerror}",
            next_step="name a folder that you may write to with --state",
        ) from None
    if not os.access(folder, os.W_OK):
        raise UsageError(
            f"the state folder {folder} cannot be written to",
            next_step="name one that you may write to with --state",
        )


def _start_apart(folder: Path, port: int) -> dict[str, Any]:
    """Start a process of its own and wait until it answers; its description."""
    command = [sys.executable, "-P", "-m", "provisioner.cli.emulator", "start", "--json"]
    command += ["--state", str(folder), "--port", str(port)]
    log = folder / "emulator.log"
    log.touch(mode=0o600)
    with log.open("ab") as said:
        process = subprocess.Popen(  # noqa: S603  our own interpreter and module
            command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=said, start_new_session=True
        )
    deadline = time.monotonic() + _START_DEADLINE_S
    while time.monotonic() < deadline and process.poll() is None:
        note = running(folder)
        if note is not None and note.pid == process.pid:
            return _description(note)
        time.sleep(0.02)
    process.kill()
    raise ProvisionerError("the emulator did not start", next_step=f"read {log}")


def _description(note: Note) -> dict[str, Any]:
    """What a running emulator says of itself."""
    host, _, port = note.address.rpartition(":")
    connection = http.client.HTTPSConnection(
        host, int(port), timeout=10, context=ssl.create_default_context(cafile=note.ca)
    )
    connection.request("GET", "/control/state", headers={"Authorization": f"Bearer {note.control.token}"})
    description: dict[str, Any] = json.loads(connection.getresponse().read())
    connection.close()
    return description


def _show(description: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(description))
        return
    click.echo("\n".join(("The emulator is running.", *_told(description))))


def _told(description: dict[str, Any]) -> Iterator[str]:
    """Where it is, and who can sign in to what: for each tenant the lines a spec and a sign-in need."""
    for name in ("address", "proxy", "page", "state", "ca", "scenario"):
        if description[name] is not None:
            yield f"{name:<10}{description[name]}"
    for tenant in description["tenants"]:
        operator = tenant["operator"]
        yield f"\n{tenant['domain']} ({tenant['cloud']})"
        yield f"  tenant         {tenant['id']}"
        yield f"  subscription   {tenant['subscription']}"
        yield f"  runner         {tenant['runner']['clientId']}"
        yield f"  operator       {operator['username']}"
        yield f"  password       {operator['password']}"
        yield f"  one-time code  {operator['otp']}"
