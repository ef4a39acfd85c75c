"""The device code flow's two requests, made by the application with its credential (sam-facts 3.5).

Not MSAL's: it offers the flow to public clients only, whose refresh tokens a change of password revokes (3.4).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any
from urllib.parse import urlsplit

from provisioner.clients.entra import EntraClient, UserTokens, refusal_in, tokens_in
from provisioner.core.errors import ApiReplyError
from provisioner.core.secret import Secret

_GRANT = "urn:ietf:params:oauth:grant-type:device_code"
_ASK, _POLL = "ask for a device code", "redeem the device code"
_USER_CODE = re.compile(r"[A-Za-z0-9-]{4,32}")
_PAGE = re.compile(r"https://[!-~]{1,200}")
_INTERVAL_S = 5.0  # what RFC 8628 3.2 says of an answer without one
_LONGEST_INTERVAL_S = 60.0
_LONGEST_LIFE_S = 3600.0


@dataclass(frozen=True)
class DeviceCode:
    """What a person is shown (`user_code`, to type at `page`), and what the program polls with."""

    user_code: str
    page: str
    life_s: float
    interval_s: float
    code: Secret


class NoTokens(Enum):
    """Why a poll gives none: the person has not decided (SLOW_DOWN: and is asked about too often), said no, or the
    code's time is over.
    """

    PENDING = "pending"
    SLOW_DOWN = "slow down"
    DECLINED = "declined"
    OVER = "over"


# Entra's words (sam-facts 3.5), and those of RFC 8628 3.5 beside them.
_NO_TOKENS = {
    "authorization_pending": NoTokens.PENDING,
    "slow_down": NoTokens.SLOW_DOWN,
    "authorization_declined": NoTokens.DECLINED,
    "access_denied": NoTokens.DECLINED,
    "expired_token": NoTokens.OVER,
}


async def ask_for_device_code(entra: EntraClient, scope: str) -> DeviceCode:
    """A code for one scope, with a refresh token. Raises SignInError, ApiReplyError, UnreachableError."""
    form = {"scope": f"{scope} openid profile offline_access"}
    answer = await entra.post("oauth2/v2.0/devicecode", form, proven=False)
    if "error" in answer:
        raise refusal_in(_ASK, 400, answer)
    return DeviceCode(
        user_code=_text(answer, "user_code", _USER_CODE),
        page=_page(answer),
        life_s=min(_seconds(answer, "expires_in"), _LONGEST_LIFE_S),
        interval_s=min(_seconds(answer, "interval", _INTERVAL_S), _LONGEST_INTERVAL_S),
        code=Secret(_text(answer, "device_code", re.compile(r"[!-~]{8,4096}"))),
    )


async def redeem_device_code(entra: EntraClient, asked: DeviceCode) -> UserTokens | NoTokens:
    """One poll. Raises SignInError for every other refusal, ApiReplyError, UnreachableError."""
    form = {"grant_type": _GRANT, "device_code": asked.code.reveal()}
    answer = await entra.post("oauth2/v2.0/token", form, proven=True)
    return _NO_TOKENS.get(str(answer.get("error"))) or tokens_in(_POLL, answer)


def _page(answer: Mapping[str, Any]) -> str:
    """A person is sent there, and it is printed: an https address and nothing else."""
    page = _text(answer, "verification_uri", _PAGE)
    if not urlsplit(page).hostname:
        raise _misshapen("verification_uri")
    return page


def _text(answer: Mapping[str, Any], name: str, form: re.Pattern[str]) -> str:
    value = answer.get(name)
    if not isinstance(value, str) or not form.fullmatch(value):
        raise _misshapen(name)
    return value


def _seconds(answer: Mapping[str, Any], name: str, default: float | None = None) -> float:
    value = answer.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int | float) or not value > 0:
        raise _misshapen(name)
    return float(value)


def _misshapen(name: str) -> ApiReplyError:
    return ApiReplyError("Entra", _ASK, 200, "", f"{name} is not in its documented shape")
