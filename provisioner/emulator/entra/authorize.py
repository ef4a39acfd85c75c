"""The authorize endpoints, v1 and v2: what an application may ask (sam-facts 3.1, 5.4).

Until the redirect URI is known to be good an error is a page; afterwards it goes to the redirect URI.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from ..kernel import Call, Reply
from ..store import Document
from . import answers, asks, directory, errors, pages, sign_in
from .answers import Recipient
from .errors import SignInRefusal
from .token_request import wanted_claims

_PROMPTS = {
    1: frozenset({"", "login", "none", "select_account", "consent", "admin_consent"}),
    2: frozenset({"", "login", "none", "select_account", "consent"}),
}
# RFC 7636: a verifier as it is, or base64url of a SHA-256 (with its padding too)
_CHALLENGE_SIZES = {"plain": range(43, 129), "S256": range(43, 45)}
_MODES = frozenset({"query", "fragment", "form_post"})


@dataclass(frozen=True)
class _Asked:
    """The request's parameters with what is already known of them."""

    call: Call
    version: int
    parameters: dict[str, str]
    tenant: Document | None
    client: directory.Client
    recipient: Recipient


def ask_v1(call: Call) -> Reply:
    return _ask(call, 1)


def ask_v2(call: Call) -> Reply:
    return _ask(call, 2)


def _ask(call: Call, version: int) -> Reply:
    parameters = dict(call.query) if call.method == "GET" else call.form()
    try:
        asked = _addressed(call, version, parameters)
    except SignInRefusal as refused:
        return pages.error(refused)
    try:
        return sign_in.begin(call, _pending(asked))
    except SignInRefusal as refused:
        return answers.refuse(call, asked.recipient, refused)


def _addressed(call: Call, version: int, parameters: dict[str, str]) -> _Asked:
    """The request once it is sure whom an answer may go to."""
    tenant = directory.tenant(call)
    if not parameters.get("client_id"):
        raise errors.parameter_missing(call, "client_id")
    client = directory.client(call, parameters["client_id"], tenant)
    uri = parameters.get("redirect_uri", "")
    if not uri:
        raise errors.reply_address_missing(call)
    directory.redirect_platform(call, client.application, uri)
    hybrid = "id_token" in parameters.get("response_type", "").split()
    mode = parameters.get("response_mode", "")
    recipient = Recipient(
        uri=uri,
        mode=mode if mode in _MODES else ("fragment" if hybrid else "query"),
        state=parameters.get("state"),
    )
    if hybrid and recipient.mode == "query":
        # an id_token never travels in a query; the refusal must not either
        recipient = replace(recipient, mode="fragment")
    return _Asked(call, version, parameters, tenant, client, recipient)


def _pending(asked: _Asked) -> dict[str, Any]:
    """The sign-in as sign_in.py keeps it. Raises what goes to the redirect URI."""
    call, parameters = asked.call, asked.parameters
    _check_version(asked)
    hybrid = _check_response(asked)
    claims = wanted_claims(call, parameters)
    if parameters.get("prompt", "") not in _PROMPTS[asked.version]:
        raise errors.prompt_not_supported(call)
    challenge, method = _challenge(call, parameters)
    scope = parameters.get("scope", "")
    if asked.version == 2 and not scope.strip():
        raise errors.parameter_missing(call, "scope")
    if asked.tenant is not None:
        _check_apis(asked, scope)
    return {
        "kind": "authorize",
        "version": asked.version,
        "alias": None if asked.tenant is None else asked.tenant["id"],
        "clientId": asked.client.id,
        "platform": directory.redirect_platform(call, asked.client.application, asked.recipient.uri),
        "recipient": asked.recipient.document(),
        "hybrid": hybrid,
        "nonce": parameters.get("nonce"),
        "codeChallenge": challenge,
        "codeChallengeMethod": method,
        "resource": parameters.get("resource"),
        "scope": scope,
        "forceMfa": "mfa" in parameters.get("amr_values", "").replace("ngcmfa", "mfa").split() or _asks_context(claims),
        "prompt": parameters.get("prompt", ""),
        "loginHint": parameters.get("login_hint", ""),
        "domainHint": parameters.get("domain_hint", ""),
        "clientInfo": parameters.get("client_info") == "1",
    }


def _check_version(asked: _Asked) -> None:
    if asked.version == 1:
        return
    for name in ("resource", "amr_values"):
        if name in asked.parameters:
            raise errors.parameter_not_supported(asked.call, name)


def _check_response(asked: _Asked) -> bool:
    """True for `code id_token`. Raises 70005, 700054, 70007, 900144."""
    call, parameters = asked.call, asked.parameters
    response_type = parameters.get("response_type", "")
    if not response_type:
        raise errors.parameter_missing(call, "response_type")
    wanted = set(response_type.split())
    if wanted not in ({"code"}, {"code", "id_token"}):
        raise errors.response_type_not_supported(call, response_type)
    mode = parameters.get("response_mode")
    if mode is not None and mode not in _MODES:
        raise errors.response_mode_not_supported(call, mode)
    if "id_token" not in wanted:
        return False
    settings = asked.client.application["web"]["implicitGrantSettings"]
    if not settings["enableIdTokenIssuance"]:
        raise errors.id_token_not_enabled(call)
    if mode == "query":
        raise errors.response_mode_not_supported(call, mode)
    if not parameters.get("nonce"):
        raise errors.parameter_missing(call, "nonce")
    if asked.version == 2 and "openid" not in parameters.get("scope", "").split():
        raise errors.response_type_not_supported(call, response_type)
    return True


def _challenge(call: Call, parameters: dict[str, str]) -> tuple[str | None, str | None]:
    """The PKCE challenge and its method, both None without one. Raises 9002313, 501491."""
    challenge = parameters.get("code_challenge")
    if challenge is None:
        return None, None
    method = parameters.get("code_challenge_method", "plain")
    if method not in _CHALLENGE_SIZES:
        raise errors.malformed(call)
    if len(challenge) not in _CHALLENGE_SIZES[method]:
        raise errors.code_challenge_size(call)
    return challenge, method


def _asks_context(claims: dict[str, Any]) -> bool:
    """True when a claims challenge asks for an authentication context (`acrs`); here each of them means MFA."""
    wanted = claims.get("access_token")
    return isinstance(wanted, dict) and "acrs" in wanted


def _check_apis(asked: _Asked, scope: str) -> None:
    """Every API named exists in the tenant. Consent looks at them again, in the tenant the person belongs to."""
    assert asked.tenant is not None, "checked by the caller"
    if asked.version == 2:
        asks.for_scopes(asked.call, asked.tenant, asked.client.id, scope, interactive=True)
    elif resource := asked.parameters.get("resource"):
        asks.for_resource(asked.call, asked.tenant, resource, interactive=True)
