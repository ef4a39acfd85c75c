"""What every data-plane call goes through, in the service's order: token, tenant, network, version, right."""

from __future__ import annotations

import functools
import ipaddress
import re
import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from ..arm import access
from ..clouds import CLOUDS
from ..identity import BadToken, Caller, bearer
from ..kernel import Call, Handler, Refusal, Reply
from ..store import Document, Transaction
from . import clockwork, errors
from .rights import Right, granted
from .rules import vault_of

_API_VERSION = re.compile(
    r"7\.\d(-preview(\.\d)?)?|20\d\d-\d\d-\d\d(-preview)?"
)  # new ones come each year and are taken


@dataclass(frozen=True)
class Session:
    """An authorised call to one vault."""

    call: Call
    caller: Caller
    vault: Document

    @property
    def tx(self) -> Transaction:
        return self.call.tx

    @property
    def scope(self) -> str:
        """Where the store keeps this vault's objects."""
        return str(self.vault["name"]).lower()

    @property
    def name(self) -> str:
        """The object's name in the path, checked."""
        return object_name(self.call)

    @property
    def version(self) -> str:
        """The version in the path, "" for the newest."""
        return self.call.params.get("version", "")

    @property
    def retention_days(self) -> int:
        return int(self.vault["properties"]["softDeleteRetentionInDays"])

    def body(self) -> dict[str, Any]:
        """The request's JSON object; raises BadParameter."""
        try:
            parsed = self.call.json()
        except ValueError as error:
            raise errors.bad_parameter("The body is not JSON.") from error
        if not isinstance(parsed, dict):
            raise errors.bad_parameter("The body must be a JSON object.")
        return parsed

    @property
    def address(self) -> str:
        return f"https://{self.call.host}"


def guarded(right: Right, operation: Callable[[Session], Reply]) -> Handler:
    """A handler that lets `operation` run only for an authorised caller. It sees query names in lower case."""

    @functools.wraps(operation)
    def handler(call: Call) -> Reply:
        headers = _headers(call)
        try:
            vault = vault_of(call.tx, call.host)
            if vault is None:
                raise errors.vault_not_found(call.host)
            headers["x-ms-keyvault-region"] = vault["location"]
            query = {name.lower(): value for name, value in call.query.items()}
            current = _session(replace(call, query=query), vault)
            _authorize(current, right)
            clockwork.catch_up(current.tx, current.scope)
            reply = operation(current)
        except Refusal as refused:
            raise Refusal(replace(refused.reply, headers=headers | dict(refused.reply.headers))) from None
        return replace(reply, headers=headers | dict(reply.headers))

    return handler


def _headers(call: Call) -> dict[str, str]:
    """What every answer of the service carries, errors too (seen in recordings of the real service)."""
    address = ipaddress.ip_address(call.client_address)
    family = ("Ipv4", "InterNetwork") if address.version == 4 else ("Ipv6", "InterNetworkV6")
    headers = {
        "Cache-Control": "no-cache",
        "Pragma": "no-cache",
        "Expires": "-1",
        "x-ms-request-id": str(uuid.uuid4()),
        "x-ms-keyvault-service-version": "1.9.2000.1",
        "x-ms-keyvault-network-info": f"conn_type={family[0]};addr={address};act_addr_fam={family[1]};",
        "X-Content-Type-Options": "nosniff",
        "Strict-Transport-Security": "max-age=31536000;includeSubDomains",
    }
    if client_id := call.headers.get("x-ms-client-request-id"):
        headers["x-ms-client-request-id"] = client_id
    return headers


def object_name(call: Call) -> str:
    """Raises BadParameter for a name the service does not take."""
    name = call.params["name"]
    if not (name.isascii() and name.replace("-", "a").isalnum() and len(name) <= 127):
        raise errors.bad_parameter(f"The request URI contains an invalid name: {name}")
    return name


def _session(call: Call, vault: Document) -> Session:
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
        if right.permission not in _policy_permissions(current, right.family):
            raise errors.forbidden_by_access_policy(vault, caller, right.family, right.permission)
        return
    action = f"Microsoft.KeyVault/vaults/{right.action}"
    resource = vault["id"].lower() + (f"/{right.family}/{object_name(call).lower()}" if "name" in call.params else "")
    if not access.data_permitted(call.tx, caller.tenant, caller.object_id, action, resource):
        raise errors.forbidden_by_rbac(vault, caller, action, resource)


def _policy_permissions(current: Session, family: str) -> set[str]:
    """The caller's permissions by the vault's access policies, its groups' included.

    An entry with an applicationId is for a user before that application (compound identity).
    """
    holders = access.principals(current.tx, current.caller.tenant, current.caller.object_id)
    names: set[str] = set()
    for policy in current.vault["properties"]["accessPolicies"]:
        if policy["objectId"] in holders and policy.get("applicationId") in (None, current.caller.app_id):
            names |= {name.lower() for name in policy["permissions"].get(family) or ()}
    return granted(family, names)
