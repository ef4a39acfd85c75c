"""The cloud as a server: shared state, the note, the proxy, faults, the recorded requests, paths nobody has."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import jwt
import pytest
import requests
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from provisioner.emulator import dispatch
from provisioner.emulator.note import folder_note, is_alive, read_note
from provisioner.emulator.seed.directory import CONTOSO, RUNNER_SECRET
from provisioner.emulator.server import MAX_BODY, Emulator
from provisioner.emulator.store import Store
from tests.emulator.azure import runner
from tests.robot import through_proxy

GRAPH = "https://graph.microsoft.com/v1.0"
APPLICATIONS = f"{GRAPH}/applications"
HOSTS = (
    "login.microsoftonline.com",
    "graph.microsoft.com",
    "management.azure.com",
    "kv-x.vault.azure.net",
    "api.partnercenter.microsoft.com",
    "localhost",
)


class Client:
    """HTTP through the proxy of a running emulator, as its runner."""

    def __init__(self, description: dict[str, Any]) -> None:
        self.http = through_proxy(description["proxy"], description["ca"])
        self.description = description
        runner = description["tenants"][0]["runner"]
        self.form = {
            "grant_type": "client_credentials",
            "client_id": runner["clientId"],
            "client_secret": runner["clientSecret"],
            "scope": "https://graph.microsoft.com/.default",
        }

    def token(self) -> str:
        url = f"https://login.microsoftonline.com/{CONTOSO.id}/oauth2/v2.0/token"
        found: str = self.http.post(url, data=self.form).json()["access_token"]
        return found

    def graph(self, method: str, path: str, token: str, body: Any = None) -> requests.Response:
        return self.http.request(method, f"{GRAPH}/{path}", json=body, headers={"Authorization": f"Bearer {token}"})

    def control(self, method: str, path: str, body: Any = None) -> Any:
        control = self.description["control"]
        answer = self.http.request(
            method, f"{control['url']}{path}", json=body, headers={"Authorization": f"Bearer {control['token']}"}
        )
        assert answer.ok, answer.text
        return answer.json() if answer.content else None


@pytest.fixture
def client(emulator: Emulator) -> Client:
    return Client(emulator.description())


def test_two_servers_over_one_folder_are_one_cloud(emulator: Emulator, client: Client) -> None:
    second = Emulator(emulator.folder)
    second.start()
    other = Client(second.description())
    try:
        made = client.graph("POST", "applications", client.token(), {"displayName": "shared"}).json()
        found = other.graph("GET", f"applications/{made['id']}", client.token())
        assert found.json()["displayName"] == "shared"
        assert other.description["ca"] == client.description["ca"]
        assert jwt.get_unverified_header(other.token()) == jwt.get_unverified_header(client.token())
        client.control("POST", "clock", {"advanceSeconds": 1000})
        assert other.control("GET", "clock")["offset"] == 1000
    finally:
        second.stop()


def test_note_is_private_and_counts_only_while_its_server_lives(tmp_path: Path) -> None:
    served = Emulator(tmp_path)
    served.start()
    path = folder_note(tmp_path)
    note = read_note(path)
    assert note is not None
    assert (path.stat().st_mode & 0o777, is_alive(note), note.state) == (0o600, True, str(tmp_path))
    served.stop()
    assert not is_alive(note)


def test_description_has_the_keys_users_pipelines_read(emulator: Emulator) -> None:
    description = emulator.description()
    assert description.keys() == {"address", "proxy", "page", "ca", "state", "scenario", "tenants", "control"}
    tenant = description["tenants"][0]
    assert tenant.keys() >= {"id", "domain", "subscription", "runner", "operator", "customers"}
    assert tenant["runner"].keys() == {"clientId", "clientSecret", "objectId"}
    assert tenant["operator"].keys() == {"username", "password", "otp"}
    assert Client(description).control("GET", "state") == description


def test_proxy_refuses_every_host_that_is_not_emulated(client: Client) -> None:
    with pytest.raises(requests.exceptions.ProxyError, match="403"):
        client.http.get("https://example.com/")


def test_fault_answers_in_the_shape_of_the_service_as_often_as_asked(client: Client) -> None:
    token = client.token()
    fault = {"operation": "graph.applications.*", "action": "status", "status": 429, "retryAfter": 7, "count": 2}
    client.control("POST", "faults", fault)
    answers = [client.graph("GET", "applications", token) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [429, 429, 200]
    assert answers[0].headers["Retry-After"] == "7"
    assert answers[0].json()["error"].keys() == {"code", "message", "innerError"}


def test_reset_does_nothing_and_hold_does_the_request_without_answering(client: Client) -> None:
    token = client.token()
    create = "graph.applications.create"
    client.control("POST", "faults", {"operation": create, "action": "reset"})
    with pytest.raises(requests.exceptions.ConnectionError):
        client.graph("POST", "applications", token, {"displayName": "reset"})
    client.control("POST", "faults", {"operation": create, "action": "hold"})
    with pytest.raises(requests.exceptions.ReadTimeout):
        client.http.post(
            APPLICATIONS, json={"displayName": "held"}, headers={"Authorization": f"Bearer {token}"}, timeout=0.2
        )
    names = {application["displayName"] for application in client.graph("GET", "applications", token).json()["value"]}
    assert "held" in names
    assert "reset" not in names


def test_probability_of_a_fault_is_the_same_draw_every_time(client: Client) -> None:
    def run() -> list[int]:
        client.control("DELETE", "faults")
        fault = {"operation": "entra.keys", "action": "status", "status": 503, "count": None, "probability": 0.5}
        client.control("POST", "faults", fault | {"seed": 4})
        url = f"https://login.microsoftonline.com/{CONTOSO.id}/discovery/v2.0/keys"
        return [client.http.get(url).status_code for _ in range(12)]

    first = run()
    assert set(first) == {200, 503}
    assert run() == first


def test_recorded_requests_tell_all_but_secrets(client: Client) -> None:
    token = client.token()
    client.graph("POST", "applications", token, {"displayName": "recorded"})
    listed = client.control("GET", "requests")["requests"]
    assert [(entry["operation"], entry["status"]) for entry in listed[-2:]] == [
        ("entra.token.v2", 200),
        ("graph.applications.create", 201),
    ]
    assert listed[-1]["request"]["body"] == {"displayName": "recorded"}
    assert listed[-1]["response"]["body"]["displayName"] == "recorded"
    for secret in (token, client.form["client_secret"]):
        assert secret not in json.dumps(listed)
    assert client.control("GET", f"requests?since={listed[-1]['seq']}")["requests"] == []


def test_snapshot_brings_the_whole_state_back(client: Client) -> None:
    token = client.token()
    client.control("POST", "snapshot", {"name": "clean"})
    client.graph("POST", "applications", token, {"displayName": "later"})
    client.control("POST", "restore", {"name": "clean"})
    assert "later" not in client.graph("GET", "applications", token).text


def test_reset_makes_the_cloud_new_and_keeps_its_keys(client: Client) -> None:
    token = client.token()
    client.graph("POST", "applications", token, {"displayName": "gone"})
    client.control("POST", "reset")
    assert "gone" not in client.graph("GET", "applications", token).text


def test_body_over_the_limit_is_413(client: Client) -> None:
    answer = client.http.post(APPLICATIONS, data=b"x" * (MAX_BODY + 1))
    assert answer.status_code == 413


_SEGMENTS = st.sampled_from(
    [
        *(
            "v1.0",
            "applications",
            "$batch",
            CONTOSO.id,
            "common",
            "oauth2",
            "v2.0",
            "token",
            "authorize",
            "subscriptions",
        ),
        *(
            "secrets",
            "x",
            "providers",
            "resourceGroups",
            "v1",
            "customers",
            "users",
            "control",
            "faults",
            "(appId='",
            "%00",
        ),
    ]
)
_BODIES = st.one_of(
    st.binary(max_size=40),
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=8),
        lambda inner: (
            st.lists(inner)
            | st.dictionaries(st.sampled_from(["requests", "id", "displayName", "properties", "appId", "value"]), inner)
        ),
        max_leaves=8,
    ).map(lambda value: json.dumps(value).encode()),
    st.just(b"[" * 100_000),
)


def _runner_token(store: Store, host: str) -> str:
    resource = {"kv-x.vault.azure.net": "vault.azure.net"}.get(host, host)
    form = {
        "grant_type": "client_credentials",
        "client_id": CONTOSO.runner.client_id,
        "client_secret": RUNNER_SECRET,
        "scope": f"https://{resource}/.default",
    }
    url = f"https://login.microsoftonline.com/{CONTOSO.id}/oauth2/v2.0/token"
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    reply = dispatch.handle(store, "POST", url, headers, urlencode(form).encode())
    return str(reply.body.get("access_token", "none"))


@settings(
    max_examples=150, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    method=st.sampled_from(["GET", "POST", "PUT", "PATCH", "DELETE"]),
    host=st.sampled_from(HOSTS),
    segments=st.lists(_SEGMENTS, max_size=5),
    query=st.text(max_size=20),
    authorization=st.sampled_from(["", "Bearer", "Bearer x.y.z", "Basic a", "runner", "runner"]),
    body=_BODIES,
)
def test_no_garbage_is_answered_with_500(
    store: Store, method: str, host: str, segments: list[str], query: str, authorization: str, body: bytes
) -> None:
    if authorization == "runner":
        authorization = f"Bearer {_runner_token(store, host)}"
    url = urlsplit(f"https://{host}/{'/'.join(segments)}?{query}").geturl()
    reply = dispatch.handle(store, method, url, {"Authorization": authorization}, body)
    assert reply.status < 500


def test_vaults_name_takes_connections_only_while_the_vault_stands(emulator: Emulator, client: Client) -> None:
    """In life there is no address to connect to, so no answer may come: not even a 404."""
    address = "https://kv-contoso.vault.azure.net/secrets?api-version=7.5"
    with pytest.raises(requests.ConnectionError):
        client.http.get(address)
    store = Store(emulator.folder)
    runner(store).ready_vault()
    store.close()
    assert client.http.get(address).status_code == 401
