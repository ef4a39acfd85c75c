"""plan --probe: the stored token is redeemed and judged; nothing is written, and what could not be tried is unknown."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta

from provisioner.clients.runner_identities import ClientSecretIdentity
from provisioner.core.exit_codes import COULD_NOT_TELL
from provisioner.core.plan import Life, Plan
from provisioner.core.step import Action, Step
from provisioner.operations.plan import plan
from provisioner.render.plan_json import document, tenant_json
from tests.kept import Kept, value_of
from tests.rehearsal import SECRET


def probed(kept: Kept, identity: ClientSecretIdentity | None = None) -> Plan:
    async def run() -> Plan:
        async with kept.opened(identity=identity, verb="plan") as tenant:
            return await plan(tenant, kept.spec(), probing=True)

    return asyncio.run(run())


def token(made: Plan) -> tuple[Step, Life]:
    (step,) = [step for step in made.steps if step.address.kind == "refresh_token"]
    (life,) = [life for life in made.life if life.what == "refreshToken"]
    return step, life


def test_a_token_that_works_is_said_to_and_nothing_is_written(kept: Kept) -> None:
    before = kept.token()
    kept.trial.forget()
    step, life = token(probed(kept))
    assert (step.action, life.state, life.mfa) == (Action.NONE, "fresh", True)
    assert step.reason.startswith(f"probed: it works, is of {kept.trial.tenant.operator}")
    assert kept.token() == before
    writes = [line for line in kept.trial.writes() if not line.endswith("keys.sign")]
    assert writes == []


def test_what_a_consumer_wrote_becomes_known(kept_by_secret: Kept) -> None:
    kept = kept_by_secret
    kept.trial.put_secret(SECRET, value_of(kept.token()))
    assert token(kept.plan())[1].state == "foreign"
    step, life = token(probed(kept))
    assert (life.state, life.mfa) == ("fresh", True)
    assert kept.trial.tenant.operator in step.reason


def test_a_revoked_token_is_broken_with_its_remedy_though_its_note_says_fresh(kept_by_secret: Kept) -> None:
    kept = kept_by_secret
    kept.advance(timedelta(minutes=1))
    kept.trial.cloud.control("PATCH", f"users?id={kept.trial.tenant.operator_id}", {"revokeSessions": True})
    assert token(kept.plan())[1].state == "fresh"
    made = probed(kept)
    step, life = token(made)
    assert (step.action, life.state) == (Action.PERSON, "broken")
    assert "AADSTS50173" in step.reason
    assert "provisioner consent SPEC" in step.todo
    assert made.exit_code() == 3


def test_a_passing_fault_leaves_the_token_unknown_and_its_days_known(kept_by_secret: Kept) -> None:
    kept = kept_by_secret
    secret = {"operation": "key_vault.secrets.get", "action": "status", "status": 503, "count": None}
    kept.trial.cloud.control("POST", "faults", secret)
    made = probed(kept)
    step, life = token(made)
    assert (step.action, life.state) == (Action.UNKNOWN, "unknown")
    assert life.days_left(made.made_at) is not None
    assert made.exit_code() == COULD_NOT_TELL


def test_without_the_right_it_is_unknown_and_the_right_is_named(kept: Kept) -> None:
    operation = "key_vault.secrets.get" if kept.type == "secret" else "key_vault.keys.sign"
    fault = {"operation": operation, "action": "deny", "code": "ForbiddenByRbac", "count": None}
    kept.trial.cloud.control("POST", "faults", fault)
    step, _ = token(probed(kept))
    assert step.action is Action.UNKNOWN
    assert "Key Vault Secrets User" in step.todo or "Crypto User" in step.todo


def test_the_numbers_of_the_plan_are_those_of_the_vault(kept: Kept) -> None:
    kept.advance(timedelta(days=60))
    made = kept.plan()
    (shown,) = json.loads(document([tenant_json(made)]))["tenants"]
    days = {row["what"]: row["daysLeft"] for row in shown["life"]}
    assert 29.5 <= days["refreshToken"] <= 30
    life = {"secret": 180, "certificate": 150}[kept.type]  # a certificate's is counted in whole months
    assert life - 61 < days["credential"] <= life - 59
    assert {row["state"] for row in shown["life"]} == {"due", "fresh"}
