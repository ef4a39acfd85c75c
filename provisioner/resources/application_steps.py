"""What differs between the application that is wanted and the one that was seen. Pure.

Whether it may be touched at all, by mode and mark, is `application_modes`'s.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from provisioner.clients.graph_facts import ApplicationFacts
from provisioner.core import compare
from provisioner.core.address import Address
from provisioner.core.errors import ForeignResourceError, PlanError
from provisioner.core.step import Action, Change, Step
from provisioner.resources.application_key import ApplicationKey
from provisioner.resources.marks import ADOPTION, adopted_application_tag
from provisioner.resources.permissions import Permission
from provisioner.spec.model import Mode, ReplyUrl

Url = tuple[str, str]  # platform, uri
REPLY_URLS = "application.replyUrls"


@dataclass(frozen=True)
class ApplicationWanted:
    """mark: the tag that makes it ours. key: by which it is found. graph: the cloud's address of Graph.

    None in a field: not owned.
    """

    key: ApplicationKey
    mode: Mode
    graph: str
    mark: str
    display_name: str | None
    sign_in_audience: str | None
    home_page_url: str | None
    reply_urls: tuple[ReplyUrl, ...] | None
    id_token_issuance: bool | None
    permissions: tuple[Permission, ...] | None
    exact_reply_urls: bool
    exact_permissions: bool

    @property
    def unique_name(self) -> str:
        return self.key.unique_name

    @property
    def urls(self) -> tuple[Url, ...] | None:
        return None if self.reply_urls is None else tuple((url.platform, url.uri) for url in self.reply_urls)

    def others_urls(self, seen: Collection[Url]) -> tuple[Url, ...]:
        """Those of others, which stay unless the list is exact; a URI that the spec has on another platform is not."""
        ours = {uri for _, uri in self.urls or ()}
        return tuple(url for url in seen if url[1] not in ours)

    @property
    def api_names(self) -> Mapping[str, str]:
        """appId to name of the APIs it asks permissions of."""
        return {permission.api_app_id: permission.api_name for permission in self.permissions or ()}

    @property
    def api_ids(self) -> tuple[str, ...]:
        return tuple(self.api_names)


def creation_step(address: Address, wanted: ApplicationWanted) -> Step:
    """Everything it is created with."""
    scalars = (
        ("uniqueName", wanted.unique_name),
        ("application.displayName", wanted.display_name or wanted.unique_name),
        ("application.signInAudience", wanted.sign_in_audience),
        ("application.homePageUrl", wanted.home_page_url),
        ("application.enableIdTokenIssuance", wanted.id_token_issuance),
    )
    fields = (
        *(Change(path, None, value) for path, value in scalars if value is not None),
        *_url_changes(wanted, ())[0],
        *_permission_changes(wanted, ())[0],
    )
    needs = tuple(Address(address.name, "api_service_principal", name) for name in wanted.api_names.values())
    return Step(address, Action.CREATE, "create", fields, needs=needs, target=str(address))


def restoration_step(address: Address, wanted: ApplicationWanted, remains: ApplicationFacts) -> Step:
    """A soft-deleted application keeps its uniqueName: ours comes back. Raises ForeignResourceError for another's."""
    if wanted.mark not in remains.tags:
        raise ForeignResourceError(
            f"the uniqueName {wanted.unique_name} is held by a deleted application that is not ours ({remains.id})",
            where=str(address),
            next_step="choose another name, or have its owner restore or purge it",
        )
    return Step(
        address,
        Action.CREATE,
        "restore",
        (Change("uniqueName", None, wanted.unique_name),),
        target=str(address),
        reveals=True,
        reason="it was deleted: it comes back as it was, with its appId; its principal and grants are made again",
        seen=remains.id,
    )


def update_steps(
    address: Address, wanted: ApplicationWanted, seen: ApplicationFacts, requested: Collection[Permission]
) -> Sequence[Step]:
    """At most one update, our marks on what is adopted among it. Raises PlanError for reply URLs that would collide."""
    _refuse_colliding_ports(address, wanted, seen)
    urls, kept_urls = _url_changes(wanted, reply_urls(seen))
    permissions, kept_permissions = _permission_changes(wanted, requested)
    changes = (
        *(Change("tags", None, tag) for tag in missing_marks(wanted, seen)),
        *((Change("uniqueName", None, wanted.unique_name),) if lacks_name(wanted, seen) else ()),
        *compare.scalar("application.displayName", wanted.display_name, seen.display_name),
        *compare.scalar("application.signInAudience", wanted.sign_in_audience, seen.sign_in_audience),
        *compare.scalar("application.homePageUrl", wanted.home_page_url, seen.home_page_url),
        *compare.scalar("application.enableIdTokenIssuance", wanted.id_token_issuance, seen.id_token_issuance),
        *urls,
        *permissions,
    )
    kept = kept_urls + kept_permissions
    if not changes:
        return (Step(address, Action.NONE, kept=kept),) if kept else ()
    needs = tuple(Address(address.name, "api_service_principal", name) for name in wanted.api_names.values())
    return (
        Step(
            address,
            Action.UPDATE,
            "update",
            changes,
            kept=kept,
            needs=needs,
            target=str(address),
            irreversible=lacks_name(wanted, seen),
            removal=any(change.removes_entry for change in changes),
            reason=ADOPTION if missing_marks(wanted, seen) else "",
            seen=seen.id,
        ),
    )


