"""rotate: a new credential now, the consumers' one never out of force, and nothing else touched."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from typing import TypeVar

import pytest

from provisioner.core.errors import PlanError
from provisioner.core.exit_codes import DONE
from provisioner.core.plan import Plan
from provisioner.engine.executor import Watcher, execute
from provisioner.operations.apply import ApplyOptions, ApplyResult
from provisioner.operations.rotate import carry_out_rotation, look_to_rotate
from provisioner.operations.tenant import OpenTenant
from provisioner.resources.contract import Writer
from provisioner.resources.kinds import BY_NAME
from provisioner.spec.model import Spec
from tests.kept import Kept
from tests.rehearsal import SECRET
from tests.trial import Onlooker, failures

T = TypeVar("T")
DAY = timedelta(days=1)


def _run(kept: Kept, work: Callable[[OpenTenant], Awaitable[T]]) -> T:
    async def run() -> T:
        async with kept.opened() as tenant:
            return await work(tenant)

    return asyncio.run(run())


def _plan(kept: Kept, spec: Spec | None = None) -> Plan:
    return _run(kept, lambda tenant: look_to_rotate(tenant, spec or kept.spec())).plan


def _rotate(kept: Kept, spec: Spec | None = None) -> ApplyResult:
    async def rotate(tenant: OpenTenant) -> ApplyResult:
        seen = await look_to_rotate(tenant, spec or kept.spec())
        return await carry_out_rotation(tenant, spec or kept.spec(), seen, Onlooker(), ApplyOptions())

    return _run(kept, rotate)


def _stage(kept: Kept) -> None:
    """A rotation that is killed after its first step."""

    async def stage(tenant: OpenTenant) -> None:
        seen = await look_to_rotate(tenant, kept.spec())
        onlooker = Onlooker()
        write = Writer(tenant.clients, tenant.runner, tenant.clients.clock, onlooker.progress)
        first = replace(seen.plan, steps=seen.plan.steps[:1])
        watcher = Watcher(onlooker.step_started, onlooker.step_done)
        report = await execute(first, kept.spec(), BY_NAME, seen.known, write, watcher)
        assert [each.step.operation for each in report.results] == ["stage"]

    _run(kept, stage)


def _credentials(kept: Kept) -> set[str]:
    """What the application accepts now."""
    application = kept.trial.application()
    return {entry["keyId"] for entry in (*application["passwordCredentials"], *application["keyCredentials"])}


def _operations(plan: Plan) -> list[str]:
    return [step.operation for step in plan.pending]


def test_a_rotation_brings_a_new_credential_and_keeps_the_old_one_for_the_overlap(kept: Kept) -> None:
    before = _credentials(kept)
    result = _rotate(kept)
    assert result.exit_code() == DONE, failures(result)
    assert [each.step.operation for each in result.report.results] == ["stage", "promote"]  # type: ignore[union-attr]  # something was written
    after = _credentials(kept)
    assert before < after
    assert len(after) == len(before) + 1
    assert {check.status for check in result.checks} == {"pass"}
    assert result.outputs["credential"]["version"] is not None  # type: ignore[index]  # an object
    assert kept.plan().exit_code() == DONE
    kept.renew()


def test_once_the_overlap_is_over_the_next_rotation_retires_what_the_first_replaced(kept: Kept) -> None:
    first = _credentials(kept)
    _rotate(kept)
    kept.advance(8 * DAY)
    result = _rotate(kept)
    assert result.exit_code() == DONE, failures(result)
    assert not first & _credentials(kept)
    assert len(_credentials(kept)) == 2
    kept.renew()


def test_what_else_differs_from_the_spec_is_left_to_apply(kept: Kept) -> None:
    kept.trial.change_application(displayName="Changed by somebody")
    kept.trial.secrets("PUT", "secrets/of-another", {"value": "x"})
    assert {step.address.kind for step in _plan(kept).steps} == {"credential"}
    result = _rotate(kept)
    assert result.exit_code() == DONE, failures(result)
    assert kept.trial.application()["displayName"] == "Changed by somebody"
    assert "application" in {step.address.kind for step in kept.plan().pending}


def test_what_a_run_left_staged_is_promoted_instead_of_making_another(kept: Kept) -> None:
    _stage(kept)
    staged = _credentials(kept)
    assert _operations(_plan(kept)) == ["promote"]
    result = _rotate(kept)
    assert result.exit_code() == DONE, failures(result)
    assert _credentials(kept) == staged


def test_nothing_is_written_for_the_plan(kept: Kept) -> None:
    kept.trial.forget()
    assert _operations(_plan(kept)) == ["stage", "promote"]
    assert not kept.trial.writes()


def test_of_a_trust_there_is_nothing_to_rotate(kept_by_secret: Kept) -> None:
    spec = Kept(kept_by_secret.trial, "federated").spec()
    kept_by_secret.trial.secrets("DELETE", f"secrets/{SECRET}")  # it could not be verified on this machine
    kept_by_secret.trial.apply(spec)
    kept_by_secret.trial.forget()
    plan = _plan(kept_by_secret, spec)
    assert not plan.pending
    assert any("nothing to rotate" in notice.text for notice in plan.notices)
    assert _rotate(kept_by_secret, spec).report is None
    assert not kept_by_secret.trial.writes()


def test_where_nothing_is_set_up_yet_apply_comes_first(kept_by_secret: Kept) -> None:
    kept_by_secret.trial.back_to("new")
    with pytest.raises(PlanError, match="nothing to rotate") as refused:
        _plan(kept_by_secret)
    assert refused.value.next_step == "provisioner apply SPEC"
