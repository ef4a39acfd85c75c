"""authorization_code: a code is redeemed, once, by the client and at the tenant alias it was given for."""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import Any

from .. import kinds
from ..kernel import Call
from ..store import Document
from . import client_credential, delegated, directory, errors, grant_errors, revocation, tokens
from .directory import Platform
from .token_request import TokenRequest, need


def answer(call: Call, version: int, form: dict[str, str]) -> dict[str, Any]:
    key = tokens.digest(need(call, form, "code"))
    code = call.tx.get(kinds.AUTHORIZATION_CODE, "", key)
    alias = directory.tenant(call)
    if code is None or code["clientId"] != form["client_id"]:
        raise grant_errors.grant_invalid(call)
    home = call.tx.get(kinds.TENANT, "", code["tenant"])
    if home is None or home["cloud"] != call.cloud:
        raise grant_errors.grant_invalid(call)
    if (None if alias is None else alias["id"]) != code["alias"]:
        raise grant_errors.code_of_another_tenant(call)
    request = TokenRequest(call, version, form, home, directory.client(call, form["client_id"], home))
    _check_redirect(request, code)
    platform: Platform = code["platform"]
    delegated.check_origin(call, platform)
    client_credential.prove(call, request.client, form, platform)
    _check_verifier(request, code, platform)
    if code["redeemed"]:
        raise grant_errors.code_redeemed(call)
    if call.tx.now >= code["issued"] + tokens.CODE_LIFE_S:
        raise grant_errors.code_expired(call)
    ask = delegated.ask(request, code, fresh=True)
    who = delegated.who(request, code)
    revocation.check(call, who, platform)
    given = delegated.issue(request, who, ask, code, fresh=True)
    call.tx.put(kinds.AUTHORIZATION_CODE, "", key, code | {"redeemed": True})
    return given


def _check_redirect(request: TokenRequest, code: Document) -> None:
    """The redirect URI must be leg 1's. v1 forgives leaving it out, as the old samples do (sam-facts 3.2)."""
    sent = request.form.get("redirect_uri")
    if sent is None and request.version == 2:
        raise errors.parameter_missing(request.call, "redirect_uri")
    if sent is not None and sent != code["redirectUri"]:
        raise errors.reply_address_changed(request.call, sent, code["redirectUri"])


def _check_verifier(request: TokenRequest, code: Document, platform: Platform) -> None:
    challenge, verifier = code["codeChallenge"], request.form.get("code_verifier")
    if challenge is None:
        if platform == "spa":
            raise grant_errors.single_page_without_pkce(request.call)
        if verifier is not None:
            raise grant_errors.code_verifier_wrong(request.call)
        return
    if verifier is None:
        raise errors.parameter_missing(request.call, "code_verifier")
    proof = verifier
    if code["codeChallengeMethod"] == "S256":
        proof = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    if not hmac.compare_digest(proof.encode(), str(challenge).rstrip("=").encode()):
        raise grant_errors.code_verifier_wrong(request.call)
