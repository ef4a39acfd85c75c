"""What clients read before they sign anybody in: metadata, keys, instance discovery."""

from __future__ import annotations

import base64
from typing import Any

from ..clouds import CLOUDS
from ..identity import signing_key
from ..kernel import Call, Reply
from . import directory, tokens


def configuration_v1(call: Call) -> Reply:
    return Reply(200, _configuration(call, 1))


def configuration_v2(call: Call) -> Reply:
    return Reply(200, _configuration(call, 2))


def _configuration(call: Call, version: int) -> dict[str, Any]:
    tenant = directory.tenant(call)
    cloud = CLOUDS[call.cloud]
    alias = call.params["tenant"] if tenant is None else tenant["id"]
    base = f"https://{call.host}/{alias}"
    oauth = f"{base}/oauth2/v2.0" if version == 2 else f"{base}/oauth2"
    keys = f"{base}/discovery/v2.0/keys" if version == 2 else f"{base}/discovery/keys"
    # over `common` the issuer is a template, in Microsoft's own words
    issuer = tokens.issuer(call.cloud, "{tenantid}" if tenant is None else tenant["id"], version)
    return {
        "token_endpoint": f"{oauth}/token",
        "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt"],
        "jwks_uri": keys,
        "response_modes_supported": ["query", "fragment", "form_post"],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "response_types_supported": ["code", "code id_token"],
        "scopes_supported": ["openid", "profile", "email", "offline_access"],
        "issuer": issuer,
        "request_uri_parameter_supported": False,
        "authorization_endpoint": f"{oauth}/authorize",
        "claims_supported": ["sub", "iss", "aud", "exp", "iat", "nonce", "c_hash", "tid", "ver", "name", "oid"],
        "tenant_region_scope": None if tenant is None else "EU",
        "cloud_instance_name": cloud.login[0],
        "msgraph_host": cloud.graph,
    }


def keys(call: Call) -> Reply:
    """The key set; the same for every tenant of the cloud."""
    directory.tenant(call)
    key = signing_key(call.tx, call.cloud)
    numbers = key.public.public_numbers()
    entry = {
        "kty": "RSA",
        "use": "sig",
        "alg": "RS256",
        "kid": key.key_id,
        "x5t": key.key_id,
        "n": _number(numbers.n),
        "e": _number(numbers.e),
        "issuer": tokens.issuer(call.cloud, "{tenantid}", 2),
    }
    return Reply(200, {"keys": [entry]})


def instance(call: Call) -> Reply:
    """`/common/discovery/instance`: which host names are one authority (MSAL asks before it trusts a host)."""
    metadata = [
        {"preferred_network": cloud.login[0], "preferred_cache": cloud.login[-1], "aliases": list(cloud.login)}
        for cloud in CLOUDS.values()
    ]
    authority = call.query.get("authorization_endpoint", "").removeprefix("https://")
    alias = authority.split("/")[1] if "/" in authority else "common"
    endpoint = f"https://{CLOUDS[call.cloud].login[0]}/{alias}/v2.0/.well-known/openid-configuration"
    return Reply(200, {"tenant_discovery_endpoint": endpoint, "api-version": "1.1", "metadata": metadata})


def _number(value: int) -> str:
    raw = value.to_bytes((value.bit_length() + 7) // 8, "big")
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
