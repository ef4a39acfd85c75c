"""The sign-in without a listener: the person copies the address of the page they end on, or the code it shows."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from urllib.parse import parse_qsl, urlsplit

from provisioner.clients.sign_in_errors import sign_in_error
from provisioner.consent.answer import SignInAnswer, other_state, read_answer, same_state
from provisioner.core.errors import ConsentError
from provisioner.core.secret import Secret

_LONGEST = 64 * 1024
_CODE = re.compile(r"[A-Za-z0-9._~+/=-]{16,}")
_REFUSED = re.compile(r"AADSTS\d{5,}")
PROMPT = "Address of the final page, or the code (not shown as you paste): "


async def ask_for_answer(ask: Callable[[str], Awaitable[str]], state: str) -> SignInAnswer:
    """Ask once for what the sign-in ended with. Raises what `parse_pasted` raises."""
    return parse_pasted(await ask(PROMPT), state)


def parse_pasted(text: str, state: str) -> SignInAnswer:
    """The answer in a pasted address, or in the bare code (whose owner PKCE proves: it carries no state).

    White space and quotes around or inside, as terminals and mail programs add them, do not matter.

    What Entra's own page says when it goes no further may be pasted as well: the code in it has a remedy.

    Raises: StateMismatchError, SignInCancelledError, SignInError, ConsentError.
    """
    pasted = "".join(text.split()).strip("<>\"'")
    if len(pasted) > _LONGEST or not pasted:
        raise _unreadable()
    if fields := _fields(pasted):
        if not same_state(state, fields.get("state", "")):
            raise other_state()
        return read_answer(fields)
    if _REFUSED.search(text):
        raise sign_in_error("sign-in", text)
    if not _CODE.fullmatch(pasted):
        raise _unreadable()
    return SignInAnswer(Secret(pasted))


def _fields(pasted: str) -> dict[str, str]:
    """The answer's fields in an address's query or fragment; nothing when the text is no address of an answer."""
    parts = urlsplit(pasted)
    query = dict(parse_qsl(parts.query) or parse_qsl(parts.fragment))
    return query if "code" in query or "error" in query else {}


def _unreadable() -> ConsentError:
    return ConsentError(
        "what was pasted is neither the address of the final page nor a code",
        where="the sign-in",
        next_step="copy the whole address from the browser's address bar, with everything after the question mark",
    )
