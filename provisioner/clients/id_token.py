"""The id_token that a hybrid sign-in (`code id_token`) brings through the browser: checked before it is believed."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from typing import Any

import jwt

from provisioner.core.errors import ApiReplyError
from provisioner.core.secret import Secret

_OPERATION = "sign-in answer"


def verified_claims(
    id_token: Secret | None, keys: Mapping[str, Any], *, client_id: str, nonce: str, code: Secret
) -> dict[str, Any]:
    """The claims of an id_token whose signature, audience, nonce and c_hash hold.

    keys: the tenant's JWKS document. That the answer is of this sign-in is the nonce's to show: `exp` and `iat` would
    only compare this machine's clock with Entra's.

    Raises: ApiReplyError, which names what did not hold.
    """
    if id_token is None:
        raise _refused("it has no id_token")
    token = id_token.reveal()
    try:
        key = jwt.PyJWKSet.from_dict(dict(keys))[jwt.get_unverified_header(token).get("kid", "")]
        claims: dict[str, Any] = jwt.decode(
            token,
            key,
            algorithms=["RS256"],
            audience=client_id,
            options={"verify_exp": False, "verify_iat": False, "verify_nbf": False},
        )
    except (jwt.PyJWTError, KeyError) as error:
        raise _refused(f"its id_token does not verify ({type(error).__name__})") from None
    if claims.get("nonce") != nonce:
        raise _refused("its id_token belongs to another sign-in (nonce)")
    if claims.get("c_hash") != half_hash(code.reveal()):
        raise _refused("its id_token does not belong to its code (c_hash)")
    return claims


def half_hash(code: str) -> str:
    """OpenID Connect's c_hash under RS256: the left half of the code's SHA-256, base64url without padding."""
    return base64.urlsafe_b64encode(hashlib.sha256(code.encode()).digest()[:16]).rstrip(b"=").decode()


def _refused(why: str) -> ApiReplyError:
    return ApiReplyError(
        "Entra", _OPERATION, 0, "", f"the answer was dropped: {why}",
        next_step="start the sign-in again; if it repeats, leave --hybrid out",
    )  # fmt: skip
