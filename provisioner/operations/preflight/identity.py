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


def pipeline(spec: Spec, environment: Mapping[str, str], *, signed_in: bool) -> Check:
    """The platform this runs on, and whether it can prove who it is afresh (sam-facts 3.7: 700024).

    signed_in: somebody is the runner already, so whatever is missing here was not needed.
    """
    if "GITHUB_ACTIONS" in environment:
        has_tokens = "ACTIONS_ID_TOKEN_REQUEST_URL" in environment
        step = "add to the workflow: permissions: {id-token: write, contents: read}"
        return _job("GitHub Actions", step, has_tokens=has_tokens, signed_in=signed_in)
    if "TF_BUILD" in environment:
        has_tokens = "SYSTEM_ACCESSTOKEN" in environment
        step = "add to the step: env: {SYSTEM_ACCESSTOKEN: $(System.AccessToken)}"
        return _job("Azure DevOps", step, has_tokens=has_tokens, signed_in=signed_in)
    if "AZURE_FEDERATED_TOKEN_FILE" in environment:
        return passed(PIPELINE, "the pod's token file is read afresh for each token request")
    if "AZURE_CLIENT_SECRET" in environment:
        return passed(PIPELINE, "the environment holds AZURE_CLIENT_SECRET: watch when that secret expires")
    by = f"; the spec says auth: {spec.auth.type}" if spec.auth is not None else ""
    return passed(PIPELINE, f"no pipeline is seen here{by}")


def _job(platform: str, next_step: str, *, has_tokens: bool, signed_in: bool) -> Check:
    if has_tokens:
        return passed(PIPELINE, f"{platform} gives this job identity tokens, asked afresh for each token request")
    text = f"{platform} gives this job no identity tokens"
    if signed_in:
        return passed(PIPELINE, f"{text}; the runner signed in without one")
    return failed(PIPELINE, text, next_step)
