"""Which of the spec's reply URLs a sign-in comes back to."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlsplit

from provisioner.core.errors import ConsentError
from provisioner.spec.model import ReplyUrl

OUT_OF_BAND = "urn:ietf:wg:oauth:2.0:oob"
_NATIVE_CLIENT_PATH = "/common/oauth2/nativeclient"
_WHERE = "application.replyUrls"


def for_browser(urls: Sequence[ReplyUrl]) -> str:
    """The localhost URL to listen on, http before https: its certificate is one question less for the person.

    Only the web platform counts: on the other the application would be a public client, and its credential refused
    (AADSTS700025, sam-facts 3.6).
    """
    local = [url.uri for url in urls if url.is_listened_on]
    if not local:
        raise ConsentError(
            "no reply URL on the web platform is on localhost, so nothing can listen for the answer",
            where=_WHERE,
            next_step="add http://localhost:8400/ and run provisioner apply SPEC, or use --mode paste",
        )
    return min(local, key=lambda uri: urlsplit(uri).scheme != "http")


def for_paste(urls: Sequence[ReplyUrl]) -> str:
    """The URL whose page shows the person a code or an address to copy.

    First those made for it, then localhost (where nothing listens: the browser keeps the address), then the rest.
    """
    web = [url.uri for url in urls if url.platform == "web"]
    if not web:
        raise ConsentError(
            "no reply URL is on the web platform",
            where=_WHERE,
            next_step="add http://localhost:8400/ and run provisioner apply SPEC",
        )
    return min(web, key=_paste_rank)


def _paste_rank(uri: str) -> int:
    if uri == OUT_OF_BAND or urlsplit(uri).path == _NATIVE_CLIENT_PATH:
        return 0
    return 1 if urlsplit(uri).hostname == "localhost" else 2
