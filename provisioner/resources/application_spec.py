"""What a spec says of an application that was seen, and what no spec can say of it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from provisioner.clients.graph_facts import ApplicationFacts, RequiredPermission, ServicePrincipalFacts
from provisioner.resources.application_steps import colliding_urls, reply_urls
from provisioner.resources.contract import SpecFragment
from provisioner.resources.marks import TAG
from provisioner.resources.permissions import SCOPE, published
from provisioner.spec import catalogue
from provisioner.spec.draft import Draft, Lines

_AUDIENCES = ("AzureADMyOrg", "AzureADMultipleOrgs")
_AT = ("application",)


def application_fragment(
    application: ApplicationFacts, apis: Mapping[str, ServicePrincipalFacts | None]
) -> SpecFragment:
    """Its own fields, and the permissions it asks for. apis: by appId; None where the tenant has no principal of it.

    `name` is there only if the application has one: a uniqueName, or that of the spec whose mark it carries.
    """
    told: dict[str, Any] = {"appId": application.app_id, "displayName": application.display_name}
    omitted: list[str] = []
    if application.sign_in_audience in _AUDIENCES:
        told["signInAudience"] = application.sign_in_audience
    elif application.sign_in_audience:
        omitted.append(f"signInAudience is {application.sign_in_audience}, for which there is no spec; it stays")
    if application.home_page_url:
        told["homePageUrl"] = application.home_page_url
    colliding = colliding_urls(reply_urls(application))
    told["replyUrls"] = [
        uri if platform == "web" else {"uri": uri, "platform": platform}
        for platform, uri in reply_urls(application)
        if platform != "spa" and uri not in colliding
    ]
    if colliding:
        omitted.append(f"{' and '.join(colliding)} differ only in port or platform, which Entra ignores on localhost:")
        omitted.append("a spec that named one would clash with the other; they stay")
    omitted += [f"SPA reply URL {uri}: its refresh tokens live 24 hours; it stays" for uri in
                application.spa_redirect_uris]  # fmt: skip
    told["enableIdTokenIssuance"] = application.id_token_issuance
    permissions, notes = _requested(application, apis)
    told["permissions"] = permissions
    name = marked_name(application) or application.unique_name
    return Draft(
        {**({"name": name} if name else {}), "application": told},
        remarks={(*_AT, "permissions"): notes} if notes else {},
        omitted={_AT: tuple(omitted)} if omitted else {},
    )


def marked_name(application: ApplicationFacts) -> str:
    """The name of the spec whose mark it carries; "" for one that nobody's spec keeps."""
    marked = (tag.removeprefix(f"{TAG}:") for tag in application.tags if tag.startswith(f"{TAG}:"))
    return next(marked, "")


def _requested(
    application: ApplicationFacts, apis: Mapping[str, ServicePrincipalFacts | None]
) -> tuple[list[dict[str, Any]], Lines]:
    """The permissions by API and kind, by name; a note of each that has no name here."""
    by_api: dict[str, dict[str, Any]] = {}
    notes: dict[str, None] = {}
    for entry in application.required:
        api = catalogue.api_name(entry.api_app_id)
        principal = apis.get(entry.api_app_id)
        if api == entry.api_app_id and principal is not None:
            notes[f"{api} is {principal.display_name}"] = None
        kind = "delegated" if entry.kind == SCOPE else "application"
        value = _name_of(entry, principal)
        if value is None:
            notes[f"asked for and left out: {api}, {kind} {entry.permission_id}, which the API does not publish"] = None
            continue
        by_api.setdefault(api, {"api": api}).setdefault(kind, []).append(value)
    return list(by_api.values()), tuple(notes)


def _name_of(entry: RequiredPermission, api: ServicePrincipalFacts | None) -> str | None:
    """As the API publishes it here; by the catalogue where the API has no principal in the tenant."""
    if api is None:
        return catalogue.permission_value(entry.api_app_id, entry.permission_id)
    return next((value for value, known in published(api, entry.kind).items() if known == entry.permission_id), None)
