"""A request for each refusal of ARM."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

from provisioner.emulator import kinds, lag
from provisioner.emulator.kernel import Reply
from provisioner.emulator.seed.directory import CONTOSO, FABRIKAM
from provisioner.emulator.store import Store

from ..azure import (
    CONTRIBUTOR,
    DATA_ACCESS_ADMINISTRATOR,
    OWNER,
    RBAC_ADMINISTRATOR,
    SECRETS_USER,
    Azure,
    only,
    operator,
    own,
    runner,
    stranger,
)

Provoke = Callable[[Store], Reply]
SUBSCRIPTION = f"/subscriptions/{CONTOSO.subscription}"
GROUP = f"{SUBSCRIPTION}/resourceGroups/rg-contoso"
DELETED = f"{SUBSCRIPTION}/providers/Microsoft.KeyVault/locations/westeurope/deletedVaults/kv-contoso"
ROLES = "providers/Microsoft.Authorization"
URL = "https://management.azure.com/subscriptions?api-version=2022-12-01"


def with_token(changed: dict[str, Any], audience: str = "https://management.azure.com") -> Provoke:
    def provoke(store: Store) -> Reply:
        azure = runner(store)
        return azure.send("GET", URL, None, azure.token(audience, **changed))

    return provoke


def get(path: str, **query: str) -> Provoke:
    return lambda store: runner(store).arm("GET", path, **query)


def put(path: str, body: Any) -> Provoke:
    return lambda store: runner(store).arm("PUT", path, body)


def vault(**properties: Any) -> Provoke:
    """A PUT of a new vault in a registered subscription."""
    return lambda store: runner(store).ready_vault(**properties)


def with_vault(act: Callable[[Azure], Reply], **properties: Any) -> Provoke:
    """The runner acts where the vault stands."""

    def provoke(store: Store) -> Reply:
        azure = runner(store)
        assert azure.ready_vault(**properties).status == 200
        return act(azure)

    return provoke


def deleted_vault(act: Callable[[Azure], Reply], **properties: Any) -> Provoke:
    """The runner acts where the vault has been deleted."""

    def act_after(azure: Azure) -> Reply:
        azure.arm("DELETE", azure.vault_id)
        return act(azure)

    return with_vault(act_after, **properties)


def person_without_mfa(store: Store) -> Reply:
    azure = operator(store, amr=("pwd",))
    own(azure, OWNER)
    assert azure.arm("GET", azure.subscription).status == 200
    return azure.arm("PUT", GROUP, {"location": "westeurope"})


def not_registered(store: Store) -> Reply:
    azure = runner(store)
    azure.arm("PUT", GROUP, {"location": "westeurope"})
    return azure.put_vault()


def location_of_group(store: Store) -> Reply:
    azure = runner(store)
    azure.arm("PUT", GROUP, {"location": "westeurope"})
    return azure.arm("PUT", GROUP, {"location": "eastus"})


def another_group(azure: Azure) -> Reply:
    azure.arm("PUT", f"{SUBSCRIPTION}/resourceGroups/rg-other", {"location": "westeurope"})
    body = {"location": "westeurope", "properties": {"createMode": "recover"}}
    return azure.arm("PUT", azure.vault_id.replace("rg-contoso", "rg-other"), body)


def policy(store: Store) -> Reply:
    azure = runner(store)
    rule = {
        "name": "vaults-need-purge-protection",
        "resourceType": "Microsoft.KeyVault/vaults",
        "requires": {"properties.enablePurgeProtection": True},
    }
    azure.plant(kinds.SUBSCRIPTION, "", CONTOSO.subscription, _policies=[rule])
    return azure.ready_vault()


def locked(level: str, act: Callable[[Azure], Reply]) -> Provoke:
    def act_locked(azure: Azure) -> Reply:
        azure.plant(kinds.SUBSCRIPTION, "", CONTOSO.subscription, _locks=[{"scope": GROUP, "level": level}])
        return act(azure)

    return with_vault(act_locked)


def switch_permission_model(store: Store) -> Reply:
    """vaults/write is not enough: it takes the right to assign roles too (6.1, last row)."""
    runner(store).ready_vault()
    person = stranger(store)
    own(person, CONTRIBUTOR)
    return person.arm("PATCH", person.vault_id, {"properties": {"enableRbacAuthorization": False}})


def beyond_data_roles(store: Store) -> Reply:
    """A Data Access Administrator assigns Key Vault's data roles and no other."""
    runner(store).ready_vault()
    person = stranger(store)
    own(person, DATA_ACCESS_ADMINISTRATOR)
    assert person.assign(SECRETS_USER).status == 201
    return person.assign(OWNER)


