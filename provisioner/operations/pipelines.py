"""How a pipeline signs in as the runner without a stored secret: the lines of its workflow, one block a platform.

Sources: GitHub, "Configuring OpenID Connect in Azure"; Azure DevOps, "Workload identity federation" (AzureCLI task,
`addSpnToEnvironment`); sam-facts 3.7 (700024: such tokens live for minutes, so one is asked afresh each time).
"""

from __future__ import annotations

from dataclasses import dataclass

from provisioner.clients.identity import RunnerFacts
from provisioner.spec.model import Spec
from provisioner.spec.trust import AUDIENCES


@dataclass(frozen=True)
class Pipeline:
    """platform: for the reader. lines: of its YAML, or of the spec. trust: makes the runner's application trust it."""

    platform: str
    lines: tuple[str, ...]
    trust: str


def pipelines(spec: Spec, runner: RunnerFacts) -> tuple[Pipeline, ...]:
    """Those the spec's `auth` names; without it, all that need no secret."""
    client = (spec.auth.client_id if spec.auth else None) or runner.app_id or "RUNNER_CLIENT_ID"
    known = {
        "githubActions": _github(spec, client),
        "azurePipelines": _azure_devops(spec, client),
        "workloadIdentity": _kubernetes(spec, client),
        "managedIdentity": _managed_identity(
            (spec.auth.client_id if spec.auth else None) or "CLIENT_ID_OF_THE_IDENTITY"
        ),
    }
    if spec.auth is not None:
        return (known[spec.auth.type],) if spec.auth.type in known else ()
    return tuple(known.values())


def _trusted(spec: Spec, client: str, issuer: str, subject: str) -> str:
    """The command that makes the runner's own application trust the platform."""
    audience = AUDIENCES.get(spec.cloud, "api://AzureADTokenExchange")
    parameters = f'{{"name":"provisioner","issuer":"{issuer}","subject":"{subject}","audiences":["{audience}"]}}'
    return f"az ad app federated-credential create --id {client} --parameters '{parameters}'"


def _github(spec: Spec, client: str) -> Pipeline:
    lines = (
        "permissions: {id-token: write, contents: read}",
        "env:",
        f"  AZURE_TENANT_ID: {spec.tenant}",
        f"  AZURE_CLIENT_ID: {client}",
    )
    issuer, subject = "https://token.actions.githubusercontent.com", "repo:OWNER/REPOSITORY:environment:ENVIRONMENT"
    return Pipeline("GitHub Actions", lines, _trusted(spec, client, issuer, subject))


def _azure_devops(spec: Spec, client: str) -> Pipeline:
    connection = (spec.auth.service_connection if spec.auth else None) or "SERVICE_CONNECTION_ID"
    lines = (
        "env:",
        "  SYSTEM_ACCESSTOKEN: $(System.AccessToken)",
        f"  AZURE_TENANT_ID: {spec.tenant}",
        f"  AZURE_CLIENT_ID: {client}",
        f"  AZURESUBSCRIPTION_SERVICE_CONNECTION_ID: {connection}",
    )
    issuer, subject = "https://vstoken.dev.azure.com/ORGANIZATION_ID", "sc://ORGANIZATION/PROJECT/SERVICE_CONNECTION"
    return Pipeline("Azure DevOps", lines, _trusted(spec, client, issuer, subject))


def _kubernetes(spec: Spec, client: str) -> Pipeline:
    lines = (
        'metadata: {labels: {azure.workload.identity/use: "true"}}   # of the pod',
        f"metadata: {{annotations: {{azure.workload.identity/client-id: {client}}}}}   # of its service account",
    )
    subject = "system:serviceaccount:NAMESPACE:SERVICE_ACCOUNT"
    return Pipeline("Kubernetes", lines, _trusted(spec, client, "https://ISSUER_OF_THE_CLUSTER", subject))


def _managed_identity(client: str) -> Pipeline:
    lines = (f"auth: {{type: managedIdentity, clientId: {client}}}   # in the spec",)
    return Pipeline("A managed identity", lines, "")
