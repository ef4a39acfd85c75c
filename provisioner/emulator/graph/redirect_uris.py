"""The rules for redirect URIs (sam-facts 5.4)."""

from __future__ import annotations

from urllib.parse import urlsplit

from ..store import Document
from . import errors

_LONGEST = 256
_MOST, _MOST_WITH_PERSONAL_ACCOUNTS = 256, 100
_FORBIDDEN = "!$'(),;"
_LOOPBACK = ("localhost", "127.0.0.1")
PLATFORMS = ("web", "publicClient", "spa")


def check(application: Document, *, personal_accounts: bool) -> None:
    """Raises the refusal for the first URI, or the list, that breaks a rule."""
    everywhere = [(platform, uri) for platform in PLATFORMS for uri in application[platform]["redirectUris"]]
    if len({uri for _, uri in everywhere}) < len(everywhere):
        raise errors.redirect_uris_not_distinct()
    most = _MOST_WITH_PERSONAL_ACCOUNTS if personal_accounts else _MOST
    if len(everywhere) > most:
        raise errors.too_many("redirectUris", most)
    for platform, uri in everywhere:
        if why := _fault(platform, uri, personal_accounts):
            raise errors.redirect_uri_invalid(uri[:_LONGEST], why)


def _fault(platform: str, uri: str, personal_accounts: bool) -> str | None:
    """What is wrong with a URI; None when nothing is."""
    if not uri or len(uri) > _LONGEST:
        return f"it must have 1 to {_LONGEST} characters."
    if any(character in _FORBIDDEN or character.isspace() for character in uri):
        return f"it must not contain white space or any of {' '.join(_FORBIDDEN)}"
    try:
        parts = urlsplit(uri)
        host = parts.hostname or ""
    except ValueError:
        return "it is not an absolute URI."
    if not parts.scheme:
        return "it is not an absolute URI."
    if parts.fragment:
        return "it must not contain a fragment."
    if personal_accounts and (parts.query or "*" in uri):
        return "query strings and wildcards are not allowed with personal Microsoft accounts."
    if host == "::1":
        return "the IPv6 loopback address is not supported."
    return _scheme_fault(platform, parts.scheme, host)


def _scheme_fault(platform: str, scheme: str, host: str) -> str | None:
    if scheme == "https":
        return None if host else "it has no host."
    if scheme == "http":
        return None if host in _LOOPBACK else "http is only allowed for localhost and 127.0.0.1."
    # own schemes are for native apps; the old scripts registered urn:ietf:wg:oauth:2.0:oob on web (sam-facts 3.6)
    if platform == "publicClient" or (platform == "web" and scheme == "urn"):
        return None
    return f"the scheme {scheme} is not allowed on platform {platform}."
