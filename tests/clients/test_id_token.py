"""The id_token of a hybrid sign-in came through a browser: each thing that could be forged is refused."""

from __future__ import annotations

import json
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from provisioner.clients.id_token import half_hash, verified_claims
from provisioner.core.errors import ApiReplyError
from provisioner.core.secret import Secret

CLIENT, NONCE, CODE = "1ce3668a-9558-4782-b767-513962725f72", "nonce-1", Secret("the-code")
KEY, STRANGER = (rsa.generate_private_key(65537, 2048) for _ in range(2))
KEYS = {"keys": [json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(KEY.public_key())) | {"kid": "k1", "use": "sig"}]}
GOOD: dict[str, Any] = {"aud": CLIENT, "nonce": NONCE, "c_hash": half_hash("the-code"), "tid": "t", "exp": 1}


def _token(claims: dict[str, Any], *, key: Any = KEY, kid: str = "k1", algorithm: str = "RS256") -> Secret:
    return Secret(jwt.encode(claims, key, algorithm=algorithm, headers={"kid": kid}))


def test_a_token_of_this_sign_in_is_believed_whatever_the_clocks_say() -> None:
    assert verified_claims(_token(GOOD), KEYS, client_id=CLIENT, nonce=NONCE, code=CODE)["tid"] == "t"


def test_the_half_hash_is_that_of_openid_connect() -> None:
    """The example of OpenID Connect Core 1.0, appendix A.4: code and c_hash."""
    assert half_hash("Qcb0Orv1zh30vL1MPRsbm-diHiMwcLyZvn1arpZv-Jxf_11jnpEX3Tgfvk") == "LDktKdoQak3Pk0cnXxCltA"


@pytest.mark.parametrize(
    ("token", "said"),
    [
        (None, "no id_token"),
        (Secret("not.a.token"), "does not verify"),
        (_token(GOOD, key=STRANGER), "does not verify"),
        (_token(GOOD, kid="k2"), "does not verify"),
        (_token(GOOD, key="a-shared-secret-that-is-long-enough-for-hmac", algorithm="HS256"), "does not verify"),
        (_token(GOOD | {"aud": "another"}), "does not verify"),
        (_token(GOOD | {"nonce": "other"}), "nonce"),
        (_token(GOOD | {"c_hash": half_hash("other")}), "c_hash"),
        (_token({name: GOOD[name] for name in ("aud", "nonce")}), "c_hash"),
    ],
)
def test_anything_else_is_dropped_with_the_reason(token: Secret | None, said: str) -> None:
    with pytest.raises(ApiReplyError) as raised:
        verified_claims(token, KEYS, client_id=CLIENT, nonce=NONCE, code=CODE)
    assert said in raised.value.what
    assert raised.value.next_step
