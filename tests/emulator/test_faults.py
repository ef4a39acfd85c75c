"""Faults and lag: what strikes, how it looks on the wire, and that a run can be repeated."""

from __future__ import annotations

import json
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from email.utils import parsedate_to_datetime
from http.client import HTTPResponse, HTTPSConnection, IncompleteRead
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest

from provisioner.emulator import dispatch, faults, lag
from provisioner.emulator.faults import Disturbed
from provisioner.emulator.kernel import Reply
from provisioner.emulator.seed.directory import CONTOSO, FABRIKAM, RUNNER_SECRET
from provisioner.emulator.server import Emulator
from provisioner.emulator.store import Store
from tests.emulator.clock import advance

GRAPH = "https://graph.microsoft.com/v1.0"
KEYS = f"https://login.microsoftonline.com/{CONTOSO.id}/discovery/v2.0/keys"
HOSTS = {
    "graph": f"{GRAPH}/applications",
    "arm": "https://management.azure.com/subscriptions?api-version=2022-12-01",
    "key_vault": "https://kv-contoso.vault.azure.net/secrets?api-version=7.5",
    "entra": KEYS,
    "partner_center": "https://api.partnercenter.microsoft.com/v1/customers",
}


def _ask(store: Store, url: str = KEYS, method: str = "GET", body: Any = None, token: str | None = None) -> Reply:
    headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
    return dispatch.handle(store, method, url, headers, json.dumps(body).encode() if body is not None else b"")


def _token(store: Store, tenant: str = CONTOSO.id, resource: str = "https://graph.microsoft.com") -> str:
    runner = next(each.runner for each in (CONTOSO, FABRIKAM) if each.id == tenant)
    form = {
        "grant_type": "client_credentials",
        "client_id": runner.client_id,
        "client_secret": RUNNER_SECRET,
        "scope": f"{resource}/.default",
    }
    url = f"https://login.microsoftonline.com/{tenant}/oauth2/v2.0/token"
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    return str(dispatch.handle(store, "POST", url, headers, urlencode(form).encode()).body["access_token"])


def _fault(store: Store, **wanted: Any) -> None:
    with store.transaction() as tx:
        faults.add(tx, wanted)


def _lag(store: Store, **wanted: Any) -> None:
    with store.transaction() as tx:
        lag.change_settings(tx, wanted)


def _error(reply: Reply) -> Any:
    return reply.body.get("error", reply.body)


@pytest.mark.parametrize(
    ("service", "code"),
    [
        ("graph", "TooManyRequests"),
        ("arm", "SubscriptionRequestsThrottled"),
        ("key_vault", "Throttled"),
        ("partner_center", "429"),
    ],
)
def test_throttled_answer_names_the_code_of_its_service(store: Store, service: str, code: str) -> None:
    _fault(store, action="status", status=429)
    reply = _ask(store, HOSTS[service])
    assert (reply.status, _error(reply)["code"]) == (429, code)
    assert "Retry-After" not in reply.headers


def test_throttled_sign_in_is_temporary_and_counted_by_arm(store: Store) -> None:
    _fault(store, action="status", status=429, count=None)
    assert _ask(store).body["error_codes"] == [90055]
    reply = _ask(store, f"{HOSTS['arm']}", "DELETE")
    assert reply.headers["x-ms-ratelimit-remaining-subscription-deletes"] == "0"


def test_retry_after_comes_as_seconds_or_as_a_date_measured_by_the_answers_own(emulator: Emulator) -> None:
    store = Store(emulator.folder)
    _fault(store, action="status", status=503, retryAfter=90)
    _fault(store, action="status", status=503, retryAfter=90, retryAfterAs="date")
    advance(store, 80 * 86400)
    store.close()
    with _connection(emulator) as connection:
        seconds = _get(connection, KEYS).headers
        connection.close()  # opens again by itself
        headers = _get(connection, KEYS).headers
    assert seconds["Retry-After"] == "90"
    after, date = (parsedate_to_datetime(str(headers[name])) for name in ("Retry-After", "Date"))
    assert 88 <= (after - date).total_seconds() <= 91


