"""token: an access token for scripts, of the right person, with nothing left behind."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from provisioner.clients.clouds import endpoints
from provisioner.clients.jwt_claims import claims_of
from provisioner.core.errors import ConsentError, ConsentRequiredError, PersonMustActError, UsageError
from provisioner.emulator.seed.directory import OPERATOR_OTP, OPERATOR_PASSWORD
from provisioner.operations.token import AccessToken, check_tenant, scope_of, token
from tests.kept import Kept
from tests.rehearsal import SECRET
from tests.robot import Person

PUBLIC = endpoints("public")
GRAPH = "00000003-0000-0000-c000-000000000000"


def _token(kept: Kept, resource: str, customer: str | None = None) -> AccessToken:
    async def run() -> AccessToken:
        async with kept.opened() as tenant:
            return await token(tenant.clients, kept.spec(), scope_of(resource, tenant.clients.cloud), customer)

    return asyncio.run(run())


@pytest.mark.parametrize(
    ("resource", "audience"),
    [
        ("partnercenter", PUBLIC.partner_center),
        ("graph", PUBLIC.graph),
        ("https://graph.microsoft.com", PUBLIC.graph),
        ("https://graph.microsoft.com/User.Read", PUBLIC.graph),
        (PUBLIC.partner_center, PUBLIC.partner_center),
    ],
)
def test_a_token_is_the_accounts_own_for_the_api_that_was_named(kept: Kept, resource: str, audience: str) -> None:
    found = _token(kept, resource)
    claims = claims_of(found.value.reveal())
    assert claims["aud"] in (audience, GRAPH)
    assert claims["oid"] == kept.trial.tenant.operator_id
    assert found.tenant_id == claims["tid"] == kept.trial.tenant.id
    assert abs(int(found.expires_at.timestamp()) - claims["exp"]) < 60


def test_nothing_is_written_and_the_stored_token_stays(kept: Kept) -> None:
    before = kept.token()
    kept.trial.forget()
    _token(kept, "graph")
    assert [line for line in kept.trial.writes() if not line.endswith("sign")] == []
    assert kept.token() == before


def test_a_customers_tenant_gives_a_token_once_it_has_consented(kept_by_secret: Kept) -> None:
    customer = kept_by_secret.trial.tenant.customers[0].id
    with pytest.raises(PersonMustActError, match="AADSTS90099") as refused:
        _token(kept_by_secret, "graph", customer)
    assert "pre-consent" in refused.value.next_step
    _consent_in(kept_by_secret, customer)
    found = _token(kept_by_secret, "graph", customer)
    claims = claims_of(found.value.reveal())
    assert found.tenant_id == claims["tid"] == customer


def _consent_in(kept: Kept, customer: str) -> None:
    """As a partner does for its application (sam-facts 4.6)."""
    body = {
        "applicationId": kept.trial.application()["appId"],
        "displayName": "Trial",
        "applicationGrants": [{"enterpriseApplicationId": GRAPH, "scope": "User.Read"}],
    }
    bearer = {"Authorization": f"Bearer {_token(kept, 'partnercenter').value.reveal()}"}
    url = f"{PUBLIC.partner_center}/v1/customers/{customer}/applicationconsents"
    answer = kept.trial.cloud.http.post(url, json=body, headers=bearer)
    assert answer.ok, answer.text


def test_a_token_of_somebody_else_than_the_spec_names_is_not_given_out(kept_by_secret: Kept) -> None:
    trial = kept_by_secret.trial
    kept_by_secret.without_mfa()
    colleague = Person(trial.tenant.colleague, OPERATOR_PASSWORD, OPERATOR_OTP)
    trial.put_secret(SECRET, kept_by_secret.token_of(colleague))
    with pytest.raises(ConsentRequiredError, match=trial.tenant.colleague):
        _token(kept_by_secret, "graph")


def test_without_a_sign_in_a_person_must_act(kept_by_secret: Kept) -> None:
    kept_by_secret.trial.secrets("DELETE", f"secrets/{SECRET}")
    with pytest.raises(ConsentRequiredError) as refused:
        _token(kept_by_secret, "graph")
    assert (refused.value.exit_code, refused.value.next_step) == (3, "provisioner consent SPEC")


def test_a_token_that_was_idle_for_too_long_needs_a_person(kept: Kept) -> None:
    kept.advance(timedelta(days=91))
    with pytest.raises(ConsentRequiredError) as refused:
        _token(kept, "graph")
    assert "provisioner consent SPEC" in refused.value.next_step


def test_without_a_vault_or_an_application_apply_comes_first(kept_by_secret: Kept) -> None:
    kept_by_secret.trial.back_to("new")
    with pytest.raises(ConsentError, match="does not exist") as refused:
        _token(kept_by_secret, "graph")
    assert refused.value.next_step == "provisioner apply SPEC"


@pytest.mark.parametrize(
    ("resource", "scope"),
    [
        ("partnercenter", "https://api.partnercenter.microsoft.com/user_impersonation"),
        ("PartnerCenter", "https://api.partnercenter.microsoft.com/user_impersonation"),
        ("graph", "https://graph.microsoft.com/.default"),
        ("arm", "https://management.azure.com/.default"),
        ("https://vault.azure.net", "https://vault.azure.net/.default"),
        ("https://management.core.windows.net/", "https://management.core.windows.net//.default"),
        (GRAPH, f"{GRAPH}/.default"),
        (f"api://{GRAPH}", f"api://{GRAPH}/.default"),
        (f"api://{GRAPH}/access", f"api://{GRAPH}/access"),
        ("https://graph.microsoft.com/User.Read", "https://graph.microsoft.com/User.Read"),
        ("https://graph.microsoft.com/.default", "https://graph.microsoft.com/.default"),
        (
            "https://graph.microsoft.com/User.Read https://graph.microsoft.com/Mail.Read",
            "https://graph.microsoft.com/User.Read https://graph.microsoft.com/Mail.Read",
        ),
    ],
)
def test_a_resource_is_asked_for_by_its_scope(resource: str, scope: str) -> None:
    assert scope_of(resource, PUBLIC) == scope


@pytest.mark.parametrize(("cloud", "host"), [("usgov", "graph.microsoft.us"), ("china", "chinacloudapi.cn")])
def test_short_names_are_those_of_the_specs_cloud(cloud: str, host: str) -> None:
    assert host in scope_of("graph", endpoints(cloud))


@pytest.mark.parametrize("resource", ["", " ", "grpah", "User.Read", "https://", 'https://x/"', "https://x/a\nb"])
def test_what_is_neither_an_api_nor_a_scope_is_wrong_usage(resource: str) -> None:
    with pytest.raises(UsageError, match="--resource"):
        scope_of(resource, PUBLIC)


@pytest.mark.parametrize("tenant", ["", "contoso", "../common", "a.b/../x", "https://x.example", "x.example?y"])
def test_a_customer_is_named_by_id_or_domain(tenant: str) -> None:
    with pytest.raises(UsageError, match="--tenant"):
        check_tenant(tenant)
