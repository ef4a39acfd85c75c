"""Every handler of every service, reached by a caller who may do everything, and sent what no sane client sends.

Paths, queries and bodies are put together from the words the service's own code looks for, with values of every JSON
type: nothing may end in a handler's exception, and every refusal must have its service's shape. Each request is rolled
back, so every example begins in the same cloud.

FUZZ=n sends n requests to each service, at random, instead of the few that are always the same.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import provisioner.emulator
from provisioner.emulator import dispatch, kinds
from provisioner.emulator.kernel import Reply
from provisioner.emulator.seed import plant
from provisioner.emulator.seed.directory import CONTOSO
from provisioner.emulator.services import ROUTERS
from provisioner.emulator.store import Store
from tests.emulator.azure import OWNER, SECRETS_OFFICER, Azure, operator, runner

WANTED = int(os.environ.get("FUZZ", "0"))
EXAMPLES = WANTED or 200
HOSTS = {
    "entra": "login.microsoftonline.com",
    "graph": "graph.microsoft.com",
    "arm": "management.azure.com",
    "key_vault": "kv-contoso.vault.azure.net",
    "partner_center": "api.partnercenter.microsoft.com",
    "issuers": "token.actions.githubusercontent.com",
    "control": "localhost",
}
AUDIENCES = {
    "graph": "https://graph.microsoft.com",
    "arm": "https://management.azure.com",
    "key_vault": "https://vault.azure.net",
    "partner_center": "https://api.partnercenter.microsoft.com",
}
VERSIONS = {
    "arm": ["2026-02-01", "2023-07-01", "2022-04-01", "2022-12-01", "2022-04-01", "2023-07-01", "x"],
    "key_vault": ["7.5", "7.5", "7.5", "7.4", "x"],
}
MICROSOFT_GRAPH = "00000003-0000-0000-c000-000000000000"
CRYPTO_OFFICER = "14b46e9e-c2b7-41b4-b07b-48a6ebf60603"
CERTIFICATES_OFFICER = "a4417e6f-fecd-4de8-b567-7b0420556985"
_ODD = ("", " ", "\x00", "\ud800", "é", "'", '"', "%", "../..", "A" * 300, "9" * 40, "-1", "null", "$count", "1e999")
_SAFE = "/()$,=:'"
_NUMBERS = (0, -1, 2**31, 2**63, -(2**70), 10**400, 1.5, 1e308)
_BROKEN = (
    ("application/json", b""),
    ("application/json", b"{"),
    ("application/json", b"[" * 100_000),
    ("application/json", b'{"a":NaN}'),
    ("application/json", b"\xef\xbb\xbf{}"),
    ("text/xml", b"<a/>"),
    ("", b"\x00\xff\xfe"),
)


class World:
    """A cloud with something of everything in it, and tokens of callers who may do everything."""

    def __init__(self, folder: Path) -> None:
        self.store = Store(folder)
        with self.store.transaction() as tx:
            plant(tx)
            tx.set_meta("control_token", "known")
        app = runner(self.store)
        app.ready_vault()
        for number, role in enumerate((OWNER, SECRETS_OFFICER, CRYPTO_OFFICER, CERTIFICATES_OFFICER)):
            for caller in (app, operator(self.store)):
                name = f"{number}{caller.object_id[1:]}"
                made = app.assign(role, caller.object_id, app.subscription, name=name)
                assert made.status == 201, made.body
        self._tokens = {service: self._mighty(audience) for service, audience in AUDIENCES.items()}
        self._fill()
        self.fitting = self._fitting()
        self.documents = self._documents()

    def token(self, service: str, caller: int) -> str:
        """A bearer token for a service; `caller` is 0 for an application, 1 for a person."""
        return self._tokens[service][caller] if service in self._tokens else "known"

    def _mighty(self, audience: str) -> list[str]:
        """With every permission Graph has; the person with its directory roles."""
        with self.store.transaction() as tx:
            [graph] = tx.find(kinds.SERVICE_PRINCIPAL, CONTOSO.id, "appId", MICROSOFT_GRAPH)
            person = tx.get(kinds.USER, CONTOSO.id, CONTOSO.operator_id) or {}
        roles = [role["value"] for role in graph["appRoles"]]
        scopes = " ".join(scope["value"] for scope in graph["oauth2PermissionScopes"])
        wids = person.get("_directoryRoles", [])
        return [
            Azure(self.store).token(audience, roles=roles),
            operator(self.store).token(audience, scp=f"{scopes} user_impersonation", wids=wids, amr=["pwd", "mfa"]),
        ]

    def _fill(self) -> None:
        """One of each thing a path can name; an answer that is no success would leave it out of reach."""
        self._do("issuers", "GET", "/.well-known/jwks")  # its key is slow to make
        application = self._do("graph", "POST", "/v1.0/applications", {"displayName": "x", "uniqueName": "known"})
        self._do("graph", "POST", "/v1.0/servicePrincipals", {"appId": application["appId"]})
        gone = self._do("graph", "POST", "/v1.0/applications", {"displayName": "gone"})
        self._do("graph", "DELETE", f"/v1.0/applications/{gone['id']}")
        for name in ("known", "gone"):
            self._do("key_vault", "PUT", f"/secrets/{name}?api-version=7.5", {"value": "x"})
            self._do("key_vault", "POST", f"/keys/{name}-key/create?api-version=7.5", {"kty": "EC", "crv": "P-256"})
        self._do("key_vault", "DELETE", "/secrets/gone?api-version=7.5")
        self._do("key_vault", "DELETE", "/keys/gone-key?api-version=7.5")

    def _do(self, service: str, method: str, path: str, body: Any = None) -> Any:
        headers = {"Authorization": f"Bearer {self.token(service, 0)}", "Content-Type": "application/json"}
        sent = b"" if body is None else json.dumps(body).encode()
        reply = dispatch.handle(self.store, method, f"https://{HOSTS[service]}{path}", headers, sent)
        assert reply.status < 300, (path, reply)
        return reply.body

    def _fitting(self) -> dict[str, list[str]]:
        """What leads somewhere, by the name of a path's parameter or by the segment before it ("applications")."""
        subscription = f"/subscriptions/{CONTOSO.subscription}"
        found: dict[str, list[str]] = {
            "tenant": [CONTOSO.id, CONTOSO.domain, "common", "organizations"],
            "subscription": [CONTOSO.subscription],
            "group": ["rg-contoso"],
            "vault": ["kv-contoso"],
            "namespace": ["Microsoft.KeyVault"],
            "location": ["westeurope"],
            "scope": [subscription[1:], runner(self.store).vault_id[1:]],
            "role": [OWNER],
            "operation_kind": ["add", "replace", "remove"],
            "type_name": ["application", "servicePrincipal"],
            "unique_name": ["known"],
            "customer": [customer.id for customer in CONTOSO.customers],
            "secrets": ["known"],
            "keys": ["known-key"],
            "certificates": ["known"],
            "deletedsecrets": ["gone"],
            "deletedkeys": ["gone-key"],
        }
        with self.store.transaction() as tx:
            rows = tx.sql.execute("SELECT kind, id, body FROM documents WHERE length(id)<100 ORDER BY seq").fetchall()
        for kind, key, body in rows:
            found.setdefault(f"{kind}s", []).append(key)
            found.setdefault("", []).append(key)
            if kind in (kinds.APPLICATION, kinds.SERVICE_PRINCIPAL):
                found.setdefault("app_id", []).append(json.loads(body)["appId"])
        return found

    def _documents(self) -> list[dict[str, Any]]:
        """Objects as they are on the wire: bodies that are nearly right."""
        with self.store.transaction() as tx:
            rows = tx.sql.execute("SELECT body FROM documents WHERE length(body)<6000 ORDER BY seq").fetchall()
        documents = [json.loads(row[0]) for row in rows]
        return [{name: value for name, value in each.items() if name[0] != "_"} for each in documents]


