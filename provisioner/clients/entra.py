"""Tokens of a user, for our application with its credential: the authorization code flow and refresh tokens.

MSAL makes the requests. What it cannot do is built on its flow: `code id_token`, and the v1 endpoint, which alone can
be told to ask for MFA (`amr_values=mfa`; v2 answers AADSTS901002 to it, sam-facts 3.1).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Literal
from urllib.parse import parse_qs, urlencode, urlsplit

import aiohttp

from provisioner.clients.clouds import CloudEndpoints
from provisioner.clients.id_token import verified_claims
from provisioner.clients.jwt_claims import claims_of
from provisioner.clients.msal_bridge import post_form, with_msal
from provisioner.clients.proof import ClientProof
from provisioner.clients.sign_in_errors import passing_fault, sign_in_error
from provisioner.core.clock import Clock
from provisioner.core.errors import ApiError, ApiReplyError, SignInError, UnreachableError, api_error_class
from provisioner.core.secret import Secret

ResponseMode = Literal["query", "form_post"]
_PASSING_FAULT_WAITS_S = (1.0, 2.0, 4.0, 8.0)
_GUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


@dataclass(frozen=True)
class AuthorizationRequest:
    """A sign-in that was begun: `url` is for the person's browser, the rest to recognise and redeem its answer.

    nonce: as it stands in the URL. v1: the answer is redeemed at the v1 token endpoint. flow: MSAL's own, with the
    PKCE verifier.
    """

    url: str
    redirect_uri: str
    state: str
    nonce: str
    response_mode: ResponseMode
    hybrid: bool
    v1: bool
    flow: Mapping[str, Any] = field(repr=False)


@dataclass(frozen=True)
class UserTokens:
    """id_claims: of the id_token that came with them, empty when none did. expires_in_s: of the access token."""

    access_token: Secret
    refresh_token: Secret | None
    id_claims: Mapping[str, Any]
    expires_in_s: int | None = None


class EntraClient:
    """The application's own token requests. Raises SignInError when Entra refuses, UnreachableError, ApiReplyError."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        cloud: CloudEndpoints,
        tenant: str,
        client_id: str,
        proof: ClientProof,
        clock: Clock,
    ) -> None:
        self._session = session
        self._cloud = cloud
        self._tenant = tenant
        self._client_id = client_id
        self._proof = proof
        self._clock = clock
        self._authority = f"{cloud.authority}/{tenant}"

    async def begin(
        self,
        redirect_uri: str,
        *,
        login_hint: str | None = None,
        response_mode: ResponseMode = "query",
        hybrid: bool = False,
        force_mfa: bool = False,
    ) -> AuthorizationRequest:
        """Begin a sign-in for Partner Center: PKCE (S256), state and nonce are fresh. Sends nothing.

        hybrid asks `code id_token`, which Entra never answers in a query; force_mfa goes over v1 with
        `amr_values=mfa`.
        """
        mode: ResponseMode = "form_post" if hybrid else response_mode
        flow = await self._without_proof(
            lambda app: app.initiate_auth_code_flow(
                [self._cloud.partner_center_scope],
                redirect_uri=redirect_uri,
                prompt="login",
                login_hint=login_hint,
                response_mode="form_post",  # MSAL warns on the terminal about anything else
            )
        )
        query = {name: values[0] for name, values in parse_qs(urlsplit(flow["auth_uri"]).query).items()}
        query["response_mode"] = mode
        if hybrid:
            query["response_type"] = "code id_token"
        path = "oauth2/v2.0/authorize"
        if force_mfa:
            path = "oauth2/authorize"
            query |= {"scope": "openid profile", "resource": self._cloud.partner_center, "amr_values": "mfa"}
        return AuthorizationRequest(
            url=f"{self._authority}/{path}?{urlencode(query)}",
            redirect_uri=redirect_uri,
            state=flow["state"],
            nonce=query["nonce"],
            response_mode=mode,
            hybrid=hybrid,
            v1=force_mfa,
            flow=flow,
        )

    async def redeem_code(
        self, request: AuthorizationRequest, code: Secret, id_token: Secret | None = None
    ) -> UserTokens:
        """The tokens for the answer to a sign-in, whose state the caller has compared.

        A code is redeemed once: a second time is AADSTS54005. Under hybrid the id_token that came with it is verified
        first.
        """
        if request.hybrid:
            keys = await _get_json(self._session, f"{self._authority}/discovery/{'' if request.v1 else 'v2.0/'}keys")
            verified_claims(id_token, keys, client_id=self._client_id, nonce=request.nonce, code=code)
        if request.v1:
            return await self._redeem_v1(request, code)
        reply = {"code": code.reveal(), "state": request.state}
        result = await self._msal(lambda app: app.acquire_token_by_auth_code_flow(dict(request.flow), reply))
        tokens = tokens_in("redeem the authorization code", result)
        if tokens.id_claims.get("nonce", request.nonce) != request.nonce:
            raise ApiReplyError(
                "Entra", "redeem the authorization code", 200, "", "the id_token belongs to another sign-in (nonce)",
                next_step="start the sign-in again",
            )  # fmt: skip
        return tokens

    async def redeem_refresh_token(self, refresh_token: Secret, scope: str) -> UserTokens:
        """A token for one scope, and normally a new refresh token; the old one stays valid (sam-facts 3.4)."""
        result = await self._patiently(lambda app: app.acquire_token_by_refresh_token(refresh_token.reveal(), [scope]))
        return tokens_in("redeem the refresh token", result)

    async def prove_credential(self) -> None:
        """One real token request of the application itself; returns when the credential is accepted."""
        scope = f"{self._cloud.graph}/.default"
        tokens_in("prove the credential", await self._patiently(lambda app: app.acquire_token_for_client([scope])))

    async def tenant_id(self) -> str:
        """See tenant_id_of."""
        return await tenant_id_of(self._session, self._cloud, self._tenant)

    async def post(self, endpoint: str, form: Mapping[str, str], *, proven: bool) -> dict[str, Any]:
        """One request of our own, by a path below the tenant's authority; the answer may be Entra's error object.

        proven: with the application's credential. The endpoint is the code's, never an answer's.
        """
        proof = await self._prove() if proven else {}
        sent = {"client_id": self._client_id, **{name: value.reveal() for name, value in proof.items()}, **form}
        answer = await post_form(self._session, f"{self._authority}/{endpoint}", sent)
        if answer.status_code >= 500:
            answer.raise_for_status()
        return _object(f"POST {endpoint}", answer.status_code, answer.text)

    async def _redeem_v1(self, request: AuthorizationRequest, code: Secret) -> UserTokens:
        form = {
            "grant_type": "authorization_code",
            "code": code.reveal(),
            "redirect_uri": request.redirect_uri,
            "code_verifier": request.flow["code_verifier"],
            "resource": self._cloud.partner_center,
        }
        answer = await self.post("oauth2/token", form, proven=True)
        return tokens_in("redeem the authorization code (v1)", answer)

    async def _prove(self) -> dict[str, Secret]:
        """The form fields of one token request; the audience of an assertion names the tenant by its id."""
        endpoint = f"{self._cloud.authority}/{await self.tenant_id()}/oauth2/v2.0/token"
        return await self._proof.fields(self._client_id, endpoint)

    async def _patiently(self, call: Callable[[Any], dict[str, Any]]) -> dict[str, Any]:
        """What may be asked again is, while Entra says by its code that a fault is passing, or answers 500.

        The session knows the others by their status, and has asked again already.
        """
        for wait_s in _PASSING_FAULT_WAITS_S:
            try:
                result = await self._msal(call)
            except SignInError as error:
                if error.status != HTTPStatus.INTERNAL_SERVER_ERROR:
                    raise
            else:
                if not passing_fault(result):
                    return result
            await self._clock.sleep(wait_s)
        return await self._msal(call)

    async def _msal(self, call: Callable[[Any], dict[str, Any]]) -> dict[str, Any]:
        """Signed before MSAL is entered: its thread must not wait for the vault."""
        fields = await self._prove()
        return await with_msal(self._session, self._cloud, self._tenant, self._client_id, fields, call)

    async def _without_proof(self, call: Callable[[Any], dict[str, Any]]) -> dict[str, Any]:
        """For what sends no token request."""
        return await with_msal(self._session, self._cloud, self._tenant, self._client_id, {}, call)


