"""destroy of a tenant that is signed in, and the way back: the same application, the same token, working."""

from __future__ import annotations

import pytest

from tests.kept import Kept, value_of
from tests.removal import destroy, plan_to_destroy
from tests.trial import failures


def test_after_destroy_and_apply_the_same_token_works_without_a_new_sign_in(kept: Kept) -> None:
    app_id, token = kept.trial.application()["appId"], value_of(kept.token())
    result = destroy(kept.trial, kept.spec())
    assert result.exit_code() == 0, failures(result)
    for _ in range(2):
        applied = kept.trial.apply(kept.spec())
        assert not failures(applied)
    assert kept.plan().exit_code() == 0
    assert kept.trial.application()["appId"] == app_id
    assert value_of(kept.token()) == token
    renewed = kept.renew()
    assert renewed.version
    assert value_of(kept.token()) != token


def test_whoever_decides_hears_that_the_token_lives_on_and_how_to_end_it(kept_by_secret: Kept) -> None:
    kept = kept_by_secret
    (told,) = [notice for notice in plan_to_destroy(kept.trial, kept.spec()).notices if "at Entra" in notice.text]
    account = kept.trial.tenant.operator
    command = told.text.splitlines()[-1]
    assert command.strip() == (
        f"az rest --method POST --url https://graph.microsoft.com/v1.0/users/{account}/revokeSignInSessions"
    )
    assert "every session" in told.text


def test_a_token_that_can_never_be_redeemed_again_needs_no_revoking(kept_by_secret: Kept) -> None:
    plan = plan_to_destroy(kept_by_secret.trial, kept_by_secret.spec(), purge=True)
    assert not [notice for notice in plan.notices if "at Entra" in notice.text]


def test_what_was_destroyed_is_told_with_the_services_own_dates(kept_by_secret: Kept) -> None:
    kept = kept_by_secret
    result = destroy(kept.trial, kept.spec())
    (told,) = result.after.notices
    path = f"/subscriptions/{kept.trial.tenant.subscription}/providers/Microsoft.KeyVault/locations"
    deleted = kept.trial.arm("GET", f"{path}/{kept.trial.location}/deletedVaults/{kept.trial.vault}")
    assert deleted["properties"]["scheduledPurgeDate"][:10] in told.text
    assert told.next_step == "provisioner apply SPEC"


@pytest.mark.parametrize("purge", [False, True])
def test_no_secret_is_read_to_be_removed(kept: Kept, purge: bool) -> None:
    destroy(kept.trial, kept.spec(), purge=purge)
    assert not [each for each in kept.trial.requests() if each["operation"] == "key_vault.secrets.get"]
