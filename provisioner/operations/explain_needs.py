"""Who needs which right for one spec, and who grants it once, with the command. Computed from the spec alone.

The least that does: a pipeline that applies again and again gets no right that only the first apply needs. What only
that one needs (a provider, a resource group, the service principal of a Microsoft API) an administrator does once.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from provisioner.clients.clouds import CloudEndpoints
from provisioner.clients.identity import RunnerFacts
from provisioner.resources.contract import Right
from provisioner.resources.elsewhere import left_to_others
from provisioner.resources.kinds import KINDS
from provisioner.resources.permissions import only_looked_at
from provisioner.resources.rights import READ_POLICIES, READ_VAULT
from provisioner.resources.vault_roles import (
    CERTIFICATES_OFFICER,
    CRYPTO_USER,
    READER,
    SECRETS_OFFICER,
    SECRETS_USER,
    consumer_roles,
    operator_roles,
    runner_roles,
)
from provisioner.spec import catalogue
from provisioner.spec.model import Spec

_GRAPH = "00000003-0000-0000-c000-000000000000"
_GRAPH_ID = f"$(az ad sp show --id {_GRAPH} --query id --output tsv)"  # its object id differs by tenant
_ONCE = ("resource_provider", "resource_group", "api_service_principal")
_BY_HAND = ("graph", "arm")  # the vault's roles apply assigns itself
_SCOPES = ("", "subscription", "resource group", "vault")  # widest first
_PURPOSES = {
    SECRETS_OFFICER: "stores the refresh token",
    SECRETS_USER: "reads the refresh token",
    CERTIFICATES_OFFICER: "makes and renews the certificate",
    CRYPTO_USER: "signs token requests; the key stays in the vault",
    READER: "finds the certificate version in force",
}
_PURPOSES_WITH_SECRET = {
    ("runner", SECRETS_OFFICER): "stores the refresh token and the application's secret",
    ("operator", SECRETS_OFFICER): "reads the application's secret and stores the refresh token",
    ("consumer", SECRETS_USER): "reads the refresh token and the application's secret",
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
    not_written = {*_ONCE, *left_to_others(spec), *only_looked_at(spec)}
    reads = dict.fromkeys(_placed(right, spec) for kind in kinds for right in kind.rights("observe"))
    writes = dict.fromkeys(
        _placed(right, spec) for kind in kinds if kind.name not in not_written for right in kind.rights("create")
    )
    if spec.application.credential.type != "federated":
        reads[READ_POLICIES] = None
    by_hand = sorted((right for right in (*writes, *reads) if right.service in _BY_HAND), key=_by_service)
    return (
        *(
            Need("runner", right.service, right.names, _where(right.scope, spec), right.why)
            for right in by_hand
            if not any(_implied(right, other) for other in by_hand if other != right)
        ),
        *_ownership(spec),
        *_in_vault("runner", spec, runner_roles(spec.application.credential.type)),
    )


def _ownership(spec: Spec) -> Iterable[Need]:
    """Who makes an application becomes its owner; one that was there before has other owners."""
    if spec.application.mode != "create":
        why = "Application.ReadWrite.OwnedBy reaches no other"
        yield Need("runner", "entra", (f"owner of the application {spec.application.app_id}",), "", why)


def _by_service(right: Right) -> int:
    return _BY_HAND.index(right.service)


def once(spec: Spec, runner: RunnerFacts, cloud: CloudEndpoints) -> tuple[Once, ...]:
    """What an administrator does before the first apply; doing it twice changes nothing."""
    azure = _azure_once(spec, runner) if spec.vault.mode == "create" else _vault_once(spec, runner)
    return (
        *_az_once(spec, cloud),
        azure,
        *_directory_once(spec),
        _graph_once(spec, runner, cloud),
        *_ownership_once(spec, runner),
    )


def _placed(right: Right, spec: Spec) -> Right:
    """Before the first apply there is no vault to have a role on: what is said of it is said of its group.

    Where the vault was there before us, a role on it is all that it takes.
    """
    if right.service != "arm":
        return right
    if spec.vault.mode != "create":
        return READ_VAULT if right.names[0] == READ_VAULT.names[0] else replace(right, scope="vault")
    return replace(right, scope="resource group") if right.scope == "vault" else right


def _implied(right: Right, by: Right) -> bool:
    """Whoever holds the least of `by` holds `right` too. Of two that imply each other the earlier name stays."""
    if right.service != by.service or by.names[0] not in right.names or not _covers(by.scope, right.scope):
        return False
    mutual = right.names[0] in by.names and _covers(right.scope, by.scope)
    return not mutual or by < right


def _covers(scope: str, other: str) -> bool:
    return _SCOPES.index(scope) <= _SCOPES.index(other)


def _where(scope: str, spec: Spec) -> str:
    names = {"resource group": spec.vault.resource_group, "vault": spec.vault.name}
    return f"{scope} {names[scope]}" if scope in names else scope


def _in_vault(who: str, spec: Spec, roles: Sequence[str]) -> Iterable[Need]:
    for role in roles:
        yield Need(who, "key_vault", (role,), f"vault {spec.vault.name}", _purpose(who, role, spec), by_apply=True)


def _purpose(who: str, role: str, spec: Spec) -> str:
    """With a client secret the same role is about that secret too."""
    if spec.application.credential.type != "secret":
        return _PURPOSES[role]
    return _PURPOSES_WITH_SECRET.get((who, role), _PURPOSES[role])


def _operators(spec: Spec) -> Iterable[Need]:
    """Who runs `consent` from a laptop: those that `consent.operators` names get their roles from apply."""
    yield from _in_vault("operator", spec, operator_roles(spec.application.credential.type))
    yield Need("operator", "graph", ("member of the tenant", "Directory Readers"), "", "finds the application")
    credential = spec.application.credential
    if credential.type == "federated":
        where = f"where {credential.issuer} issues tokens for {credential.subject}"
        yield Need("operator", "platform", (f"consent runs {where}",), "", "a laptop has no token to show")


def _consumers(spec: Spec) -> Iterable[Need]:
    """The programs that use the token: those that `vault.access` names get their roles from apply."""
    credential = spec.application.credential
    yield from _in_vault("consumer", spec, consumer_roles(credential.type))
    if credential.type == "federated":
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
    group = f"{subscription}/resourceGroups/{spec.vault.resource_group}"
    if scope.startswith("vault "):
        return f"{group}/providers/Microsoft.KeyVault/vaults/{spec.vault.name}"
    return group if scope.startswith("resource group ") else subscription


def _az_once(spec: Spec, cloud: CloudEndpoints) -> Iterable[Once]:
    """Outside the public cloud: Azure CLI must be told, and keeps a sign-in for each cloud."""
    if cloud.az_commands:
        yield Once(
            "whoever runs these commands",
            f"has Azure CLI act in {cloud.az_cloud}",
            (*cloud.az_commands, f"az login --tenant {spec.tenant}"),
        )


def _azure_once(spec: Spec, runner: RunnerFacts) -> Once:
    runner_id = spec.vault.runner or runner.object_id
    roles = (
        _assign(need, spec, runner, "$GROUP" if need.scope != "subscription" else "$WHOLE")
        for need in runner_needs(spec)
        if need.service == "arm"
    )
    return Once(
        "an Owner of the subscription",
        "registers the provider, makes the resource group, and gives the runner its roles",
        (
            f"az account set --subscription {spec.subscription}",
            "az provider register --namespace Microsoft.KeyVault",
            f"az group create --name {spec.vault.resource_group} --location {spec.vault.location}",
            f"RUNNER={runner_id}",
            f"WHOLE={scope_path('subscription', spec)}",
            f"GROUP=$WHOLE/resourceGroups/{spec.vault.resource_group}",
            *roles,
        ),
    )


def _vault_once(spec: Spec, runner: RunnerFacts) -> Once:
    """Where the vault was there before us."""
    roles = (_assign(need, spec, runner, "$VAULT") for need in runner_needs(spec) if need.service == "arm")
    return Once(
        f"an Owner of the vault {spec.vault.name}",
        "gives the runner its roles on it",
        (f"RUNNER={spec.vault.runner or runner.object_id}", f"VAULT={scope_path('vault ', spec)}", *roles),
    )


def _assign(need: Need, spec: Spec, runner: RunnerFacts, scope: str) -> str:
    runner_id = spec.vault.runner or runner.object_id
    principal_type = "User" if runner.user_name and runner_id == runner.object_id else "ServicePrincipal"
    return (
        f'az role assignment create --role "{need.names[0]}" --assignee-object-id $RUNNER '
        f"--assignee-principal-type {principal_type} --scope {scope}"
    )


def _ownership_once(spec: Spec, runner: RunnerFacts) -> Iterable[Once]:
    """A person's own directory role reaches every application."""
    runner_id = spec.vault.runner or runner.object_id
    if spec.application.app_id and not (runner.user_name and runner_id == runner.object_id):
        yield Once(
            "an owner of the application, or an Application Administrator",
            "makes the runner an owner of it",
            (own_command(spec.application.app_id, runner_id),),
        )


