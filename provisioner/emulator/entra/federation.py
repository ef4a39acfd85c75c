"""Workload identity federation: an outside issuer's token stands for a credential (sam-facts 5.2, 3.7).

The application's federated identity credentials say whom it trusts: issuer, subject and audience of the token are
compared as written, case and trailing slash included. Only then is the issuer asked for its keys.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from .. import kinds, lag
from ..clouds import CLOUDS
from ..identity import signing_key
from ..issuers import keys
from ..kernel import Call
from ..store import Document, Transaction
from . import credential_errors
from .directory import Client


def check(call: Call, client: Client, token: str, header: Mapping[str, Any], claims: Mapping[str, Any]) -> None:
    """Raises 5002738, 70021, 700211, 700213, 7002138, 700212, 90061, 50013, 700024."""
    if header.get("alg") != "RS256":
        raise credential_errors.algorithm_not_supported(call, str(header.get("alg")))
    _check_trusted(call, client, claims)
    issuer = str(claims["iss"])
    known = _entras_keys(call.tx, issuer) or keys.public_keys(call.tx, issuer)
    if known is None:
        raise credential_errors.issuer_unreachable(call)
    key = known.get(str(header.get("kid")))
    if key is None:
        raise credential_errors.federated_signature(call, "The key was not found")
    try:
        jwt.PyJWS().decode(token, key, algorithms=["RS256"])
    except jwt.PyJWTError as error:
        raise credential_errors.federated_signature(call, "The provided signature value did not match") from error


def _check_trusted(call: Call, client: Client, claims: Mapping[str, Any]) -> None:
    """One credential of the application has this issuer, subject and audience."""
    issuer, subject = str(claims.get("iss")), str(claims.get("sub"))
    sent = claims.get("aud")
    asked = {str(audience) for audience in (sent if isinstance(sent, list) else [sent])}
    trusted = [entry for entry in _credentials(call, client) if lag.is_usable(call.tx, entry)]
    if not trusted:
        raise credential_errors.federation_not_trusted(call, issuer, subject)
    if not (trusted := [entry for entry in trusted if entry["issuer"] == issuer]):
        raise credential_errors.federated_issuer(call, issuer)
    if not (named := [entry for entry in trusted if entry["subject"] == subject]):
        if any(str(entry["subject"]).lower() == subject.lower() for entry in trusted):
            raise credential_errors.federated_subject_case(call, subject)
        raise credential_errors.federated_subject(call, subject)
    if not any(asked & set(entry["audiences"]) for entry in named):
        raise credential_errors.federated_audience(call, " ".join(sorted(asked)))


def _credentials(call: Call, client: Client) -> list[Document]:
    return call.tx.find(kinds.FEDERATED_CREDENTIAL, client.home_tenant, "_application", client.application["id"])


def _entras_keys(tx: Transaction, issuer: str) -> dict[str, RSAPublicKey] | None:
    """Keys behind a v2 issuer of Entra itself: an application or managed identity of any tenant may be trusted."""
    for cloud in CLOUDS.values():
        found = re.fullmatch(rf"https://{re.escape(cloud.login[0])}/([0-9a-f-]{{36}})/v2\.0", issuer)
        tenant = tx.get(kinds.TENANT, "", found[1]) if found else None
        if tenant is not None and tenant["cloud"] == cloud.name:
            key = signing_key(tx, cloud.name)
            return {key.key_id: key.public}
    return None
