"""Entra's paths. `{tenant}` is an id, a verified domain, `common` or `organizations`."""

from __future__ import annotations

from ..kernel import Call, Reply, Route, Router
from . import admin_consent, authorize, device_code, discovery, pages, sign_in, sign_out, token
from .device_page import DEVICE_PAGE_ROUTES


def native_client(call: Call) -> Reply:
    """Where desktop tools end (sam-facts 3.6): the person copies the address of this page."""
    text = "Copy the address of this page and paste it where the program asks for it."
    return pages.done("You can go back to the program", text)


_METADATA = (
    Route("GET", "/common/discovery/instance", "entra.discovery.instance", discovery.instance),
    Route(
        "GET", "/{tenant}/v2.0/.well-known/openid-configuration", "entra.configuration.v2", discovery.configuration_v2
    ),
    Route("GET", "/{tenant}/.well-known/openid-configuration", "entra.configuration.v1", discovery.configuration_v1),
    Route("GET", "/{tenant}/discovery/v2.0/keys", "entra.keys", discovery.keys),
    Route("GET", "/{tenant}/discovery/keys", "entra.keys", discovery.keys),
)
_PEOPLE = (
    Route("GET", "/common/oauth2/nativeclient", "entra.nativeclient", native_client),
    Route("GET", "/{tenant}/oauth2/authorize", "entra.authorize.v1", authorize.ask_v1),
    Route("POST", "/{tenant}/oauth2/authorize", "entra.authorize.v1", authorize.ask_v1),
    Route("GET", "/{tenant}/oauth2/v2.0/authorize", "entra.authorize.v2", authorize.ask_v2),
    Route("POST", "/{tenant}/oauth2/v2.0/authorize", "entra.authorize.v2", authorize.ask_v2),
    Route("POST", "/common/login", "entra.sign_in", sign_in.advance),
    *(
        Route(method, f"/{{tenant}}/oauth2/{path}", "entra.sign_out", sign_out.end)
        for method in ("GET", "POST")
        for path in ("logout", "v2.0/logout")
    ),
    Route("GET", "/{tenant}/adminconsent", "entra.admin_consent", admin_consent.ask_v1),
    Route("GET", "/{tenant}/v2.0/adminconsent", "entra.admin_consent", admin_consent.ask_v2),
    Route("GET", "/device", "entra.device_page.short_link", device_code.short_link),
    *(Route("GET", path, "entra.device_page.short_link", device_code.short_link) for path in device_code.SHORT_LINKS),
)
_TOKENS = (
    Route("POST", "/{tenant}/oauth2/devicecode", "entra.device_code.v1", device_code.issue_v1),
    Route("POST", "/{tenant}/oauth2/v2.0/devicecode", "entra.device_code.v2", device_code.issue_v2),
    Route("POST", "/{tenant}/oauth2/token", "entra.token.v1", token.issue_v1),
    Route("POST", "/{tenant}/oauth2/v2.0/token", "entra.token.v2", token.issue_v2),
    Route("OPTIONS", "/{tenant}/oauth2/token", "entra.token.preflight", token.preflight),
    Route("OPTIONS", "/{tenant}/oauth2/v2.0/token", "entra.token.preflight", token.preflight),
)
ROUTER = Router((*_METADATA, *_PEOPLE, *DEVICE_PAGE_ROUTES, *_TOKENS))
