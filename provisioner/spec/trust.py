"""Whose tokens a federated credential trusts: the platforms' own words as issuer, subject and audience.

Sources: GitHub, "About security hardening with OpenID Connect" (subject claims); Azure Pipelines, "Workload identity
federation" (`sc://` subjects); Kubernetes, service account tokens; sam-facts 5.2 for what Entra takes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

AUDIENCES = {
    "usgov": "api://AzureADTokenExchangeUSGov",
    "china": "api://AzureADTokenExchangeChina",
}
"""Entra's recommended audience by cloud (Learn, workload identity federation); everywhere else the public one."""
_PUBLIC_AUDIENCE = "api://AzureADTokenExchange"
_AUTHORITIES = {
    "usgov": "https://login.microsoftonline.us",
    "china": "https://login.partner.microsoftonline.cn",
}
_PUBLIC_AUTHORITY = "https://login.microsoftonline.com"


def resolved(spec: Mapping[str, Any], credential: Mapping[str, Any]) -> dict[str, Any]:
    """The credential with `trust` written out; as it is where it has none. Of a spec that proved valid."""
    if credential.get("type") != "federated":
        return dict(credential)
    audience = {"audience": AUDIENCES.get(str(spec.get("cloud")), _PUBLIC_AUDIENCE)}
    named = credential.get("trust")
    written = {key: value for key, value in credential.items() if key != "trust"}
    if named is None:
        return audience | written
    ((platform, words),) = named.items()
    issuer, subject = _RESOLVERS[platform](words, spec)
    return audience | {"issuer": issuer, "subject": subject} | written


def _github(words: Mapping[str, Any], _spec: Mapping[str, Any]) -> tuple[str, str]:
    """The subject of an environment wins over the branch's in GitHub's tokens, so a spec names one of them."""
    kinds = {"environment": "environment:{}", "branch": "ref:refs/heads/{}", "tag": "ref:refs/tags/{}"}
    ((kind, value),) = ((key, value) for key, value in words.items() if key != "repository")
    subject = kinds.get(kind, "pull_request").format(value)
    return "https://token.actions.githubusercontent.com", f"repo:{words['repository']}:{subject}"


def _azure_devops(words: Mapping[str, Any], _spec: Mapping[str, Any]) -> tuple[str, str]:
    subject = f"sc://{words['organization']}/{words['project']}/{words['serviceConnection']}"
    return f"https://vstoken.dev.azure.com/{words['organizationId']}", subject


def _kubernetes(words: Mapping[str, Any], _spec: Mapping[str, Any]) -> tuple[str, str]:
    return str(words["issuer"]), f"system:serviceaccount:{words['namespace']}:{words['serviceAccount']}"


def _managed_identity(words: Mapping[str, Any], spec: Mapping[str, Any]) -> tuple[str, str]:
    """A managed identity's token for the exchange is issued by its own tenant, in the v2 form."""
    authority = _AUTHORITIES.get(str(spec.get("cloud")), _PUBLIC_AUTHORITY)
    return f"{authority}/{spec['tenant']}/v2.0", str(words["principal"])


_RESOLVERS = {
    "github": _github,
    "azureDevOps": _azure_devops,
    "kubernetes": _kubernetes,
    "managedIdentity": _managed_identity,
}
