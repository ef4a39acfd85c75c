"""Runs an operation over the specs of a command line: targets, tenants, result lines, the summary, the exit code."""

from __future__ import annotations

import asyncio
import os
import stat
import sys
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO, Any, Generic, TypeVar

from rich.text import Text

from provisioner import fleet
from provisioner.cli.browser import how_to_reach, opener
from provisioner.cli.options import Common
from provisioner.cli.person import Person
from provisioner.cli.target import Targets, goes_to_emulator, open_targets
from provisioner.cli.terminal import Terminal
from provisioner.clients.clouds import endpoints
from provisioner.clients.session import RequestLog
from provisioner.core import exit_codes
from provisioner.core.errors import OutputError, ProvisionerError, UsageError
from provisioner.fleet import TenantResult
from provisioner.operations.tenant import OpenTenant, open_tenant
from provisioner.operations.ui import Ui
from provisioner.render.errors import warning_lines
from provisioner.render.fleet_text import BESIDE, Outcome, summary_lines, tenant_line
from provisioner.render.layout import hanging
from provisioner.render.plan_json import failed_json, with_commands_ready
from provisioner.render.values import visible
from provisioner.spec.model import Spec
from provisioner.spec.read import Loaded, LoadedSpec, read

T = TypeVar("T")


@dataclass(frozen=True)
class Verb(Generic[T]):
    """What a command does with one tenant. doing: for the progress bar.

    operation: the work itself. code: the exit code of a result. told: the result in a line, for many tenants.
    module: what the work is imported from, if that can wait until the tokens are on their way.
    """

    doing: str
    operation: Callable[[OpenTenant, Spec, Ui], Awaitable[T]]
    code: Callable[[T], int]
    told: Callable[[T], Text]
    module: str | None = None


@dataclass(frozen=True)
class Run:
    """One command's event loop. several: result lines and names are shown only where there are several tenants."""

    common: Common
    terminal: Terminal
    targets: Targets
    several: bool

    @asynccontextmanager
    async def tenant(self, spec: Spec, then: str | None = None) -> AsyncIterator[tuple[OpenTenant, Ui]]:
        """A tenant the runner is signed in to, and the person who looks on. Errors advise what holds in its cloud.

        then: see open_tenant.
        """
        target = await self.targets.of(spec)
        person = Person(
            self.terminal, opener(target.note), spec.name if self.several else "", how_to_reach(target.note)
        )
        identity = target.identity(spec)
        if passed_over := target.passed_over(spec):
            person.info(passed_over)
        emulator = target.note is not None
        opening = open_tenant(spec, target.session, target.clock, identity, then, emulator=emulator)
        try:
            async with opening as tenant:
                yield tenant, person
        except ProvisionerError as error:
            error.next_step = endpoints(spec.cloud).advice(error.next_step)
            raise

    async def over(
        self,
        specs: Sequence[Spec],
        doing: str,
        operation: Callable[[Spec], Awaitable[T]],
        line: Callable[[TenantResult[T]], Text],
    ) -> tuple[TenantResult[T], ...]:
        """`operation` for each spec, side by side; of several, a line for each as it ends."""
        with self.terminal.bar(len(specs), doing) as advance:

            def ended(result: TenantResult[T]) -> None:
                advance()
                if self.several:
                    err = self.terminal.err
                    told = line(result)
                    self.terminal.message(hanging(told, err.width, BESIDE) if err.is_terminal else [told])

            results = await fleet.over(specs, operation, concurrency=self.common.concurrency, ended=ended)
        self.terminal.quiet()
        return results


@asynccontextmanager
async def open_run(common: Common, terminal: Terminal, *, several: bool) -> AsyncIterator[Run]:
    """A run, its sessions closed at the end."""
    with _request_log(common, terminal) as log:
        async with open_targets(log, common.verb, only_emulator=common.emulator) as targets:
            try:
                yield Run(common, terminal, targets, several)
            finally:
                terminal.quiet()  # also when it is interrupted


def load(paths: Sequence[Path], terminal: Terminal) -> Loaded:
    """The specs, their warnings shown. Raises SpecError, MissingPathError."""
    loaded = read(paths)
    terminal.files = [(entry.spec.name, entry.spec.tenant, entry.file) for entry in loaded.specs]
    terminal.place_of = partial(_place_of, loaded)
    terminal.message(warning_lines(loaded.warnings, terminal.err.width))
    return loaded


def _place_of(loaded: Loaded, spec: Spec, path: str) -> str:
    entry = next(entry for entry in loaded.specs if entry.spec == spec)
    place = entry.place(path)
    return f"{entry.file}:{place.line}:{place.column} ({path})"


def load_one(path: Path, terminal: Terminal) -> Spec:
    """The one spec of a file. Raises UsageError when there are several: the command is about one tenant."""
    return only_one(load([path], terminal).specs, path).spec


def only_one(loaded: Sequence[LoadedSpec], path: Path) -> LoadedSpec:
    """The one spec that was loaded. Raises UsageError."""
    if len(loaded) != 1:
        names = ", ".join(entry.spec.name for entry in loaded[:5])
        raise UsageError(
            f"{path} holds {len(loaded)} specs ({names}), and this command takes one",
            next_step="name a file with one spec",
        )
    return loaded[0]