def another_name(azure: Azure) -> Reply:
    azure.assign(SECRETS_USER)
    return azure.assign(SECRETS_USER, name=str(uuid.uuid4()))


def another_principal(azure: Azure) -> Reply:
    name = str(uuid.uuid4())
    azure.assign(SECRETS_USER, name=name)
    return azure.assign(SECRETS_USER, CONTOSO.operator_id, name=name)


def no_route(method: str, path: str) -> Provoke:
    return lambda store: runner(store).arm(method, path)


def group_going(store: Store) -> Reply:
    """A group whose deletion is told but not over."""
    azure = runner(store)
    azure.arm("PUT", GROUP, {"location": "westeurope"})
    with store.transaction() as tx:
        lag.change_settings(tx, {"rbac": 60})
    azure.arm("DELETE", GROUP)
    return azure.arm("PUT", GROUP, {"location": "westeurope"})


def full_subscription(azure: Azure) -> Reply:
    with azure.store.transaction() as tx:
        [standing, *_] = tx.list(kinds.ROLE_ASSIGNMENT, CONTOSO.subscription)
        for number in range(4000):
            tx.put(kinds.ROLE_ASSIGNMENT, CONTOSO.subscription, f"{number}", standing | {"name": f"{number}"})
    return azure.assign(SECRETS_USER, name=str(uuid.uuid4()))


def delegated(role: str, kind: str = "ServicePrincipal") -> Provoke:
    """A person who may assign one role to service principals assigns another, or to somebody else."""

    def provoke(store: Store) -> Reply:
        runner(store).ready_vault()
        person = stranger(store)
        own(person, RBAC_ADMINISTRATOR, condition=only(SECRETS_USER))
        assert person.assign(SECRETS_USER, CONTOSO.runner.object_id).status == 201
        return person.assign(role, CONTOSO.runner.object_id if kind == "ServicePrincipal" else CONTOSO.operator_id)

    return provoke


def check(name: str, properties: Any) -> Provoke:
    path = f"{GROUP}/providers/Microsoft.KeyVault/vaults/{name}"

    def act(azure: Azure) -> Reply:
        return azure.arm("PUT", path, {"location": "westeurope", "properties": properties})

    return with_vault(act)


