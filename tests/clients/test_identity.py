"""The runner: of the spec's tenant or nobody, and nothing of a strange answer is told."""

from __future__ import annotations

import asyncio
import logging
import traceback

import pytest

from provisioner.core.errors import ApiReplyError, ProvisionerError, SignInError, WrongTenantError
from provisioner.emulator.seed.directory import FABRIKAM, RUNNER_SECRET
from tests.clients.answering import Answering
from tests.trial import Trial

CANARY = "canary-71d0c2"
KEY_VAULT = "cfa8b339-82a2-471a-a3c9-0fc0be7a4093"


def _signed_in(trial: Trial, *innermost: Answering, by_environment: bool = False, tenant: str = "") -> str:
    """The tenant of the runner's token."""

    async def run() -> str:
        spec = trial.spec(tenant=tenant or trial.tenant.id)
        async with trial.opened(*innermost, spec=spec, by_environment=by_environment) as opened:
            return opened.runner.tenant_id

    return asyncio.run(run())


def _in_the_environment(monkeypatch: pytest.MonkeyPatch, client_id: str) -> None:
    """An identity configured for Fabrikam."""
    monkeypatch.setenv("AZURE_TENANT_ID", FABRIKAM.id)
    monkeypatch.setenv("AZURE_CLIENT_ID", client_id)
    monkeypatch.setenv("AZURE_CLIENT_SECRET", RUNNER_SECRET)


def test_the_chain_is_asked_for_a_token_of_the_specs_tenant(applied: Trial, monkeypatch: pytest.MonkeyPatch) -> None:
    _in_the_environment(monkeypatch, applied.tenant.runner.client_id)
    monkeypatch.setenv("AZURE_TOKEN_CREDENTIALS", "environmentcredential")
    assert _signed_in(applied, by_environment=True) == applied.tenant.id
    assert all(f"/{applied.tenant.id}/" in each["url"] for each in applied.requests())


def test_a_runner_of_another_tenant_is_refused_before_anything_is_read(
    applied: Trial, monkeypatch: pytest.MonkeyPatch
) -> None:
    _in_the_environment(monkeypatch, FABRIKAM.runner.client_id)
    monkeypatch.setenv("AZURE_TOKEN_CREDENTIALS", "environmentcredential")
    monkeypatch.setenv("AZURE_IDENTITY_DISABLE_MULTITENANTAUTH", "true")
    with pytest.raises(WrongTenantError, match=FABRIKAM.id):
        _signed_in(applied, by_environment=True)
    assert {each["operation"] for each in applied.requests()} == {"entra.token.v2"}


def test_a_spec_may_name_its_tenant_by_domain(applied: Trial) -> None:
    assert _signed_in(applied, tenant=applied.tenant.domain) == applied.tenant.id
    assert [each["operation"] for each in applied.requests()].count("entra.configuration.v2") == 1


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (200, f'{{"access_token": "{CANARY}"'),  # cut short
        (200, f'{{"token": "{CANARY}"}}'),
        (200, f'{{"access_token": "{CANARY}", "expires_in": "{CANARY}"}}'),
        (400, f'{{"error": {{"token": "{CANARY}"}}}}'),
        (500, CANARY),
    ],
)
def test_nothing_of_an_answer_that_is_no_token_is_told(
    applied: Trial, caplog: pytest.LogCaptureFixture, status: int, body: str
) -> None:
    caplog.set_level(logging.DEBUG)
    with pytest.raises(ApiReplyError if status == 200 else ProvisionerError) as failed:
        _signed_in(applied, Answering("/token", body.encode(), status, {"Content-Type": "application/json"}))
    assert CANARY not in caplog.text + "".join(traceback.format_exception(failed.value))


def test_who_deleted_the_principal_of_key_vault_is_told_how_it_comes_back(applied: Trial) -> None:
    """Without it nobody gets a token for the vault, so no plan can be made and no apply can create it."""
    applied.graph("DELETE", f"servicePrincipals/{applied.principal(KEY_VAULT)['id']}")
    with pytest.raises(SignInError, match="AADSTS500011") as failed:
        _signed_in(applied)
    assert failed.value.next_step == f"an administrator of the tenant runs: az ad sp create --id {KEY_VAULT}"
