"""What clients read before they sign anybody in: metadata, keys, instance discovery."""

from __future__ import annotations

import base64
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

from ..clouds import CLOUDS
from ..identity import signing_key
from ..kernel import Call, Reply
from . import directory, errors, tokens, wire

_CLOUD_CLAIMS = ("cloud_instance_name", "cloud_instance_host_name", "cloud_graph_host_name", "msgraph_host")
_CLAIMS_V1 = (
    *("sub", "iss", *_CLOUD_CLAIMS, "aud", "exp", "iat", "auth_time", "acr", "amr", "nonce", "email"),
    *("given_name", "family_name", "nickname"),
)
_CLAIMS_V2 = (
    *("sub", "iss", *_CLOUD_CLAIMS, "aud", "exp", "iat", "auth_time", "acr", "nonce", "preferred_username", "name"),
    *("tid", "ver", "at_hash", "c_hash", "email"),
)
# the host a client should call, and the one under whose name it keeps what it gets
_PREFERRED = {
    "public": ("login.microsoftonline.com", "login.windows.net"),
    "china": ("login.partner.microsoftonline.cn", "login.partner.microsoftonline.cn"),
    "usgov": ("login.microsoftonline.us", "login.microsoftonline.us"),
}
_INSTANCES = {
    "public": "microsoftonline.com",
    "usgov": "microsoftonline.us",
    "china": "partner.microsoftonline.cn",
}
_REGIONS = {"public": "EU", "usgov": "USGov", "china": "AS"}


def configuration_v1(call: Call) -> Reply:
    return _reply(_configuration(call, 1))


def configuration_v2(call: Call) -> Reply:
    return _reply(_configuration(call, 2))


def _configuration(call: Call, version: int) -> dict[str, Any]:
    """The members of Microsoft's own document, in its order (read from answers of the real service)."""
    tenant = directory.tenant(call)
    cloud = CLOUDS[call.cloud]
    alias = call.params["tenant"] if tenant is None else tenant["id"]
    base = f"https://{call.host}/{alias}"
    oauth = f"{base}/oauth2/v2.0" if version == 2 else f"{base}/oauth2"
    found: dict[str, Any] = {
        "token_endpoint": f"{oauth}/token",
        "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt", "client_secret_basic"],
        "jwks_uri": f"{base}/discovery/v2.0/keys" if version == 2 else f"{base}/discovery/keys",
        "response_modes_supported": ["query", "fragment", "form_post"],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "response_types_supported": ["code", "id_token", "code id_token", "id_token token"],
        "scopes_supported": ["openid"] if version == 1 else ["openid", "profile", "email", "offline_access"],
        # over `common` the issuer is a template, in Microsoft's own words
        "issuer": tokens.issuer(call.cloud, "{tenantid}" if tenant is None else tenant["id"], version),
    }
    if version == 1:
        found |= {"microsoft_multi_refresh_token": True}
    graph = "graph.chinacloudapi.cn" if call.cloud == "china" else "graph.windows.net"
    return found | {
        "request_uri_parameter_supported": False,
        "userinfo_endpoint": f"{base}/openid/userinfo" if version == 1 else f"https://{cloud.graph}/oidc/userinfo",
        "authorization_endpoint": f"{oauth}/authorize",
        "device_authorization_endpoint": f"{oauth}/devicecode",
        "http_logout_supported": True,
        "frontchannel_logout_supported": True,
        "end_session_endpoint": f"{oauth}/logout",
        "claims_supported": list(_CLAIMS_V1 if version == 1 else _CLAIMS_V2),
        "kerberos_endpoint": f"{base}/kerberos",
        "tenant_region_scope": None if tenant is None else _REGIONS[call.cloud],
        "cloud_instance_name": _INSTANCES[call.cloud],
        "cloud_graph_host_name": graph,
        "msgraph_host": cloud.graph,
        "rbac_url": "https://pas.chinacloudapi.cn" if call.cloud == "china" else "https://pas.windows.net",
    }


def _reply(body: dict[str, Any]) -> Reply:
    return Reply(200, body, wire.public_headers(str(uuid4())))


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
    return _reply({"keys": [entry]})


def instance(call: Call) -> Reply:
    """`/common/discovery/instance`: which host names are one authority (MSAL asks before it trusts a host).

    Raises 50049 for an authority that is in none of the clouds.
    """
    try:
        authority = urlsplit(call.query.get("authorization_endpoint", ""))
    except ValueError as error:
        raise errors.instance_unknown(call) from error
    cloud = next((cloud for cloud in CLOUDS.values() if authority.hostname in cloud.login), None)
    if cloud is None:
        raise errors.instance_unknown(call)
    metadata = [
        {"preferred_network": network, "preferred_cache": cache, "aliases": list(CLOUDS[name].login)}
        for name, (network, cache) in _PREFERRED.items()
    ]
    alias = authority.path.strip("/").split("/")[0] or "common"
    endpoint = f"https://{cloud.login[0]}/{alias}/v2.0/.well-known/openid-configuration"
    return _reply({"tenant_discovery_endpoint": endpoint, "api-version": "1.1", "metadata": metadata})


def _number(value: int) -> str:
    raw = value.to_bytes((value.bit_length() + 7) // 8, "big")
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