@dataclass(frozen=True)
class Sent:
    """One request."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes
    caller: int

    def url(self, host: str) -> str:
        return (
            f"https://{host}{quote(self.path, safe=_SAFE, errors='replace')}?{urlencode(self.query, errors='replace')}"
        )


@cache
def _words(service: str) -> list[str]:
    """The short strings in a service's code: member names, options and values it knows."""
    folder = Path(provisioner.emulator.__file__).parent / service
    source = "".join(path.read_text("utf-8") for path in sorted(folder.glob("*.py")))
    return sorted(set(re.findall(r'"([A-Za-z0-9$@._:/-]{1,40})"', source)))


def _bodies(world: World, service: str) -> st.SearchStrategy[tuple[str, bytes]]:
    """(content type, body): near misses of real objects, words in any order, and what cannot be read."""
    words = st.sampled_from(_words(service))
    scalars = st.sampled_from([None, True, False, *_NUMBERS, *_ODD]) | words
    values: st.SearchStrategy[Any] = st.recursive(
        scalars,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=5),
        max_leaves=12,
    )
    members = st.dictionaries(words, values, max_size=4)
    near = st.builds(lambda document, changed: document | changed, st.sampled_from(world.documents), members)
    under = st.builds(lambda changed, inner: changed | {"properties": inner}, members, members)
    objects = (near | under | members | values).map(lambda value: ("application/json", json.dumps(value).encode()))
    forms = st.dictionaries(words, st.sampled_from(_ODD) | words, max_size=6).map(
        lambda fields: ("application/x-www-form-urlencoded", urlencode(fields, errors="replace").encode())
    )
    return (forms if service == "entra" else objects) | objects | st.sampled_from(_BROKEN)


