"""What others do to a tenant between two applies: each act a function, by name, so that a case can be read

`n` is a number to choose by. An act that finds nothing to act on does nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from hypothesis import strategies as st

from provisioner.spec.vault_roles import VAULT_ROLES
from tests.engine.convergence.estate import MICROSOFT_GRAPH, Estate, Json, pick
from tests.resources.cases import USER_READ_ALL
from tests.trial import NAME

Do = Callable[[Estate, int], None]
ACTS: dict[str, Do] = {}
_FOREIGN_URLS = (
    ("web", "https://other.contoso.com/signed-in"),
    ("publicClient", "other-app://back"),
    ("spa", "https://spa.contoso.com/"),
    ("web", "http://localhost:9999/elsewhere"),
    ("web", "http://localhost:9999/"),  # the same but for its port as one that specs name
)
_ANOTHER_PROVIDER = "https://oidc.contoso.com/z"
_OF_THE_RUNNER_S_TOKENS = ("797f4846-ba00-4fd7-ba43-dac1f8f63013", "cfa8b339-82a2-471a-a3c9-0fc0be7a4093")
"""Azure Service Management and Key Vault: without their principals nobody can even look (see test_identity.py)."""
_PEOPLE = ("operator_id", "colleague_id")


@dataclass(frozen=True)
class Act:
    """One act, as data."""

    name: str
    n: int = 0

    def __call__(self, estate: Estate) -> None:
        ACTS[self.name](estate, self.n)


def acts() -> st.SearchStrategy[tuple[Act, ...]]:
    """None, or a few in a row."""
    one = st.builds(Act, st.deferred(lambda: st.sampled_from(sorted(ACTS))), st.integers(0, 11))
    return st.one_of(st.just(()), st.lists(one, min_size=1, max_size=5).map(tuple))


def _act(do: Do) -> Do:
    ACTS[do.__name__] = do
    return do


# the application


def _patch(estate: Estate, members: Json) -> None:
    app = estate.app()
    if app is not None:
        estate.graph("PATCH", f"applications/{app['id']}", members)


@_act
def delete_the_application(estate: Estate, n: int) -> None:
    app = estate.app()
    if app is not None:
        estate.graph("DELETE", f"applications/{app['id']}")


@_act
def purge_deleted_applications(estate: Estate, n: int) -> None:
    for each in estate.values("graph", "directory/deletedItems/microsoft.graph.application"):
        estate.graph("DELETE", f"directory/deletedItems/{each['id']}")


@_act
def delete_our_principal(estate: Estate, n: int) -> None:
    app = estate.app()
    principal = None if app is None else estate.app_principal(app)
    if principal is not None:
        estate.graph("DELETE", f"servicePrincipals/{principal['id']}")


@_act
def delete_an_api_s_principal(estate: Estate, n: int) -> None:
    app = estate.app()
    asked = [] if app is None else [each["resourceAppId"] for each in app["requiredResourceAccess"]]
    principal = pick([each for each in asked if each not in (MICROSOFT_GRAPH, *_OF_THE_RUNNER_S_TOKENS)], n)
    found = None if principal is None else estate.found("graph", f"servicePrincipals(appId='{principal}')")
    if found is not None:
        estate.graph("DELETE", f"servicePrincipals/{found['id']}")


@_act
def disable_our_principal(estate: Estate, n: int) -> None:
    app = estate.app()
    principal = None if app is None else estate.app_principal(app)
    if principal is not None:
        estate.graph("PATCH", f"servicePrincipals/{principal['id']}", {"accountEnabled": False})


@_act
def rename_the_application(estate: Estate, n: int) -> None:
    _patch(estate, {"displayName": f"Renamed {n}"})


@_act
def change_settings(estate: Estate, n: int) -> None:
    _patch(
        estate,
        {
            "signInAudience": ("AzureADMyOrg", "AzureADMultipleOrgs")[n % 2],
            "web": {"homePageUrl": None, "implicitGrantSettings": {"enableIdTokenIssuance": n % 3 == 0}},
        },
    )


@_act
def add_a_reply_url(estate: Estate, n: int) -> None:
    platform, uri = pick(_FOREIGN_URLS, n)
    app = estate.app()
    if app is not None and uri not in app[platform]["redirectUris"]:
        _patch(estate, {platform: {"redirectUris": [*app[platform]["redirectUris"], uri]}})


@_act
def take_reply_urls_away(estate: Estate, n: int) -> None:
    app = estate.app()
    if app is not None:
        uris = app["web"]["redirectUris"]
        _patch(estate, {"web": {"redirectUris": [uri for at, uri in enumerate(uris) if at % 2 == n % 2]}})


@_act
def ask_for_another_permission(estate: Estate, n: int) -> None:
    app = estate.app()
    if app is None:
        return
    asked = app["requiredResourceAccess"]
    entry = {"id": USER_READ_ALL, "type": "Role"}
    graph = [each for each in asked if each["resourceAppId"] == MICROSOFT_GRAPH]
    if any(entry in each["resourceAccess"] for each in graph):
        return
    others = [each for each in asked if each["resourceAppId"] != MICROSOFT_GRAPH]
    access = [*(graph[0]["resourceAccess"] if graph else ()), entry]
    _patch(estate, {"requiredResourceAccess": [*others, {"resourceAppId": MICROSOFT_GRAPH, "resourceAccess": access}]})


@_act
def ask_for_nothing(estate: Estate, n: int) -> None:
    _patch(estate, {"requiredResourceAccess": []})


@_act
def tag_the_application(estate: Estate, n: int) -> None:
    app = estate.app()
    if app is not None:
        _patch(estate, {"tags": sorted({*app["tags"], f"other-{n}"}), "notes": f"kept by team {n}"})


@_act
def take_our_mark_off(estate: Estate, n: int) -> None:
    """Of the application, or of the vault."""
    app = estate.app()
    if app is not None and n % 2:
        _patch(estate, {"tags": [tag for tag in app["tags"] if not tag.startswith("provisioner")]})
    elif (vault := estate.vault_resource()) is not None and n % 3 == 0:
        estate.arm("PATCH", estate.vault_path, {"tags": _others_tags(vault)})


@_act
def add_an_owner(estate: Estate, n: int) -> None:
    app = estate.app()
    if app is None:
        return
    person = getattr(estate.tenant, pick(_PEOPLE, n))
    owners = [each["id"] for each in estate.values("graph", f"applications/{app['id']}/owners")]
    if person not in owners:
        link = f"https://graph.microsoft.com/v1.0/directoryObjects/{person}"
        estate.graph("POST", f"applications/{app['id']}/owners/$ref", {"@odata.id": link})


@_act
def make_one_of_the_same_display_name(estate: Estate, n: int) -> None:
    estate.graph("POST", "applications", {"displayName": "Trial"})


@_act
def take_the_unique_name(estate: Estate, n: int) -> None:
    if estate.app() is None and not estate.values("graph", "directory/deletedItems/microsoft.graph.application"):
        estate.graph("POST", "applications", {"displayName": "Somebody else's", "uniqueName": NAME})


# what is granted


def _grants(estate: Estate) -> list[Json]:
    app = estate.app()
    return (
        []
        if app is None
        else estate.values("graph", f"servicePrincipals(appId='{app['appId']}')/oauth2PermissionGrants")
    )


@_act
def widen_a_grant(estate: Estate, n: int) -> None:
    grants = [each for each in _grants(estate) if each["consentType"] == "AllPrincipals"]
    grant = pick(grants, n)
    if grant is not None:
        scope = " ".join([*grant["scope"].split(), "User.ReadBasic.All"])
        estate.graph("PATCH", f"oauth2PermissionGrants/{grant['id']}", {"scope": scope})


@_act
def narrow_a_grant(estate: Estate, n: int) -> None:
    grant = pick(_grants(estate), n)
    if grant is not None and len(grant["scope"].split()) > 1:
        estate.graph("PATCH", f"oauth2PermissionGrants/{grant['id']}", {"scope": grant["scope"].split()[n % 2]})


@_act
def revoke_a_grant(estate: Estate, n: int) -> None:
    grant = pick(_grants(estate), n)
    if grant is not None:
        estate.graph("DELETE", f"oauth2PermissionGrants/{grant['id']}")


@_act
def grant_more(estate: Estate, n: int) -> None:
    """Of another API or to one person only."""
    app = estate.app()
    principal = None if app is None else estate.app_principal(app)
    api = estate.found("graph", f"servicePrincipals(appId='{(MICROSOFT_GRAPH, _MANAGEMENT)[n % 2]}')")
    if principal is None or api is None:
        return
    personal = n % 3 == 0
    mine = [each for each in _grants(estate) if each["resourceId"] == api["id"]]
    if any((each["consentType"] == "Principal") == personal for each in mine):
        return
    who = {"consentType": "Principal", "principalId": estate.tenant.colleague_id} if personal else {
        "consentType": "AllPrincipals"
    }  # fmt: skip
    scope = "user_impersonation" if n % 2 else "User.Read email"
    body = {"clientId": principal["id"], "resourceId": api["id"], "scope": scope}
    estate.graph("POST", "oauth2PermissionGrants", body | who)


_MANAGEMENT = "797f4846-ba00-4fd7-ba43-dac1f8f63013"


@_act
def assign_an_app_role(estate: Estate, n: int) -> None:
    app = estate.app()
    principal = None if app is None else estate.app_principal(app)
    if principal is None:
        return
    path = f"servicePrincipals/{principal['id']}/appRoleAssignments"
    if all(each["appRoleId"] != USER_READ_ALL for each in estate.values("graph", path)):
        graph = estate.found("graph", f"servicePrincipals(appId='{MICROSOFT_GRAPH}')")
        assert graph is not None
        body = {"principalId": principal["id"], "resourceId": graph["id"], "appRoleId": USER_READ_ALL}
        estate.graph("POST", path, body)


@_act
def revoke_an_app_role(estate: Estate, n: int) -> None:
    app = estate.app()
    principal = None if app is None else estate.app_principal(app)
    if principal is not None:
        path = f"servicePrincipals/{principal['id']}/appRoleAssignments"
        role = pick(estate.values("graph", path), n)
        if role is not None:
            estate.graph("DELETE", f"{path}/{role['id']}")


# credentials


@_act
def add_a_secret(estate: Estate, n: int) -> None:
    app = estate.app()
    if app is not None:
        body = {"passwordCredential": {"displayName": f"another team's {n}"}}
        estate.graph("POST", f"applications/{app['id']}/addPassword", body)


@_act
def take_our_credential_off(estate: Estate, n: int) -> None:
    app = estate.app()
    if app is None:
        return
    for each in app["passwordCredentials"]:
        if (each["displayName"] or "").startswith(f"provisioner:{NAME}:"):
            estate.graph("POST", f"applications/{app['id']}/removePassword", {"keyId": each["keyId"]})
    left = [each for each in app["keyCredentials"] if not (each["displayName"] or "").startswith("provisioner")]
    if left != app["keyCredentials"]:
        estate.graph("PATCH", f"applications/{app['id']}", {"keyCredentials": left})


@_act
def trust_another_platform(estate: Estate, n: int) -> None:
    app = estate.app()
    if app is None:
        return
    path = f"applications/{app['id']}/federatedIdentityCredentials"
    names = [each["name"] for each in estate.values("graph", path)]
    if (name := f"theirs-{n}") not in names:
        trust = {"name": name, "issuer": _ANOTHER_PROVIDER, "subject": f"job:{n}", "audiences": ["api://theirs"]}
        estate.graph("POST", path, trust)


@_act
def distrust(estate: Estate, n: int) -> None:
    app = estate.app()
    if app is not None:
        path = f"applications/{app['id']}/federatedIdentityCredentials"
        trust = pick(estate.values("graph", path), n)
        if trust is not None:
            estate.graph("DELETE", f"{path}/{trust['id']}")


# the vault


def _others_tags(vault: Json) -> Json:
    return {key: value for key, value in vault["tags"].items() if not key.startswith("provisioner")}


@_act
def delete_the_vault(estate: Estate, n: int) -> None:
    if estate.has_vault():
        estate.arm("DELETE", estate.vault_path)


@_act
def delete_the_resource_group(estate: Estate, n: int) -> None:
    if estate.found("arm", estate.group_path, "2022-09-01") is not None:
        estate.arm("DELETE", estate.group_path, version="2022-09-01")


@_act
def change_the_vault(estate: Estate, n: int) -> None:
    vault = estate.vault_resource()
    if vault is None:
        return
    properties: Json = {"sku": {"family": "A", "name": ("standard", "premium")[n % 2]}}
    tags = {key: ("x" if n % 3 else value) for key, value in _others_tags(vault).items()}
    kept = {key: value for key, value in vault["tags"].items() if key.startswith("provisioner")}
    estate.arm("PATCH", estate.vault_path, {"tags": tags | kept, "properties": properties})


@_act
def tag_the_vault(estate: Estate, n: int) -> None:
    vault = estate.vault_resource()
    if vault is not None:
        name = ("TEAM", "cost-centre", "their-own")[n % 3]
        tags = {key: value for key, value in vault["tags"].items() if key.lower() != name.lower()}
        estate.arm("PATCH", estate.vault_path, {"tags": tags | {name: f"v{n}"}})


@_act
def change_the_firewall(estate: Estate, n: int) -> None:
    vault = estate.vault_resource()
    if vault is None:
        return
    acls = vault["properties"].get("networkAcls") or {"bypass": "AzureServices", "defaultAction": "Allow"}
    rules = [rule for at, rule in enumerate(acls.get("ipRules", [])) if at % 3 != n % 3]
    added = [{"value": ("203.0.114.0/24", "203.0.115.9")[n % 2]}]
    values = [rule["value"] for rule in rules]
    rules += [rule for rule in added if rule["value"] not in values and f"{rule['value']}/32" not in values]
    estate.arm("PATCH", estate.vault_path, {"properties": {"networkAcls": {**acls, "ipRules": rules}}})


@_act
def switch_the_permission_model(estate: Estate, n: int) -> None:
    if estate.has_vault() and n % 3 == 0:
        properties = {"enableRbacAuthorization": False, "accessPolicies": []}
        estate.arm("PATCH", estate.vault_path, {"properties": properties})


@_act
def give_somebody_a_role(estate: Estate, n: int) -> None:
    if estate.has_vault():
        role = pick(sorted(VAULT_ROLES), n)
        estate.assign(estate.vault_path, VAULT_ROLES[role], getattr(estate.tenant, pick(_PEOPLE, n)), "User")


@_act
def give_a_wider_role_above(estate: Estate, n: int) -> None:
    """Inherited by the vault: of a person, or of the runner."""
    role = VAULT_ROLES[("Key Vault Secrets Officer", "Key Vault Administrator")[n % 2]]
    subscription = f"/subscriptions/{estate.tenant.subscription}"
    if n % 3:
        estate.assign(subscription, role, getattr(estate.tenant, pick(_PEOPLE, n)), "User")
    else:
        estate.assign(subscription, role, estate.tenant.runner.object_id, "ServicePrincipal")


@_act
def take_a_role_away(estate: Estate, n: int) -> None:
    role = pick(estate.on_vault(), n)
    if role is not None:
        estate.arm("DELETE", role["id"], version="2022-04-01")


@_act
def take_all_roles_away(estate: Estate, n: int) -> None:
    for role in estate.on_vault():
        estate.arm("DELETE", role["id"], version="2022-04-01")


# in the vault


def _stored(estate: Estate, kind: str) -> list[str]:
    return [each["id"].rsplit("/", 1)[-1] for each in estate.values("vault", kind) if "id" in each]


def _credential_names(estate: Estate) -> list[str]:
    found = {name for kind in ("secrets", "certificates") for name in _stored(estate, kind)}
    return sorted(name for name in found if "credential" in name)


def _in_vault(estate: Estate, method: str, path: str, body: Any = None) -> None:
    """What the vault refuses (its firewall, its permission model, a name that is deleted) is not done."""
    if estate.has_vault():
        answer = estate.send(method, f"https://{estate.vault}.vault.azure.net/{path}?api-version=7.5",
                             "https://vault.azure.net", body)  # fmt: skip
        assert answer.ok or answer.status_code in (403, 404, 409), answer.text


@_act
def store_a_secret(estate: Estate, n: int) -> None:
    _in_vault(estate, "PUT", f"secrets/another-teams-{n}", {"value": "theirs"})


@_act
def write_the_credential_back(estate: Estate, n: int) -> None:
    """A consumer that rewrites what it read, without our tags; or another value altogether."""
    name = pick(_stored(estate, "secrets"), n)
    found = None if name is None else estate.found("vault", f"secrets/{name}")
    if found is not None and not found.get("managed"):
        _in_vault(estate, "PUT", f"secrets/{name}", {"value": found["value"] if n % 2 else "something else"})


@_act
def delete_from_the_vault(estate: Estate, n: int) -> None:
    kind = ("secrets", "certificates")[n % 2]
    name = pick(_stored(estate, kind), n)
    found = None if name is None else estate.found("vault", f"{kind}/{name}")
    if found is not None and not found.get("managed"):
        _in_vault(estate, "DELETE", f"{kind}/{name}")


@_act
def disable_in_the_vault(estate: Estate, n: int) -> None:
    kind = ("secrets", "certificates")[n % 2]
    name = pick(_stored(estate, kind), n)
    found = None if name is None else estate.found("vault", f"{kind}/{name}")
    if found is not None and not found.get("managed"):
        version = found["id"].rsplit("/", 1)[-1]
        _in_vault(estate, "PATCH", f"{kind}/{name}/{version}", {"attributes": {"enabled": False}})


@_act
def take_the_credential_s_name(estate: Estate, n: int) -> None:
    """A secret of others under the name that specs use for the credential or the token."""
    name = (f"{NAME}-credential", "contoso-sam-token", "partner-refresh-token", f"{NAME}-credential-next")[n % 4]
    if name not in _stored(estate, "secrets"):
        _in_vault(estate, "PUT", f"secrets/{name}", {"value": "theirs"})


# time


@_act
def time_goes_by(estate: Estate, n: int) -> None:
    estate.later(timedelta(days=(1, 8, 20, 35, 60, 85, 120, 340, 400)[n % 9], hours=n))


@_act
def make_the_vault_by_hand(estate: Estate, n: int) -> None:
    """Of the name that the spec wants, without our mark; with roles or with access policies."""
    subscription = f"/subscriptions/{estate.tenant.subscription}"
    listed = estate.values("arm", f"{subscription}/providers/Microsoft.KeyVault/deletedVaults")
    if estate.has_vault() or any(each["name"].lower() == estate.vault.lower() for each in listed):
        return
    estate.arm("POST", f"{subscription}/providers/Microsoft.KeyVault/register", version="2022-09-01")
    estate.later(timedelta(minutes=10))
    if estate.found("arm", estate.group_path, "2022-09-01") is None:
        estate.arm("PUT", estate.group_path, {"location": "westeurope"}, "2022-09-01")
    properties = {
        "tenantId": estate.tenant.id,
        "sku": {"family": "A", "name": "standard"},
        **({"enableRbacAuthorization": True} if n % 3 else {"enableRbacAuthorization": False, "accessPolicies": []}),
    }
    url = f"https://management.azure.com{estate.vault_path}?api-version=2023-07-01"
    body = {"location": "westeurope", "tags": {"made": "by hand"}, "properties": properties}
    answer = estate.send("PUT", url, "https://management.azure.com", body)
    assert answer.ok or answer.status_code == 409, answer.text  # it is there, in another group
