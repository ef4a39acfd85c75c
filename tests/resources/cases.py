"""For each kind of resource: what reads and writes it, what somebody else may change, and what of others must stay.

Changes are an administrator's, by raw HTTP. The table is complete or the suite fails.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.rehearsal import PARTNER_CENTER
from tests.trial import CREDENTIAL, NAME, Trial

GRAPH = "00000003-0000-0000-c000-000000000000"
READER_ROLE = "21090545-7ca7-4776-b22c-e363652d74d2"  # Key Vault Reader
USER_READ_ALL = "df021288-bdef-4463-88db-98f22de89214"  # an app role of Graph
_ASKED = {"id": USER_READ_ALL, "type": "Role"}


@dataclass(frozen=True)
class Case:
    """reads: the operation that `observe` sends. writes: the one that creates it.

    asked_of: the snapshot of the cloud in which `reads` is sent at all.
    drifts: an outside change that apply can repair. shows: the steps it leads to, as `kind operation`. repairs: the
    writes that repair it, and no other may be sent. None: see `no_drift`.
    adds: puts something of others into the object. others: what of theirs is there now.
    """

    reads: str
    writes: str
    asked_of: str = "applied"
    drifts: Callable[[Trial], object] | None = None
    no_drift: str = ""
    shows: tuple[str, ...] = ()
    repairs: tuple[str, ...] = ()
    adds: Callable[[Trial], object] | None = None
    others: Callable[[Trial], object] | None = None


def _delete_group(trial: Trial) -> None:
    trial.arm("DELETE", trial.group_path, version="2022-09-01")


def _vault(trial: Trial) -> dict[str, Any]:
    return trial.arm("GET", trial.vault_path)


def _patch_vault(trial: Trial, **members: Any) -> None:
    trial.arm("PATCH", trial.vault_path, members)


def _change_vault(trial: Trial) -> None:
    """Another team's name, and our address out of the firewall."""
    rules = [
        rule for rule in _vault(trial)["properties"]["networkAcls"]["ipRules"] if "203.0.113.7" not in rule["value"]
    ]
    acls = {"bypass": "AzureServices", "defaultAction": "Allow", "ipRules": rules, "virtualNetworkRules": []}
    _patch_vault(trial, tags={**_vault(trial)["tags"], "team": "somebody else"}, properties={"networkAcls": acls})


def _add_to_vault(trial: Trial) -> None:
    acls = _vault(trial)["properties"]["networkAcls"]
    acls = {**acls, "ipRules": [*acls["ipRules"], {"value": "198.51.100.0/24"}]}
    _patch_vault(trial, tags={**_vault(trial)["tags"], "cost": "42"}, properties={"networkAcls": acls})


def _others_in_vault(trial: Trial) -> object:
    vault = _vault(trial)
    rules = [rule["value"] for rule in vault["properties"]["networkAcls"]["ipRules"]]
    return vault["tags"].get("cost"), [rule for rule in rules if not rule.startswith("203.0.113.7")]


def _assignments(trial: Trial) -> list[dict[str, Any]]:
    path = f"{trial.vault_path}/providers/Microsoft.Authorization/roleAssignments"
    found: list[dict[str, Any]] = trial.arm("GET", path, version="2022-04-01")["value"]
    return [each for each in found if each["properties"]["scope"].lower() == trial.vault_path.lower()]


def _withdraw_access(trial: Trial) -> None:
    for each in _assignments(trial):
        if each["properties"]["principalId"] == trial.tenant.colleague_id and _role(each) != READER_ROLE:
            trial.arm("DELETE", each["id"], version="2022-04-01")


def _assign_reader(trial: Trial) -> None:
    """Of the same principal, and narrower than what the spec gives it, so that it does not count as that."""
    definition = f"/subscriptions/{trial.tenant.subscription}/providers/Microsoft.Authorization/roleDefinitions"
    properties = {
        "roleDefinitionId": f"{definition}/{READER_ROLE}",
        "principalId": trial.tenant.colleague_id,
        "principalType": "User",
    }
    path = f"{trial.vault_path}/providers/Microsoft.Authorization/roleAssignments/{uuid.uuid4()}"
    trial.arm("PUT", path, {"properties": properties}, "2022-04-01")