def test_reset_after_the_request_loses_the_answer_of_a_thing_done(store: Store) -> None:
    token = _token(store)
    for when in ("before", "after"):
        _fault(store, operation="graph.applications.create", action="reset", when=when)
        lost = _ask(store, f"{GRAPH}/applications", "POST", {"displayName": f"made {when}"}, token)
        assert isinstance(lost, Disturbed)
        assert lost.lost == "reset"
    names = {each["displayName"] for each in _ask(store, f"{GRAPH}/applications", token=token).body["value"]}
    assert "made after" in names
    assert "made before" not in names


def test_truncated_answer_ends_before_its_announced_length(emulator: Emulator) -> None:
    with _connection(emulator) as connection:
        whole = _get(connection, KEYS).read()
    _faulty(emulator, action="truncate")
    with _connection(emulator) as connection, pytest.raises(IncompleteRead) as caught:
        _get(connection, KEYS).read()
    assert len(caught.value.partial) == len(whole) // 2
    assert whole.startswith(caught.value.partial)


def test_short_answer_is_well_framed_and_broken_json(emulator: Emulator) -> None:
    _faulty(emulator, action="truncate", how="short")
    with _connection(emulator) as connection:
        body = _get(connection, KEYS).read()
        with pytest.raises(json.JSONDecodeError):
            json.loads(body)
        assert _get(connection, KEYS).status == 200  # the connection lives on


@pytest.mark.parametrize(
    ("wanted", "struck"),
    [
        ({"operation": "entra.keys"}, True),
        ({"operation": "entra.token.*"}, False),
        ({"host": "LOGIN.*"}, True),
        ({"host": "graph.*"}, False),
        ({"path": "*/discovery/*"}, True),
        ({"path": "*/token"}, False),
        ({"method": "get"}, True),
        ({"method": "POST"}, False),
        ({"tenant": CONTOSO.id.upper()}, True),
        ({"tenant": FABRIKAM.id}, False),
        ({"host": "login.*", "method": "POST"}, False),
    ],
)
def test_fault_strikes_only_what_all_its_globs_match(store: Store, wanted: dict[str, Any], struck: bool) -> None:
    _fault(store, action="deny", **wanted)
    assert (_ask(store).status == 403) is struck


def test_fault_of_a_tenant_strikes_requests_with_that_tenants_token(store: Store) -> None:
    _fault(store, action="status", status=503, operation="graph.*", tenant=FABRIKAM.id, count=None)
    statuses = [
        _ask(store, f"{GRAPH}/organization", token=_token(store, each.id)).status for each in (CONTOSO, FABRIKAM)
    ]
    assert statuses == [200, 503]
    assert _ask(store, f"{GRAPH}/organization", token="not a token").status == 401


def test_fault_waits_for_its_turn_and_ends_with_its_time(store: Store) -> None:
    _fault(store, action="deny", skip=2, count=1)
    assert [_ask(store).status for _ in range(4)] == [200, 200, 403, 200]
    _fault(store, action="deny", count=None, **{"for": 60})
    assert _ask(store).status == 403
    advance(store, 61)
    assert _ask(store).status == 200


@pytest.mark.parametrize(
    ("wanted", "complaint"),
    [
        ({"action": "explode"}, "action must be one of"),
        ({}, "action must be one of"),
        ({"action": "hold", "ms": 5}, "action hold does not know ms"),
        ({"action": "status"}, "action status needs status"),
        ({"action": "status", "operation": "nothing.x"}, "--status 429; operation nothing.x matches nothing"),
        ({"action": "slow"}, "action slow needs ms"),
        ({"action": "status", "status": 200}, "status must be a whole number from 400"),
        ({"action": "status", "status": "429"}, "status must be a whole number"),
        ({"action": "status", "status": 429, "retryAfterAs": "weeks"}, "retryAfterAs must be seconds or date"),
        ({"action": "reset", "when": "later"}, "when must be before or after"),
        ({"action": "truncate", "how": []}, "how must be cut or short"),
        ({"action": "deny", "count": 0}, "count must be a whole number from 1"),
        ({"action": "deny", "probability": True}, "probability must be a number from 0 to 1"),
        ({"action": "deny", "operation": 7}, "operation must be text"),
        ({"action": "deny", "operation": "arm.vault.*"}, r"arm.vault.\* matches nothing.*nearest is arm.vaults"),
        ({"action": "deny", "operation": "Graph.*"}, "matches nothing"),
        ({"action": "deny", "seed": 1.5}, "seed must be a whole number"),
    ],
)
def test_fault_that_makes_no_sense_is_refused_by_name(store: Store, wanted: dict[str, Any], complaint: str) -> None:
    with store.transaction() as tx, pytest.raises(ValueError, match=complaint):
        faults.add(tx, wanted)


