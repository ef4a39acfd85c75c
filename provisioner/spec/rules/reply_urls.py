"""Rules of Entra for reply URLs, checked before Entra can refuse them. Sources: sam-facts 3.6 and 5.4."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import SplitResult, urlsplit

from provisioner.spec.findings import Finding, entries, part
from provisioner.spec.nodes import Path

OUT_OF_BAND = "urn:ietf:wg:oauth:2.0:oob"
_FORBIDDEN = "!$'(),;"
_HTTP_HOSTS = ("localhost", "127.0.0.1")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")


@dataclass(frozen=True, slots=True)
class _Written:
    path: Path
    uri: str
    platform: str


def reply_urls(spec: Mapping[str, Any]) -> Iterator[Finding]:
    """Form, platform and clashes of the reply URLs."""
    written = [_written(index, entry) for index, entry in entries(part(spec, "application").get("replyUrls"))]
    known = [url for url in written if url is not None]
    for url in known:
        yield from _form(url)
    yield from _clashes(known)
    yield from _client_type(known)
    yield from _sign_in(spec, known)
    home_page = part(spec, "application").get("homePageUrl")
    if home_page is not None and not _split(home_page):
        yield Finding(("application", "homePageUrl"), "not a URL", home_page)


def _written(index: int, entry: Any) -> _Written | None:
    path: Path = ("application", "replyUrls", index)
    if isinstance(entry, str):
        return _Written(path, entry, "web")
    return _Written((*path, "uri"), entry["uri"], entry.get("platform", "web")) if "uri" in entry else None


def _form(url: _Written) -> Iterator[Finding]:
    forbidden = [sign for sign in _FORBIDDEN if sign in url.uri]
    if forbidden or re.search(r"\s", url.uri):
        signs = " ".join(forbidden) or "white space"
        yield Finding(url.path, f"Entra allows no {signs} in a reply URL", url.uri, "choose another path")
        return
    if url.uri.lower() == OUT_OF_BAND:
        if url.uri != OUT_OF_BAND:
            yield Finding(url.path, "the address is written in lower case", url.uri, f"write {OUT_OF_BAND}")
        return
    parts = _split(url.uri)
    if parts is None:
        next_step = f"write https://{url.uri}" if "." in url.uri and ":" not in url.uri else "write https://host/path"
        yield Finding(url.path, "not an absolute URL", url.uri, next_step)
    elif parts.scheme in ("http", "https"):
        yield from _http(url, parts)
    elif url.platform == "web":
        what = "the web platform takes https, and http for localhost"
        yield Finding(url.path, what, url.uri, "a scheme of an app of its own needs platform: publicClient")


def _http(url: _Written, parts: SplitResult) -> Iterator[Finding]:
    host = parts.hostname
    if not host:
        yield Finding(url.path, "a URL without a host", url.uri, "write https://host/path")
    elif host == "::1":
        yield Finding(url.path, "Entra does not support [::1]", url.uri, "the nearest correct host is localhost")
    elif parts.scheme == "http" and host not in _HTTP_HOSTS:
        next_step = f"the nearest correct one is https{url.uri[len('http') :]}"
        yield Finding(url.path, "http is allowed for localhost and 127.0.0.1 only", url.uri, next_step)
    elif parts.fragment or url.uri.endswith("#"):
        next_step = f"the nearest correct one is {url.uri.partition('#')[0]}"
        yield Finding(url.path, "a reply URL has no fragment (RFC 6749, 3.1.2)", url.uri, next_step)
    elif "*" in url.uri:
        what = "a wildcard lets the code go to hosts or paths you did not name; Microsoft discourages it"
        yield Finding(url.path, what, url.uri, "name each URL", is_warning=True)


def _clashes(urls: list[_Written]) -> Iterator[Finding]:
    """The same URL twice, and localhost URLs that differ only in port: Entra ignores it and picks either one."""
    same: dict[str, _Written] = {}
    but_for_port: dict[str, _Written] = {}
    for url in urls:
        parts = _split(url.uri)
        key = _normal(url.uri, parts, with_port=True)
        if key in same:
            what = f"the same URL as {_name(same[key].path)}"
            yield Finding(url.path, what, url.uri, "keep one of them")
            continue
        same[key] = url
        if parts is None or parts.hostname != "localhost":
            continue
        portless = _normal(url.uri, parts, with_port=False)
        if portless in but_for_port:
            other = but_for_port[portless]
            what = (
                f"differs from {other.uri} only in its port, which Entra ignores on localhost: it would pick either one"
            )
            yield Finding(url.path, what, url.uri, "give one of them another path")
        but_for_port.setdefault(portless, url)


def _client_type(urls: list[_Written]) -> Iterator[Finding]:
    """A public client that sends a credential is refused (AADSTS700025), and our application always has one."""
    public = [url for url in urls if url.platform == "publicClient"]
    if public and len(public) == len(urls):
        what = (
            "every reply URL is on platform publicClient, where the application's credential is refused (AADSTS700025)"
        )
        yield Finding(public[0].path, what, public[0].uri, "put at least one on the web platform: leave platform out")
        return
    for url in public:
        what = "a sign-in through this URL cannot use the application's credential (AADSTS700025)"
        next_step = "leave platform out, unless another program signs in through it"
        yield Finding(url.path, what, url.uri, next_step, is_warning=True)


def _sign_in(spec: Mapping[str, Any], urls: list[_Written]) -> Iterator[Finding]:
    """The sign-in comes back to a URL that the spec names; exact removes all others."""
    wanted = part(spec, "application").get("replyUrls")
    if wanted is None or len(urls) != len(wanted):  # not owned, or a mistake that is told already
        return
    path: Path = ("application", "replyUrls")
    if not urls and "replyUrls" in (spec.get("exact") or ()):
        what = "exact: [replyUrls] would remove every reply URL, and a sign-in needs one to come back to"
        yield Finding(path, what, next_step="name http://localhost:8400/", at_key=True)
    elif not any(url.platform == "web" and _is_localhost(url.uri) for url in urls):
        what = "none of the reply URLs is on localhost: consent cannot listen for the answer there"
        next_step = "add http://localhost:8400/, or sign in with --mode paste or device"
        yield Finding(path, what, next_step=next_step, is_warning=True, at_key=True)


def _is_localhost(uri: str) -> bool:
    parts = _split(uri)
    return parts is not None and parts.hostname == "localhost"


def _normal(uri: str, parts: SplitResult | None, *, with_port: bool) -> str:
    """Scheme and host in lower case; an empty path is `/`; path and query as written (Entra compares them so)."""
    if parts is None or parts.hostname is None:
        return uri
    default_port = {"http": 80, "https": 443}.get(parts.scheme)
    port = f":{parts.port or default_port}" if with_port else ""
    return f"{parts.scheme}://{parts.hostname}{port}{parts.path or '/'}?{parts.query}"


def _split(uri: str) -> SplitResult | None:
    """The URL's parts, or None when it is not an absolute URL at all."""
    try:
        parts = urlsplit(uri)
        _ = parts.port  # raises for a port that is no number
    except ValueError:
        return None
    # `localhost:8400/` reads as a URL of the scheme localhost: nobody means that.
    is_absolute = _SCHEME.match(uri) is not None and parts.scheme != "localhost" and (parts.netloc or parts.path)
    return parts if is_absolute else None


def _name(path: Path) -> str:
    return f"replyUrls[{path[2]}]"