@st.composite
def _requests(draw: st.DrawFn, world: World, service: str) -> Sent:
    route = draw(st.sampled_from(ROUTERS[service].routes))
    texts = st.sampled_from([*_ODD, *_words(service)])

    def parameter(found: re.Match[str]) -> str:
        name = found[1].removesuffix(":rest")
        before = route.pattern[: found.start()].rstrip("/").rpartition("/")[2].partition("(")[0]
        fitting = world.fitting.get(name) or world.fitting.get(before) or world.fitting[""]
        # mostly what leads somewhere, else no handler would be reached
        return draw(st.sampled_from(fitting)) if draw(st.integers(0, 9)) else draw(texts)

    path = re.sub(r"\{([^}]*)\}", parameter, route.pattern)
    version = {"api-version": draw(st.sampled_from(VERSIONS[service]))} if service in VERSIONS else {}
    options = draw(st.just({}) | st.dictionaries(st.sampled_from(_words(service)), texts, max_size=3))
    content_type, body = draw(_bodies(world, service))
    headers = {
        "Content-Type": content_type,
        "ConsistencyLevel": draw(st.sampled_from(["", "eventual"])),
        "Prefer": draw(st.sampled_from(["", "create-if-missing", "return=representation"])),
    }
    return Sent(route.method, path, version | options, headers, body, draw(st.integers(0, 1)))


class _RolledBackError(Exception):
    """Ends an example's transaction."""


def _answer(world: World, service: str, sent: Sent) -> Reply:
    """The answer, nothing kept. A bug in a handler raises: that is what `dispatch.handle` would make a 500."""
    headers = sent.headers | {"Authorization": f"Bearer {world.token(service, sent.caller)}"}
    found: list[Reply] = []
    with contextlib.suppress(_RolledBackError), world.store.transaction() as tx:
        call = dispatch.received(tx, sent.method, sent.url(HOSTS[service]), headers, sent.body)
        found.append(dispatch.dispatch(call))
        raise _RolledBackError
    return found[0]


def _is_refusal_of(service: str, reply: Reply) -> bool:
    """True when an answer of 400 or more has its service's shape."""
    body = reply.body
    if isinstance(body, bytes):
        if service in ("entra", "control") and b"<html" in body:
            return True  # a page for a person
        body = json.loads(body.decode("utf-8-sig"))
    if service in ("issuers", "control"):
        return bool(body)
    if service == "partner_center":
        return bool(body.keys() >= {"code", "description"})
    if service == "entra":
        return isinstance(body["error"], str) and isinstance(body["error_description"], str)
    wanted = {"code": str, "message": str} | ({"innerError": dict} if service == "graph" else {})
    return all(isinstance(body["error"].get(name), kind) for name, kind in wanted.items())


def _check(reply: Reply, service: str) -> None:
    assert reply.status != 500
    reply.encoded()
    assert all(isinstance(value, str) for value in reply.headers.values())
    if reply.status >= 400:
        assert _is_refusal_of(service, reply), reply


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    made = World(tmp_path_factory.mktemp("cloud"))
    yield made
    made.store.close()


@pytest.mark.parametrize("service", sorted(ROUTERS))
def test_no_request_makes_a_handler_fail_or_forget_its_services_shape(world: World, service: str) -> None:
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=not WANTED,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(sent=_requests(world, service))
    def each(sent: Sent) -> None:
        _check(_answer(world, service, sent), service)

    each()
