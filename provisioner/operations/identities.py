"""Who applies: what a spec's `auth` names, or what the environment says of whoever runs this.

With `auth` nothing else is tried. Without it, azure-identity's order: a service principal of the environment, the
token of this machine, then the rest of its chain. The machine's token is asked afresh for each token request, which
azure-identity's own chain does not do for a CI job: a copy of its first token would be expired after minutes.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from provisioner.clients.platform_tokens import Machine, Trust
from provisioner.clients.platforms.azure_pipelines import azure_pipelines, in_azure_pipelines
from provisioner.clients.platforms.environment import PlatformMissingError, require
from provisioner.clients.platforms.github import github_actions, in_github_actions
from provisioner.clients.platforms.token_file import in_pod, token_file
from provisioner.clients.runner_identities import (
    AssertionIdentity,
    AzureCliIdentity,
    CertificateIdentity,
    ChainIdentity,
    ClientSecretIdentity,
    ManagedIdentityRunner,
    RunnerIdentity,
)
from provisioner.core.secret import Secret
from provisioner.spec.model import Auth, Credential

CLIENT_ID = "AZURE_CLIENT_ID"
_SECRET = "AZURE_CLIENT_SECRET"  # noqa: S105  # a variable's name
_CERTIFICATE = "AZURE_CLIENT_CERTIFICATE_PATH"
_PASSWORD = "AZURE_CLIENT_CERTIFICATE_PASSWORD"  # noqa: S105  # a variable's name
_CONNECTIONS_CLIENT = "AZURESUBSCRIPTION_CLIENT_ID"
_CHOSEN_CHAIN = "AZURE_TOKEN_CREDENTIALS"
_SET_CLIENT = f"set {CLIENT_ID} to the runner's application (client) id, or write it in auth.clientId"


def trust_of(credential: Credential) -> Trust:
    """Whose token the application takes; of nobody's when its credential is no trust."""
    return Trust(credential.issuer or "", credential.subject or "")


def runner_identity(auth: Auth | None, machine: Machine) -> RunnerIdentity:
    """Raises PlatformMissingError naming the variable that `auth` needs."""
    return environment_identity(machine) or ChainIdentity() if auth is None else _named(auth, machine)


def _named(auth: Auth, machine: Machine) -> RunnerIdentity:
    if auth.type == "managedIdentity":
        return ManagedIdentityRunner(auth.client_id or "")
    if auth.type == "azureCli":
        return AzureCliIdentity()
    environment = machine.environment
    if auth.type == "environment":
        return _service_principal(environment)
    client_id = auth.client_id or require(environment, CLIENT_ID, f"auth: {auth.type}", _SET_CLIENT)
    if auth.type == "githubActions":
        return AssertionIdentity(client_id, github_actions(machine.session, environment))
    if auth.type == "azurePipelines":
        return AssertionIdentity(client_id, azure_pipelines(machine.session, environment, auth.service_connection))
    return AssertionIdentity(client_id, token_file(environment, auth.token_file))


def _service_principal(environment: Mapping[str, str]) -> RunnerIdentity:
    client_id = require(environment, CLIENT_ID, "auth: environment", _SET_CLIENT)
    if found := _with_credential(client_id, environment):
        return found
    raise PlatformMissingError(
        f"auth: environment: neither {_SECRET} nor {_CERTIFICATE} is set",
        where=_SECRET,
        next_step=f"set one of them for {client_id}, or name another type in auth",
    )


def _with_credential(client_id: str, environment: Mapping[str, str]) -> RunnerIdentity | None:
    """A secret goes before a certificate, as with azure-identity."""
    if secret := environment.get(_SECRET):
        return ClientSecretIdentity(client_id, Secret(secret))
    if path := environment.get(_CERTIFICATE):
        password = environment.get(_PASSWORD)
        return CertificateIdentity(client_id, Path(path), Secret(password) if password else None)
    return None


def environment_identity(machine: Machine) -> RunnerIdentity | None:
    """A service principal whose proof the environment holds or names; None: leave it to azure-identity's chain."""
    environment = machine.environment
    if environment.get(_CHOSEN_CHAIN):
        return None
    client_id = environment.get(CLIENT_ID, "")
    if client_id and (found := _with_credential(client_id, environment)):
        return found
    if client_id and in_github_actions(environment):
        return AssertionIdentity(client_id, github_actions(machine.session, environment))
    connected = client_id or environment.get(_CONNECTIONS_CLIENT, "")
    if connected and in_azure_pipelines(environment):
        return AssertionIdentity(connected, azure_pipelines(machine.session, environment))
    if client_id and in_pod(environment):
        return AssertionIdentity(client_id, token_file(environment))
    return None
