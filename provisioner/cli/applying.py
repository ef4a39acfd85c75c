"""How `apply`, `rotate` and `destroy` go over tenants: all plans and the safety check first, one question,
then the writes.

With --auto-approve nothing is asked, so each tenant goes on by itself as soon as its plan is shown.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

from rich.text import Text

from provisioner.cli import run
from provisioner.cli.options import Common
from provisioner.cli.person import Person
from provisioner.cli.run import Run, Verb
from provisioner.cli.terminal import Terminal
from provisioner.core import exit_codes
from provisioner.core.errors import ProtectedError, ProvisionerError, UnsafePlanError
from provisioner.core.exit_codes import combine
from provisioner.core.plan import Plan
from provisioner.fleet import TenantResult
from provisioner.operations.apply import ApplyOptions, ApplyResult, carry_out, check_safety
from provisioner.operations.plan import Seen, look
from provisioner.operations.tenant import OpenTenant
from provisioner.operations.ui import Ui
from provisioner.render.apply_text import applied_json, applied_lines, applied_summary
from provisioner.render.fleet_text import tenant_line
from provisioner.render.layout import BLANK, count, paragraph
from provisioner.render.plan_json import document, failure_json
from provisioner.render.plan_text import plan_lines, summary_line
from provisioner.spec.model import Spec

_MORE_ROUNDS = 4
"""What came back is compared in a second round; that may bring a role, and what the role shows may need another one."""


CarryOut = Callable[[OpenTenant, Spec, Seen, Ui, ApplyOptions, ApplyResult | None], Awaitable[ApplyResult]]
Check = Callable[[Seen, Spec, ApplyOptions, ApplyResult | None], None]


@dataclass(frozen=True)
class Work:
    """What is planned and carried out. doing, asked, done: its word in a progress bar, a question and a result.

    check: raises UnsafePlanError for a plan that must not be carried out. typed: a yes is the spec's name, typed.
    single: it is about one tenant.
    more_rounds: how often what only then could be read is carried out as well. again: the commands for what is left.
    """

    doing: str
    asked: str
    done: str
    look: Callable[[OpenTenant, Spec], Awaitable[Seen]]
    carry_out: CarryOut
    check: Check = check_safety
    typed: bool = False
    single: bool = False
    more_rounds: int = _MORE_ROUNDS
    again: str = "provisioner apply SPEC"


APPLY = Work("applying", "Apply", "Applied", look, carry_out)


@dataclass(frozen=True)
class _Looked:
    """A tenant between the question and the writes."""

    tenant: OpenTenant
    ui: Ui
    seen: Seen


@dataclass(frozen=True)
class _Applied:
    """What was carried out; stopped: what kept a later round from it (a no, a read that failed), else None."""

    result: ApplyResult
    stopped: ProvisionerError | None = None

    def exit_code(self) -> int:
        return combine((self.result.exit_code(), self.stopped.exit_code if self.stopped else exit_codes.DONE))

    def summary(self) -> Text:
        """In one line, for many tenants."""
        stopped = f"; {self.stopped.what}" if self.stopped else ""
        return applied_summary(self.result).append(stopped, "red")

    def json(self) -> dict[str, Any]:
        """`error` only where a later round was stopped."""
        stopped = {"error": failure_json(self.stopped)} if self.stopped else {}
        return {**applied_json(self.result), **stopped}


class DeclinedError(ProvisionerError):
    """The person said no."""


def apply_all(
    paths: Sequence[Path], common: Common, options: ApplyOptions, *, asks: bool, as_json: bool, work: Work = APPLY
) -> int:
    """The whole command. Raises DeclinedError when nothing was written; SpecError, UsageError before any request."""
    terminal = Terminal(emulator=common.emulator)
    loaded = run.load(paths, terminal).specs
    if work.single:
        run.only_one(loaded, paths[0])
    specs = [entry.spec for entry in loaded]
    return apply_specs(specs, terminal, common, options, asks=asks, as_json=as_json, work=work)


def apply_specs(
    specs: Sequence[Spec],
    terminal: Terminal,
    common: Common,
    options: ApplyOptions,
    *,
    asks: bool,
    as_json: bool,
    work: Work,
) -> int:
    """The same for specs at hand."""
    _tell_strange(options.allowed, specs, terminal)
    if len(specs) > 1:  # sign-ins are one at a time, at one browser: they stay as a person's item, exit 3
        options = replace(options, with_consent=False)
    applying = _Applying(terminal, options, work, as_json=as_json)
    results = asyncio.run(applying.all(specs, common, asks=asks))
    applying.show(results)
    applying.show_trouble(results)
    return run.finish(results, applying.verb, terminal)


@dataclass(frozen=True)
class _Applying:
    terminal: Terminal
    options: ApplyOptions
    work: Work
    as_json: bool
    _question: asyncio.Lock = field(default_factory=asyncio.Lock)  # one terminal: one plan and its question at a time

    @property
    def verb(self) -> Verb[_Applied]:
        return Verb(self.work.doing, self._at_once, _Applied.exit_code, _Applied.summary)

    async def all(self, specs: Sequence[Spec], common: Common, *, asks: bool) -> tuple[TenantResult[_Applied], ...]:
        async with run.open_run(common, self.terminal, several=len(specs) > 1) as opened, AsyncExitStack() as stack:
            if asks:
                return await self._after_one_question(opened, stack, specs)

            async def one(spec: Spec) -> _Applied:
                async with opened.tenant(spec) as (tenant, ui):
                    return await self._at_once(tenant, spec, ui)

            return await opened.over(specs, self.verb.doing, one, partial(run.line, self.verb))

    def show(self, results: Sequence[TenantResult[_Applied]]) -> None:
        """What was applied; the errors come after it."""
        if self.as_json:
            self.terminal.data(document([run.json_of(result, _Applied.json, self.terminal) for result in results]))
            return
        for result in results:
            if result.value is not None:
                file = self.terminal.file_of(result.spec.name, result.spec.tenant)
                work, width = self.work, self.terminal.width
                self.terminal.result(applied_lines(result.value.result, width, file, work.done, work.again))
                self.terminal.result([BLANK] if len(results) > 1 else [])

    def show_trouble(self, results: Sequence[TenantResult[_Applied]]) -> None:
        """What stopped a later round, and the tracebacks of bugs that ended a step."""
        for spec, applied in ((result.spec, result.value) for result in results if result.value is not None):
            if applied.stopped is not None:
                self.terminal.error(applied.stopped, spec.name if len(results) > 1 else "")
            for defect in applied.result.report.defects if applied.result.report is not None else ():
                run.show_traceback(defect.cause, spec.name, self.terminal)

    async def _at_once(self, tenant: OpenTenant, spec: Spec, ui: Ui) -> _Applied:
        looked = await self._look(tenant, spec, ui)
        self._show_plan(looked.seen.plan)
        return await self._rounds(looked, spec, asks=False)

    async def _rounds(self, looked: _Looked, spec: Spec, *, asks: bool) -> _Applied:
        """Carry out what was shown; what only then could be read is shown, asked about and carried out in turn."""
        result = await self.work.carry_out(looked.tenant, spec, looked.seen, looked.ui, self.options, None)
        for _ in range(self.work.more_rounds):
            if not result.another_round:
                break
            try:
                result = await self._one_more(looked, spec, result, asks=asks)
            except ProvisionerError as error:
                return _Applied(result, stopped=error)
        if result.another_round:
            steps = ", ".join(f"{step.address} {step.operation}" for step in result.after.pending)
            looked.ui.info(f"More is to be done, which was not shown before: {steps}.\n  {self.work.again}")
        return _Applied(result)

    async def _one_more(self, before: _Looked, spec: Spec, earlier: ApplyResult, *, asks: bool) -> ApplyResult:
        looked = await self._look(before.tenant, spec, before.ui, earlier)
        ready = len(looked.seen.plan.ready)
        async with self._question:
            self._show_plan(looked.seen.plan)
            question = f"{self.work.asked} {count(ready, 'step')} more?"
            if asks and ready and not await self._agreed(question, spec.name):
                raise DeclinedError(
                    "declined: what was applied before stays, nothing more was written",
                    next_step="run provisioner apply SPEC for the rest",
                )
        more = await self.work.carry_out(looked.tenant, spec, looked.seen, looked.ui, self.options, earlier)
        return more.after_round(earlier)

    async def _look(self, tenant: OpenTenant, spec: Spec, ui: Ui, earlier: ApplyResult | None = None) -> _Looked:
        ui.progress("looking")
        seen = await self.work.look(tenant, spec)
        try:
            self.work.check(seen, spec, self.options, earlier)
        except UnsafePlanError as error:
            self._show_plan(seen.plan)
            if isinstance(error, ProtectedError):
                error.where = self.terminal.place_of(spec, error.path)
            raise
        if earlier is None:
            self._tell_unused(ui, seen.plan)
        return _Looked(tenant, ui, seen)

    def _tell_unused(self, ui: Ui, plan: Plan) -> None:
        """A pipeline may allow again what has gone meanwhile, so it is no error; a slip must not go unseen either."""
        removed = [str(step.address) for step in plan.removals]
        for address in sorted(self.options.allowed - {*removed}):
            if address.partition("/")[0] == plan.name:
                there = f"; it removes {', '.join(removed)}" if removed else ""
                ui.info(f"--allow-removal {address}: the plan removes nothing there{there}")

    async def _after_one_question(
        self, opened: Run, stack: AsyncExitStack, specs: Sequence[Spec]
    ) -> tuple[TenantResult[_Applied], ...]:
        async def planned(spec: Spec) -> _Looked:
            tenant, ui = await stack.enter_async_context(opened.tenant(spec))
            return await self._look(tenant, spec, ui)

        looked = await opened.over(specs, "planning", planned, _planned_line)
        plans = [result.value.seen.plan for result in looked if result.value is not None]
        for plan in plans:
            self._show_plan(plan)
        await self._ask(looked)
        by_spec = {id(result.spec): result for result in looked}

        async def applied(spec: Spec) -> _Applied:
            result = by_spec[id(spec)]
            if result.error is not None:
                raise result.error
            return await self._rounds(run.value_of(result), spec, asks=True)

        return await opened.over(specs, self.verb.doing, applied, partial(run.line, self.verb))

    async def _ask(self, looked: Sequence[TenantResult[_Looked]]) -> None:
        """One question for all of them; none when nothing would be written."""
        found = [result.value for result in looked if result.value is not None]
        waiting = [one for one in found if one.seen.plan.ready]
        if not waiting:
            return
        steps = count(sum(len(one.seen.plan.ready) for one in waiting), "step")
        tenants = f" in {count(len(waiting), 'tenant')}" if len(looked) > 1 else ""
        if not await self._agreed(f"{self.work.asked} {steps}{tenants}?", waiting[0].seen.plan.name):
            next_step = "type the spec's name" if self.work.typed else "answer y, or say --auto-approve"
            raise DeclinedError("declined: nothing was written", next_step=next_step)

    async def _agreed(self, question: str, name: str) -> bool:
        """A typed name is one spec's: who types it has read it."""
        person = Person(self.terminal, lambda url: False)
        if not self.work.typed:
            return await person.confirm(question)
        return await person.type_in(f"{question} Type {name} to go on:") == name

    def _show_plan(self, plan: Plan) -> None:
        """The plan is part of the result; beside JSON it is a message."""
        file = self.terminal.file_of(plan.name, plan.tenant)
        if self.as_json:
            self.terminal.message([*plan_lines(plan, self.terminal.err.width, file), BLANK])
        else:
            self.terminal.result([*plan_lines(plan, self.terminal.width, file), BLANK])


def _tell_strange(allowed: Iterable[str], specs: Sequence[Spec], terminal: Terminal) -> None:
    """An address of no spec that is here is a slip, or of a tenant that another machine applies."""
    names = {spec.name for spec in specs}
    for address in sorted(allowed):
        if address.partition("/")[0] not in names:
            told = f"--allow-removal {address}: none of these specs has this name"
            terminal.message(paragraph(told, terminal.err.width, style="yellow"))


def _planned_line(result: TenantResult[_Looked]) -> Text:
    if result.error is not None:
        return tenant_line(result.spec.name, run.error_code(result.error), Text(run.first_line(result.error)))
    plan = run.value_of(result).seen.plan
    return tenant_line(result.spec.name, plan.exit_code(), summary_line(plan))