async def tenant_id_of(session: aiohttp.ClientSession, cloud: CloudEndpoints, tenant: str) -> str:
    """A tenant's id, lower case; one unauthenticated read when `tenant` is a domain."""
    if _GUID.fullmatch(tenant):
        return tenant.lower()
    found = await _get_json(session, f"{cloud.authority}/{tenant}/v2.0/.well-known/openid-configuration")
    identifier = _GUID.search(str(found.get("issuer", "")))
    if identifier is None:
        raise ApiReplyError("Entra", "discovery", 200, "", f"the issuer of {tenant} has no tenant id in it")
    return identifier.group().lower()


async def _get_json(session: aiohttp.ClientSession, url: str) -> dict[str, Any]:
    operation = f"GET {urlsplit(url).path}"
    try:
        async with session.get(url, allow_redirects=False) as response:
            body = (await response.read()).decode("utf-8-sig", "replace")
            status = response.status
    except (aiohttp.ClientError, TimeoutError) as error:
        raise UnreachableError("Entra", operation, 0, "", type(error).__name__) from error
    found = _object(operation, status, body)
    if status != 200:
        raise refusal_in(operation, status, found)
    return found


def refusal_in(operation: str, status: int, answer: Mapping[str, Any]) -> ApiError:
    """The error in an answer that is no success."""
    if "error" in answer:
        return sign_in_error(operation, str(answer.get("error_description", "")), error=str(answer["error"]))
    return api_error_class(status)("Entra", operation, status, "", "")


def tokens_in(operation: str, result: Mapping[str, Any]) -> UserTokens:
    """The tokens in an answer of the token endpoint, or of MSAL. Raises SignInError, ApiReplyError."""
    if "error" in result:
        raise refusal_in(operation, 400, result)
    access, refresh = result.get("access_token"), result.get("refresh_token")
    if not isinstance(access, str):
        raise ApiReplyError("Entra", operation, 200, "", "the answer has no access_token")
    return UserTokens(
        Secret(access),
        Secret(refresh) if isinstance(refresh, str) else None,
        _id_claims(result),
        _seconds(result.get("expires_in")),
    )


def _seconds(value: Any) -> int | None:
    """A number in v2 answers, a text in those of v1 (sam-facts 3.2)."""
    text = str(value)
    return int(text) if text.isdecimal() else None


def _id_claims(result: Mapping[str, Any]) -> Mapping[str, Any]:
    """MSAL decodes the id_token; an answer of the v1 endpoint still has it whole."""
    if "id_token_claims" in result:
        return dict(result["id_token_claims"])
    if "id_token" not in result:
        return {}
    try:
        return claims_of(str(result["id_token"]))
    except ValueError:
        raise ApiReplyError("Entra", "token request", 200, "", "the id_token cannot be read") from None


def _object(operation: str, status: int, text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise ApiReplyError("Entra", operation, status, "", "the answer is not a JSON object")
    return found
