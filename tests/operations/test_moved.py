"""What differs between a saved plan and a new look is named; what only words, order or the calendar change is not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from provisioner.core.address import Address, Ref
from provisioner.core.plan import Cause, Notice, Plan
from provisioner.core.step import Action, Change, Step
from provisioner.operations.moved import first_difference
from provisioner.render.plan_json import tenant_plan
from provisioner.resources.credential.wanted import EXPIRES_PATH
from tests.render.plans import ALL, APPLICATION, CREDENTIAL, GRAPH, NOW, TOKEN, VAULT, plan

Change_ = Callable[[Step], Step]
VAULT_STEP = Step(
    VAULT,
    Action.UPDATE,
    "update",
    (
        Change("vault.sku", "standard", "premium"),
        Change("vault.network.allowedIps", None, "203.0.113.7/32"),
        Change("vault.network.allowedIps", "198.51.100.0/24", None),
    ),
    kept=("192.0.2.0/24", "192.0.2.9/32"),
    removal=True,
    seen="/vaults/kv",
)
STAGE = Step(
    CREDENTIAL,
    Action.UPDATE,
    "stage",
    (Change(EXPIRES_PATH, "2026-03-20", "2026-05-31"),),
    needs=(VAULT,),
    reason="it expires on 2026-03-20",
    seen="key-1",
)
PROMOTE = Step(CREDENTIAL, Action.UPDATE, "promote", (Change("vault.secret", "sam-next", "sam"),))
RETIRE = Step(
    CREDENTIAL,
    Action.UPDATE,
    "retire",
    (Change("application.credential.keyId", "key-0", None),),
    not_before=NOW + timedelta(days=3),
)
GRANT = Step(GRAPH, Action.CREATE, "grant", (Change("clientId", None, Ref(APPLICATION, "principalId")),))
FRESH = Step(TOKEN, Action.NONE, reason="issued", seen="fresh: issued 2026-03-01")
STEPS = (VAULT_STEP, STAGE, PROMOTE, RETIRE, GRANT, FRESH)


def compared(now: tuple[Step, ...], *, saved: tuple[Step, ...] = STEPS, later: timedelta = timedelta(0)) -> str:
    plans = (plan(*saved, cause=Cause.DRIFT), replace(plan(*now, cause=Cause.DRIFT), made_at=NOW + later))
    return first_difference(*map(tenant_plan, plans))


def with_step(step: Step, **changed: Any) -> tuple[Step, ...]:
    return tuple(replace(one, **changed) if one is step else one for one in STEPS)


def with_fields(*fields: Change) -> tuple[Step, ...]:
    return with_step(VAULT_STEP, fields=fields)


SKU, ADDED, TAKEN = VAULT_STEP.fields
UNREAD = Step(VAULT, Action.UNKNOWN, "observe", reason="Azure Resource Manager answered 403")
MOVED: dict[str, tuple[tuple[Step, ...], str]] = {
    "a field's old value": (
        with_fields(replace(SKU, before="basic"), ADDED, TAKEN),
        "contoso-sam/vault: vault.sku: before was standard, is now basic",
    ),
    "a field's new value": (
        with_fields(replace(SKU, after="basic"), ADDED, TAKEN),
        "contoso-sam/vault: vault.sku: after was premium, is now basic",
    ),
    "a field that is right by now": (
        with_fields(ADDED, TAKEN),
        "contoso-sam/vault: vault.sku: standard → premium is gone",
    ),
    "one more field": (
        with_fields(SKU, ADDED, TAKEN, Change("vault.tags.team", "x", "y")),
        "contoso-sam/vault: vault.tags.team: x → y is new",
    ),
    "one more entry to take out": (
        with_fields(SKU, ADDED, TAKEN, replace(TAKEN, before="198.51.100.7/32")),
        "contoso-sam/vault: vault.network.allowedIps: - 198.51.100.7/32 is new",
    ),
    "one entry less to add": (
        with_fields(SKU, TAKEN),
        "contoso-sam/vault: vault.network.allowedIps: + 203.0.113.7/32 is gone",
    ),
    "an entry twice": (
        with_fields(SKU, ADDED, ADDED, TAKEN),
        "contoso-sam/vault: vault.network.allowedIps: + 203.0.113.7/32 is new",
    ),
    "somebody's entry": (
        with_step(VAULT_STEP, kept=(*VAULT_STEP.kept, "192.0.2.66/32")),
        "contoso-sam/vault: kept: 192.0.2.66/32 is new",
    ),
    "somebody's entry that left": (
        with_step(VAULT_STEP, kept=VAULT_STEP.kept[:1]),
        "contoso-sam/vault: kept: 192.0.2.9/32 is gone",
    ),
    "what the step rests on": (
        with_step(STAGE, seen="key-2"),
        f"{CREDENTIAL}: seen was key-1, is now key-2",
    ),
    "a token that was renewed": (
        with_step(FRESH, seen="fresh: issued 2026-03-02"),
        f"{TOKEN}: seen was fresh: issued 2026-03-01, is now fresh: issued 2026-03-02",
    ),
    "what it needs": (
        with_step(STAGE, needs=()),
        f"{CREDENTIAL}: needs was contoso-sam/vault, is now nothing",
    ),
    "that it is final": (
        with_step(VAULT_STEP, irreversible=True),
        "contoso-sam/vault: irreversible was false, is now true",
    ),
    "that it removes": (
        with_step(VAULT_STEP, removal=False),
        "contoso-sam/vault: removal was true, is now false",
    ),
    "who does it": (
        with_step(GRANT, action=Action.PERSON),
        "contoso-sam/grant/Microsoft Graph: action was create, is now person",
    ),
    "what a reference points at": (
        with_step(GRANT, fields=(Change("clientId", None, "1234"),)),
        'contoso-sam/grant/Microsoft Graph: clientId: after was {"field": "principalId", "ref": '
        '"contoso-sam/application"}, is now 1234',
    ),
    "when it is due": (
        with_step(RETIRE, not_before=NOW + timedelta(days=4)),
        f"{CREDENTIAL}: notBefore was 2026-03-05T09:30:00Z, is now 2026-03-06T09:30:00Z",
    ),
    "a new step": (
        (*STEPS, Step(APPLICATION, Action.UPDATE, "update", (Change("application.displayName", "a", "b"),))),
        "contoso-sam/application: a new step: update (application.displayName: a → b)",
    ),
    "a new step of a thing that has some": (
        (VAULT_STEP, STAGE, PROMOTE, RETIRE, replace(RETIRE, operation="drop", not_before=None), GRANT, FRESH),
        f"{CREDENTIAL}: a new step: drop (application.credential.keyId: - key-0)",
    ),
    "a step that is gone": (STEPS[1:], "contoso-sam/vault: the step is gone: update"),
    "another step": (
        with_step(FRESH, action=Action.UPDATE, operation="renew"),
        f"{TOKEN}: the step was none, is now renew",
    ),
    "what cannot be read any more": (
        (UNREAD, *STEPS[1:]),
        "contoso-sam/vault: the step was update, is now observe (it could not be read: Azure Resource Manager "
        "answered 403)",
    ),
    "the order at one thing": (
        (VAULT_STEP, PROMOTE, STAGE, RETIRE, GRANT, FRESH),
        f"{CREDENTIAL}: the steps come in another order: it was stage, promote, retire, is now promote, stage, retire",
    ),
    "the order of things": (
        (GRANT, *STEPS[:4], FRESH),
        "the steps come in another order: number 1 was contoso-sam/vault update, is now contoso-sam/grant/Microsoft "
        "Graph grant",
    ),
    "nothing left": ((), "contoso-sam/vault: the step is gone: update"),
}


@pytest.mark.parametrize(("now", "told"), MOVED.values(), ids=MOVED)
def test_the_first_thing_that_differs_is_named(now: tuple[Step, ...], told: str) -> None:
    assert compared(now) == told


def test_a_step_that_has_come_due_was_shown_as_later() -> None:
    told = f"{CREDENTIAL}: retire was not due before 2026-03-05T09:30:00Z, and is due now"
    assert compared(STEPS, later=timedelta(days=2)) == ""
    assert compared(STEPS, later=timedelta(days=3)) == told


STILL: dict[str, tuple[Step, ...]] = {
    "the same": STEPS,
    "other words": tuple(replace(step, reason="other words", todo="other advice") for step in STEPS),
    "rows in another order": with_fields(TAKEN, ADDED, SKU),
    "what is kept in another order": with_step(VAULT_STEP, kept=VAULT_STEP.kept[::-1]),
    "a new credential that would end a day later": with_step(
        STAGE, fields=(Change(EXPIRES_PATH, "2026-03-20", "2026-06-01"),)
    ),
}


@pytest.mark.parametrize("now", STILL.values(), ids=STILL)
def test_words_order_and_the_calendar_are_no_difference(now: tuple[Step, ...]) -> None:
    assert compared(now) == ""


def test_when_the_credential_in_force_ends_is_a_difference() -> None:
    now = with_step(STAGE, fields=(Change(EXPIRES_PATH, "2026-03-21", "2026-05-31"),))
    assert compared(now) == f"{CREDENTIAL}: {EXPIRES_PATH}: before was 2026-03-20, is now 2026-03-21"


@pytest.mark.parametrize("shown", ALL.values(), ids=ALL)
def test_who_looks_and_what_it_means_are_not_compared(shown: Plan) -> None:
    other = replace(
        shown, runner="somebody else", cause=Cause.UNKNOWN, notices=(Notice("info", "a word"),), life=(), digest="0"
    )
    assert first_difference(tenant_plan(shown), tenant_plan(other)) == ""


values = st.sampled_from([None, "a", "b"])
few_steps = st.lists(
    st.builds(
        Step,
        st.sampled_from([VAULT, CREDENTIAL]),
        st.sampled_from([Action.UPDATE, Action.PERSON]),
        operation=st.sampled_from(["update", "stage"]),
        fields=st.lists(st.builds(Change, st.sampled_from(["p", EXPIRES_PATH]), values, values), max_size=2).map(tuple),
        kept=st.lists(st.sampled_from("xy"), max_size=2).map(tuple),
        seen=st.sampled_from(["", "s"]),
    ),
    max_size=3,
).map(tuple)


def _as_compared(steps: tuple[Step, ...]) -> list[object]:
    """By the module's own docstring."""
    return [
        (
            step.address,
            step.action,
            step.operation,
            sorted(
                repr((row.path, row.before, None if row.path == EXPIRES_PATH else row.after)) for row in step.fields
            ),
            sorted(step.kept),
            step.seen,
        )
        for step in steps
    ]


@settings(max_examples=150)
@given(few_steps, few_steps)
def test_no_difference_is_named_exactly_when_there_is_none(one: tuple[Step, ...], other: tuple[Step, ...]) -> None:
    for now in (one, other):
        told = compared(now, saved=one)
        assert (told == "") == (_as_compared(one) == _as_compared(now))


def test_addresses_are_told_apart_by_their_key() -> None:
    other = replace(GRANT, address=Address("contoso-sam", "grant", "Microsoft Partner Center"))
    assert compared(tuple(other if step is GRANT else step for step in STEPS)).startswith(f"{GRAPH}: the step is gone")