def over(specs: Sequence[Spec], verb: Verb[T], common: Common, terminal: Terminal) -> tuple[TenantResult[T], ...]:
    """The result of each tenant, in the order of the specs. Errors are results: `finish` shows them."""

    async def all_of_them() -> tuple[TenantResult[T], ...]:
        async with open_run(common, terminal, several=len(specs) > 1) as run:

            async def one(spec: Spec) -> T:
                async with run.tenant(spec, verb.module) as (tenant, ui):
                    return await verb.operation(tenant, spec, ui)

            return await run.over(specs, verb.doing, one, partial(line, verb))

    return asyncio.run(all_of_them())


def finish(results: Sequence[TenantResult[T]], verb: Verb[T], terminal: Terminal) -> int:
    """Show what failed, and for several tenants the summary; the exit code of all."""
    several = len(results) > 1
    outcomes = [Outcome(result.spec.name, code_of(result, verb), result.error) for result in results]
    for outcome in outcomes:
        if outcome.error is not None:
            _show(outcome.error, outcome.name if several else "", terminal)
    if several:
        terminal.message(summary_lines(outcomes, terminal.err.width))
    for unwritten in terminal.unwritten:
        terminal.error(unwritten)
    if terminal.unwritten:
        return exit_codes.FAILED
    codes = [outcome.code for outcome in outcomes]
    return exit_codes.combine(codes) if several else next(iter(codes), exit_codes.DONE)


def code_of(result: TenantResult[T], verb: Verb[T]) -> int:
    """The exit code of one tenant."""
    if result.error is not None:
        return error_code(result.error)
    return verb.code(value_of(result))


def error_code(error: Exception) -> int:
    """The exit code of an error that ended a tenant."""
    return error.exit_code if isinstance(error, ProvisionerError) else exit_codes.FAILED


def value_of(result: TenantResult[T]) -> T:
    """What the operation gave. Only for results without error."""
    assert result.value is not None, "a tenant without error has a value"
    return result.value


def json_of(result: TenantResult[T], show: Callable[[T], dict[str, Any]], terminal: Terminal) -> dict[str, Any]:
    """A tenant in the output of --format json: `show` of its value, or its error; advice names the spec's file.

    `emulator` is in all of them: a rehearsal must not be taken for the real thing.
    """
    error, name, emulator = result.error, result.spec.name, emulated(result.spec, terminal)
    told = show(value_of(result)) if error is None else failed_json(name, told_error(error), emulator=emulator)
    ready: dict[str, Any] = with_commands_ready(told, terminal.file_of(name, result.spec.tenant))
    return {"name": name, "emulator": emulator, **ready}


def emulated(spec: Spec, terminal: Terminal) -> bool:
    """Whether this spec went to the emulator."""
    return goes_to_emulator(spec, only_emulator=terminal.emulator)


def told_error(error: Exception) -> ProvisionerError:
    """An error for a report; of a bug of ours the traceback is on stderr."""
    if isinstance(error, ProvisionerError):
        return error
    return ProvisionerError("a defect of provisioner", next_step="please report it")


def line(verb: Verb[T], result: TenantResult[T]) -> Text:
    """One tenant's result, when there are several."""
    told = Text(first_line(result.error)) if result.error is not None else verb.told(value_of(result))
    return tenant_line(result.spec.name, code_of(result, verb), told)


def first_line(error: Exception) -> str:
    """An error among others."""
    return visible(error.what if isinstance(error, ProvisionerError) else f"{type(error).__name__}: {error}")


def _show(error: Exception, name: str, terminal: Terminal) -> None:
    if isinstance(error, ProvisionerError):
        terminal.error(error, name)
    else:
        show_traceback(error, name, terminal)


def show_traceback(error: Exception, name: str, terminal: Terminal) -> None:
    """A bug of ours: the developer needs all of it."""
    terminal.message([Text(f"{name or 'provisioner'}: a defect of provisioner, please report it:", "bold red")])
    traceback.print_exception(error, file=sys.stderr)


@contextmanager
def _request_log(common: Common, terminal: Terminal) -> Iterator[RequestLog | None]:
    """One JSON line a request: in the file of --json-log, else on stderr with -v."""
    if common.json_log is None:
        yield RequestLog(sys.stderr) if common.verbose else None
        return
    stream = _private(common.json_log)
    log = RequestLog(stream)
    try:
        yield log
    finally:
        try:
            stream.close()
        except OSError as error:
            log.failure = log.failure or error
        if log.failure is not None:
            terminal.unwritten.append(
                OutputError(
                    f"the request log is incomplete: {log.failure.strerror}",
                    where=f"--json-log {common.json_log}",
                    next_step="make room there, or name another file; what was done stays",
                )
            )


def _private(path: Path) -> IO[str]:
    """The file, emptied, readable and writable by its owner only, also when it was there before. Raises UsageError.

    What is no file (a pipe, a device) is everybody's, and stays as it is.
    """
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        if stat.S_ISREG(os.fstat(descriptor).st_mode):
            os.fchmod(descriptor, 0o600)
    except OSError as error:
        raise UsageError(
            f"--json-log {path} cannot be written: {error.strerror}",
            next_step="name a file in a folder that you may write to",
        ) from None
    return os.fdopen(descriptor, "w", encoding="utf-8")
