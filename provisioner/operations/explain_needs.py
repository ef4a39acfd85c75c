"""Who needs which right for one spec, and who grants it once, with the command. Computed from the spec alone.

The least that does: a pipeline that applies again and again gets no right that only the first apply needs. What only
that one needs (a provider, a resource group, the service principal of a Microsoft API) an administrator does once.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from provisioner.clients.clouds import CloudEndpoints
from provisioner.clients.identity import RunnerFacts
from provisioner.resources.contract import Right
from provisioner.resources.kinds import KINDS
from provisioner.resources.rights import READ_POLICIES
from provisioner.resources.vault_roles import consumer_roles, operator_roles, runner_roles
from provisioner.spec import catalogue
from provisioner.spec.model import CredentialType, Spec

_GRAPH = "00000003-0000-0000-c000-000000000000"
_ONCE = ("resource_provider", "resource_group", "api_service_principal")
_SCOPES = ("", "subscription", "resource group", "vault")  # widest first
_ROLE_PURPOSES = {
    "Key Vault Secrets Officer": "stores the refresh token",
    "Key Vault Certificates Officer": "makes and renews the certificate",
    "Key Vault Crypto User": "signs token requests; the key stays in the vault",
    "Key Vault Reader": "finds the certificate version in force",
    "Key Vault Secrets User": "reads the refresh token",
}


@dataclass(frozen=True)
class Need:
    """who: `runner`, `operator`, `consumer` or `account`. names: any one of them does, the least first.

    scope: where; "" for the tenant. by_apply: apply assigns it, so nobody else has to.
    """

    who: str
    service: str
    names: tuple[str, ...]
    scope: str
    why: str
    by_apply: bool = False


@dataclass(frozen=True)
class Once:
    """What is done once for a spec, by whom, and how: the first line says what, the others are commands."""

    who: str
    what: str
    commands: tuple[str, ...]


def needs_of(spec: Spec) -> tuple[Need, ...]:
    """Everybody's, in the order in which they come into play."""
    return (*runner_needs(spec), *_operators(spec), *_consumers(spec), *_account(spec))


def runner_needs(spec: Spec) -> tuple[Need, ...]:
    """What plan and apply need beyond what is done once; each right once, the least that does."""
    kinds = [kind for kind in KINDS if kind.wanted(spec)]
    reads = dict.fromkeys(_placed(right, spec) for kind in kinds for right in kind.rights("observe"))
    writes = dict.fromkeys(
        _placed(right, spec) for kind in kinds if kind.name not in _ONCE for right in kind.rights("create")
    )
    if spec.application.credential.type != "federated":
        reads[READ_POLICIES] = None
    by_hand = [right for right in (*writes, *reads) if right.service != "key_vault"]
    return (
        *(
            Need("runner", right.service, right.names, _where(right.scope, spec), right.why or "plan looks at it")
            for right in by_hand
            if not any(_implied(right, other) for other in by_hand if other != right)
        ),
        *_in_vault("runner", spec, runner_roles(spec.application.credential.type)),
    )


def once(spec: Spec, runner: RunnerFacts, cloud: CloudEndpoints) -> tuple[Once, ...]:
    """What an administrator does before the first apply; doing it twice changes nothing."""
    return (_azure_once(spec, runner), _directory_once(spec), _graph_once(spec, runner, cloud))


def _placed(right: Right, spec: Spec) -> Right:
    """Before the first apply there is no vault to have a role on: what is said of it is said of its group."""
    scope = "resource group" if right.scope == "vault" else right.scope
    return Right(right.service, right.names, scope, right.why)


def _implied(right: Right, by: Right) -> bool:
    """Whoever holds the least of `by` holds `right` too. Of two that imply each other the earlier name stays."""
    if right.service != by.service or by.names[0] not in right.names or not _covers(by.scope, right.scope):
        return False
    mutual = right.names[0] in by.names and _covers(right.scope, by.scope)
    return not mutual or by < right


def _covers(scope: str, other: str) -> bool:
    return _SCOPES.index(scope) <= _SCOPES.index(other)


def _where(scope: str, spec: Spec) -> str:
    return f"resource group {spec.vault.resource_group}" if scope == "resource group" else scope


def _in_vault(who: str, spec: Spec, roles: Sequence[str]) -> Iterable[Need]:
    for role in roles:
        where = f"vault {spec.vault.name}"
        yield Need(who, "key_vault", (role, "Key Vault Administrator"), where, _purpose(role, spec), by_apply=True)


def _purpose(role: str, spec: Spec) -> str:
    kind: CredentialType = spec.application.credential.type
    both = role == "Key Vault Secrets Officer" and kind == "secret"
    return "stores the refresh token and the application's secret" if both else _ROLE_PURPOSES[role]


