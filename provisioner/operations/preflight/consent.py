"""Which ways of signing in this machine and the spec's reply URLs allow."""

from __future__ import annotations

import errno
import socket
from urllib.parse import urlsplit

from provisioner.consent.reply_url import for_browser, for_paste
from provisioner.core.errors import ConsentError
from provisioner.operations.preflight.check import Check, failed, passed
from provisioner.spec.model import ReplyUrl, Spec

_NAME = "consentModes"


def consent_modes(spec: Spec) -> Check:
    """`browser` needs a localhost URL whose port is free here; `paste` any URL of the web platform; `device` none."""
    urls = spec.application.reply_urls
    if urls is None:
        return passed(_NAME, "the spec leaves the application's reply URLs alone: consent looks at them when it runs")
    modes = [*_browser(urls), *_paste(urls), "device"]
    if modes == ["device"]:
        step = "add http://localhost:8400/ to application.replyUrls and run provisioner apply SPEC"
        return failed(_NAME, "no reply URL can take an answer; only --mode device is left", step)
    return passed(_NAME, f"this machine can consent with --mode {' or '.join(modes)}{_busy(urls)}")


def _browser(urls: tuple[ReplyUrl, ...]) -> list[str]:
    try:
        return ["browser"] if _is_free(for_browser(urls)) else []
    except ConsentError:
        return []


def _paste(urls: tuple[ReplyUrl, ...]) -> list[str]:
    try:
        for_paste(urls)
    except ConsentError:
        return []
    return ["paste"]


def _busy(urls: tuple[ReplyUrl, ...]) -> str:
    """What to know when something else listens where the answer would arrive."""
    try:
        url = for_browser(urls)
    except ConsentError:
        return ""
    return "" if _is_free(url) else f"; for browser, something else uses {url} here"


def _is_free(url: str) -> bool:
    """True when this machine can listen there: a socket is bound and let go, nothing is sent."""
    parts = urlsplit(url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            if error.errno in (errno.EADDRINUSE, errno.EACCES):
                return False
            raise
    return True