def _readers(trial: Trial) -> object:
    return [each["name"] for each in _assignments(trial) if _role(each) == READER_ROLE]


def _role(assignment: dict[str, Any]) -> str:
    role: str = assignment["properties"]["roleDefinitionId"].rsplit("/", 1)[-1]
    return role


def _delete_principal(app_id: str | None) -> Callable[[Trial], None]:
    def delete(trial: Trial) -> None:
        principal = trial.principal(app_id or trial.application()["appId"])
        trial.graph("DELETE", f"servicePrincipals/{principal['id']}")

    return delete


def _change_application(trial: Trial) -> None:
    """Another name, one of our reply URLs gone."""
    urls = [uri for uri in trial.application()["web"]["redirectUris"] if uri != "http://localhost:8400/"]
    trial.change_application(displayName="Renamed", web={"redirectUris": urls})


def _add_to_application(trial: Trial) -> None:
    application = trial.application()
    trial.change_application(
        tags=[*application["tags"], "HideApp"],
        web={"redirectUris": [*application["web"]["redirectUris"], "https://app.contoso.com/signed-in"]},
        publicClient={"redirectUris": ["https://login.microsoftonline.com/common/oauth2/nativeclient"]},
        requiredResourceAccess=[
            each if each["resourceAppId"] != GRAPH else {**each, "resourceAccess": [*each["resourceAccess"], _ASKED]}
            for each in application["requiredResourceAccess"]
        ],
        notes="kept by another team",
    )


def _others_in_application(trial: Trial) -> object:
    application = trial.application()
    [graph] = [each for each in application["requiredResourceAccess"] if each["resourceAppId"] == GRAPH]
    return {
        "tags": [tag for tag in application["tags"] if not tag.startswith("provisioner:")],
        "web": [uri for uri in application["web"]["redirectUris"] if "contoso.com" in uri],
        "public": application["publicClient"]["redirectUris"],
        "asked": _ASKED in graph["resourceAccess"],
        "notes": application["notes"],
    }


def _graph_grant(trial: Trial) -> dict[str, Any]:
    api = trial.principal(GRAPH)["id"]
    [grant] = [each for each in trial.grants() if each["resourceId"] == api]
    return grant


def _set_scopes(trial: Trial, change: Callable[[set[str]], set[str]]) -> None:
    grant = _graph_grant(trial)
    scopes = " ".join(sorted(change(set(grant["scope"].split()))))
    trial.graph("PATCH", f"oauth2PermissionGrants/{grant['id']}", {"scope": scopes})


def _roles_of_principal(trial: Trial) -> list[dict[str, Any]]:
    path = f"servicePrincipals(appId='{trial.application()['appId']}')/appRoleAssignments"
    found: list[dict[str, Any]] = trial.graph("GET", path)["value"]
    return found


def _revoke_role(trial: Trial) -> None:
    for each in _roles_of_principal(trial):
        if each["appRoleId"] != USER_READ_ALL:
            trial.graph("DELETE", f"servicePrincipals/{each['principalId']}/appRoleAssignments/{each['id']}")


def _grant_another_role(trial: Trial) -> None:
    principal = trial.principal(trial.application()["appId"])["id"]
    body = {"principalId": principal, "resourceId": trial.principal(GRAPH)["id"], "appRoleId": USER_READ_ALL}
    trial.graph("POST", f"servicePrincipals/{principal}/appRoleAssignments", body)


def _drop_our_secret(trial: Trial) -> None:
    application = trial.application()
    for each in application["passwordCredentials"]:
        if each["displayName"].startswith(f"provisioner:{NAME}:"):
            trial.graph("POST", f"applications/{application['id']}/removePassword", {"keyId": each["keyId"]})


def _add_a_secret(trial: Trial) -> None:
    body = {"passwordCredential": {"displayName": "another team's"}}
    trial.graph("POST", f"applications/{trial.application()['id']}/addPassword", body)
    trial.secrets("PUT", "secrets/another-teams", {"value": "theirs"})


def _others_secrets(trial: Trial) -> object:
    on_application = [each["displayName"] for each in trial.application()["passwordCredentials"]]
    names = [each["id"].rsplit("/", 1)[-1] for each in trial.secrets("GET", "secrets")["value"]]
    theirs = [name for name in on_application if not name.startswith(f"provisioner:{NAME}:")]
    return theirs, [name for name in names if name != CREDENTIAL]


