"""Runs of pipelines: what a job of GitHub Actions or Azure Pipelines finds in its environment, and what it may ask.

A job asks its platform for an identity token with a request token that only it has; the store keeps the digest of it.
Names of variables, addresses and claims are those of GitHub's page on OpenID Connect (tokens of 5 minutes, valid from
10 minutes before) and of Azure DevOps' "Oidctoken - Create" (10 minutes).
"""

from __future__ import annotations

import hashlib
import secrets
from typing import Any, Literal
from uuid import NAMESPACE_URL, uuid4, uuid5

from .. import kinds
from ..store import Document, Transaction
from . import keys

Platform = Literal["github", "azure-devops"]
AUDIENCE = "api://AzureADTokenExchange"
GITHUB_HOST = "pipelines.actions.githubusercontent.com"
AZURE_DEVOPS_HOST = "dev.azure.com"
_GITHUB_LIFE_S = 5 * 60
_GITHUB_BEFORE_S = 10 * 60
_AZURE_DEVOPS_LIFE_S = 10 * 60
_JOB_LIFE_S = 6 * 3600  # the longest a hosted job runs


def start_job(tx: Transaction, platform: Platform, subject: str, **claims: str) -> dict[str, str]:
    """The environment variables of a new job whose identity tokens name this subject.

    GitHub: subject `repo:OWNER/NAME:ref:refs/heads/main` (or `:environment:NAME`, `:pull_request`); `claims` are added
    to the token. Azure DevOps: subject `sc://ORGANISATION/PROJECT/CONNECTION`; the service connection's id is among
    the variables and the issuer is `https://vstoken.dev.azure.com/` + SYSTEM_COLLECTIONID.
    Raises ValueError for a subject of another form.
    """
    token = secrets.token_urlsafe(48)
    if platform == "github":
        job, variables = _github(subject, claims, token)
    else:
        job, variables = _azure_devops(subject, token)
    tx.put(kinds.JOB, "", _digest(token), job | {"platform": platform, "_expires": tx.now + _JOB_LIFE_S})
    return variables


def running(tx: Transaction, platform: Platform, authorization: str, path: str) -> Document | None:
    """The job of a request token at its own address; None when there is none or it is over."""
    scheme, _, token = authorization.partition(" ")
    job = tx.get(kinds.JOB, "", _digest(token.strip())) if scheme.lower() == "bearer" else None
    if job is None or job["platform"] != platform or job["_path"] != path or job["_expires"] <= tx.now:
        return None
    return job


def github_token(tx: Transaction, job: Document, audience: str | None) -> str:
    """The identity token of a job; without an audience it is for the repository's owner."""
    default = f"https://github.com/{job['claims']['repository_owner']}"
    claims = job["claims"] | {"aud": audience or default, "nbf": int(tx.now) - _GITHUB_BEFORE_S}
    return keys.mint(tx, keys.GITHUB, claims, _GITHUB_LIFE_S)


def azure_devops_token(tx: Transaction, job: Document) -> str:
    """The token of the job's service connection; its audience is always Entra's."""
    return keys.mint(tx, job["issuer"], job["claims"] | {"aud": AUDIENCE}, _AZURE_DEVOPS_LIFE_S)


def _github(subject: str, claims: dict[str, str], token: str) -> tuple[Document, dict[str, str]]:
    prefix, _, rest = subject.partition(":")
    repository, _, about = rest.partition(":")
    owner, _, name = repository.partition("/")
    if prefix != "repo" or not owner or not name or not about:
        raise ValueError("a GitHub subject is repo:OWNER/NAME:ref:REF, :environment:NAME or :pull_request")
    known: dict[str, Any] = {
        "sub": subject,
        "repository": repository,
        "repository_owner": owner,
        "repository_visibility": "private",
        "runner_environment": "github-hosted",
        "run_attempt": "1",
        "event_name": "pull_request" if about == "pull_request" else "workflow_dispatch",
    }
    kind, _, value = about.partition(":")
    if kind in ("ref", "environment"):
        known[kind] = value
    path = f"/{secrets.token_hex(25)}/00000000-0000-0000-0000-000000000000/_apis/distributedtask/hubs/Actions"
    path += f"/plans/{uuid4()}/jobs/{uuid4()}/idtoken"
    variables = {
        "GITHUB_ACTIONS": "true",
        "GITHUB_REPOSITORY": repository,
        "ACTIONS_ID_TOKEN_REQUEST_URL": f"https://{GITHUB_HOST}{path}?api-version=2.0",
        "ACTIONS_ID_TOKEN_REQUEST_TOKEN": token,
    }
    return {"_path": path, "claims": known | claims}, variables


def _azure_devops(subject: str, token: str) -> tuple[Document, dict[str, str]]:
    prefix, _, rest = subject.partition("://")
    parts = rest.split("/")
    if prefix != "sc" or len(parts) != 3 or not all(parts):
        raise ValueError("an Azure DevOps subject is sc://ORGANISATION/PROJECT/CONNECTION")
    organisation, project, _ = parts
    organisation_id = str(uuid5(NAMESPACE_URL, f"https://{AZURE_DEVOPS_HOST}/{organisation}"))
    project_id = str(uuid5(NAMESPACE_URL, f"https://{AZURE_DEVOPS_HOST}/{organisation}/{project}"))
    connection = str(uuid5(NAMESPACE_URL, subject))
    path = f"/{organisation}/{project_id}/_apis/distributedtask/hubs/build/plans/{uuid4()}/jobs/{uuid4()}/oidctoken"
    variables = {
        "TF_BUILD": "True",
        "SYSTEM_COLLECTIONID": organisation_id,
        "SYSTEM_OIDCREQUESTURI": f"https://{AZURE_DEVOPS_HOST}{path}",
        "SYSTEM_ACCESSTOKEN": token,
        "AZURESUBSCRIPTION_SERVICE_CONNECTION_ID": connection,
    }
    issuer = f"{keys.AZURE_DEVOPS}/{organisation_id}"
    return {"_path": path, "issuer": issuer, "connection": connection, "claims": {"sub": subject}}, variables


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
