"""The certificate on the emulator: brought, deleted, disabled, beside other people's, two runs at once, late roles."""

from __future__ import annotations

import asyncio
import base64
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from provisioner.clients.guard import signatures_allowed
from provisioner.clients.proof import CertificateProof
from provisioner.core.step import Action
from provisioner.resources.credential.place import place_of
from provisioner.resources.credential.proof import proof_in_force
from provisioner.spec.model import Spec
from tests.emulator.certificates import self_signed
from tests.engine.rotations import CERTIFICATE, advance, shown
from tests.trial import CREDENTIAL, Trial, failures

CERTIFICATES_OFFICER = "a4417e6f-fecd-4de8-b567-7b0420556985"
SIGN_IN_IS_LEFT = 3
KEYS = [rsa.generate_private_key(public_exponent=65537, key_size=2048) for _ in range(3)]


def spec_of(trial: Trial, **changed: Any) -> Spec:
    return trial.spec(application__credential={**CERTIFICATE, **changed})


def applied_with(trial: Trial, spec: Spec) -> None:
    result = trial.apply(spec)
    assert result.exit_code() == SIGN_IN_IS_LEFT, failures(result)


def thumbprints(trial: Trial) -> list[str]:
    """Of the certificates on the application."""
    return [each["customKeyIdentifier"] for each in trial.application()["keyCredentials"]]


def versions(trial: Trial, name: str = CREDENTIAL) -> list[dict[str, Any]]:
    """Oldest first."""
    found: list[dict[str, Any]] = trial.secrets("GET", f"certificates/{name}/versions")["value"]
    return sorted(found, key=lambda each: each["attributes"]["created"])


def thumbprint(version: dict[str, Any]) -> str:
    return base64.urlsafe_b64decode(version["x5t"] + "==").hex().upper()


def our_token_request_signs_with(trial: Trial, spec: Spec) -> str:
    """The id of the version; Entra has taken it."""

    async def run() -> str:
        async with trial.opened(spec=spec) as tenant:
            proof = await proof_in_force(tenant.clients, place_of(spec))
            assert isinstance(proof, CertificateProof)
            await tenant.clients.entra(trial.application()["appId"], proof).prove_credential()
            return f"{proof.certificates.url}/certificates/{proof.name}/{proof.version}"

    with signatures_allowed():
        return asyncio.run(run())


def _somebody_makes(trial: Trial, name: str) -> None:
    """A version as az or the portal make it, without a mark of ours."""
    policy = {
        "issuer": {"name": "Self"},
        "key_props": {"exportable": False, "kty": "RSA", "key_size": 2048},
        "x509_props": {"subject": "CN=brought", "validity_months": 4},
        "lifetime_actions": [{"trigger": {"lifetime_percentage": 80}, "action": {"action_type": "EmailContacts"}}],
    }
    trial.secrets("POST", f"certificates/{name}/create", {"policy": policy})
    for _ in range(2):
        trial.secrets("GET", f"certificates/{name}/pending")


def _assign_certificates_officer(trial: Trial) -> None:
    definitions = f"/subscriptions/{trial.tenant.subscription}/providers/Microsoft.Authorization/roleDefinitions"
    properties = {
        "roleDefinitionId": f"{definitions}/{CERTIFICATES_OFFICER}",
        "principalId": trial.tenant.runner.object_id,
        "principalType": "ServicePrincipal",
    }
    path = f"{trial.vault_path}/providers/Microsoft.Authorization/roleAssignments/{uuid.uuid4()}"
    trial.arm("PUT", path, {"properties": properties}, "2022-04-01")


def test_a_brought_certificate_is_used_followed_and_never_tagged(trial: Trial) -> None:
    trial.put_in_place()
    _assign_certificates_officer(trial)
    _somebody_makes(trial, "brought")
    spec = spec_of(trial, name="brought")
    assert shown(trial, spec) == ["register"]
    applied_with(trial, spec)
    [first] = versions(trial, "brought")
    assert our_token_request_signs_with(trial, spec) == first["id"]
    advance(trial, 40)
    _somebody_makes(trial, "brought")
    _, second = versions(trial, "brought")
    assert our_token_request_signs_with(trial, spec) == first["id"], "the newer one is not on the application yet"
    advance(trial, 20)
    applied_with(trial, spec)
    assert our_token_request_signs_with(trial, spec) == second["id"]
    assert thumbprints(trial) == [thumbprint(first), thumbprint(second)]
    assert shown(trial, spec) == ["retire later"], "the overlap begins when it is put on the application"
    advance(trial, 8)
    applied_with(trial, spec)
    assert thumbprints(trial) == [thumbprint(second)]
    assert [(each.get("tags"), each["attributes"]["enabled"]) for each in versions(trial, "brought")] == [
        (None, True),
        (None, True),
    ]
    advance(trial, 65)
    [step] = [step for step in trial.plan(spec).for_a_person if step.address.kind == "credential"]
    assert step.operation == "renew"


def test_a_deleted_certificate_comes_back_with_its_versions_and_nothing_new_is_made(trial: Trial) -> None:
    spec = spec_of(trial)
    applied_with(trial, spec)
    before = thumbprints(trial), versions(trial)
    trial.secrets("DELETE", f"certificates/{CREDENTIAL}")
    assert shown(trial, spec) == ["recover"]
    applied_with(trial, spec)
    assert (thumbprints(trial), [each["id"] for each in versions(trial)]) == (before[0], [v["id"] for v in before[1]])
    assert our_token_request_signs_with(trial, spec) == versions(trial)[0]["id"]


