"""Graph bodies for an application, and the careful replacement of the lists that Graph replaces whole."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from uuid import UUID

from provisioner.clients.graph_facts import ApplicationFacts, RequiredPermission, ServicePrincipalFacts
from provisioner.core.errors import NotFoundError, StaleError, VerificationError
from provisioner.resources.application_steps import ApplicationWanted, lacks_name, missing_marks, reply_urls
from provisioner.resources.contract import Writer
from provisioner.resources.lag import DIRECTORY_DEADLINE_S, directory_lag, retry_while
from provisioner.resources.permissions import permission_id

if TYPE_CHECKING:
    from msgraph.generated.models.application import Application
    from msgraph.generated.models.required_resource_access import RequiredResourceAccess

Apis = Mapping[str, ServicePrincipalFacts | None]


async def get(write: Writer, object_id: str) -> ApplicationFacts:
    """The application by object id. Raises NotFoundError."""
    found = await write.clients.graph.find_application_by_id(object_id)
    if found is None:
        raise NotFoundError("Graph", f"get application {object_id}", 404, "Request_ResourceNotFound", "not there (yet)")
    return found


def creation(wanted: ApplicationWanted, apis: Apis) -> Application:
    """The whole application, our mark in it."""
    from msgraph.generated.models.application import Application

    return Application(
        unique_name=wanted.unique_name,
        display_name=wanted.display_name or wanted.unique_name,
        sign_in_audience=wanted.sign_in_audience,
        tags=[wanted.mark],
        **_platforms(wanted, ()),
        required_resource_access=_required(_asked(wanted, apis)),
    )


async def update(wanted: ApplicationWanted, seen: ApplicationFacts, apis: Apis, write: Writer) -> ApplicationFacts:
    """PATCH what the spec owns. Lists go out as the union of ours and what two equal reads just showed.

    Raises: StaleError when the lists move while we look; VerificationError when an entry of others is lost.
    """
    again = await retry_while(
        write, directory_lag, lambda: get(write, seen.id), f"application {seen.id}", DIRECTORY_DEADLINE_S
    )
    if _lists(again) != _lists(seen):
        raise StaleError(
            f"the lists of application {wanted.key} changed while they were read",
            where=f"application {seen.id}",
            next_step="somebody else is writing to it: run the same command again",
        )
    await write.clients.graph.update_application(seen.id, _patch(wanted, again, apis))
    after = await get(write, seen.id)
    _refuse_lost_entries(wanted, again, after)
    return after


def _patch(wanted: ApplicationWanted, seen: ApplicationFacts, apis: Apis) -> Application:
    from msgraph.generated.models.application import Application

    asked, marks = _asked(wanted, apis), missing_marks(wanted, seen)
    others = () if wanted.exact_permissions else tuple(entry for entry in seen.required if entry not in asked)
    return Application(
        unique_name=wanted.unique_name if lacks_name(wanted, seen) else None,
        tags=[*seen.tags, *marks] if marks else None,
        display_name=wanted.display_name,
        sign_in_audience=wanted.sign_in_audience,
        **_platforms(wanted, reply_urls(seen)),
        required_resource_access=None if wanted.permissions is None else _required(asked + others),
    )


def _platforms(wanted: ApplicationWanted, seen: tuple[tuple[str, str], ...]) -> dict[str, Any]:
    """The members web, publicClient and spa: only what is owned in them."""
    from msgraph.generated.models.implicit_grant_settings import ImplicitGrantSettings
    from msgraph.generated.models.public_client_application import PublicClientApplication
    from msgraph.generated.models.spa_application import SpaApplication
    from msgraph.generated.models.web_application import WebApplication

    others = () if wanted.exact_reply_urls else wanted.others_urls(seen)
    urls = None if wanted.urls is None else wanted.urls + others

    def of(platform: str) -> list[str] | None:
        return None if urls is None else [uri for its_platform, uri in urls if its_platform == platform]

    issuance = wanted.id_token_issuance
    platforms: dict[str, Any] = {
        "web": WebApplication(
            home_page_url=wanted.home_page_url,
            redirect_uris=of("web"),
            implicit_grant_settings=(
                None if issuance is None else ImplicitGrantSettings(enable_id_token_issuance=issuance)
            ),
        )
    }
    had_public = any(platform == "publicClient" for platform, _ in seen)
    if of("publicClient") or had_public:
        platforms["public_client"] = PublicClientApplication(redirect_uris=of("publicClient"))
    if any(platform == "spa" for platform, _ in seen):
        platforms["spa"] = SpaApplication(redirect_uris=of("spa"))
    return platforms


def _asked(wanted: ApplicationWanted, apis: Apis) -> tuple[RequiredPermission, ...]:
    return tuple(
        RequiredPermission(entry.api_app_id, permission_id(entry, apis.get(entry.api_app_id)), entry.kind)
        for entry in wanted.permissions or ()
    )


def _required(entries: tuple[RequiredPermission, ...]) -> list[RequiredResourceAccess]:
    from msgraph.generated.models.required_resource_access import RequiredResourceAccess
    from msgraph.generated.models.resource_access import ResourceAccess

    by_api: dict[str, list[ResourceAccess]] = {}
    for entry in entries:
        access = ResourceAccess(id=UUID(entry.permission_id), type=entry.kind)
        by_api.setdefault(entry.api_app_id, []).append(access)
    return [RequiredResourceAccess(resource_app_id=api, resource_access=access) for api, access in by_api.items()]


def _lists(application: ApplicationFacts) -> tuple[object, ...]:
    return frozenset(reply_urls(application)), frozenset(application.required), frozenset(application.tags)


def _refuse_lost_entries(wanted: ApplicationWanted, before: ApplicationFacts, after: ApplicationFacts) -> None:
    lost_urls = () if wanted.exact_reply_urls else set(wanted.others_urls(reply_urls(before))) - set(reply_urls(after))
    lost_permissions = () if wanted.exact_permissions else set(before.required) - set(after.required)
    lost_tags = set(before.tags) - set(after.tags)
    lost = [uri for _, uri in lost_urls] + [entry.permission_id for entry in lost_permissions] + list(lost_tags)
    if lost:
        raise VerificationError(
            f"entries of others are gone after the write: {', '.join(sorted(lost))}",
            where=f"application {wanted.key}",
            next_step="add them again; somebody else wrote to the application in the same moment",
        )
