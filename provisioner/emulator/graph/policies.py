"""App-management policies as objects: the tenant's default, custom ones, and to what those apply (sam-facts 5.2)."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from ..kernel import Reply
from ..kinds import APP_MANAGEMENT_POLICY, TENANT
from ..store import Document
from . import access, app_policy, errors, lookup, query, shapes
from .deleted_items import shown
from .documents import moment
from .filterable import APP_MANAGEMENT_POLICY as TYPE
from .filterable import DIRECTORY_OBJECT
from .service import Request, is_guid

_SET = "policies/appManagementPolicies"
_LIFETIMES = ("passwordLifetime", "symmetricKeyLifetime", "asymmetricKeyLifetime")
_PASSWORD_TYPES = ("passwordAddition", "customPasswordAddition", "symmetricKeyAddition", *_LIFETIMES[:2])
_TRUSTED = "trustedCertificateAuthority"
_KEY_TYPES = ("asymmetricKeyLifetime",)
_RESTRICTION: dict[str, shapes.Shape] = {
    "restrictionType": shapes.TEXT,
    "state": shapes.OPTIONAL_TEXT,
    "maxLifetime": shapes.OPTIONAL_TEXT,
    "restrictForAppsCreatedAfterDateTime": shapes.OPTIONAL_TEXT,
    "excludeActors": shapes.OBJECT,
    "certificateBasedApplicationConfigurationIds": [shapes.TEXT],
}
_RESTRICTIONS: dict[str, shapes.Shape] = {
    "passwordCredentials": [_RESTRICTION],
    "keyCredentials": [_RESTRICTION],
    "identifierUris": shapes.OBJECT,
}
_POLICY: dict[str, shapes.Shape] = {
    "displayName": shapes.OPTIONAL_TEXT,
    "description": shapes.OPTIONAL_TEXT,
    "isEnabled": shapes.BOOL,
    "restrictions": _RESTRICTIONS,
}
_DEFAULT: dict[str, shapes.Shape] = {
    "isEnabled": shapes.BOOL,
    "applicationRestrictions": _RESTRICTIONS,
    "servicePrincipalRestrictions": _RESTRICTIONS,
}
_DEFAULT_MEMBERS = frozenset(_DEFAULT) | {"id", "deletedDateTime", "displayName", "description"}


def get_default(request: Request) -> Reply:
    access.require(request.caller, access.READ_POLICIES)
    head = {"@odata.context": f"{request.root}/$metadata#policies/defaultAppManagementPolicy/$entity"}
    return Reply(200, head | app_policy.default_policy(request.tenant_document()))


def change_default(request: Request) -> Reply:
    """PATCH policies/defaultAppManagementPolicy: 204."""
    access.require_policy_write(request.caller)
    body = request.body()
    shapes.check_body(body, _DEFAULT, _DEFAULT_MEMBERS, "tenantAppManagementPolicy")
    for name in ("applicationRestrictions", "servicePrincipalRestrictions"):
        _check_restrictions(body.get(name), name)
    tenant = request.tenant_document()
    policies = dict(tenant.get("_policies", {}))
    stored = policies.get("defaultAppManagementPolicy", {})
    policies["defaultAppManagementPolicy"] = shapes.merged(stored, body, {})
    request.tx.put(TENANT, "", request.tenant, tenant | {"_policies": policies})
    return Reply(204)


def get_authorization(request: Request) -> Reply:
    """GET policies/authorizationPolicy: what people without a role may do; as seeded, they register applications."""
    access.require(request.caller, access.READ_POLICIES | access.READ_ORGANIZATION)
    may = access.users_may_register(request.tenant_document())
    return Reply(
        200,
        {
            "@odata.context": f"{request.root}/$metadata#policies/authorizationPolicy/$entity",
            "id": "authorizationPolicy",
            "allowInvitesFrom": "everyone",
            "allowedToSignUpEmailBasedSubscriptions": True,
            "allowedToUseSSPR": True,
            "allowEmailVerifiedUsersToJoinOrganization": False,
            "allowUserConsentForRiskyApps": None,
            "blockMsolPowerShell": False,
            "displayName": "Authorization Policy",
            "description": "Used to manage authorization related settings across the company.",
            "guestUserRoleId": "10dae51f-b6af-4016-8d66-8c2a99b929b3",
            "defaultUserRolePermissions": {
                "allowedToCreateApps": may,
                "allowedToCreateSecurityGroups": True,
                "allowedToCreateTenants": True,
                "allowedToReadBitlockerKeysForOwnedDevice": True,
                "allowedToReadOtherUsers": True,
                "permissionGrantPoliciesAssigned": [],
            },
        },
    )


def list_all(request: Request) -> Reply:
    access.require(request.caller, access.READ_POLICIES)
    return query.collection(request, request.tx.list(APP_MANAGEMENT_POLICY, request.tenant), TYPE, _SET)


def get(request: Request) -> Reply:
    access.require(request.caller, access.READ_POLICIES)
    return query.entity(request, _found(request), TYPE, _SET)


def create(request: Request) -> Reply:
    """POST: 201. It applies to nothing yet."""
    access.require_policy_write(request.caller)
    body = request.body()
    if not body.get("displayName"):
        raise errors.property_missing("displayName", TYPE.name)
    _check(body)
    restrictions = {"passwordCredentials": [], "keyCredentials": []} | (body.get("restrictions") or {})
    blank: Document = {"id": str(uuid4()), "deletedDateTime": None, "description": None, "isEnabled": False}
    made = blank | body
    made |= {"restrictions": restrictions, "_appliesTo": []}
    request.tx.put(APP_MANAGEMENT_POLICY, request.tenant, made["id"], made)
    head = {"@odata.context": f"{request.root}/$metadata#{_SET}/$entity"}
    return Reply(201, head | query.public(made), {"Location": f"{request.root}/{_SET}/{made['id']}"})


def change(request: Request) -> Reply:
    """PATCH: 204; the lists inside `restrictions` are replaced whole."""
    access.require_policy_write(request.caller)
    found = _found(request)
    body = request.body()
    _check(body)
    request.tx.put(APP_MANAGEMENT_POLICY, request.tenant, found["id"], shapes.merged(found, body, {}))
    return Reply(204)


def delete(request: Request) -> Reply:
    """DELETE: 204; not while it applies to something."""
    access.require_policy_write(request.caller)
    found = _found(request)
    if found["_appliesTo"]:
        raise errors.policy_in_use()
    request.tx.delete(APP_MANAGEMENT_POLICY, request.tenant, found["id"])
    return Reply(204)


def list_applies_to(request: Request) -> Reply:
    access.require(request.caller, access.READ_POLICIES)
    found = []
    for object_id in _found(request)["_appliesTo"]:
        target = lookup.directory_object(request, object_id)
        if target is not None:
            found.append({"@odata.type": f"#microsoft.graph.{target[0]}"} | shown(target[1]))
    return query.collection(request, found, DIRECTORY_OBJECT, "directoryObjects")


def list_of_holder(request: Request) -> Reply:
    """GET applications/{id}/appManagementPolicies, and of service principals: the one assigned, if any."""
    access.require(request.caller, access.READ_POLICIES)
    _, holder = lookup.holder(request)
    policy = app_policy.assigned(request, holder["id"])
    return query.collection(request, [policy] if policy else [], TYPE, _SET)


def assign(request: Request) -> Reply:
    """POST applications/{id}/appManagementPolicies/$ref {"@odata.id"}: 204."""
    access.require_policy_write(request.caller)
    access.require(request.caller, access.READ_APPLICATIONS)
    _, holder = lookup.holder(request)
    key = request.reference()
    policy = request.tx.get(APP_MANAGEMENT_POLICY, request.tenant, key)
    if policy is None:
        raise errors.reference_not_present(key)
    if app_policy.assigned(request, holder["id"]) is not None:
        raise errors.policy_already_assigned()
    changed = policy | {"_appliesTo": [*policy["_appliesTo"], holder["id"]]}
    request.tx.put(APP_MANAGEMENT_POLICY, request.tenant, key, changed)
    return Reply(204)


def unassign(request: Request) -> Reply:
    """DELETE applications/{id}/appManagementPolicies/{policy}/$ref: 204."""
    access.require_policy_write(request.caller)
    access.require(request.caller, access.READ_APPLICATIONS)
    _, holder = lookup.holder(request)
    key = lookup.object_id(request, "policy")
    policy = request.tx.get(APP_MANAGEMENT_POLICY, request.tenant, key)
    if policy is None or holder["id"] not in policy["_appliesTo"]:
        raise errors.not_found(key)
    kept = [object_id for object_id in policy["_appliesTo"] if object_id != holder["id"]]
    request.tx.put(APP_MANAGEMENT_POLICY, request.tenant, key, policy | {"_appliesTo": kept})
    return Reply(204)


def _found(request: Request) -> Document:
    key = lookup.object_id(request)
    found = request.tx.get(APP_MANAGEMENT_POLICY, request.tenant, key)
    if found is None:
        raise errors.not_found(key)
    return found


def _check(body: Document) -> None:
    shapes.check_body(body, _POLICY, TYPE.members, TYPE.name)
    _check_restrictions(body.get("restrictions"), "restrictions")


def _check_restrictions(restrictions: Any, name: str) -> None:
    """Each list has its own types, each type once; a lifetime needs its maximum, an addition has none.

    trustedCertificateAuthority names the lists of authorities it trusts; a tenant here has none of them, so that it is
    refused for what it names rather than kept and never enforced.
    """
    for kind, types in (("passwordCredentials", _PASSWORD_TYPES), ("keyCredentials", _KEY_TYPES)):
        entries = (restrictions or {}).get(kind) or []
        named = [entry.get("restrictionType") for entry in entries]
        for entry in entries:
            if kind == "keyCredentials" and entry.get("restrictionType") == _TRUSTED:
                raise errors.trusted_authorities_unknown(entry.get("certificateBasedApplicationConfigurationIds") or [])
        if len(set(named)) < len(named) or not set(named) <= set(types) or not all(map(_is_restriction, entries)):
            raise errors.property_invalid(name, TYPE.name)


def _is_restriction(entry: Document) -> bool:
    since, longest = entry.get("restrictForAppsCreatedAfterDateTime"), entry.get("maxLifetime")
    try:
        if since is not None:
            moment(since)
        if longest is not None:
            app_policy.seconds(longest)
    except (ValueError, OverflowError):
        return False
    configurations = entry.get("certificateBasedApplicationConfigurationIds") or []
    timed = entry["restrictionType"] in _LIFETIMES
    states = ("enabled", "disabled")
    return (
        timed == (longest is not None) and entry.get("state", "enabled") in states and all(map(is_guid, configurations))
    )
