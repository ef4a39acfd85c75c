"""Graph bodies for an application, and the careful replacement of the lists that Graph replaces whole."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any
from uuid import UUID

from provisioner.clients.graph_facts import ApplicationFacts, RequiredPermission, ServicePrincipalFacts
from provisioner.core.errors import NotFoundError, StaleError, VerificationError
from provisioner.resources.application_steps import (
    REPLY_URLS,
    ApplicationWanted,
    Url,
    lacks_name,
    missing_marks,
    reply_urls,
)
from provisioner.resources.contract import Writer
from provisioner.resources.lag import DIRECTORY_DEADLINE_S, directory_lag, retry_while
from provisioner.resources.permissions import permission_id

if TYPE_CHECKING:
    from msgraph.generated.models.application import Application
    from msgraph.generated.models.required_resource_access import RequiredResourceAccess

Apis = Mapping[str, ServicePrincipalFacts | None]
Paths = Collection[str]
"""Of the fields that differ, as the step shows them."""
_WHOLE = (REPLY_URLS, "application.homePageUrl", "application.enableIdTokenIssuance")


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
        **_platforms(wanted, (), _WHOLE),
        required_resource_access=_required(_asked(wanted, apis)),
    )


async def update(
    wanted: ApplicationWanted, seen: ApplicationFacts, apis: Apis, paths: Paths, write: Writer
) -> ApplicationFacts:
    """PATCH what differs. Lists go out as the union of ours and what two equal reads just showed.

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
    await write.clients.graph.update_application(seen.id, _patch(wanted, again, apis, paths))
    after = await get(write, seen.id)
    _refuse_lost_entries(wanted, again, after, paths)
    return after


def _patch(wanted: ApplicationWanted, seen: ApplicationFacts, apis: Apis, paths: Paths) -> Application:
    """Only the members that the paths name: one that is sent as it was could lose what others add meanwhile, or be
    refused for an old entry that Graph takes no more.
    """
    from msgraph.generated.models.application import Application

    asked, marks = _asked(wanted, apis), missing_marks(wanted, seen)
    others = () if wanted.exact_permissions else tuple(entry for entry in seen.required if entry not in asked)
    return Application(
        unique_name=wanted.unique_name if lacks_name(wanted, seen) else None,
        tags=[*seen.tags, *marks] if marks else None,
        display_name=wanted.display_name if "application.displayName" in paths else None,
        sign_in_audience=wanted.sign_in_audience if "application.signInAudience" in paths else None,
        **_platforms(wanted, reply_urls(seen), paths),
        required_resource_access=_required(asked + others) if _of_permissions(paths) else None,
    )


def _of_permissions(paths: Paths) -> bool:
    return any(path.startswith("application.permissions[") for path in paths)


def _platforms(wanted: ApplicationWanted, seen: tuple[Url, ...], paths: Paths) -> dict[str, Any]:
    """The members web, publicClient and spa: of the lists of URLs those that are to be another."""
    from msgraph.generated.models.implicit_grant_settings import ImplicitGrantSettings
    from msgraph.generated.models.public_client_application import PublicClientApplication
    from msgraph.generated.models.spa_application import SpaApplication
    from msgraph.generated.models.web_application import WebApplication

    others = () if wanted.exact_reply_urls else wanted.others_urls(seen)
    urls = seen if wanted.urls is None or REPLY_URLS not in paths else wanted.urls + others

    def of(platform: str) -> list[str] | None:
        """None where it is as it was."""
        after = [uri for its_platform, uri in urls if its_platform == platform]
        return None if set(after) == {uri for its_platform, uri in seen if its_platform == platform} else after

    home_page = wanted.home_page_url if "application.homePageUrl" in paths else None
    issuance = wanted.id_token_issuance if "application.enableIdTokenIssuance" in paths else None
    platforms: dict[str, Any] = {}
    if (home_page, issuance, of("web")) != (None, None, None):
        platforms["web"] = WebApplication(
            home_page_url=home_page,
            redirect_uris=of("web"),
            implicit_grant_settings=(
                None if issuance is None else ImplicitGrantSettings(enable_id_token_issuance=issuance)
            ),
        )
    if of("publicClient") is not None:
        platforms["public_client"] = PublicClientApplication(redirect_uris=of("publicClient"))
    if of("spa") is not None:
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


def _refuse_lost_entries(
    wanted: ApplicationWanted, before: ApplicationFacts, after: ApplicationFacts, paths: Paths
) -> None:
    """Of the lists that were sent; what is gone from another is not our doing."""
    urls = REPLY_URLS in paths and not wanted.exact_reply_urls
    permissions = _of_permissions(paths) and not wanted.exact_permissions
    lost_urls = set(wanted.others_urls(reply_urls(before))) - set(reply_urls(after)) if urls else ()
    lost_permissions = set(before.required) - set(after.required) if permissions else ()
    lost_tags = set(before.tags) - set(after.tags) if "tags" in paths else ()
    lost = [uri for _, uri in lost_urls] + [entry.permission_id for entry in lost_permissions] + list(lost_tags)
    if lost:
        raise VerificationError(
            f"entries of others are gone after the write: {', '.join(sorted(lost))}",
            where=f"application {wanted.key}",
            next_step="add them again; somebody else wrote to the application in the same moment",
        )
