"""The control surface over HTTP: what an administrator decides without a portal, and runs of pipelines."""

from __future__ import annotations

from typing import Any

import jwt
import pytest

from provisioner.emulator.seed.directory import CONTOSO, FABRIKAM, OPERATOR_PASSWORD
from provisioner.emulator.server import Emulator
from tests.rehearsal import Cloud, Rehearsal
from tests.robot import Person, StuckError

REPLY = "http://localhost:8400/"


@pytest.fixture
def cloud(emulator: Emulator) -> Cloud:
    return Cloud(emulator.description())


def _operator(cloud: Cloud, **changes: Any) -> Any:
    return cloud.control("PATCH", f"users?id={CONTOSO.operator_id}", changes)


def test_policies_of_one_tenant_are_its_own(cloud: Cloud) -> None:
    policy = {"users": "all", "apps": "all", "result": "block"}
    answer = cloud.control("PATCH", f"tenants?id={CONTOSO.id}", {"conditionalAccess": [policy]})
    assert answer["conditionalAccess"] == [policy]
    answer = cloud.control("PATCH", f"tenants?id={FABRIKAM.id}", {"mfa": {"signInFrequencyHours": 12}})
    assert answer["conditionalAccess"] == []
    assert answer["mfa"]["signInFrequencyHours"] == 12
    assert answer["mfa"]["securityDefaults"] is False, "what is not named stays"


def test_a_disabled_account_and_a_changed_password_do_not_sign_in(cloud: Cloud) -> None:
    rehearsal = Rehearsal(cloud, CONTOSO, (REPLY,))
    rehearsal.prepare()
    url = (
        f"https://login.microsoftonline.com/{CONTOSO.id}/oauth2/v2.0/authorize?client_id={rehearsal.app_id}"
        f"&response_type=code&redirect_uri={REPLY}&scope=openid&prompt=login"
    )

    def signs_in(person: Person) -> bool:
        try:
            return "code" in cloud.robot().sign_in(url, person, deliver=False).fields
        except (StuckError, AssertionError):
            return False

    assert signs_in(rehearsal.operator)
    assert _operator(cloud, accountEnabled=False)["accountEnabled"] is False
    assert not signs_in(rehearsal.operator)
    _operator(cloud, accountEnabled=True, password="Another!2026")
    assert not signs_in(rehearsal.operator)
    assert signs_in(Person(CONTOSO.operator, "Another!2026", rehearsal.operator.otp))
    _operator(cloud, password=OPERATOR_PASSWORD, revokeSessions=True, unlock=True)
    assert signs_in(rehearsal.operator)
    assert _operator(cloud, otp=None)["mfa"] is False


def test_a_pipeline_s_run_and_an_issuer_of_one_s_own_give_tokens(cloud: Cloud) -> None:
    job = {"platform": "github", "subject": "repo:contoso/infra:ref:refs/heads/main"}
    assert cloud.control("POST", "jobs", job)["variables"]["GITHUB_REPOSITORY"] == "contoso/infra"
    issuer = "https://cluster.contoso.example"
    cloud.control("POST", "issuers", {"issuer": issuer})
    claims = {"sub": "system:serviceaccount:default:runner", "aud": "api://AzureADTokenExchange"}
    token = cloud.control("POST", "tokens", {"issuer": issuer, "claims": claims})["token"]
    assert jwt.decode(token, options={"verify_signature": False}).items() >= {"iss": issuer, **claims}.items()