@pytest.mark.parametrize(
    ("wanted", "complaint"),
    [
        ({"moon": 1}, "unknown kinds of lag: moon"),
        ({"graph": -1}, "graph must be a number of seconds"),
        ({"graph": "30"}, "graph must be a number of seconds"),
        ({"graph": float("nan")}, "graph must be a number of seconds"),
        ({"secret": {"min": 4}}, "secret must be seconds, or hold max"),
        ({"secret": {"min": 9, "max": 4}}, "secret.min must not be above"),
        ({"seed": "x"}, "seed must be a whole number"),
    ],
)
def test_lag_that_makes_no_sense_is_refused_by_name(store: Store, wanted: dict[str, Any], complaint: str) -> None:
    with store.transaction() as tx, pytest.raises(ValueError, match=complaint):
        lag.change_settings(tx, wanted)


def _looks(store: Store, times: int) -> list[int]:
    """Statuses of one new application, asked for again and again in the last third of its lag."""
    token = _token(store)
    made = _ask(store, f"{GRAPH}/applications", "POST", {"displayName": "flaps"}, token).body
    before = _ask(store, f"{GRAPH}/applications/{made['id']}", token=token).status
    advance(store, 25)
    during = [_ask(store, f"{GRAPH}/applications/{made['id']}", token=token).status for _ in range(times)]
    advance(store, 5)
    after = {_ask(store, f"{GRAPH}/applications/{made['id']}", token=token).status for _ in range(5)}
    assert (before, after) == (404, {200})
    return during


def test_new_object_flaps_between_absent_and_present_before_it_stays(store: Store) -> None:
    _lag(store, graph={"max": 30, "min": 30, "flapping": 10})
    assert set(_looks(store, 20)) == {200, 404}


def test_no_lag_means_no_flapping_and_plain_seconds_mean_a_sharp_end(store: Store) -> None:
    _lag(store, graph=30)
    assert set(_looks(store, 20)) == {404}


def test_new_secret_is_usable_after_a_draw_from_its_range_that_repeats_with_the_seed(tmp_path_factory: Any) -> None:
    def usable_after(seed: int) -> float:
        store = Store(tmp_path_factory.mktemp("cloud"))
        _lag(store, secret={"min": 4, "max": 18}, seed=seed)
        with store.transaction() as tx:
            found = lag.usable_from(tx) - tx.now
        store.close()
        return round(found, 1)

    draws = [usable_after(seed) for seed in range(6)]
    assert all(4 <= draw <= 18 for draw in draws)
    assert len(set(draws)) > 3
    assert usable_after(3) == draws[3]


def _faulty(emulator: Emulator, **wanted: Any) -> None:
    store = Store(emulator.folder)
    _fault(store, **wanted)
    store.close()


@contextmanager
def _connection(emulator: Emulator) -> Iterator[HTTPSConnection]:
    description = emulator.description()
    context = ssl.create_default_context(cafile=description["ca"])
    made = HTTPSConnection("localhost", int(description["address"].rpartition(":")[2]), context=context, timeout=10)
    yield made
    made.close()


def _get(connection: HTTPSConnection, url: str) -> HTTPResponse:
    parts = urlsplit(url)
    connection.request("GET", parts.path, headers={"Host": parts.netloc})
    return connection.getresponse()
