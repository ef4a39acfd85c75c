"""Resource providers, and their registration in a subscription."""

from __future__ import annotations

from .. import kinds, lag
from ..kernel import Call, Reply
from ..store import Document, Transaction
from . import errors, regions
from .entry import Session, session
from .paging import page

_VERSIONS = ("2026-05-15", "2026-02-01", "2025-05-01", "2024-11-01", "2023-07-01", "2023-02-01", "2022-07-01")
_AUTHORIZATION_VERSIONS = ("2022-05-01-preview", "2022-04-01", "2020-05-01", "2018-07-01", "2015-07-01")
_RESOURCES_VERSIONS = ("2025-04-01", "2024-11-01", "2022-12-01", "2022-09-01", "2021-04-01", "2015-11-01")

# namespace -> its resource types; those with a star lie in regions
_TYPES: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "Microsoft.KeyVault": (
        ("vaults*", "vaults/secrets*", "vaults/accessPolicies*", "deletedVaults", "locations", "operations"),
        _VERSIONS,
    ),
    "Microsoft.Authorization": (
        ("roleAssignments", "roleDefinitions", "locks", "policyAssignments", "permissions"),
        _AUTHORIZATION_VERSIONS,
    ),
    "Microsoft.Resources": (("subscriptions", "resourceGroups", "resources", "tenants"), _RESOURCES_VERSIONS),
    "Microsoft.Network": ((), ()),
}
NAMESPACES = {name.lower(): name for name in _TYPES}
_ALWAYS_REGISTERED = {"microsoft.authorization", "microsoft.resources"}
_READ = "Microsoft.Resources/subscriptions/providers/read"


def list_providers(call: Call) -> Reply:
    current = session(call)
    current.require(_READ, current.scope)
    return page(call, [_wire(current, namespace) for namespace in _TYPES])


def get_provider(call: Call) -> Reply:
    current = session(call)
    current.require(_READ, current.scope)
    return Reply(200, _wire(current, _namespace(call)))


def register(call: Call) -> Reply:
    """POST …/register: answers Registering; Registered once the lag of ARM ("rbac") has passed."""
    current = session(call)
    namespace = _namespace(call)
    current.require(f"{namespace}/register/action", current.scope)
    key = namespace.lower()
    if key not in _ALWAYS_REGISTERED and call.tx.get(kinds.PROVIDER, current.subscription_id, key) is None:
        document = {"namespace": namespace, "_registeredFrom": lag.effective_from(call.tx)}
        call.tx.put(kinds.PROVIDER, current.subscription_id, key, document)
        return Reply(200, _wire(current, namespace) | {"registrationState": "Registering"})
    return Reply(200, _wire(current, namespace))


def unregister(call: Call) -> Reply:
    """Microsoft's own two stay; the vaults that stand do so too."""
    current = session(call)
    namespace = _namespace(call)
    current.require(f"{namespace}/unregister/action", current.scope)
    call.tx.delete(kinds.PROVIDER, current.subscription_id, namespace.lower())
    return Reply(200, _wire(current, namespace))


def state(tx: Transaction, subscription_id: str, namespace: str) -> str:
    """NotRegistered, Registering or Registered."""
    if namespace.lower() in _ALWAYS_REGISTERED:
        return "Registered"
    document = tx.get(kinds.PROVIDER, subscription_id, namespace.lower())
    if document is None:
        return "NotRegistered"
    return "Registered" if document["_registeredFrom"] <= tx.now else "Registering"


def _namespace(call: Call) -> str:
    name = NAMESPACES.get(call.params["namespace"].lower())
    if name is None:
        raise errors.invalid_namespace(call.params["namespace"])
    return name


def _wire(current: Session, namespace: str) -> Document:
    types, versions = _TYPES[namespace]
    regional = regions.display_names(current.call.cloud)
    free = namespace.lower() in _ALWAYS_REGISTERED
    return {
        "id": f"{current.scope}/providers/{namespace}",
        "namespace": namespace,
        "registrationState": state(current.call.tx, current.subscription_id, namespace),
        "registrationPolicy": "RegistrationFree" if free else "RegistrationRequired",
        "resourceTypes": [
            {
                "resourceType": name.rstrip("*"),
                "locations": regional if name.endswith("*") else [],
                "apiVersions": list(versions),
                "capabilities": "SupportsTags, SupportsLocation" if name == "vaults*" else "None",
            }
            for name in types
        ],
    }
