"""How `apply` goes over tenants: all plans and the safety check first, one question, then the writes.

With --auto-approve nothing is asked, so each tenant goes on by itself as soon as its plan is shown.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from rich.text import Text

from provisioner.cli import run
from provisioner.cli.options import Common
from provisioner.cli.person import Person
from provisioner.cli.run import Run, Verb
from provisioner.cli.terminal import Terminal
from provisioner.core import exit_codes
from provisioner.core.errors import ProvisionerError, UnsafePlanError
from provisioner.core.plan import Plan
from provisioner.fleet import TenantResult
from provisioner.operations.apply import ApplyOptions, ApplyResult, carry_out, check_safety
from provisioner.operations.plan import Seen, look
from provisioner.operations.tenant import OpenTenant
from provisioner.operations.ui import Ui
from provisioner.render.apply_text import applied_json, applied_lines, applied_summary
from provisioner.render.fleet_text import tenant_line
from provisioner.render.layout import BLANK, count
from provisioner.render.plan_json import document
from provisioner.render.plan_text import plan_lines, summary_line
from provisioner.spec.model import Spec

_MORE_ROUNDS = 2  # a first round may bring the runner's role, a second what the role lets it see


@dataclass(frozen=True)
class _Looked:
    """A tenant between the question and the writes."""

    tenant: OpenTenant
    ui: Ui
    seen: Seen


class DeclinedError(ProvisionerError):
    """The person said no; nothing was written."""


def apply_all(paths: Sequence[Path], common: Common, options: ApplyOptions, *, asks: bool, as_json: bool) -> int:
    """The whole command. Raises DeclinedError; SpecError before any request."""
    terminal = Terminal()
    specs = [entry.spec for entry in run.load(paths, terminal).specs]
    if len(specs) > 1:  # sign-ins are one at a time, at one browser: they stay as a person's item, exit 3
        options = replace(options, with_consent=False)
    applying = _Applying(terminal, options, as_json=as_json)
    results = asyncio.run(applying.all(specs, common, asks=asks))
    applying.show(results)
    return run.finish(results, applying.verb, terminal)


@dataclass(frozen=True)
class _Applying:
    terminal: Terminal
    options: ApplyOptions
    as_json: bool

    @property
    def verb(self) -> Verb[ApplyResult]:
        return Verb("applying", self._at_once, ApplyResult.exit_code, applied_summary)

    async def all(self, specs: Sequence[Spec], common: Common, *, asks: bool) -> tuple[TenantResult[ApplyResult], ...]:
        async with run.open_run(common, self.terminal, several=len(specs) > 1) as opened, AsyncExitStack() as stack:
            if asks:
                return await self._after_one_question(opened, stack, specs)

            async def one(spec: Spec) -> ApplyResult:
                async with opened.tenant(spec) as (tenant, ui):
                    return await self._at_once(tenant, spec, ui)

            return await opened.over(specs, self.verb.doing, one, partial(run.line, self.verb))

    def show(self, results: Sequence[TenantResult[ApplyResult]]) -> None:
        """What was applied; the errors come after it."""
        if self.as_json:
            self.terminal.data(document([run.json_of(result, applied_json) for result in results]))
            return
        for result in results:
            if result.value is not None:
                self.terminal.result(applied_lines(result.value, self.terminal.width, self.terminal.spec_file))

    async def _at_once(self, tenant: OpenTenant, spec: Spec, ui: Ui) -> ApplyResult:
        looked = await self._look(tenant, spec, ui)
        self._show_plan(looked.seen.plan)
        return await self._rounds(looked, spec, asks=False)

    async def _rounds(self, looked: _Looked, spec: Spec, *, asks: bool) -> ApplyResult:
        """Carry out what was shown; what only then could be read is shown, asked about and carried out in turn."""
        result = await carry_out(looked.tenant, spec, looked.seen, looked.ui, self.options)
        for _ in range(_MORE_ROUNDS):
            if not result.another_round:
                break
            looked = await self._look(looked.tenant, spec, looked.ui)
            self._show_plan(looked.seen.plan)
            if asks:
                await self._ask([TenantResult(spec, looked)])
            more = await carry_out(looked.tenant, spec, looked.seen, looked.ui, self.options)
            result = more.after_round(result)
        return result

    async def _look(self, tenant: OpenTenant, spec: Spec, ui: Ui) -> _Looked:
        ui.progress("looking")
        seen = await look(tenant, spec)
        try:
            check_safety(seen.plan, spec, self.options.allowed)
        except UnsafePlanError:
            self._show_plan(seen.plan)
            raise
        return _Looked(tenant, ui, seen)

    async def _after_one_question(
        self, opened: Run, stack: AsyncExitStack, specs: Sequence[Spec]
    ) -> tuple[TenantResult[ApplyResult], ...]:
        async def planned(spec: Spec) -> _Looked:
            tenant, ui = await stack.enter_async_context(opened.tenant(spec))
            return await self._look(tenant, spec, ui)

        looked = await opened.over(specs, "planning", planned, _planned_line)
        plans = [result.value.seen.plan for result in looked if result.value is not None]
        for plan in plans:
            self._show_plan(plan)
        await self._ask(looked)
        by_spec = {id(result.spec): result for result in looked}

        async def applied(spec: Spec) -> ApplyResult:
            result = by_spec[id(spec)]
            if result.error is not None:
                raise result.error
            return await self._rounds(run.value_of(result), spec, asks=True)

        return await opened.over(specs, self.verb.doing, applied, partial(run.line, self.verb))

    async def _ask(self, looked: Sequence[TenantResult[_Looked]]) -> None:
        """One question for all of them; none when nothing would be written."""
        found = [result.value for result in looked if result.value is not None]
        waiting = [one for one in found if one.seen.plan.pending]
        if not waiting:
            return
        steps = count(sum(len(one.seen.plan.pending) for one in waiting), "step")
        tenants = f" in {count(len(waiting), 'tenant')}" if len(looked) > 1 else ""
        if not await Person(self.terminal, lambda url: False).confirm(f"Apply {steps}{tenants}?"):
            raise DeclinedError("declined: nothing was written", next_step="answer y, or say --auto-approve")

    def _show_plan(self, plan: Plan) -> None:
        """The plan is part of the result; beside JSON it is a message."""
        if self.as_json:
            self.terminal.message([*plan_lines(plan, self.terminal.err.width, self.terminal.spec_file), BLANK])
        else:
            self.terminal.result([*plan_lines(plan, self.terminal.width, self.terminal.spec_file), BLANK])


def _planned_line(result: TenantResult[_Looked]) -> Text:
    if result.error is not None:
        return tenant_line(result.spec.name, exit_codes.FAILED, Text(run.first_line(result.error)))
    plan = run.value_of(result).seen.plan
    return tenant_line(result.spec.name, plan.exit_code(), summary_line(plan))
