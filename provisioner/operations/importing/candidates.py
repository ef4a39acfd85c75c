"""import --all: which applications of a tenant look like a set-up of the Secure Application Model, and why.

What makes one a candidate is what such a set-up cannot do without, or carries as a mark: our own, Partner Center's
permission, asked for or granted, delegated admin relationships, a manifest like CIPP's (sam-facts 1.1, 1.2). A reply
URL or a name that such tools use only adds to it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from provisioner.clients.graph import GraphClient
from provisioner.clients.graph_facts import ApplicationFacts, GrantFacts
from provisioner.core.errors import ApiError
from provisioner.core.exit_codes import COULD_NOT_TELL, DONE
from provisioner.operations.tenant import OpenTenant
from provisioner.resources.application_spec import marked_name
from provisioner.resources.application_steps import reply_urls
from provisioner.resources.grant import TENANT_WIDE
from provisioner.spec import catalogue

_PARTNER_APIS = ("4990cffe-04e8-4e8b-808a-1175604b879f", "2832473f-ec63-45fb-976f-5d45a7d4bb91")
_MANY_APIS = 8  # CIPP's manifest asks for nine (sam-facts 1.2)
_URLS_OF_TOOLS = ("urn:ietf:wg:oauth:2.0:oob", "https://localhost:44395", "http://localhost:8400")  # sam-facts 3.6
_NAMES_OF_TOOLS = re.compile(r"\b(cipp|sam|cpv|partner ?center|secure application model)\b", re.IGNORECASE)


@dataclass(frozen=True)
class Candidate:
    """An application, and why it is here: the strongest reason first."""

    application: ApplicationFacts
    reasons: tuple[str, ...]
    weight: int


@dataclass(frozen=True)
class Found:
    """The likeliest first. unread: what could not be read, in sentences. looked_at: how many applications there are."""

    candidates: tuple[Candidate, ...]
    looked_at: int
    unread: tuple[str, ...] = ()

    def exit_code(self) -> int:
        return COULD_NOT_TELL if self.unread else DONE


async def find(tenant: OpenTenant) -> Found:
    """Raises: ApiError when the applications cannot be listed."""
    graph = tenant.clients.graph
    applications = await graph.list_applications()
    unread: list[str] = []
    try:
        granted = await _granted(graph)
    except ApiError as error:
        granted = {}
        unread.append(f"what is granted to Partner Center: {error.what}")
    judged = (_judged(application, granted.get(application.app_id.lower(), ())) for application in applications)
    likely = [candidate for candidate in judged if candidate is not None]
    likely.sort(key=lambda each: (-each.weight, each.application.display_name.casefold(), each.application.app_id))
    return Found(tuple(likely), len(applications), tuple(unread))


async def _granted(graph: GraphClient) -> Mapping[str, Sequence[GrantFacts]]:
    """The grants to Partner Center, by the appId of whom they are given to. Raises ApiError."""
    partner_center = await graph.find_service_principal(catalogue.PARTNER_CENTER)
    if partner_center is None:
        return {}
    by_client: dict[str, list[GrantFacts]] = {}
    for grant in await graph.list_grants_to(partner_center.id):
        by_client.setdefault(grant.client_id, []).append(grant)
    by_app: dict[str, Sequence[GrantFacts]] = {}
    for client, grants in by_client.items():
        principal = await graph.find_service_principal_by_id(client)
        if principal is not None:
            by_app[principal.app_id.lower()] = grants
    return by_app


def _judged(application: ApplicationFacts, grants: Sequence[GrantFacts]) -> Candidate | None:
    decisive = [(weight, told) for weight, judge in _DECISIVE if (told := judge(application, grants))]
    if not decisive:
        return None
    found = decisive + [(weight, told) for weight, judge in _SUPPORTING if (told := judge(application, grants))]
    return Candidate(application, tuple(told for _, told in found), sum(weight for weight, _ in found))


Judge = Callable[[ApplicationFacts, Sequence[GrantFacts]], str]


def _has_our_mark(application: ApplicationFacts, grants: Sequence[GrantFacts]) -> str:
    name = marked_name(application)
    return f"the spec {name} keeps it already" if name else ""


def _asks_partner_center(application: ApplicationFacts, grants: Sequence[GrantFacts]) -> str:
    asked = _asked(application, catalogue.PARTNER_CENTER)
    return f"asks for Microsoft Partner Center: {', '.join(asked)}" if asked else ""


def _may_partner_center(application: ApplicationFacts, grants: Sequence[GrantFacts]) -> str:
    if any(grant.consent_type == TENANT_WIDE for grant in grants):
        return "may use Partner Center for everybody in the tenant"
    people = len(grants)
    return f"may use Partner Center for {people} {'person' if people == 1 else 'people'}" if people else ""


def _asks_for_relationships(application: ApplicationFacts, grants: Sequence[GrantFacts]) -> str:
    asked = [value for value in _asked(application, catalogue.MICROSOFT_GRAPH) if value.startswith("DelegatedAdmin")]
    return f"asks for delegated admin relationships: {', '.join(asked)}" if asked else ""


def _asks_partner_apis(application: ApplicationFacts, grants: Sequence[GrantFacts]) -> str:
    asked = {entry.api_app_id for entry in application.required}
    names = [catalogue.api_name(api) for api in _PARTNER_APIS if api in asked]
    return f"asks for {' and '.join(names)}" if names else ""


def _asks_like_cipp(application: ApplicationFacts, grants: Sequence[GrantFacts]) -> str:
    apis = {entry.api_app_id for entry in application.required}
    alike = len(apis) >= _MANY_APIS and application.sign_in_audience == "AzureADMultipleOrgs"
    return f"asks for {len(application.required)} permissions of {len(apis)} APIs, as CIPP does" if alike else ""


def _has_urls_of_tools(application: ApplicationFacts, grants: Sequence[GrantFacts]) -> str:
    found = [uri for _, uri in reply_urls(application) if uri.rstrip("/") in _URLS_OF_TOOLS]
    return f"has the reply URL {found[0]}, as such tools register it" if found else ""


def _is_named_like_it(application: ApplicationFacts, grants: Sequence[GrantFacts]) -> str:
    return "is named like one" if _NAMES_OF_TOOLS.search(application.display_name) else ""


_DECISIVE: tuple[tuple[int, Judge], ...] = (
    (100, _has_our_mark),
    (40, _asks_partner_center),
    (30, _may_partner_center),
    (20, _asks_for_relationships),
    (20, _asks_like_cipp),
    (15, _asks_partner_apis),
)
_SUPPORTING: tuple[tuple[int, Judge], ...] = ((10, _has_urls_of_tools), (5, _is_named_like_it))


def _asked(application: ApplicationFacts, api: str) -> list[str]:
    """What it asks of an API, by name where the catalogue has one."""
    entries: Iterable[str] = (entry.permission_id for entry in application.required if entry.api_app_id == api)
    return list(dict.fromkeys(catalogue.permission_value(api, entry) or entry for entry in entries))