def test_a_disabled_certificate_is_a_person_s_and_nothing_is_made_in_its_place(trial: Trial) -> None:
    spec = spec_of(trial)
    applied_with(trial, spec)
    path = versions(trial)[0]["id"].partition(".net/")[2]
    trial.secrets("PATCH", path, {"attributes": {"enabled": False}})
    plan = trial.plan(spec)
    [step] = [step for step in plan.steps if step.address.kind == "credential"]
    assert (step.action, "--enabled true" in step.todo) == (Action.PERSON, True)
    trial.apply(spec)
    assert len(versions(trial)) == 1


def test_what_the_vault_renews_behind_our_back_is_shown_and_left_alone(trial: Trial) -> None:
    spec = spec_of(trial)
    applied_with(trial, spec)
    [ours] = versions(trial)
    advance(trial, 1)
    _somebody_makes(trial, CREDENTIAL)
    [step] = [step for step in trial.plan(spec).steps if step.address.kind == "credential"]
    assert (step.action, len(step.kept)) == (Action.NONE, 1)
    assert our_token_request_signs_with(trial, spec) == ours["id"]
    advance(trial, 40)
    applied_with(trial, spec)
    advance(trial, 8)
    applied_with(trial, spec)
    enabled = [each for each in versions(trial) if each["attributes"]["enabled"]]
    assert [each.get("tags", {}).get("provisioner") for each in enabled] == [None, "trial"]


def _foreign_entry(number: int, name: str, days: int, now: datetime) -> dict[str, Any]:
    return {
        "type": "AsymmetricX509Cert",
        "usage": "Verify",
        "displayName": name,
        "key": base64.b64encode(self_signed(KEYS[number], now, days)).decode(),
    }


@given(
    entries=st.lists(
        st.tuples(
            st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "Zs")), max_size=90), st.integers(1, 900)
        ),
        max_size=3,
    )
)
@settings(
    max_examples=6,
    deadline=None,
    database=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_certificates_of_others_survive_a_rotation_and_a_retirement_unchanged(
    trial: Trial, entries: list[tuple[str, int]]
) -> None:
    """Graph replaces the list whole; theirs goes back as it was read."""
    trial.back_to("new")
    spec = spec_of(trial)
    applied_with(trial, spec)
    ours = trial.application()["keyCredentials"]
    offset = trial.cloud.control("GET", "clock")["offset"]
    now = datetime.fromtimestamp(datetime.now(UTC).timestamp() + offset, UTC)
    foreign = [_foreign_entry(number, name, days, now) for number, (name, days) in enumerate(entries)]
    trial.change_application(keyCredentials=[*ours, *foreign])
    theirs = [each for each in _whole(trial) if each["keyId"] != ours[0]["keyId"]]
    assert len(theirs) == len(entries)
    for days in (40, 8):
        advance(trial, days)
        applied_with(trial, spec)
        left = _whole(trial)
        assert [each for each in left if each in theirs] == theirs
    assert len(left) == len(theirs) + 1


def _whole(trial: Trial) -> list[dict[str, Any]]:
    """The entries with their keys, which Graph gives only when it is asked for them."""
    path = f"applications/{trial.application()['id']}?$select=keyCredentials"
    found: list[dict[str, Any]] = trial.graph("GET", path)["keyCredentials"]
    return found


@pytest.mark.parametrize("kind", ["secret", "certificate"])
def test_two_applies_at_once_do_no_harm(trial: Trial, kind: str) -> None:
    """Each may tell of the other and fail; afterwards one credential is in force and the next apply has no doubt."""
    spec = spec_of(trial, type=kind)
    applied_with(trial, spec)
    advance(trial, 61 if kind == "secret" else 40)
    trial.cloud.control("PUT", "lag", {"secret": {"min": 4, "max": 18, "flapping": 18}})
    with ThreadPoolExecutor(2) as both:
        list(both.map(trial.apply, [spec, spec]))
    advance(trial, 1)
    applied_with(trial, spec)
    assert [step for step in shown(trial, spec) if step != "retire later"] == []
    advance(trial, 8)
    applied_with(trial, spec)
    application = trial.application()
    assert len(application["keyCredentials"]) + len(application["passwordCredentials"]) == 1
    if kind == "certificate":
        enabled = [each for each in versions(trial) if each["attributes"]["enabled"]]
        assert [thumbprint(each) for each in enabled] == thumbprints(trial)
        assert our_token_request_signs_with(trial, spec) == enabled[0]["id"]
    else:
        assert trial.mints_a_token(trial.secrets("GET", f"secrets/{CREDENTIAL}")["value"])


@pytest.mark.parametrize(
    "lag",
    [{"rbac": 300}, {"rbac": {"min": 60, "max": 600, "flapping": 300}}, {"certificate": 90}, {"graph": 40}],
    ids=str,
)
def test_a_role_that_is_new_is_waited_for_beside_one_held_for_long(trial: Trial, lag: dict[str, Any]) -> None:
    """The runner has kept secrets in the vault for a year; to make and use a certificate it needs two roles more.

    While answers flap, the look after the last write may be refused: then apply says that it could not tell.
    """
    trial.put_in_place()
    advance(trial, 1)
    trial.cloud.control("PUT", "lag", lag)
    spec = spec_of(trial)
    assert failures(trial.apply(spec)) == []
    advance(trial, 1)
    applied_with(trial, spec)
    [made] = versions(trial, f"{CREDENTIAL}-certificate")
    assert our_token_request_signs_with(trial, spec) == made["id"]