def missing_marks(wanted: ApplicationWanted, seen: ApplicationFacts) -> tuple[str, ...]:
    """What adoption writes: our mark, and beside it that the application was there before us.

    One that we made carries our mark already, and stays ours to remove.
    """
    if wanted.mode != "adopt" or wanted.mark in seen.tags:
        return ()
    marks = (wanted.mark, adopted_application_tag(wanted.unique_name))
    return tuple(mark for mark in marks if mark not in seen.tags)


def lacks_name(wanted: ApplicationWanted, seen: ApplicationFacts) -> bool:
    """A uniqueName is set once and never changed (sam-facts 5.1): another one stays."""
    return wanted.mode == "adopt" and not seen.unique_name


def reply_urls(application: ApplicationFacts) -> tuple[Url, ...]:
    """Every redirect URI with its platform."""
    return (
        *(("web", uri) for uri in application.web_redirect_uris),
        *(("publicClient", uri) for uri in application.public_redirect_uris),
        *(("spa", uri) for uri in application.spa_redirect_uris),
    )


def _url_changes(wanted: ApplicationWanted, seen: Collection[Url]) -> tuple[tuple[Change, ...], tuple[str, ...]]:
    """Entra takes a URI once: one that is on another platform than the spec says is moved, not added."""
    had = {uri: platform for platform, uri in seen}
    moved = [(platform, uri) for platform, uri in wanted.urls or () if had.get(uri, platform) != platform]
    moves = tuple(
        Change(REPLY_URLS, _shown_url((had[uri], uri)), _shown_url((platform, uri))) for platform, uri in moved
    )
    changes, kept = compare.entries(
        REPLY_URLS,
        None if wanted.urls is None else [_shown_url(url) for url in wanted.urls if url not in moved],
        [_shown_url(url) for url in seen if url in (wanted.urls or ()) or url in wanted.others_urls(seen)],
        exact=wanted.exact_reply_urls,
    )
    return moves + changes, kept


def _shown_url(url: Url) -> str:
    platform, uri = url
    return uri if platform == "web" else f"{uri} ({platform})"


def _permission_changes(
    wanted: ApplicationWanted, requested: Collection[Permission]
) -> tuple[tuple[Change, ...], tuple[str, ...]]:
    if wanted.permissions is None:
        return (), ()
    added = tuple(Change(entry.path, None, entry.value) for entry in wanted.permissions if entry not in requested)
    extra = sorted(entry for entry in requested if entry not in wanted.permissions)
    if wanted.exact_permissions:
        return added + tuple(Change(entry.path, entry.value, None) for entry in extra), ()
    return added, tuple(f"permission {entry.api_name}: {entry.value}" for entry in extra)


def colliding_urls(urls: Iterable[Url]) -> list[str]:
    """The localhost URLs among them that Entra cannot tell apart: it ignores their port (sam-facts 5.4)."""
    localhost = [uri for _, uri in urls if _is_localhost(uri)]
    shapes = Counter(map(_without_port, localhost))
    return [uri for uri in localhost if shapes[_without_port(uri)] > 1]


def _refuse_colliding_ports(address: Address, wanted: ApplicationWanted, seen: ApplicationFacts) -> None:
    """Entra ignores the port of a localhost URL and picks one of two arbitrarily (sam-facts 5.4)."""
    wanted_urls = wanted.urls or ()
    others = () if wanted.exact_reply_urls else wanted.others_urls(reply_urls(seen))
    by_shape = {_without_port(uri): uri for _, uri in others if _is_localhost(uri)}
    for _, uri in wanted_urls:
        other = by_shape.get(_without_port(uri)) if _is_localhost(uri) else None
        if other is not None:
            raise PlanError(
                f"reply URL {uri} differs from {other}, which somebody else added, only in its port",
                where=f"{address} application.replyUrls",
                next_step="Entra ignores a localhost port: vary the path, or remove the other with exact: [replyUrls]",
            )


def _is_localhost(uri: str) -> bool:
    return urlsplit(uri).hostname in ("localhost", "127.0.0.1")


def _without_port(uri: str) -> str:
    parts = urlsplit(uri)
    return f"{parts.scheme}://{parts.hostname}{parts.path or '/'}?{parts.query}"