def _operators(spec: Spec) -> Iterable[Need]:
    """Who runs `consent` from a laptop."""
    if spec.consent.operators:
        yield from _in_vault("operator", spec, operator_roles(spec.application.credential.type))
    yield Need("operator", "graph", ("member of the tenant", "Directory Readers"), "", "finds the application")
    credential = spec.application.credential
    if credential.type == "federated":
        where = f"where {credential.issuer} issues tokens for {credential.subject}"
        yield Need("operator", "platform", (f"consent runs {where}",), "", "a laptop has no token to show")


def _consumers(spec: Spec) -> Iterable[Need]:
    """The programs that use the token; `vault.access` gives them their roles."""
    kind = spec.application.credential.type
    yield from _in_vault("consumer", spec, consumer_roles(kind))
    if kind == "federated":
        credential = spec.application.credential
        where = f"runs as {credential.subject} of {credential.issuer}"
        yield Need("consumer", "platform", (where,), "", "its own token is the application's proof")


def _account(spec: Spec) -> Iterable[Need]:
    """The person who signs in (sam-facts 7)."""
    account = spec.consent.account or "the account that signs in"
    yield Need("account", "partner_center", ("Admin agent", "Sales agent"), "", f"{account} calls Partner Center")
    yield Need("account", "entra", ("MFA registered",), "", "Partner Center takes no token without MFA (401, 900421)")
    if spec.verify.customer:
        roles = ("Directory Readers", "Global Reader", "User Administrator")
        yield Need("account", "gdap", roles, f"customer {spec.verify.customer}", "verify reads the customer's users")


def scope_path(scope: str, spec: Spec) -> str:
    """The ARM id of a need's scope."""
    subscription = f"/subscriptions/{spec.subscription}"
    named = scope.startswith("resource group ")
    return f"{subscription}/resourceGroups/{spec.vault.resource_group}" if named else subscription


def _azure_once(spec: Spec, runner: RunnerFacts) -> Once:
    runner_id = spec.vault.runner or runner.object_id
    principal_type = "User" if runner.user_name and runner_id == runner.object_id else "ServicePrincipal"
    roles = (
        f'az role assignment create --role "{need.names[0]}" --scope {scope_path(need.scope, spec)} '
        f"--assignee-object-id {runner_id} --assignee-principal-type {principal_type}"
        for need in runner_needs(spec)
        if need.service == "arm"
    )
    return Once(
        "an Owner of the subscription",
        "registers the provider, makes the resource group, and gives the runner its roles",
        (
            f"az provider register --namespace Microsoft.KeyVault --subscription {spec.subscription}",
            f"az group create --name {spec.vault.resource_group} --location {spec.vault.location} "
            f"--subscription {spec.subscription}",
            *roles,
        ),
    )


def _directory_once(spec: Spec) -> Once:
    """Every tenant has Graph's; an API that has been there already is answered with an error that changes nothing."""
    apis = {entry.app_id: entry.api_name for entry in spec.application.permissions or () if entry.app_id != _GRAPH}
    return Once(
        "an Application Administrator",
        "makes the service principals of the Microsoft APIs, where they are missing",
        tuple(f"az ad sp create --id {app_id}   # {name}" for app_id, name in apis.items()),
    )


def _graph_once(spec: Spec, runner: RunnerFacts, cloud: CloudEndpoints) -> Once:
    runner_id = spec.vault.runner or runner.object_id
    if runner.user_name and runner_id == runner.object_id:
        return Once(
            "a Privileged Role Administrator",
            f"gives {runner.user_name}, who is the runner now, the directory role Cloud Application Administrator",
            (),
        )
    permissions = (need.names[0] for need in runner_needs(spec) if need.service == "graph")
    commands = tuple(grant_command(spec, runner, cloud, permission) for permission in permissions)
    return Once("a Privileged Role Administrator", "gives the runner its Graph permissions", commands)


def grant_command(spec: Spec, runner: RunnerFacts, cloud: CloudEndpoints, permission: str) -> str:
    """Gives the runner one application permission of Graph; the shell puts Graph's object id in. A managed identity
    takes it too.
    """
    runner_id = spec.vault.runner or runner.object_id
    role_id = catalogue.permission_id(_GRAPH, "Role", permission)
    body = json.dumps({"principalId": runner_id, "appRoleId": role_id})
    graph = f'"$(az ad sp show --id {_GRAPH} --query id --output tsv)"'
    url = f"{cloud.graph}/v1.0/servicePrincipals/{runner_id}/appRoleAssignments"
    return f"""az rest --method POST --url {url} --body '{body[:-1]}, "resourceId": "'{graph}'"}}'   # {permission}"""
