"""Who the runner is, how it signs in here, and what about that goes wrong in pipelines."""

from __future__ import annotations

from collections.abc import Mapping

from provisioner.clients.identity import RunnerFacts
from provisioner.core.errors import ProvisionerError
from provisioner.operations.preflight.check import Check, failed, passed
from provisioner.spec.model import Spec

IDENTITY = "identity"
TOKENS = "tokens"
PIPELINE = "pipeline"


def signed_in(spec: Spec, runner: RunnerFacts) -> tuple[Check, ...]:
    """Opening the tenant got a token for each audience, and compared the tenant."""
    return (
        passed(IDENTITY, f"{runner.label}, object id {runner.object_id}, in tenant {spec.tenant}"),
        passed(TOKENS, "Entra gave tokens for Microsoft Graph, Azure and Key Vault"),
    )


def not_signed_in(error: ProvisionerError) -> Check:
    """Why there is no runner."""
    return failed(IDENTITY, error.what, error.next_step or "az login, or set AZURE_CLIENT_ID and its credential")


def pipeline(spec: Spec, environment: Mapping[str, str]) -> Check:
    """The platform this runs on, and whether it can prove who it is afresh (sam-facts 3.7: 700024)."""
    secret = "AZURE_CLIENT_SECRET" in environment
    if "GITHUB_ACTIONS" in environment:
        if "ACTIONS_ID_TOKEN_REQUEST_URL" in environment:
            return passed(
                PIPELINE, "GitHub Actions gives this job identity tokens, asked afresh for each token request"
            )
        return _without_tokens("GitHub Actions", "add to the workflow: permissions: {id-token: write}", secret=secret)
    if "TF_BUILD" in environment:
        if "SYSTEM_ACCESSTOKEN" in environment:
            return passed(PIPELINE, "Azure DevOps gives this job identity tokens, asked afresh for each token request")
        step = "add to the step: env: {SYSTEM_ACCESSTOKEN: $(System.AccessToken)}"
        return _without_tokens("Azure DevOps", step, secret=secret)
    if "AZURE_FEDERATED_TOKEN_FILE" in environment:
        return passed(PIPELINE, "the pod's token file is read afresh for each token request")
    if secret:
        return passed(PIPELINE, "the runner proves itself with AZURE_CLIENT_SECRET: watch when that secret expires")
    by = f"; the spec says auth: {spec.auth.type}" if spec.auth is not None else ""
    return passed(PIPELINE, f"no pipeline is seen here{by}")


def _without_tokens(platform: str, next_step: str, *, secret: bool) -> Check:
    if secret:
        return passed(PIPELINE, f"{platform} gives this job no identity tokens, but AZURE_CLIENT_SECRET is set")
    return failed(
        PIPELINE, f"{platform} gives this job no identity tokens, and no AZURE_CLIENT_SECRET is set", next_step
    )
