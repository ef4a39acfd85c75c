"""Whatever is sent to the protocol endpoints, they refuse it in their own words."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from provisioner.emulator.store import Store
from tests.emulator.entra.world import ARM, ASSERTION_TYPE, AUDIENCE, DEVICE_GRANT, MAIN, SCOPE, SECRET, WEB, World


def _token(header: Any, claims: Any) -> str:
    parts = [base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in (header, claims)]
    return ".".join([*parts, "AAAA"])


_ODD = (
    *("", "\x00", "é" * 600, "%", "{", "[]", "null", "1.x", "https://[", "///", ".default", "a/.default b/.default"),
    '{"access_token":{"xms_cc":{"values":[1,null]},"acrs":{"values":[{}]}}}',
    '{"access_token":{"acrs":{"value":7}}}',
    _token({"alg": "RS256", "kid": 5}, {"iss": "https://x.example", "aud": [{}], "sub": {}}),
    _token({"alg": "RS256", "x5t": [1]}, {"aud": ["x"], "exp": "soon"}),
    _token({"alg": "RS256"}, {"iss": "https://token.actions.githubusercontent.com", "sub": MAIN, "aud": AUDIENCE}),
    _token([], {}),
)
_NAMES = (
    *("client_secret", "client_assertion", "scope", "resource", "code", "device_code", "refresh_token", "claims"),
    *("redirect_uri", "code_verifier", "client_info", "prompt", "response_type", "response_mode", "state", "nonce"),
    *("code_challenge", "code_challenge_method", "login_hint", "domain_hint"),
)
_GRANTS = ("authorization_code", "refresh_token", "client_credentials", "device_code", DEVICE_GRANT)
_PATHS = ("token", "v2.0/token", "devicecode", "v2.0/devicecode", "authorize", "v2.0/authorize", "logout")
_GOOD = {
    "client_secret": SECRET,
    "client_assertion_type": ASSERTION_TYPE,
    "response_type": "code",
    "redirect_uri": WEB,
    "scope": SCOPE,
    "resource": ARM,
}


@pytest.fixture
def world(store: Store) -> World:
    return World(store).add_application().trust(MAIN)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    path=st.sampled_from(_PATHS),
    grant=st.sampled_from(_GRANTS),
    alias=st.sampled_from([None, "common", "organizations", "x"]),
    left_out=st.sets(st.sampled_from(sorted(_GOOD))),
    odd=st.dictionaries(st.sampled_from(_NAMES), st.sampled_from(_ODD) | st.text(max_size=20), max_size=5),
)
def test_odd_values_are_refused_and_break_nothing(
    world: World, path: str, grant: str, alias: str | None, left_out: set[str], odd: dict[str, str]
) -> None:
    good = {name: value for name, value in _GOOD.items() if name not in left_out}
    form = {"client_id": world.client_id, "grant_type": grant} | good | odd
    form = {name: value.encode("utf-8", "replace").decode() for name, value in form.items()}
    reply = world.post(f"/{alias or world.tenant.id}/oauth2/{path}", form)
    assert reply.status < 500, reply.body
