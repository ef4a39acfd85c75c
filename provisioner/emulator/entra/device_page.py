"""The page where a person types the code a program showed them (sam-facts 3.5); then they sign in as ever."""

from __future__ import annotations

from ..kernel import Call, Reply, Route
from . import device_code, pages, sign_in
from .errors import SignInRefusal

_UNKNOWN = "That code did not work. Check it, or have the program show a new one: a code is good for 15 minutes, once."


def show(call: Call) -> Reply:
    """`?otc=CODE` fills the code in; the person still has to send it."""
    return pages.device_code(call.query.get("otc", ""), None)


def enter(call: Call) -> Reply:
    """POST {otc}: on to the sign-in of the program that shows this code."""
    typed = call.form().get("otc", "").strip()
    document = device_code.find(call.tx, typed)
    if document is None:
        return pages.device_code(typed, _UNKNOWN)
    try:
        return sign_in.begin(call, device_code.ask(call, document))
    except SignInRefusal as refused:
        return pages.error(refused)


DEVICE_PAGE_ROUTES = (
    Route("GET", "/common/oauth2/deviceauth", "entra.device_page", show),
    Route("POST", "/common/oauth2/deviceauth", "entra.device_page", enter),
)
