"""What one may filter each resource type by, and how much of that needs an advanced query.

Advanced means header ConsistencyLevel: eventual together with $count=true (sam-facts 5.6). The tables hold what
Graph's reference marks as filterable on each property; everything else is refused, as the service does.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from . import query_errors
from .documents import APPLICATION_DEFAULTS, SERVICE_PRINCIPAL_DEFAULTS
from .filters import Both, Comparison, Either, Exists, Membership, Negation, Node
from .person_documents import GROUP_DEFAULTS, USER_DEFAULTS, USER_ON_REQUEST

_TEXT = frozenset({"eq", "in", "startswith"})
_KEY = frozenset({"eq", "in"})
_EQ = frozenset({"eq"})
_FULL = frozenset({"eq", "ne", "not", "in", "startswith", "endswith", "ge", "le"})
_NO: frozenset[str] = frozenset()

_NAMES_OF_OPERATORS = {
    "ne": "NotEqualsMatch",
    "not": "NotMatch",
    "gt": "GreaterThanMatch",
    "ge": "GreaterThanOrEqualsMatch",
    "lt": "LessThanMatch",
    "le": "LessThanOrEqualsMatch",
    "startswith": "StartsWith",
    "endswith": "EndsWith",
    "contains": "Contains",
    "in": "In",
    "any": "Any",
}


@dataclass(frozen=True)
class ResourceType:
    """`name` is the type's; `members` all its properties; the two tables map a path to operators.

    A path through a lambda has [] after the list: `requiredResourceAccess[]/resourceAppId`. `on_request` are members
    shown only when $select names them; `sortable_advanced` what $orderby takes in an advanced query besides.
    """

    name: str
    members: frozenset[str]
    basic: dict[str, frozenset[str]]
    advanced: dict[str, frozenset[str]] = field(default_factory=dict)
    searchable: frozenset[str] = _NO
    sortable: frozenset[str] = _NO
    sortable_advanced: frozenset[str] = _NO
    on_request: frozenset[str] = _NO


APPLICATION = ResourceType(
    "application",
    frozenset(APPLICATION_DEFAULTS) | {"id"},
    basic={
        "id": _KEY,
        "appId": _KEY,
        "displayName": _TEXT,
        "publisherDomain": _KEY,
        "signInAudience": _KEY,
        "identifierUris[]": frozenset({"eq", "startswith"}),
        "tags[]": _EQ,
    },
    advanced={
        "id": frozenset({"ne", "not"}),
        "displayName": _FULL,
        "signInAudience": frozenset({"ne", "not"}),
        "createdDateTime": frozenset({"eq", "ne", "not", "ge", "le"}),
        "identifierUris[]": _FULL | {"any"},
        "tags[]": _FULL | {"any"},
        "requiredResourceAccess[]/resourceAppId": _EQ,
        "web/redirectUris[]": frozenset({"eq", "startswith"}),
    },
    searchable=frozenset({"displayName", "description"}),
    sortable=frozenset({"displayName"}),
    sortable_advanced=frozenset({"createdDateTime"}),
    on_request=frozenset({"authenticationBehaviors", "managerApplications"}),
)
SERVICE_PRINCIPAL = ResourceType(
    "servicePrincipal",
    frozenset(SERVICE_PRINCIPAL_DEFAULTS) | {"id", "customSecurityAttributes"},
    basic={
        "id": _KEY,
        "appId": _KEY,
        "accountEnabled": _KEY,
        "displayName": _TEXT,
        "servicePrincipalType": _KEY,
        "servicePrincipalNames[]": frozenset({"eq", "startswith"}),
        "tags[]": _EQ,
    },
    advanced={
        "id": frozenset({"ne", "not"}),
        "displayName": _FULL,
        "accountEnabled": frozenset({"ne", "not"}),
        "appOwnerOrganizationId": _EQ,
        "servicePrincipalNames[]": _FULL | {"any"},
        "tags[]": _FULL | {"any"},
    },
    searchable=frozenset({"displayName"}),
    sortable=frozenset({"displayName"}),
    on_request=frozenset({"customSecurityAttributes"}),
)
GRANT = ResourceType(
    "oAuth2PermissionGrant",
    frozenset({"id", "clientId", "consentType", "principalId", "resourceId", "scope"}),
    basic=dict.fromkeys(("id", "clientId", "consentType", "principalId", "resourceId"), _EQ),
)
APP_ROLE_ASSIGNMENT = ResourceType(
    "appRoleAssignment",
    frozenset({"id", "deletedDateTime", "appRoleId", "createdDateTime", "principalDisplayName", "principalId"})
    | {"principalType", "resourceDisplayName", "resourceId"},
    basic={"resourceId": _EQ},
)
DIRECTORY_OBJECT = ResourceType("directoryObject", frozenset({"id", "deletedDateTime"}), basic={})
FEDERATED_CREDENTIAL = ResourceType(
    "federatedIdentityCredential",
    frozenset({"id", "name", "issuer", "subject", "description", "audiences"}),
    basic={"name": _EQ, "issuer": _EQ, "subject": _EQ},
)
APP_MANAGEMENT_POLICY = ResourceType(
    "appManagementPolicy",
    frozenset({"id", "deletedDateTime", "displayName", "description", "isEnabled", "restrictions"}),
    basic={"id": _EQ, "displayName": _EQ},
)
CONDITIONAL_ACCESS_POLICY = ResourceType(
    "conditionalAccessPolicy",
    frozenset({"id", "templateId", "displayName", "createdDateTime", "modifiedDateTime", "state"})
    | {"sessionControls", "conditions", "grantControls"},
    basic={"id": _EQ, "displayName": _TEXT, "state": _EQ},
)
USER = ResourceType(
    "user",
    frozenset(USER_DEFAULTS) | frozenset(USER_ON_REQUEST),
    basic={
        "id": _KEY,
        "accountEnabled": _KEY,
        "displayName": _TEXT,
        "givenName": _TEXT,
        "mail": _TEXT,
        "mailNickname": _TEXT,
        "surname": _TEXT,
        "userPrincipalName": _TEXT,
        "userType": _KEY,
    },
    advanced={
        "id": frozenset({"ne", "not"}),
        "displayName": _FULL,
        "mail": _FULL,
        "userPrincipalName": _FULL,
        "userType": frozenset({"ne", "not"}),
    },
    searchable=frozenset({"displayName", "givenName", "mail", "surname", "userPrincipalName"}),
    sortable=frozenset({"displayName", "userPrincipalName"}),
    sortable_advanced=frozenset({"createdDateTime"}),
    on_request=frozenset(USER_ON_REQUEST),
)
GROUP = ResourceType(
    "group",
    frozenset(GROUP_DEFAULTS),
    basic={
        "id": _KEY,
        "displayName": _TEXT,
        "mail": _TEXT,
        "mailNickname": _TEXT,
        "mailEnabled": _KEY,
        "securityEnabled": _KEY,
        "groupTypes[]": _EQ,
    },
    advanced={"id": frozenset({"ne", "not"}), "displayName": _FULL, "mail": _FULL},
    searchable=frozenset({"description", "displayName", "mail"}),
    sortable=frozenset({"displayName"}),
)
DIRECTORY_ROLE = ResourceType(
    "directoryRole",
    frozenset({"id", "deletedDateTime", "description", "displayName", "roleTemplateId"}),
    basic={"displayName": _EQ, "roleTemplateId": _EQ},
)
ROLE_DEFINITION = ResourceType(
    "unifiedRoleDefinition",
    frozenset({"id", "description", "displayName", "isBuiltIn", "isEnabled", "resourceScopes", "templateId", "version"})
    | {"rolePermissions"},
    basic={"id": _EQ, "displayName": _EQ, "isBuiltIn": _EQ, "templateId": _EQ},
)
ROLE_ASSIGNMENT = ResourceType(
    "unifiedRoleAssignment",
    frozenset({"id", "principalId", "directoryScopeId", "roleDefinitionId"}),
    basic={"id": _EQ, "principalId": _EQ, "roleDefinitionId": _EQ},
)
DELEGATED_ADMIN_RELATIONSHIP = ResourceType(
    "delegatedAdminRelationship",
    frozenset({"id", "displayName", "duration", "customer", "accessDetails", "status", "autoExtendDuration"})
    | {"createdDateTime", "lastModifiedDateTime", "activatedDateTime", "endDateTime"},
    basic={"status": _EQ, "displayName": _EQ, "customer/tenantId": _EQ},
)


def check(node: Node, of: ResourceType, *, advanced: bool) -> None:
    """Raises the refusal the service has for a filter it does not take."""
    _check(node, of, advanced, {})


def _check(node: Node, of: ResourceType, advanced: bool, variables: dict[str, str]) -> None:
    match node:
        case Both(left, right) | Either(left, right):
            _check(left, of, advanced, variables)
            _check(right, of, advanced, variables)
        case Negation(term):
            for path in _paths(term, variables):
                _check_operator(path, "not", of, advanced)
            _check(term, of, advanced, variables)
        case Comparison(path, operator, _):
            _check_operator(_full(path, variables), operator, of, advanced)
        case Membership(path, _):
            _check_operator(_full(path, variables), "in", of, advanced)
        case Exists(path, variable, term):
            items = f"{_full(path, variables)}[]"
            if term is None:
                _check_operator(items, "any", of, advanced)
            else:
                _check(term, of, advanced, variables | {variable: items})


def _full(path: tuple[str, ...], variables: dict[str, str]) -> str:
    return "/".join((variables.get(path[0], path[0]), *path[1:]))


def _paths(node: Node, variables: dict[str, str]) -> list[str]:
    match node:
        case Both(left, right) | Either(left, right):
            return _paths(left, variables) + _paths(right, variables)
        case Negation(term):
            return _paths(term, variables)
        case Comparison(path, _, _) | Membership(path, _):
            return [_full(path, variables)]
        case Exists(path, variable, term):
            items = f"{_full(path, variables)}[]"
            return [items] if term is None else _paths(term, variables | {variable: items})


def _check_operator(path: str, operator: str, of: ResourceType, advanced: bool) -> None:
    root = path.partition("/")[0].removesuffix("[]")
    if root not in of.members:
        raise query_errors.filter_unknown_property(root, of.name)
    basic, more = of.basic.get(path, _NO), of.advanced.get(path, _NO)
    if operator in basic or (advanced and operator in more):
        return
    if operator in more and basic:
        raise query_errors.filter_unsupported_operator(_NAMES_OF_OPERATORS[operator])
    raise query_errors.filter_unsupported_property(root, of.name)
