"""The body of a vault: what the provider accepts, and how it answers with it (sam-facts 6.1)."""

from __future__ import annotations

import ipaddress
import re
from typing import Any

from ..clouds import CLOUDS
from ..key_vault import rights
from ..store import Document
from . import errors

_NAME = re.compile(r"(?=.{3,24}$)[A-Za-z](?:-?[A-Za-z0-9])*")
_GUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_POLICIES_INVALID = "An invalid value was provided for 'accessPolicies'."
_CREATE_MODES = ("default", "recover")
_RBAC_DEFAULT_SINCE = "2026-02-01"  # api-version from which a new vault is an RBAC vault unless it says otherwise
_PRIVATE = [ipaddress.IPv4Network(each) for each in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")]
_FLAGS = ("enabledForDeployment", "enabledForDiskEncryption", "enabledForTemplateDeployment")
# names of the contract that no operation asks for: "all", and an older name for what is told apart now
_ASKED_BY_NO_OPERATION = {"all", "manageissuers"}
Properties = dict[str, Any]


def check_name(name: str) -> None:
    """Raises VaultNameNotValid."""
    if not is_valid_name(name):
        raise errors.vault_name_not_valid(name)


def is_valid_name(name: str) -> bool:
    return _NAME.fullmatch(name) is not None


def recovers(wanted: Properties) -> bool:
    """Whether the body asks for a soft-deleted vault; raises BadRequest for a createMode that is none (text assumed).

    "default" and "recover" are all the contract has; clients are forgiven their case, as they are in all enumerations.
    """
    mode = wanted.get("createMode")
    if mode is not None and str(mode).lower() not in _CREATE_MODES:
        raise errors.vault_bad_request("An invalid value was provided for 'createMode'.")
    return str(mode).lower() == "recover"


def created(name: str, wanted: Properties, tenant: Document, api_version: str) -> Properties:
    """The properties of a new vault."""
    properties: Properties = {
        "enableSoftDelete": True,
        "softDeleteRetentionInDays": 90,
        "enableRbacAuthorization": api_version[:10] >= _RBAC_DEFAULT_SINCE,
        "vaultUri": f"https://{name.lower()}{CLOUDS[tenant['cloud']].vault_suffix}/",
        "provisioningState": "Succeeded",
    }
    if wanted.get("softDeleteRetentionInDays") is not None:
        properties["softDeleteRetentionInDays"] = _retention(wanted["softDeleteRetentionInDays"])
    return replaced(properties, wanted, tenant)


def replaced(found: Properties, wanted: Properties, tenant: Document) -> Properties:
    """What a PUT makes of the properties: everything the body leaves out falls back to its default, except what can
    never change back or is never switched by an update (soft delete, retention, purge protection, permission model).
    """
    kept = ("enableSoftDelete", "softDeleteRetentionInDays", "enableRbacAuthorization", "enablePurgeProtection")
    properties = {key: found[key] for key in (*kept, "vaultUri", "provisioningState") if key in found}
    rbac = wanted.get("enableRbacAuthorization")
    is_rbac = properties["enableRbacAuthorization"] if rbac is None else rbac
    if wanted.get("accessPolicies") is None and not is_rbac:
        raise errors.vault_bad_request('The property "accessPolicies" must be specified.')
    for required in ("sku", "tenantId"):
        if wanted.get(required) is None:
            raise errors.vault_bad_request(f'The property "{required}" must be specified.')
    defaults: Properties = dict.fromkeys(_FLAGS, False)
    defaults |= {"publicNetworkAccess": "Enabled", "accessPolicies": []}
    return patched(defaults | properties, wanted, tenant)


def patched(found: Properties, wanted: Properties, tenant: Document) -> Properties:
    """What a PATCH makes of the properties: members of the body are set, the rest stays."""
    properties = dict(found)
    _check_irreversible(found, wanted)
    if wanted.get("tenantId") is not None:
        properties["tenantId"] = _tenant_id(wanted["tenantId"], tenant)
    if wanted.get("sku") is not None:
        properties["sku"] = _sku(wanted["sku"])
    if wanted.get("accessPolicies") is not None:
        properties["accessPolicies"] = access_policies(wanted["accessPolicies"], tenant)
    if wanted.get("networkAcls") is not None:
        properties["networkAcls"] = _network(wanted["networkAcls"])
    if wanted.get("publicNetworkAccess") is not None:
        properties["publicNetworkAccess"] = _public_access(wanted["publicNetworkAccess"])
    for flag in (*_FLAGS, "enableRbacAuthorization", "enablePurgeProtection"):
        if wanted.get(flag) is not None:
            properties[flag] = _flag(flag, wanted[flag])
    return properties


def _check_irreversible(found: Properties, wanted: Properties) -> None:
    if wanted.get("enablePurgeProtection") is False:
        raise errors.vault_bad_request(
            'The property "enablePurgeProtection" cannot be set to false. Enabling the purge protection for a vault '
            "is an irreversible action."
        )
    if wanted.get("enableSoftDelete") is False:
        raise errors.vault_bad_request(
            'The property "enableSoftDelete" cannot be set to false. Enabling the soft delete functionality for a '
            "vault is an irreversible action."
        )
    days = wanted.get("softDeleteRetentionInDays")
    if days is not None and _retention(days) != found["softDeleteRetentionInDays"]:
        raise errors.vault_bad_request(
            'The property "softDeleteRetentionInDays" has been set already and it can\'t be modified.'
        )


def _retention(days: Any) -> int:
    if not isinstance(days, int) or isinstance(days, bool) or not 7 <= days <= 90:
        raise errors.vault_bad_request('The property "softDeleteRetentionInDays" must be between 7 and 90 inclusive.')
    return days


def _tenant_id(value: Any, tenant: Document) -> str:
    if str(value).lower() != tenant["id"]:
        raise errors.vault_bad_request(
            f"The vault's tenantId '{value}' is not the directory '{tenant['id']}' of the subscription."
        )
    return str(tenant["id"])


def _sku(sku: Any) -> Document:
    family, name = (sku.get("family"), sku.get("name")) if isinstance(sku, dict) else (None, None)
    if str(family).upper() != "A" or str(name).lower() not in ("standard", "premium"):
        raise errors.vault_bad_request('The property "sku" must have family "A" and name "standard" or "premium".')
    return {"family": "A", "name": str(name).lower()}


def access_policies(entries: Any, tenant: Document) -> list[Document]:
    """The entries as the service keeps them; raises BadRequest."""
    if not isinstance(entries, list) or len(entries) > 1024:
        raise errors.vault_bad_request('The property "accessPolicies" must be a list of at most 1024 entries.')
    for entry in entries:
        if not isinstance(entry, dict) or not {"tenantId", "objectId", "permissions"} <= entry.keys():
            raise errors.vault_bad_request("An access policy needs tenantId, objectId and permissions.")
        _tenant_id(entry["tenantId"], tenant)
        ids = [entry["objectId"], *([entry["applicationId"]] if entry.get("applicationId") else [])]
        if not all(isinstance(each, str) and _GUID.fullmatch(each) for each in ids):
            raise errors.vault_bad_request(_POLICIES_INVALID)
    return [{**entry, "permissions": _as_described(entry["permissions"])} for entry in entries]


def _as_described(permissions: Any) -> dict[str, list[str]]:
    """Permissions compare without regard to case; the answer has them as Microsoft's API description spells them, all
    but two in lower case. A name that is none is refused: observed, for one with a space before it
    (azure-libraries-for-net#361). Those of storage are not told apart.
    """
    if not isinstance(permissions, dict) or not all(_are_strings(names) for names in permissions.values()):
        raise errors.vault_bad_request("The permissions of an access policy must be lists of strings.")
    lowered = {family: [each.lower() for each in names] for family, names in permissions.items()}
    if any(
        set(names) - _ASKED_BY_NO_OPERATION - rights.PERMISSIONS.get(family, set(names))
        for family, names in lowered.items()
    ):
        raise errors.vault_bad_request(_POLICIES_INVALID)
    return {family: [_SPELLED.get(name, name) for name in names] for family, names in lowered.items()}


_SPELLED = {"wrapkey": "wrapKey", "unwrapkey": "unwrapKey"}


def _are_strings(values: Any) -> bool:
    return isinstance(values, list) and all(isinstance(each, str) for each in values)


def _network(acls: Any) -> Document:
    """Addresses come back as /32 and subnet ids in lower case, as the service answers them."""
    if not isinstance(acls, dict):
        raise errors.vault_bad_request('The property "networkAcls" must be an object.')
    bypass, action = acls.get("bypass", "AzureServices"), acls.get("defaultAction", "Allow")
    if bypass not in ("AzureServices", "None") or action not in ("Allow", "Deny"):
        raise errors.vault_bad_request('The property "networkAcls" has an invalid bypass or defaultAction.')
    rules, subnets = acls.get("ipRules") or [], acls.get("virtualNetworkRules") or []
    if (
        not isinstance(rules, list)
        or not isinstance(subnets, list)
        or not _are_strings([_id(each) for each in subnets])
    ):
        raise errors.vault_bad_request("ipRules and virtualNetworkRules must be lists; a network rule has an id.")
    if len(rules) > 1000 or len(subnets) > 200:
        raise errors.vault_bad_request("A vault takes at most 1000 IP rules and 200 virtual network rules.")
    return {
        "bypass": bypass,
        "defaultAction": action,
        "ipRules": [{"value": _address(rule)} for rule in rules],
        "virtualNetworkRules": [{**subnet, "id": subnet["id"].lower()} for subnet in subnets],
    }


def _id(subnet: Any) -> Any:
    return subnet.get("id") if isinstance(subnet, dict) else None


def _address(rule: Any) -> str:
    value = rule.get("value") if isinstance(rule, dict) else None
    try:
        network = ipaddress.IPv4Network(str(value), strict=False)
    except ValueError as error:
        raise errors.vault_bad_request(f"The IP rule '{value}' is not an IPv4 address or CIDR range.") from error
    if any(network.subnet_of(private) for private in _PRIVATE):
        raise errors.vault_bad_request(f"The IP rule '{value}' is in a private range (RFC 1918).")
    return str(network)


def _public_access(value: Any) -> str:
    if str(value).lower() not in ("enabled", "disabled"):
        raise errors.vault_bad_request('The property "publicNetworkAccess" must be "Enabled" or "Disabled".')
    return str(value).capitalize()


def _flag(name: str, value: Any) -> bool:
    if not isinstance(value, bool):
        raise errors.vault_bad_request(f'The property "{name}" must be a boolean.')
    return value
