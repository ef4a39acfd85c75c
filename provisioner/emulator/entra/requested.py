"""What a sign-in is about: the APIs and permissions its request names, or those the application declares."""

from __future__ import annotations

from ..graph.microsoft_apps import GRAPH
from ..store import Document
from . import asks, consent, directory, errors
from .consent import Permission
from .flow import Flow
from .tokens import SignedIn


def apis(flow: Flow, tenant: Document) -> list[asks.Ask]:
    """The APIs the request names. v1 without `resource` names none: their policies do not apply."""
    pending, call = flow.pending, flow.call
    if flow.kind == "adminconsent":
        return []
    if pending["version"] == 2:
        return asks.for_scopes(call, tenant, pending["clientId"], pending["scope"], interactive=True)
    if pending["resource"]:
        return [asks.for_resource(call, tenant, pending["resource"], interactive=True)]
    return []


def permissions(flow: Flow, who: SignedIn) -> list[Permission]:
    """The permissions this request is about: those it names, or (v1, .default) those the application declares."""
    client = flow.client(who.tenant)
    named = apis(flow, who.tenant)
    static = flow.kind == "adminconsent" or flow.pending["version"] == 1
    if static or any(not ask.scopes for ask in named):
        _check_declared(flow, who, client, named)
        return consent.declared(flow.call, who.tenant, client)
    return [permission for ask in named for permission in consent.asked(ask)]


def _check_declared(flow: Flow, who: SignedIn, client: directory.Client, named: list[asks.Ask]) -> None:
    declared = [access["resourceAppId"] for access in client.application["requiredResourceAccess"]]
    for ask in named:
        if ask.scopes or ask.app_id in declared:
            continue
        granted = client.principal and consent.granted_scopes(
            flow.call.tx, who.tenant["id"], client.principal["id"], ask.resource["id"], who.person["id"]
        )
        if not granted:
            shown = f"{client.id}({client.name})"
            raise errors.resource_not_requested(flow.call, shown, ask.audience, ", ".join(declared))


def application_roles(flow: Flow, who: SignedIn, client: directory.Client) -> list[dict[str, str]]:
    """The application permissions the application declares, for the admin consent page: {title, text, value}."""
    found = []
    for access in client.application["requiredResourceAccess"]:
        resource = directory.resource_by_app_id(flow.call, who.tenant, access["resourceAppId"])
        ids = {entry["id"] for entry in access["resourceAccess"] if entry["type"] == "Role"}
        roles = () if resource is None else resource["appRoles"]
        found += [
            {"title": role["displayName"], "text": role["description"], "value": role["value"]}
            for role in roles
            if role["id"] in ids
        ]
    return found


def for_all(flow: Flow) -> bool:
    """True when only a consent for the whole tenant will do."""
    return flow.kind == "adminconsent" or flow.pending["prompt"] == "admin_consent"


def may_decide_for_all(flow: Flow, who: SignedIn, client: directory.Client) -> bool:
    """Only the admin consent page assigns application permissions, so only there those of Graph count."""
    assigns = flow.kind == "adminconsent" and consent.declares_roles(client, GRAPH)
    return directory.may_consent_for_all(who.person, to_graph_roles=assigns)
