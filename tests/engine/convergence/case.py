"""One case: what others did, a spec, the faults meanwhile; how it is run, and what must hold afterwards."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from fnmatch import fnmatchcase
from typing import Any

from hypothesis import strategies as st

from provisioner.core.errors import ProvisionerError
from provisioner.core.plan import Plan
from provisioner.emulator.seed.directory import Tenant
from provisioner.operations.apply import ApplyOptions, ApplyResult, carry_out, check_safety
from provisioner.operations.consent import ConsentOptions, consent
from provisioner.operations.plan import look
from provisioner.operations.tenant import OpenTenant
from provisioner.spec.model import Spec
from provisioner.verify.checks import Status
from tests.consent.player import Player
from tests.engine.convergence import judge
from tests.engine.convergence.acts import Act, acts
from tests.engine.convergence.estate import Estate
from tests.engine.convergence.others import others
from tests.engine.convergence.specs import LOOPBACK, Document, documents, is_taken_over, valid, with_hand_made
from tests.rehearsal import PARTNER_CENTER
from tests.trial import MOST_ROUNDS, Onlooker, could_write

_RERUNS = 4
_NO_LAG = {"graph": 0, "rbac": 0, "secret": 0, "certificate": 0, "dns": 0}
Json = dict[str, Any]


@dataclass(frozen=True)
class Case:
    """acts: before it. faults: documents for the emulator. sign_in: a person does, if it comes to that."""

    acts: tuple[Act, ...]
    document: Document
    faults: tuple[Json, ...] = ()
    lag: Json = field(default_factory=dict)
    sign_in: bool = False


def cases(tenant: Tenant) -> st.SearchStrategy[Case]:
    return st.builds(
        _case,
        acts(),
        documents(tenant),
        st.one_of(st.just(()), st.just(()), st.lists(_faults(), min_size=1, max_size=3).map(tuple)),
        st.one_of(st.just({}), st.just({}), _lags()),
        st.booleans(),
    )


def _case(done: tuple[Act, ...], document: Document, *rest: Any) -> Case:
    """A vault that is to be taken over is mostly there."""
    if is_taken_over(document["vault"]) and len(done) != 1:
        done = (Act("make_the_vault_by_hand", len(done)), *done)
    return Case(done, document, *rest)


def _faults() -> st.SearchStrategy[Json]:
    what = st.one_of(
        st.fixed_dictionaries(
            {"action": st.just("status"), "status": st.sampled_from((429, 500, 503)), "retryAfter": st.integers(1, 40)}
        ),
        st.fixed_dictionaries({"action": st.just("reset"), "when": st.sampled_from(("before", "after"))}),
        st.fixed_dictionaries({"action": st.just("truncate"), "how": st.sampled_from(("cut", "short"))}),
        st.just({"action": "slow", "ms": 5}),
    )
    where = st.sampled_from(
        (
            *("*", "graph.*", "arm.*", "key_vault.*", "entra.token.*"),
            *("graph.applications.*", "graph.*.create", "graph.*.update", "graph.deletedItems.restore"),
            *("graph.applications.addPassword", "graph.oauth2PermissionGrants.*", "arm.*.put", "arm.vaults.*"),
            *("key_vault.*.set", "key_vault.certificates.*"),
        )
    )
    when = st.one_of(
        st.fixed_dictionaries({"skip": st.integers(0, 14), "count": st.integers(1, 6)}),
        st.fixed_dictionaries(
            {"probability": st.sampled_from((0.1, 0.3)), "seed": st.integers(0, 999), "count": st.just(8)}
        ),
    )
    return st.builds(lambda doing, at, times: {"operation": at, **doing, **times}, what, where, when)


def _lags() -> st.SearchStrategy[Json]:
    return st.fixed_dictionaries(
        {
            "graph": st.sampled_from((0, 20, {"min": 5, "max": 60, "flapping": 20})),
            "rbac": st.sampled_from((0, 90)),
            "secret": st.sampled_from((0, 20)),
            "certificate": st.sampled_from((0, 30)),
            "dns": st.sampled_from((0, 30)),
            "seed": st.integers(0, 99),
        }
    )


def run(case: Case, estate: Estate) -> str:
    """What came of it, and whether faults were on. Raises AssertionError for what is no legitimate outcome."""
    document = with_hand_made(case.document, estate.hand_made)
    spec = valid(document)
    assert spec is not None
    estate.about(document)
    for act in case.acts:
        act(estate)
    estate.cloud.control("PUT", "lag", _NO_LAG | case.lag)
    before = others(estate)
    if case.faults:
        _disturbed(case, estate, spec)
    outcome = asyncio.run(_apply(case, estate, spec))
    estate.cloud.control("PUT", "lag", _NO_LAG)
    _lag_is_over(case, estate)
    lost = before.lost(others(estate), spec)
    assert not lost, f"lost of others: {lost}"
    return f"{outcome}{' (faults on)' if case.faults else ''}"


def _disturbed(case: Case, estate: Estate, spec: Spec) -> None:
    """Apply under faults: it may fail in words, and the next ones (without) must finish what it began."""
    for fault in case.faults:
        estate.cloud.control("POST", "faults", dict(fault))

    async def one() -> None:
        async with estate.opened(spec=spec) as tenant:
            result = await _rounds(tenant, spec)
            defects = [] if result.report is None else [str(each.cause) for each in result.report.defects]
            assert not defects, defects

    try:
        with suppress(ProvisionerError):  # it says so in words
            asyncio.run(one())
    finally:
        estate.cloud.control("DELETE", "faults")


async def _apply(case: Case, estate: Estate, spec: Spec) -> str:
    """Once does, unless faults left something half done or lag lasts; or an administrator must act in between."""
    for _ in range(_RERUNS):
        async with estate.opened(spec=spec) as tenant:
            end = await _apply_once(case, estate, tenant, spec)
        if end.outcome is not None:
            return end.outcome
        for command in end.commands:
            estate.run(command)
        _lag_is_over(case, estate)
        assert case.faults or case.lag or end.commands, end.trouble
    raise AssertionError(f"after {_RERUNS} applies: {end.trouble}")


@dataclass(frozen=True)
class _End:
    """outcome None: not there yet. trouble: what keeps it from one. commands: what an administrator is to run."""

    outcome: str | None
    trouble: Sequence[str] = ()
    commands: Sequence[str] = ()


async def _apply_once(case: Case, estate: Estate, tenant: OpenTenant, spec: Spec) -> _End:
    estate.forget()
    try:
        result = await _rounds(tenant, spec, estate)
    except ProvisionerError as error:
        why = judge.refusal(error, spec)
        assert why is not None, f"{type(error).__name__}: {error.what} [{error.where}] {error.next_step}"
        return _End(judge.refused(error))
    results = result.report.results if result.report else ()
    if failed := judge.unexcused(results, spec):
        return _End(None, failed)
    for each in results:
        if each.error is not None:
            return _End(judge.refused(each.error))
    _lag_is_over(case, estate)
    plan = (await look(tenant, spec)).plan
    if trouble := [*judge.left(plan), *judge.nobody_s(plan, spec)]:
        return _End(None, trouble, judge.administrators(plan))
    failing = [f"{check.name} {check.status}: {check.text}" for check in result.checks if check.status != Status.PASS]
    waits = plan.person_items or judge.is_anothers_token(plan, result.checks)
    if failing and not waits and _can_be_verified(spec):
        return _End(None, failing)
    await _writes_nothing(estate, tenant, spec)
    if case.sign_in and _one_can_sign_in(spec, plan):
        await _sign_in(estate, tenant, spec)
        return _End(judge.SIGNED_IN)
    return _End(judge.FOR_A_PERSON if waits else judge.CONVERGED)


def _lag_is_over(case: Case, estate: Estate) -> None:
    """Until then one replica may show what another does not, and a look proves nothing about the next one."""
    if case.lag:
        estate.later(timedelta(minutes=5))


async def _rounds(tenant: OpenTenant, spec: Spec, estate: Estate | None = None) -> ApplyResult:
    """As `apply --auto-approve --no-consent` goes on."""
    options, result = ApplyOptions(with_consent=False), None
    for _ in range(MOST_ROUNDS):
        seen = await look(tenant, spec)
        assert estate is None or result is not None or not _written(estate), f"plan wrote: {_written(estate)}"
        check_safety(seen, spec, options, result)
        before = 0 if estate is None else len(_written(estate))
        one = await carry_out(tenant, spec, seen, Onlooker(), options, result)
        if estate is not None:
            _wrote_what_was_shown(seen.plan, _written(estate)[before:])
        result = one if result is None else one.after_round(result)
        if not one.another_round:
            break
    assert result is not None
    return result


async def _writes_nothing(estate: Estate, tenant: OpenTenant, spec: Spec) -> None:
    estate.forget()
    result = await _rounds(tenant, spec)
    assert not _written(estate), f"the second apply wrote: {_written(estate)}, {judge.left(result.plan)}"


def _one_can_sign_in(spec: Spec, plan: Plan) -> bool:
    return (
        [step.operation for step in plan.for_a_person] == ["consent"]
        and _can_be_verified(spec)
        and LOOPBACK in [url.uri for url in spec.application.reply_urls or () if url.platform == "web"]
    )


def _can_be_verified(spec: Spec) -> bool:
    """Partner Center is granted by the spec itself, and this machine can prove to be the application."""
    asked = [api.app_id for api in spec.delegated if "user_impersonation" in api.delegated]
    granted = spec.application.admin_consent and PARTNER_CENTER in asked
    return granted and spec.application.credential.type != "federated"


async def _sign_in(estate: Estate, tenant: OpenTenant, spec: Spec) -> None:
    """Then nothing at all is left, for anybody; but that the spec is noted on the token, which is there only now."""
    await consent(tenant.clients, spec, Player(estate.cloud.robot, estate.operator), ConsentOptions(mode="paste"))
    plan = (await look(tenant, spec)).plan
    assert plan.exit_code() == 0, [*judge.left(plan), *judge.nobody_s(plan, spec)]
    assert [step.address.kind for step in plan.pending] == ["spec_digest"] * len(plan.pending)
    await _rounds(tenant, spec)
    await _writes_nothing(estate, tenant, spec)


def _written(estate: Estate) -> list[str]:
    """`METHOD operation` of what wrote; a signature changes nothing."""
    return [
        f"{each['method']} {each['operation']}"
        for each in estate.requests()
        if could_write(each) and not each["operation"].endswith(".sign")
    ]


_WRITES = {
    "resource_provider": ("arm.providers.register",),
    "resource_group": ("arm.resource_groups.put",),
    "vault": ("arm.vaults.*",),
    "spec_digest": ("arm.vaults.patch", "key_vault.secrets.update"),
    "role_assignment": ("arm.role_assignments.*",),
    "api_service_principal": ("graph.servicePrincipals.*",),
    "service_principal": ("graph.servicePrincipals.*", "graph.deletedItems.restore"),
    "application": ("graph.applications.*", "graph.deletedItems.restore"),
    "grant": ("graph.oauth2PermissionGrants.*",),
    "app_role_assignment": ("graph.appRoleAssignments.*",),
    "credential": ("graph.applications.*", "graph.federatedIdentityCredentials.*", "key_vault.*"),
    "refresh_token": ("key_vault.secrets.*",),
}
"""The operations by which each kind writes."""


def _wrote_what_was_shown(plan: Plan, written: Sequence[str]) -> None:
    shown = [pattern for step in plan.pending for pattern in _WRITES[step.address.kind]]
    for line in written:
        operation = line.split(" ")[1]
        assert any(fnmatchcase(operation, pattern) for pattern in shown), f"{line} was not shown"
