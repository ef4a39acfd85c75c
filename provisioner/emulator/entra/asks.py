"""Which API a request is for: v1 says `resource`, v2 says `scope` (sam-facts 2, 3.1, 3.2)."""

from __future__ import annotations

from dataclasses import dataclass

from ..clouds import CLOUDS
from ..kernel import Call
from ..store import Document
from . import directory, errors

OIDC = ("openid", "profile", "email", "offline_access")


@dataclass(frozen=True)
class Ask:
    """One API and the delegated permissions asked of it; `.default` asks for what the application declares."""

    audience: str  # as the request wrote it: it becomes the token's `aud`
    resource: Document  # the API's service principal in the tenant
    scopes: tuple[str, ...]  # values; empty for `.default` and v1

    @property
    def app_id(self) -> str:
        return str(self.resource["appId"])


def oidc_scopes(scope: str) -> tuple[str, ...]:
    """The OpenID Connect scopes in a scope parameter; v1 honours only these."""
    return tuple(value for value in scope.split() if value in OIDC)


def for_resource(call: Call, tenant: Document, name: str, *, interactive: bool) -> Ask:
    """The API of a v1 `resource`. Raises 500011; 650052 where a person would consent to a Microsoft API not there."""
    found = directory.resource(call, tenant, name)
    if found is not None:
        return Ask(name, found, ())
    microsofts = directory.is_microsofts(name)
    if interactive and microsofts:
        raise errors.resource_principal_missing(call, name, microsofts, tenant["displayName"])
    raise errors.resource_not_found(call, name, tenant["displayName"])


def for_scopes(call: Call, tenant: Document, client: str, scope: str, *, interactive: bool) -> list[Ask]:
    """The APIs of a v2 `scope`, in the order named. Raises 70011, 650053 and what for_resource raises."""
    values: dict[str, list[str]] = {}
    for entry in scope.split():
        if entry in OIDC:
            continue
        audience, separator, value = entry.rpartition("/")
        if not separator:
            audience, value = f"https://{CLOUDS[call.cloud].graph}", entry
        if not audience or not value:
            raise errors.scope_invalid(call, entry)
        values.setdefault(audience, []).append(value)
    return [_ask(call, tenant, client, audience, asked, interactive) for audience, asked in values.items()]


def _ask(call: Call, tenant: Document, client: str, audience: str, values: list[str], interactive: bool) -> Ask:
    ask = for_resource(call, tenant, audience, interactive=interactive)
    if ".default" in values:
        if len(values) > 1:
            raise errors.scope_invalid(call, f"{audience}/{values[0]} {audience}/.default")
        return ask
    published = {scope["value"] for scope in ask.resource["oauth2PermissionScopes"] if scope.get("isEnabled", True)}
    for value in values:
        if value not in published:
            raise errors.scope_unknown(call, client, value, ask.app_id)
    return Ask(audience, ask.resource, tuple(values))


def single(call: Call, asks: list[Ask], scope: str) -> Ask:
    """The one API a token request may name. Raises 28003, 700022."""
    if not asks:
        raise errors.scope_empty(call)
    if len(asks) > 1:
        raise errors.scopes_of_several_resources(call, scope)
    return asks[0]