CASES: dict[str, Case] = {
    "resource_provider": Case(
        reads="arm.providers.get",
        writes="arm.providers.register",
        asked_of="new",
        no_drift="a vault proves the registration, which cannot be withdrawn while there is one",
    ),
    "resource_group": Case(
        reads="arm.resource_groups.get",
        writes="arm.resource_groups.put",
        asked_of="new",
        drifts=_delete_group,
        shows=(
            "resource_group create",
            "vault recover",
            *["role_assignment assign"] * 2,
        ),
        repairs=(
            "PUT arm.resource_groups.put",
            *["PUT arm.role_assignments.put"] * 3,
            "PUT arm.vaults.put",
        ),
    ),
    "vault": Case(
        reads="arm.vaults.get",
        writes="arm.vaults.put",
        drifts=_change_vault,
        shows=("vault update",),
        repairs=("PATCH arm.vaults.patch",),
        adds=_add_to_vault,
        others=_others_in_vault,
    ),
    "role_assignment": Case(
        reads="arm.role_assignments.list",
        writes="arm.role_assignments.put",
        drifts=_withdraw_access,
        shows=("role_assignment assign",),
        repairs=("PUT arm.role_assignments.put",),
        adds=_assign_reader,
        others=_readers,
    ),
    "api_service_principal": Case(
        reads="graph.servicePrincipals.get",
        writes="graph.servicePrincipals.create",
        drifts=_delete_principal(PARTNER_CENTER),
        shows=("api_service_principal create", "grant grant"),
        repairs=("POST graph.oauth2PermissionGrants.create", "POST graph.servicePrincipals.create"),
    ),
    "application": Case(
        reads="graph.applications.get",
        writes="graph.applications.create",
        drifts=_change_application,
        shows=("application update",),
        repairs=("PATCH graph.applications.update",),
        adds=_add_to_application,
        others=_others_in_application,
    ),
    "service_principal": Case(
        reads="graph.servicePrincipals.get",
        writes="graph.servicePrincipals.create",
        drifts=_delete_principal(None),
        shows=("app_role_assignment assign", *["grant grant"] * 2, "service_principal create"),
        repairs=(
            "POST graph.appRoleAssignments.create",
            *["POST graph.oauth2PermissionGrants.create"] * 2,
            "POST graph.servicePrincipals.create",
        ),
    ),
    "grant": Case(
        reads="graph.servicePrincipals.oauth2PermissionGrants",
        writes="graph.oauth2PermissionGrants.create",
        drifts=lambda trial: _set_scopes(trial, lambda scopes: scopes - {"Directory.AccessAsUser.All"}),
        shows=("grant update",),
        repairs=("PATCH graph.oauth2PermissionGrants.update",),
        adds=lambda trial: _set_scopes(trial, lambda scopes: scopes | {"User.Read.All"}),
        others=lambda trial: "User.Read.All" in _graph_grant(trial)["scope"].split(),
    ),
    "app_role_assignment": Case(
        reads="graph.appRoleAssignments.list",
        writes="graph.appRoleAssignments.create",
        drifts=_revoke_role,
        shows=("app_role_assignment assign",),
        repairs=("POST graph.appRoleAssignments.create",),
        adds=_grant_another_role,
        others=lambda trial: USER_READ_ALL in [each["appRoleId"] for each in _roles_of_principal(trial)],
    ),
    "credential": Case(
        reads="key_vault.secrets.list",
        writes="graph.applications.addPassword",
        drifts=_drop_our_secret,
        shows=("credential create",),
        repairs=("POST graph.applications.addPassword", "PUT key_vault.secrets.set"),
        adds=_add_a_secret,
        others=_others_secrets,
    ),
    "refresh_token": Case(
        reads="key_vault.secrets.list",
        writes="key_vault.secrets.set",
        no_drift="only a person can bring another token; its renewal has a suite of its own",
    ),
    "spec_digest": Case(
        reads="arm.vaults.get",
        writes="arm.vaults.patch",
        drifts=lambda trial: _patch_vault(trial, tags={**_vault(trial)["tags"], "provisioner-spec": "0" * 64}),
        shows=("spec_digest record",),
        repairs=("PATCH arm.vaults.patch",),
    ),
}
