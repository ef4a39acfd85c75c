"""What renew and token print."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime

from provisioner.core.secret import Secret
from provisioner.render.layout import plain
from provisioner.render.renew_text import renewed_json, renewed_lines
from provisioner.render.token_output import token_az, token_env, token_json, token_raw

END = datetime(2027, 2, 21, 8, 30, tzinfo=UTC)


@dataclass(frozen=True)
class _Renewed:
    name: str = "contoso-sam"
    tenant: str = "f5869d30-a0ef-43dd-96bb-1e8a000db1c9"
    account: str = "sam@contoso.example"
    object_id: str = "08a320e2-c54e-4fbf-842f-8a2063b2d934"
    vault: str = "kv-contoso-sam"
    secret_name: str = "partner-refresh-token"
    version: str = "230e43fc4fe74133acb5f05e541739a4"
    was: str = "due"
    issued_at: datetime = datetime(2026, 11, 23, 8, 30, tzinfo=UTC)
    expires_at: datetime = END


@dataclass(frozen=True)
class _Token:
    value: Secret
    expires_at: datetime = END
    tenant_id: str = "f5869d30-a0ef-43dd-96bb-1e8a000db1c9"
    subscription: str = "0a1b2c3d-0000-4000-8000-000000000001"
    scope: str = "https://graph.microsoft.com/.default"


def test_a_renewal_is_one_sentence() -> None:
    assert plain(renewed_lines(_Renewed())) == (
        "contoso-sam: renewed for sam@contoso.example, with MFA; in vault kv-contoso-sam\n"
        "  as partner-refresh-token, lives until 2027-02-21 08:30 UTC unless it is\n"
        "  renewed again\n"
    )


def test_a_renewals_json_has_the_keys_of_the_contract() -> None:
    found = renewed_json(_Renewed())
    assert list(found) == [
        *("name", "tenant", "account", "objectId", "mfa", "vault", "secret", "version", "was", "issuedAt", "expiresAt"),
    ]
    assert (found["issuedAt"], found["expiresAt"]) == ("2026-11-23T08:30:00Z", "2027-02-21T08:30:00Z")


def test_each_shape_of_a_token_says_the_same_end() -> None:
    token = _Token(Secret("head.body.signature"))
    ours, az = json.loads(token_json(token)), json.loads(token_az(token))
    assert (ours["expiresOn"], ours["expires_on"]) == ("2027-02-21T08:30:00Z", int(END.timestamp()))
    local = datetime.strptime(az["expiresOn"], "%Y-%m-%d %H:%M:%S.%f")  # noqa: DTZ007  # az's own, local time
    assert int(local.timestamp()) == az["expires_on"] == ours["expires_on"]
    assert f"export ACCESS_TOKEN_EXPIRES_ON={ours['expires_on']}" in token_env(token)
    assert token_raw(token) == ours["accessToken"] == az["accessToken"]
