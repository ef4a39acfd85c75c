"""renew: never loses the token, and says loudly what a person must do."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from provisioner.clients.runner_identities import ClientSecretIdentity
from provisioner.core.errors import ConsentRequiredError, CredentialMissingError, ForbiddenError, PersonMustActError
from provisioner.core.exit_codes import PERSON_MUST_ACT
from provisioner.operations.renew import RenewResult, renew
from provisioner.resources.token_renewal import TokenNotStoredError
from provisioner.resources.token_store import OlderVersionsError
from tests.kept import Kept, newcomer
from tests.platforms import GITHUB_SUBJECT, forget_identities, start_job
from tests.rehearsal import SECRET
from tests.trial import Onlooker

DAY = timedelta(days=1)


def test_a_renewed_token_is_a_new_version_of_the_same_person(kept: Kept) -> None:
    before = kept.token()
    result = kept.renew()
    after = kept.token()
    assert after["value"] != before["value"]
    assert after["id"].endswith(result.version)
    assert (result.account, result.object_id) == (kept.trial.tenant.operator, kept.trial.tenant.operator_id)
    assert after["tags"] | {"issued": ""} == before["tags"] | {"issued": ""}
    assert result.expires_at - result.issued_at >= 90 * DAY - timedelta(seconds=2)


def test_versions_older_than_the_newest_two_are_disabled(kept_by_secret: Kept) -> None:
    versions = []
    for _ in range(3):
        kept_by_secret.advance(DAY)
        versions.append(kept_by_secret.renew().version)
    assert kept_by_secret.enabled() == versions[-2:]


def test_a_consumers_version_without_tags_is_renewed_and_noted_again(kept: Kept) -> None:
    noted = kept.token()["tags"]
    kept.advance(DAY)
    kept.trial.put_secret(SECRET, kept.token()["value"])
    result = kept.renew()
    assert result.was == "foreign"
    assert kept.token()["tags"] | {"issued": ""} == noted | {"issued": ""}


def test_another_accounts_token_is_refused_and_left_where_it_is(kept_by_secret: Kept) -> None:
    before = kept_by_secret.token()
    with pytest.raises(ConsentRequiredError, match=kept_by_secret.trial.tenant.colleague):
        kept_by_secret.renew(account=kept_by_secret.trial.tenant.colleague)
    assert kept_by_secret.token() == before
    assert not kept_by_secret.vault_writes()


def test_a_token_that_somebody_got_without_mfa_is_not_renewed(kept: Kept) -> None:
    trial = kept.trial
    kept.without_mfa()
    trial.put_secret(SECRET, kept.token_of(trial.operator))
    trial.forget()
    with pytest.raises(ConsentRequiredError, match="no MFA") as refused:
        kept.renew()
    assert "provisioner consent SPEC" in refused.value.next_step
    assert not kept.vault_writes()


def test_a_revoked_token_needs_a_person_and_nothing_is_written(kept: Kept) -> None:
    before = kept.token()
    kept.advance(timedelta(minutes=1))
    kept.trial.cloud.control("PATCH", f"users?id={kept.trial.tenant.operator_id}", {"revokeSessions": True})
    kept.trial.forget()
    with pytest.raises(ConsentRequiredError) as refused:
        kept.renew()
    assert "provisioner consent SPEC" in refused.value.next_step
    assert refused.value.exit_code == PERSON_MUST_ACT
    assert not kept.vault_writes()
    assert kept.token() == before


def test_a_disabled_account_is_an_administrators_to_mend(kept_by_secret: Kept) -> None:
    operator = kept_by_secret.trial.tenant.operator_id
    kept_by_secret.trial.cloud.control("PATCH", f"users?id={operator}", {"accountEnabled": False})
    with pytest.raises(PersonMustActError) as refused:
        kept_by_secret.renew()
    assert refused.value.exit_code == PERSON_MUST_ACT
    assert "administrator" in refused.value.next_step
    assert not kept_by_secret.vault_writes()


@pytest.mark.parametrize("value", ["no-token-at-all", "line\nbreak", " "])
def test_a_value_that_is_no_token_needs_a_person(kept_by_secret: Kept, value: str) -> None:
    kept_by_secret.trial.put_secret(SECRET, value)
    kept_by_secret.trial.forget()
    with pytest.raises(ConsentRequiredError) as refused:
        kept_by_secret.renew()
    assert "provisioner consent SPEC" in refused.value.next_step
    assert not kept_by_secret.vault_writes()


def test_a_disabled_token_needs_a_person(kept_by_secret: Kept) -> None:
    version = kept_by_secret.enabled()[-1]
    kept_by_secret.trial.secrets("PATCH", f"secrets/{SECRET}/{version}", {"attributes": {"enabled": False}})
    with pytest.raises(ConsentRequiredError, match="disabled"):
        kept_by_secret.renew()


def test_another_specs_token_is_never_renewed(kept_by_secret: Kept) -> None:
    kept_by_secret.trial.put_secret(SECRET, kept_by_secret.token()["value"], tags={"provisioner": "neighbour"})
    kept_by_secret.trial.forget()
    with pytest.raises(ConsentRequiredError, match="neighbour") as refused:
        kept_by_secret.renew()
    assert "consent.secretName" in refused.value.next_step
    assert not kept_by_secret.vault_writes()


def test_a_vault_that_does_not_take_the_new_token_is_a_loud_failure_and_the_old_one_stays(kept: Kept) -> None:
    before = kept.token()
    kept.trial.fault("key_vault.secrets.set", "deny", code="ForbiddenByRbac")
    with pytest.raises(TokenNotStoredError, match=r"NOT stored.*intact and still valid until 20\d\d-") as failed:
        kept.renew()
    assert failed.value.exit_code == 1
    assert kept.token() == before
    kept.renew()


def test_a_vault_that_goes_on_failing_leaves_open_whether_it_was_stored(kept_by_secret: Kept) -> None:
    kept_by_secret.trial.fault("key_vault.secrets.set", "status", status=503, count=None)
    with pytest.raises(TokenNotStoredError, match="did not say whether"):
        kept_by_secret.renew()


@pytest.mark.parametrize("how", [{"action": "truncate", "how": "short"}, {"action": "reset", "when": "after"}], ids=str)
def test_a_write_whose_answer_is_lost_is_looked_for_and_not_repeated(kept_by_secret: Kept, how: dict[str, Any]) -> None:
    before = len(kept_by_secret.trial.versions())
    kept_by_secret.trial.fault("key_vault.secrets.set", count=None, **how)
    kept_by_secret.renew()
    assert len(kept_by_secret.trial.versions()) == before + 1


def test_older_versions_that_cannot_be_disabled_do_not_hide_that_the_new_one_is_stored(kept_by_secret: Kept) -> None:
    for _ in range(2):
        kept_by_secret.advance(DAY)
        kept_by_secret.renew()
    before = kept_by_secret.token()
    kept_by_secret.advance(DAY)
    kept_by_secret.trial.fault("key_vault.secrets.update", "deny", code="ForbiddenByRbac")
    with pytest.raises(OlderVersionsError, match="is stored"):
        kept_by_secret.renew()
    assert kept_by_secret.token()["value"] != before["value"]


ENOUGH = {
    "secret": ("Key Vault Secrets Officer",),
    "certificate": ("Key Vault Secrets Officer", "Key Vault Reader", "Key Vault Crypto User"),
}


def test_whoever_only_renews_needs_the_vaults_roles_and_no_other_right(kept: Kept) -> None:
    before = kept.token()
    identity = newcomer(kept, *ENOUGH[kept.type])
    asyncio.run(_renew_as(kept, identity))
    assert kept.token()["value"] != before["value"]


def test_without_one_of_these_roles_nothing_is_written(kept: Kept) -> None:
    for role in ENOUGH[kept.type]:
        identity = newcomer(kept, *(other for other in ENOUGH[kept.type] if other != role))
        kept.trial.forget()
        with pytest.raises(ForbiddenError) as refused:
            asyncio.run(_renew_as(kept, identity))
        assert "provisioner explain SPEC" in refused.value.next_step
        assert not kept.vault_writes()


async def _renew_as(kept: Kept, identity: ClientSecretIdentity) -> RenewResult:
    async with kept.opened(identity=identity) as tenant:
        return await renew(tenant, kept.spec(), Onlooker())


def test_with_a_trust_it_renews_in_the_job_that_is_trusted_and_nowhere_else(
    kept_by_secret: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    trusting = Kept(kept_by_secret.trial, "federated")
    forget_identities(monkeypatch)
    before = trusting.token()
    with pytest.MonkeyPatch.context() as job:
        for name, value in start_job(trusting.trial, "github", GITHUB_SUBJECT).items():
            job.setenv(name, value)
        trusting.apply()
        trusting.renew()
    after = trusting.token()
    assert after["value"] != before["value"]
    trusting.trial.forget()
    with pytest.raises(CredentialMissingError) as refused:
        trusting.renew()
    assert refused.value.next_step
    assert not trusting.vault_writes()
    assert trusting.token() == after


@pytest.mark.parametrize("runs", [2, 5])
def test_renewals_at_once_do_no_harm(kept: Kept, runs: int) -> None:
    async def one() -> RenewResult:
        async with kept.opened() as tenant:
            return await renew(tenant, kept.spec(), Onlooker())

    async def all_at_once() -> list[RenewResult]:
        return await asyncio.gather(*(one() for _ in range(runs)))

    results = asyncio.run(all_at_once())
    current = kept.token()["id"].rpartition("/")[2]
    assert current in {result.version for result in results}
    assert current in kept.enabled()
    kept.renew()


def test_renewed_every_week_the_token_lives_through_400_days_and_every_rotation(kept: Kept) -> None:
    rotations = 0
    for _ in range(58):
        kept.advance(7 * DAY)
        kept.renew()
        steps = kept.plan().pending
        if any(step.address.kind == "credential" for step in steps):
            kept.apply()
            rotations += any(step.operation == "promote" for step in steps)
    assert rotations == {"secret": 2, "certificate": 3}[kept.type], "180 days, of a certificate 5 whole months"
    assert len(kept.enabled()) == 2
    assert not kept.plan().for_a_person


def test_stopped_for_91_days_the_plan_says_broken_why_and_the_command_that_mends_it(kept: Kept) -> None:
    kept.advance(91 * DAY)
    (step,) = (step for step in kept.plan().steps if step.address.kind == "refresh_token")
    assert step.action == "person"
    assert step.seen.startswith("broken")
    assert "90 days after it was last renewed" in step.reason
    assert step.todo.startswith("provisioner consent SPEC")
    with pytest.raises(ConsentRequiredError) as refused:
        kept.renew()
    assert "provisioner consent SPEC" in refused.value.next_step
