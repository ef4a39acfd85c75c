"""How much a permission lets an application do: one word beside it on the consent page.

The words are ours (no service gives them): a person who rehearses a consent should see at a glance what is heavy.
"""

from __future__ import annotations

from typing import Literal

Risk = Literal["low", "medium", "high"]

_ABOUT_ONESELF = frozenset({"openid", "profile", "email", "User.Read"})
_WRITES = ("Write", "Manage", "Send", "FullControl", "full_access")
_IMPERSONATES = ("impersonation", "AccessAsUser")


def _oidc(title: str, text: str, risk: Risk) -> dict[str, str | bool]:
    return {"title": title, "text": text, "risk": risk, "needs_admin": False}


# openid and profile say the same to a person, so only one of them has a text
OIDC_TEXTS = {
    "openid": _oidc("Sign you in and read your basic profile", "Your name, user name and organization.", "low"),
    "email": _oidc("View your e-mail address", "The primary address of your account.", "low"),
    "offline_access": _oidc(
        "Keep the access you have given it", "The application can go on while you are not using it.", "medium"
    ),
}


def of_delegated(value: str, *, needs_admin: bool) -> Risk:
    """The risk of acting with a signed-in person's rights."""
    if value in _ABOUT_ONESELF:
        return "low"
    if any(word in value for word in _IMPERSONATES):
        return "high"
    writes = any(word in value for word in _WRITES)
    return "high" if writes and needs_admin else "medium"


def of_application(value: str) -> Risk:
    """The risk of acting without anybody signed in: never low."""
    return "high" if any(word in value for word in _WRITES) else "medium"
