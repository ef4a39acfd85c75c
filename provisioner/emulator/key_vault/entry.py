"""What every data-plane call goes through, in the service's order: token, tenant, network, version, right."""

from __future__ import annotations

import functools
import ipaddress
import re
import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace

from ..arm import access
from ..clouds import CLOUDS
from ..identity import BadToken, Caller, bearer
from ..kernel import Call, Handler, Refusal, Reply
from ..store import Document
from . import errors
from .rules import vault_of

_API_VERSION = re.compile(r"7\.\d|20\d\d-\d\d-\d\d(-preview)?")  # new ones come each year and are taken


@dataclass(frozen=True)
class Session:
    """An authorised call to one vault."""

    call: Call
    caller: Caller
    vault: Document

    @property
    def store_scope(self) -> str:
        """Where the store keeps this vault's secrets."""
        return str(self.vault["name"]).lower()

    @property
    def name(self) -> str:
        """The secret's name in the path, checked."""
        return secret_name(self.call)

    @property
    def address(self) -> str:
        return f"https://{self.call.host}"


@dataclass(frozen=True)
class Right:
    """What an operation needs: an RBAC data action, or in an access-policy vault a secret permission."""

    action: str  # under Microsoft.KeyVault/vaults/secrets/
    permission: str


def guarded(right: Right, operation: Callable[[Session], Reply]) -> Handler:
    """A handler that lets `operation` run only for an authorised caller."""

    @functools.wraps(operation)
    def handler(call: Call) -> Reply:
        headers = {
            "x-ms-request-id": str(uuid.uuid4()),
            "x-ms-keyvault-service-version": "1.9.2000.1",
            "Cache-Control": "no-cache",
        }
        if client_id := call.headers.get("x-ms-client-request-id"):
            headers["x-ms-client-request-id"] = client_id
        try:
            current = _session(call)
            headers["x-ms-keyvault-region"] = current.vault["location"]
            _authorize(current, right)
            reply = operation(current)
        except Refusal as refused:
            raise Refusal(replace(refused.reply, headers=headers | dict(refused.reply.headers))) from None
        return replace(reply, headers=headers | dict(reply.headers))

    return handler


def secret_name(call: Call) -> str:
    """Raises BadParameter for a name the service does not take."""
    name = call.params["name"]
    if not (name.isascii() and name.replace("-", "a").isalnum() and len(name) <= 127):
        raise errors.bad_parameter(f"The request URI contains an invalid name: {name}")
    return name


def _session(call: Call) -> Session:
    vault = vault_of(call.tx, call.host)
    if vault is None:
        raise errors.vault_not_found(call.host)
    caller = _caller(call, vault)
    if caller.tenant != vault["properties"]["tenantId"]:
        raise errors.wrong_tenant(vault, call.cloud, caller)
    _check_network(call, vault, caller)
    _check_version(call.query.get("api-version"))
    return Session(call, caller, vault)


def _check_version(version: str | None) -> None:
    """There is no default version (sam-facts 6.3)."""
    if not version:
        raise errors.bad_parameter("The request should be made with the api-version query parameter.")
    if not _API_VERSION.fullmatch(version):
        raise errors.bad_parameter(f"The specified version ({version}) is not recognized.")


def _caller(call: Call, vault: Document) -> Caller:
    try:
        caller = bearer(call, (CLOUDS[call.cloud].vault_audience, "cfa8b339-82a2-471a-a3c9-0fc0be7a4093"))
    except BadToken as bad:
        if bad.reason == "audience":
            raise errors.wrong_audience(vault, call.cloud) from bad
        if bad.reason == "expired":
            raise errors.expired_token(vault, call.cloud) from bad
        raise errors.bad_token(vault, call.cloud) from bad
    if caller is None:
        raise errors.no_token(vault, call.cloud)
    return caller


def _check_network(call: Call, vault: Document, caller: Caller) -> None:
    if vault["properties"].get("publicNetworkAccess") == "Disabled":
        raise errors.forbidden_by_connection(vault, caller)
    acls = vault["properties"].get("networkAcls") or {"defaultAction": "Allow"}
    if acls["defaultAction"] == "Allow":
        return
    address = ipaddress.ip_address(call.client_address)
    if not any(address in ipaddress.ip_network(rule["value"]) for rule in acls["ipRules"]):
        raise errors.forbidden_by_firewall(vault, caller, call.client_address)


def _authorize(current: Session, right: Right) -> None:
    call, caller, vault = current.call, current.caller, current.vault
    if not vault["properties"]["enableRbacAuthorization"]:
        if right.permission not in _policy_permissions(current):
            raise errors.forbidden_by_access_policy(vault, caller, right.permission)
        return
    action = f"Microsoft.KeyVault/vaults/secrets/{right.action}"
    resource = vault["id"].lower() + (f"/secrets/{secret_name(call).lower()}" if "name" in call.params else "")
    if not access.data_permitted(call.tx, caller.tenant, caller.object_id, action, resource):
        raise errors.forbidden_by_rbac(vault, caller, action, resource)


def _policy_permissions(current: Session) -> set[str]:
    """The caller's secret permissions by the vault's access policies, its groups' included; "all" leaves out purge."""
    holders = access.principals(current.call.tx, current.caller.tenant, current.caller.object_id)
    granted: set[str] = set()
    for policy in current.vault["properties"]["accessPolicies"]:
        if policy["objectId"] in holders and policy.get("applicationId") in (None, current.caller.app_id):
            granted |= set(policy["permissions"].get("secrets", ()))
    return granted | ({right.permission for right in RIGHTS.values()} - {"purge"} if "all" in granted else set())


RIGHTS = {
    "set": Right("setSecret/action", "set"),
    "get": Right("getSecret/action", "get"),
    "list": Right("readMetadata/action", "list"),
    "update": Right("update/action", "set"),
    "delete": Right("delete", "delete"),
    "get_deleted": Right("readMetadata/action", "get"),
    "recover": Right("recover/action", "recover"),
    "purge": Right("purge/action", "purge"),
}