def own_command(app_id: str, runner_id: str) -> str:
    """Makes the runner an owner of an application, which Application.ReadWrite.OwnedBy takes."""
    return f"az ad app owner add --id {app_id} --owner-object-id {runner_id}"


def _directory_once(spec: Spec) -> Iterable[Once]:
    """Every tenant has Graph's; an API that has been there already is answered with an error that changes nothing."""
    apis = {entry.app_id: entry.api_name for entry in spec.application.permissions or () if entry.app_id != _GRAPH}
    if apis:
        yield Once(
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
    commands = tuple(
        f'az rest --method POST --url "$URL" --body "{_body("$RUNNER", "$GRAPH", need.names[0])}"   # {need.names[0]}'
        for need in runner_needs(spec)
        if need.service == "graph"
    )
    return Once(
        "a Privileged Role Administrator",
        "gives the runner its Graph permissions",
        (
            f"RUNNER={runner_id}",
            f"GRAPH={_GRAPH_ID}",
            f"URL={cloud.graph}/v1.0/servicePrincipals/$RUNNER/appRoleAssignments",
            *commands,
        ),
    )


def grant_command(spec: Spec, runner: RunnerFacts, cloud: CloudEndpoints, permission: str) -> str:
    """Gives the runner one application permission of Graph, in one line; a managed identity takes it too."""
    runner_id = spec.vault.runner or runner.object_id
    url = f"{cloud.graph}/v1.0/servicePrincipals/{runner_id}/appRoleAssignments"
    return f'az rest --method POST --url {url} --body "{_body(runner_id, _GRAPH_ID, permission)}"   # {permission}'


def _body(principal: str, graph: str, permission: str) -> str:
    """JSON for inside the shell's double quotes, where $RUNNER and $(...) still stand for something."""
    members = {
        "principalId": principal,
        "resourceId": graph,
        "appRoleId": catalogue.permission_id(_GRAPH, "Role", permission),
    }
    return "{" + ",".join(rf"\"{name}\":\"{value}\"" for name, value in members.items()) + "}"
