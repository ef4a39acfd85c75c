"""Paths of the issuers: discovery and keys of each, and where a job asks for its token.

Routes do not see host names, so each handler checks that the path stands on its own host.
"""

from __future__ import annotations

from ..kernel import Call, Reply, Route, Router
from . import errors, jobs, keys

_JOB = "{plans:rest}/jobs/{job}"


def _configuration(call: Call) -> Reply:
    issuer = _issuer(call)
    return Reply(
        200,
        {
            "issuer": issuer,
            "jwks_uri": f"{issuer}/.well-known/jwks",
            "subject_types_supported": ["public", "pairwise"],
            "response_types_supported": ["id_token"],
            "claims_supported": ["sub", "aud", "exp", "iat", "iss", "jti", "nbf"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "scopes_supported": ["openid"],
        },
    )


def _keys(call: Call) -> Reply:
    return Reply(200, keys.jwks(call.tx, _issuer(call)))


def _issuer(call: Call) -> str:
    """The issuer whose documents lie at this address; raises when there is none."""
    organisation = call.params.get("organisation")
    issuer = f"https://{call.host}" + (f"/{organisation.lower()}" if organisation else "")
    if call.host in (jobs.GITHUB_HOST, jobs.AZURE_DEVOPS_HOST) or keys.public_keys(call.tx, issuer) is None:
        raise errors.not_found(call.path)
    return issuer


def _github_token(call: Call) -> Reply:
    if call.host != jobs.GITHUB_HOST:
        raise errors.not_found(call.path)
    job = jobs.running(call.tx, "github", call.headers.get("authorization", ""), call.path)
    if job is None:
        raise errors.not_authorized()
    token = jobs.github_token(call.tx, job, call.query.get("audience"))
    return Reply(200, {"count": len(token), "value": token})


def _azure_devops_token(call: Call) -> Reply:
    if call.host != jobs.AZURE_DEVOPS_HOST:
        raise errors.not_found(call.path)
    job = jobs.running(call.tx, "azure-devops", call.headers.get("authorization", ""), call.path)
    if job is None:
        raise errors.not_authorized()
    if not call.query.get("api-version"):
        raise errors.no_api_version()
    if call.query.get("serviceConnectionId", "").lower() != job["connection"]:
        raise errors.unknown_connection()
    return Reply(200, {"oidcToken": jobs.azure_devops_token(call.tx, job)})


ROUTER = Router(
    (
        Route("GET", "/.well-known/openid-configuration", "issuers.configuration", _configuration),
        Route("GET", "/.well-known/jwks", "issuers.keys", _keys),
        Route("GET", "/{organisation}/.well-known/openid-configuration", "issuers.configuration", _configuration),
        Route("GET", "/{organisation}/.well-known/jwks", "issuers.keys", _keys),
        Route("GET", f"/{_JOB}/idtoken", "issuers.github.token", _github_token),
        Route("POST", f"/{_JOB}/oidctoken", "issuers.azure_devops.token", _azure_devops_token),
    )
)
