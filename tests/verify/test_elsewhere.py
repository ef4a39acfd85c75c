"""An application that trusts a job, looked at from a machine that is not it: unknown, never failed, never the end."""

from __future__ import annotations

import asyncio

import pytest

from provisioner.core.plan import Plan
from provisioner.core.step import Action
from provisioner.operations.plan import plan
from provisioner.operations.verify import verify
from provisioner.spec.model import Spec
from provisioner.verify.checks import Check, Status, exit_code
from tests import platforms
from tests.rehearsal import SECRET
from tests.trial import Trial, failures

TRUST = {"type": "federated", "trust": {"github": {"repository": "contoso/sam", "environment": "prod"}}}


@pytest.fixture
def trusting(trial: Trial, monkeypatch: pytest.MonkeyPatch) -> tuple[Trial, Spec]:
    """Everything in place, and a token in the vault."""
    platforms.forget_identities(monkeypatch)
    spec = trial.spec(application__credential=TRUST)
    assert not failures(trial.apply(spec))
    trial.put_secret(SECRET, "1.a-token-nobody-here-can-redeem")
    return trial, spec


def test_a_trusted_token_that_is_elsewhere_is_no_failed_check(trusting: tuple[Trial, Spec]) -> None:
    trial, spec = trusting

    async def run() -> tuple[Check, ...]:
        async with trial.opened(spec=spec) as tenant:
            return await verify(tenant.clients, spec)

    first, *rest, last = asyncio.run(run())
    assert (first.name, first.status, bool(first.next_step)) == ("refreshToken", Status.UNKNOWN, True)
    assert all(check.text.startswith("not tried") for check in rest)
    assert (last.name, last.status) == ("refreshTokenExpiry", Status.PASS)
    assert exit_code([first, *rest, last]) == 4


def test_whoever_must_sign_in_is_told_the_mode_that_works_there(trusting: tuple[Trial, Spec]) -> None:
    trial, spec = trusting
    trial.secrets("DELETE", f"secrets/{SECRET}")

    async def run() -> tuple[Check, ...]:
        async with trial.opened(spec=spec) as tenant:
            return await verify(tenant.clients, spec)

    first, *_ = asyncio.run(run())
    assert (first.for_a_person, first.next_step) == (True, "provisioner consent SPEC --mode device")


def test_a_probe_there_leaves_the_token_unknown(trusting: tuple[Trial, Spec]) -> None:
    trial, spec = trusting

    async def run() -> Plan:
        async with trial.opened(spec=spec) as tenant:
            return await plan(tenant, spec, probing=True)

    (step,) = [step for step in asyncio.run(run()).steps if step.address.kind == "refresh_token"]
    assert (step.action, step.reason.startswith("not probed: ")) == (Action.UNKNOWN, True)
