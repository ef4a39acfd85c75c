"""What Entra looks up in the directory: tenants by alias, clients, resources, people."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit, urlunsplit

from .. import kinds, lag
from ..clouds import CLOUDS
from ..directory_roles import CONSENT, CONSENT_TO_GRAPH_ROLES
from ..graph import microsoft_apps
from ..kernel import Call
from ..store import Document, Transaction
from . import errors
from .errors import SignInRefusal

ANY_TENANT = frozenset({"common", "organizations"})
Platform = Literal["web", "publicClient", "spa"]
_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_MULTITENANT = frozenset({"AzureADMultipleOrgs", "AzureADandPersonalMicrosoftAccount"})
# resource identifier or appId -> appId
_MICROSOFT_IDENTIFIERS = {
    name: app_id for app_id, app in microsoft_apps.MICROSOFT_APPS.items() for name in app["servicePrincipalNames"]
}


@dataclass(frozen=True)
class Client:
    """An application and its service principal in the tenant that was asked (None: not there yet)."""

    application: Document
    principal: Document | None
    home_tenant: str
    tenant: str | None
    """The tenant that was asked; None over `common`."""

    @property
    def id(self) -> str:
        return str(self.application["appId"])

    @property
    def name(self) -> str:
        return str(self.application["displayName"])

    @property
    def may_be_public(self) -> bool:
        """ "Allow public client flows": may do without a credential where no redirect URI decides (sam-facts 3.5)."""
        return bool(self.application.get("isFallbackPublicClient"))

    @property
    def is_multitenant(self) -> bool:
        return self.application.get("signInAudience") in _MULTITENANT


def tenant(call: Call) -> Document | None:
    """The tenant the path names; None for `common` and `organizations`. Raises 90002, 900023, 90038, 900382."""
    alias = call.params["tenant"].lower()
    if alias in ANY_TENANT:
        return None
    by_id = call.tx.get(kinds.TENANT, "", alias)
    for document in call.tx.list(kinds.TENANT, "") if by_id is None else [by_id]:
        if alias == document["id"] or alias in document["domains"]:
            if document["cloud"] == call.cloud:
                return document
            raise _of_another_cloud(call, document)
    if "." not in alias and not _GUID.fullmatch(alias):
        raise errors.tenant_identifier_invalid(call, call.params["tenant"])
    raise errors.tenant_not_found(call, call.params["tenant"])


def _of_another_cloud(call: Call, document: Document) -> SignInRefusal:
    """China's cloud is apart: its tenants are unknown elsewhere, and the others' are unknown there (assumed)."""
    if "china" in (document["cloud"], call.cloud):
        return errors.tenant_not_found(call, call.params["tenant"])
    if {"client_secret", "client_assertion"} & call.form().keys():
        return errors.confidential_client_across_clouds(call)
    name = urlsplit(f"https://{CLOUDS[document['cloud']].login[0]}").hostname or ""
    return errors.tenant_of_another_cloud(call, call.params["tenant"], name.removeprefix("login."))


def named_tenant(call: Call, version: int) -> Document:
    """The tenant of a flow that cannot go over `common`. Raises 9001023, on v1 50059."""
    found = tenant(call)
    if found is None:
        raise errors.tenant_not_named(call) if version == 2 else errors.tenant_not_told(call)
    return found


def client(call: Call, client_id: str, in_tenant: Document | None) -> Client:
    """The application with this id, as seen from the tenant. Raises 700016, 7000112, 50194."""
    home = None if in_tenant is None else in_tenant["displayName"]
    principal = None if in_tenant is None else _principal(call.tx, in_tenant["id"], client_id)
    for tenant_id, application in _applications(call, client_id, in_tenant, principal):
        found = Client(application, principal, tenant_id, None if in_tenant is None else in_tenant["id"])
        if in_tenant is None and not found.is_multitenant:
            raise errors.single_tenant_application(call, client_id, found.name)
        if in_tenant is not None and tenant_id != in_tenant["id"] and not (principal or found.is_multitenant):
            continue
        if principal is not None and not principal.get("accountEnabled", True):
            raise errors.application_disabled(call, client_id, found.name)
        return found
    raise errors.application_not_found(call, client_id, str(home or call.params["tenant"]))


def _applications(
    call: Call, client_id: str, in_tenant: Document | None, principal: Document | None
) -> Iterator[tuple[str, Document]]:
    """(home tenant, application) with this appId."""
    for home in _homes(call, in_tenant, principal):
        for application in call.tx.find(kinds.APPLICATION, home, "appId", client_id):
            if lag.is_visible(call.tx, application):
                yield home, application


def _homes(call: Call, in_tenant: Document | None, principal: Document | None) -> Iterator[str]:
    """Where an application may be registered, the likeliest first; registrations are per cloud (sam-facts 2)."""
    if in_tenant is not None:
        yield in_tenant["id"]
    if principal is not None:
        yield principal["appOwnerOrganizationId"]
    for document in call.tx.list(kinds.TENANT, ""):
        if document["cloud"] == call.cloud:
            yield document["id"]


def _principal(tx: Transaction, tenant_id: str, app_id: str) -> Document | None:
    for principal in tx.find(kinds.SERVICE_PRINCIPAL, tenant_id, "appId", app_id):
        if lag.is_visible(tx, principal):
            return principal
    return None


def resource(call: Call, in_tenant: Document, name: str) -> Document | None:
    """The service principal a resource identifier or appId names in the tenant, or None.

    Identifiers match with and without a trailing slash; those of another national cloud do not.
    """
    wanted = name.rstrip("/")
    if not _of_cloud(wanted, in_tenant["cloud"]):
        return None
    if (microsofts := _MICROSOFT_IDENTIFIERS.get(wanted)) is not None:
        return _principal(call.tx, in_tenant["id"], microsofts)
    for principal in call.tx.list(kinds.SERVICE_PRINCIPAL, in_tenant["id"]):
        names = {identifier.rstrip("/") for identifier in principal.get("servicePrincipalNames", ())}
        if wanted in names | {principal["appId"]} and lag.is_visible(call.tx, principal):
            return principal
    return None


def resource_by_app_id(call: Call, in_tenant: Document, app_id: str) -> Document | None:
    return _principal(call.tx, in_tenant["id"], app_id)


def is_microsofts(name: str) -> str | None:
    """The display name of the Microsoft application a resource identifier belongs to, or None."""
    app_id = _MICROSOFT_IDENTIFIERS.get(name.rstrip("/"))
    return None if app_id is None else str(microsoft_apps.MICROSOFT_APPS[app_id]["displayName"])


def _of_cloud(identifier: str, cloud: str) -> bool:
    try:
        host = urlsplit(identifier).hostname
    except ValueError:  # no URL: nobody's
        return True
    if host is None:
        return True
    owners = {name for name, other in CLOUDS.items() if host in _hosts(name) or f".{host}" == other.vault_suffix}
    return not owners or cloud in owners


def _hosts(cloud: str) -> set[str]:
    it = CLOUDS[cloud]
    return {it.graph, it.arm, it.arm_classic, it.partner_center}


def user(tx: Transaction, tenant_id: str, username: str) -> Document | None:
    """A person by user principal name, in any case."""
    for document in tx.list(kinds.USER, tenant_id):
        if document["userPrincipalName"].lower() == username.strip().lower():
            return document
    return None


def home_of(call: Call, username: str) -> tuple[Document, Document] | None:
    """(tenant, user) in the cloud that was asked, wherever the person lives."""
    for document in call.tx.list(kinds.TENANT, ""):
        if document["cloud"] == call.cloud and (found := user(call.tx, document["id"], username)):
            return document, found
    return None


def may_consent_for_all(person: Document, *, to_graph_roles: bool) -> bool:
    """May this person consent for the whole tenant; application permissions of Graph ask for more (sam-facts 7)."""
    enough = CONSENT_TO_GRAPH_ROLES if to_graph_roles else CONSENT
    return bool(enough & set(person.get("_directoryRoles", ())))


def redirect_platform(call: Call, application: Document, uri: str) -> Platform:
    """The platform a redirect URI is registered on, which decides the client type (sam-facts 3.6, 5.4).

    Exact match, except that the port of localhost is ignored; an exact one wins. Raises 500113, 50011.
    """
    registered: list[tuple[str, Platform]] = []
    platforms: tuple[Platform, ...] = ("web", "publicClient", "spa")
    for platform in platforms:
        registered += [(entry, platform) for entry in (application.get(platform) or {}).get("redirectUris", ())]
    if not registered:
        raise errors.reply_address_none_registered(call)
    for entry, platform in registered:
        if entry == uri:
            return platform
    for entry, platform in registered:
        if (bare := _without_port(uri)) is not None and bare == _without_port(entry):
            return platform
    raise errors.reply_address_mismatch(call, uri, application["appId"])


def _without_port(uri: str) -> str | None:
    """A localhost URI as it is written but for the port; None for any other."""
    try:
        parts = urlsplit(uri)
    except ValueError:
        return None
    host, _, _ = parts.netloc.partition(":")
    return urlunsplit(parts._replace(netloc="localhost")) if host.lower() == "localhost" else None