ROWS: tuple[tuple[str, str, Provoke, int, str], ...] = (
    ("arm.no_token", "observed", lambda store: runner(store).send("GET", URL), 401, "AuthenticationFailed"),
    ("arm.bad_token", "assumed", with_token({"tid": str(uuid.uuid4())}), 401, "InvalidAuthenticationToken"),
    ("arm.expired_token", "assumed", with_token({"exp": 1}), 401, "ExpiredAuthenticationToken"),
    (
        "arm.wrong_audience",
        "assumed",
        with_token({}, "https://graph.microsoft.com"),
        401,
        "InvalidAuthenticationTokenAudience",
    ),
    (
        "arm.wrong_tenant",
        "assumed",
        get(f"/subscriptions/{FABRIKAM.subscription}"),
        401,
        "InvalidAuthenticationTokenTenant",
    ),
    ("arm.mfa_required", "8", person_without_mfa, 401, "RequestDisallowedByPolicy"),
    (
        "arm.authorization_failed",
        "assumed",
        lambda store: stranger(store).arm("GET", GROUP),
        403,
        "AuthorizationFailed",
    ),
    ("arm.authorization_failed", "6.1", switch_permission_model, 403, "AuthorizationFailed"),
    ("arm.authorization_failed", "assumed", beyond_data_roles, 403, "AuthorizationFailed"),
    ("arm.missing_api_version", "assumed", get("/subscriptions", version=""), 400, "MissingApiVersionParameter"),
    ("arm.invalid_api_version", "assumed", get("/subscriptions", version="latest"), 400, "InvalidApiVersionParameter"),
    ("arm.invalid_body", "assumed", put(GROUP, b"{"), 400, "InvalidRequestContent"),
    ("arm.invalid_body", "assumed", put(GROUP, []), 400, "InvalidRequestContent"),
    (
        "arm.invalid_body",
        "assumed",
        put(GROUP, {"location": "eastus", "tags": {"a": 1}}),
        400,
        "InvalidRequestContent",
    ),
    (
        "arm.invalid_body",
        "assumed",
        with_vault(lambda azure: azure.assign(SECRETS_USER, principalType=7)),
        400,
        "InvalidRequestContent",
    ),
    (
        "arm.invalid_filter",
        "assumed",
        get(f"{SUBSCRIPTION}/resources", _filter="name ne 'x'"),
        400,
        "InvalidFilterInQueryString",
    ),
    ("arm.subscription_not_found", "assumed", get(f"/subscriptions/{uuid.uuid4()}"), 404, "SubscriptionNotFound"),
    (
        "arm.invalid_namespace",
        "assumed",
        get(f"{SUBSCRIPTION}/providers/Contoso.Foo"),
        404,
        "InvalidResourceNamespace",
    ),
    ("arm.not_registered", "observed", not_registered, 409, "MissingSubscriptionRegistration"),
    ("arm.group_not_found", "assumed", get(GROUP), 404, "ResourceGroupNotFound"),
    (
        "arm.invalid_group_name",
        "assumed",
        put(f"{SUBSCRIPTION}/resourceGroups/dot.", {"location": "eastus"}),
        400,
        "InvalidResourceGroup",
    ),
    ("arm.group_location_fixed", "assumed", location_of_group, 409, "InvalidResourceGroupLocation"),
    ("arm.location_required", "assumed", put(GROUP, {}), 400, "LocationRequired"),
    ("arm.resource_not_found", "assumed", deleted_vault(lambda a: a.arm("GET", a.vault_id)), 404, "ResourceNotFound"),
    (
        "arm.location_fixed",
        "assumed",
        with_vault(lambda a: a.put_vault(location="eastus")),
        409,
        "InvalidResourceLocation",
    ),
    ("arm.disallowed_by_policy", "assumed", policy, 403, "RequestDisallowedByPolicy"),
    ("arm.scope_locked", "assumed", locked("ReadOnly", lambda a: a.put_vault()), 409, "ScopeLocked"),
    ("arm.scope_locked", "assumed", locked("CanNotDelete", lambda a: a.arm("DELETE", a.vault_id)), 409, "ScopeLocked"),
    ("arm.vault_bad_request", "6.1", vault(enablePurgeProtection=False), 400, "BadRequest"),
    ("arm.vault_bad_request", "6.1", vault(enableSoftDelete=False), 400, "BadRequest"),
    ("arm.vault_bad_request", "6.1", vault(softDeleteRetentionInDays=6), 400, "BadRequest"),
    ("arm.vault_bad_request", "6.1", vault(softDeleteRetentionInDays=91), 400, "BadRequest"),
    (
        "arm.vault_bad_request",
        "6.1",
        with_vault(lambda azure: azure.put_vault(softDeleteRetentionInDays=30)),
        400,
        "BadRequest",
    ),
    ("arm.vault_bad_request", "6.1", vault(tenantId=FABRIKAM.id), 400, "BadRequest"),
    ("arm.vault_bad_request", "6.1", vault(sku={"family": "A", "name": "gold"}), 400, "BadRequest"),
    ("arm.vault_bad_request", "6.1", vault(sku=None), 400, "BadRequest"),
    ("arm.vault_bad_request", "6.1", vault(accessPolicies=None, enableRbacAuthorization=False), 400, "BadRequest"),
    ("arm.vault_bad_request", "6.1", vault(networkAcls={"ipRules": [{"value": "10.0.0.1"}]}), 400, "BadRequest"),
    ("arm.vault_bad_request", "6.1", vault(networkAcls={"ipRules": [{"value": "::1"}]}), 400, "BadRequest"),
    ("arm.vault_bad_request", "6.1", vault(networkAcls={"virtualNetworkRules": ["x"]}), 400, "BadRequest"),
    (
        "arm.vault_bad_request",
        "6.1",
        vault(
            accessPolicies=[
                {"tenantId": CONTOSO.id, "objectId": CONTOSO.operator_id, "permissions": {"secrets": "get"}}
            ]
        ),
        400,
        "BadRequest",
    ),
    (
        "arm.vault_bad_request",
        "observed",
        vault(
            accessPolicies=[
                {"tenantId": CONTOSO.id, "objectId": CONTOSO.operator_id, "permissions": {"secrets": [" list"]}}
            ]
        ),
        400,
        "An invalid value was provided for 'accessPolicies'.",
    ),
    ("arm.vault_bad_request", "assumed", vault(createMode="replace"), 400, "'createMode'"),
    (
        "arm.vault_bad_request",
        "assumed",
        vault(accessPolicies=[{"tenantId": CONTOSO.id, "objectId": "x", "permissions": {}}]),
        400,
        "An invalid value was provided for 'accessPolicies'.",
    ),
    ("arm.vault_name_not_valid", "6.1", check("kv--double", {}), 400, "VaultNameNotValid"),
    ("arm.vault_name_not_valid", "6.1", check("k" * 25, {}), 400, "VaultNameNotValid"),
    ("arm.vault_already_exists", "6.1", with_vault(another_group), 409, "VaultAlreadyExists"),
    ("arm.vault_already_exists", "6.1", deleted_vault(another_group), 409, "VaultAlreadyExists"),
    (
        "arm.vault_already_exists",
        "6.1",
        deleted_vault(lambda a: a.put_vault(location="eastus")),
        409,
        "VaultAlreadyExists",
    ),
    ("arm.vault_soft_deleted", "observed", deleted_vault(lambda azure: azure.put_vault()), 409, "ConflictError"),
    ("arm.deleted_vault_not_found", "assumed", get(DELETED), 404, "DeletedVaultNotFound"),
    ("arm.deleted_vault_not_found", "assumed", vault(createMode="recover"), 404, "DeletedVaultNotFound"),
    (
        "arm.purge_not_allowed",
        "observed",
        deleted_vault(lambda azure: azure.arm("POST", f"{DELETED}/purge"), enablePurgeProtection=True),
        405,
        "MethodNotAllowed",
    ),
    (
        "arm.invalid_role_assignment_name",
        "assumed",
        with_vault(lambda azure: azure.assign(SECRETS_USER, name="mine")),
        400,
        "InvalidRoleAssignmentId",
    ),
    (
        "arm.role_assignment_not_found",
        "assumed",
        get(f"{SUBSCRIPTION}/{ROLES}/roleAssignments/{uuid.uuid4()}"),
        404,
        "RoleAssignmentNotFound",
    ),
    (
        "arm.role_definition_not_found",
        "assumed",
        get(f"{SUBSCRIPTION}/{ROLES}/roleDefinitions/{uuid.uuid4()}"),
        404,
        "RoleDefinitionDoesNotExist",
    ),
    ("arm.role_assignment_exists", "6.2", with_vault(another_name), 409, "RoleAssignmentExists"),
    ("arm.role_assignment_update", "6.2", with_vault(another_principal), 400, "RoleAssignmentUpdateNotPermitted"),
    (
        "arm.principal_not_found",
        "6.2",
        with_vault(lambda azure: azure.assign(SECRETS_USER, FABRIKAM.operator_id, principalType="User")),
        400,
        "PrincipalNotFound",
    ),
    (
        "arm.unmatched_principal_type",
        "assumed",
        with_vault(lambda azure: azure.assign(SECRETS_USER, CONTOSO.operator_id, principalType="ServicePrincipal")),
        400,
        "UnmatchedPrincipalType",
    ),
    ("arm.authorization_failed", "assumed", delegated(OWNER), 403, "AuthorizationFailed"),
    ("arm.authorization_failed", "assumed", delegated(SECRETS_USER, "User"), 403, "AuthorizationFailed"),
    (
        "arm.authorization_failed",
        "assumed",
        lambda store: runner(store).arm("PUT", f"{SUBSCRIPTION}/{ROLES}/locks/keep", {"properties": {}}),
        403,
        "AuthorizationFailed",
    ),
    (
        "arm.principal_type_not_supported",
        "observed",
        with_vault(lambda azure: azure.assign(SECRETS_USER, CONTOSO.runner.application_id)),
        400,
        "PrincipalTypeNotSupported",
    ),
    (
        "arm.invalid_principal",
        "observed",
        with_vault(lambda azure: azure.assign(SECRETS_USER, "someone@contoso.com", name=str(uuid.uuid4()))),
        400,
        "InvalidPrincipalId",
    ),
    (
        "arm.invalid_role_definition_id",
        "assumed",
        with_vault(lambda azure: azure.assign("Reader", name=str(uuid.uuid4()))),
        400,
        "InvalidRoleDefinitionId",
    ),
    (
        "arm.too_many_role_assignments",
        "assumed",
        with_vault(full_subscription),
        400,
        "RoleAssignmentLimitExceeded",
    ),
    (
        "arm.invalid_condition",
        "assumed",
        with_vault(lambda azure: azure.assign(SECRETS_USER, condition="@Resource[x] Exists", conditionVersion="2.0")),
        400,
        "InvalidConditionExpression",
    ),
    ("arm.lock_not_found", "assumed", get(f"{SUBSCRIPTION}/{ROLES}/locks/none"), 404, "LockNotFound"),
    (
        "arm.policy_not_found",
        "assumed",
        get(f"{SUBSCRIPTION}/{ROLES}/policyAssignments/none"),
        404,
        "PolicyAssignmentNotFound",
    ),
    ("arm.operation_not_found", "assumed", get(f"{SUBSCRIPTION}/operationresults/x"), 404, "OperationNotFound"),
    ("arm.group_being_deleted", "observed", group_going, 409, "ResourceGroupBeingDeleted"),
    (
        "arm.location_not_available",
        "observed",
        put(GROUP, {"location": "atlantis"}),
        400,
        "LocationNotAvailableForResourceGroup",
    ),
    (
        "arm.location_not_available_for_type",
        "observed",
        vault(location="usgovvirginia"),
        400,
        "LocationNotAvailableForResourceType",
    ),
    (
        "arm.too_many_tags",
        "assumed",
        put(GROUP, {"location": "westeurope", "tags": {f"t{number}": "" for number in range(51)}}),
        400,
        "InvalidTagsCount",
    ),
    ("arm.invalid_query", "assumed", get(f"{SUBSCRIPTION}/resources", _top="few"), 400, "InvalidQueryParameterValue"),
    (
        "arm.invalid_resource_type",
        "observed",
        get(f"{SUBSCRIPTION}/providers/Microsoft.KeyVault/hats"),
        404,
        "InvalidResourceType",
    ),
    ("arm.invalid_namespace", "assumed", get(f"{GROUP}/providers/Contoso.Foo/bars/x"), 404, "InvalidResourceNamespace"),
    ("arm.no_route", "ours", no_route("GET", f"{SUBSCRIPTION}/nothing"), 404, "NotFound"),
    ("arm.method_not_allowed", "assumed", no_route("DELETE", SUBSCRIPTION), 405, "UnsupportedHttpMethod"),
)
