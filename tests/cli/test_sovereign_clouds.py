"""usgov and china from `validate` to a rotated credential, by the program, on the emulator's host names of each cloud.

Two set-ups a cloud side by side: one proves itself by a certificate, one by a secret.
"""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from provisioner.emulator.seed.directory import TAILSPIN, WINGTIP, Tenant
from tests.cli.test_on_the_emulator import PROGRAM, ROOT, environment_of
from tests.consent.conftest import free_port
from tests.rehearsal import Cloud, served
from tests.trial import Request, Trial, could_write

SETUPS = ("certificate", "secret")
NOT_OF_A_CLOUD = {"localhost", "token.actions.githubusercontent.com", "vstoken.dev.azure.com", "ISSUER_OF_THE_CLUSTER"}


@dataclass(frozen=True)
class Sovereign:
    """A tenant and what its cloud's services are called (sam-facts 2). vaults: what follows the vault's name."""

    tenant: Tenant
    login: str
    graph: str
    arm: str
    vaults: str
    partner_center: str
    az: str

    @property
    def hosts(self) -> set[str]:
        vaults = {f"kv-{setup}-{self.tenant.cloud}.{self.vaults}" for setup in SETUPS}
        return {self.login, self.graph, self.arm, self.partner_center, *vaults}

    @property
    def audiences(self) -> set[str]:
        return {self.graph, self.arm, self.vaults, self.partner_center}


USGOV = Sovereign(
    TAILSPIN,
    "login.microsoftonline.us",
    "graph.microsoft.us",
    "management.usgovcloudapi.net",
    "vault.usgovcloudapi.net",
    "api.partnercenter.microsoft.com",
    "AzureUSGovernment",
)
CHINA = Sovereign(
    WINGTIP,
    "login.partner.microsoftonline.cn",
    "microsoftgraph.chinacloudapi.cn",
    "management.chinacloudapi.cn",
    "vault.azure.cn",
    "partner.partnercenterapi.microsoftonline.cn",
    "AzureChinaCloud",
)
CLOUDS = pytest.mark.parametrize("sovereign", [USGOV, CHINA], ids=lambda sovereign: sovereign.tenant.cloud)
WAY = (
    ("validate", 0),
    ("doctor", 0),
    ("plan --detailed-exitcode", 2),
    ("apply --auto-approve --no-consent", 3),
    ("consent", 0),
    ("verify", 0),
    ("apply --auto-approve", 0),
    ("renew", 0),
    ("rotate --auto-approve", 0),
    ("verify", 0),
    ("plan --detailed-exitcode", 0),
)


ADVISED = (("plan", "az ad sp update"), ("verify", "az ad sp update"), ("explain", "az role assignment create"))


@dataclass(frozen=True)
class Walked:
    """Every set-up of both clouds, a spec each in one folder, after the whole way. requests: of the way."""

    cloud: Cloud
    folder: Path
    requests: list[Request]

    def run(self, command: str, path: Path) -> subprocess.CompletedProcess[str]:
        return run(self.cloud, command, path)


def run(cloud: Cloud, command: str, path: Path) -> subprocess.CompletedProcess[str]:
    """The program, with a robot at the browser."""
    return subprocess.run(
        [PROGRAM, *command.split(), path, "--emulator"],
        env=environment_of(cloud) | {"BROWSER": f"{shlex.quote(sys.executable)} -m tests.browser %s &"},
        cwd=ROOT,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        check=False,
    )


@pytest.fixture(scope="module")
def walked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Walked]:
    """Each command once for all, side by side: proving a new credential takes its time."""
    folder = tmp_path_factory.mktemp("specs")
    with served(tmp_path_factory.mktemp("cloud")) as cloud:
        for sovereign in (USGOV, CHINA):
            _write_specs(Trial(cloud, sovereign.tenant, (f"http://localhost:{free_port()}/",)), folder)
        for command, code in WAY:
            before = cloud.control("GET", "requests")["requests"]
            ended = run(cloud, command, folder)
            assert ended.returncode == code, f"{command}: {ended.stdout}{ended.stderr}"
            requests = cloud.control("GET", "requests")["requests"]
            if command == "apply --auto-approve":
                assert not [each for each in requests[len(before) :] if could_write(each) and not _signs(each)]
        yield Walked(cloud, folder, requests)


def _write_specs(trial: Trial, folder: Path) -> None:
    for setup in SETUPS:
        document = trial.document()
        document["name"] = f"{setup}-{trial.tenant.cloud}"
        document["application"]["credential"] = {"type": setup}
        document["vault"] |= {"name": f"kv-{document['name']}"}
        (folder / f"{document['name']}.yaml").write_text(json.dumps(document), encoding="utf-8")


def _signs(request: Request) -> bool:
    """The vault's signature under a token request changes nothing there."""
    return bool(request["operation"] == "key_vault.keys.sign")


def test_no_request_goes_to_a_host_of_another_cloud(walked: Walked) -> None:
    assert {urlsplit(each["url"]).hostname for each in walked.requests} == USGOV.hosts | CHINA.hosts


@CLOUDS
def test_tokens_come_from_the_cloud_s_own_sign_in_for_its_own_services(walked: Walked, sovereign: Sovereign) -> None:
    asking = [each for each in walked.requests if sovereign.tenant.id in each["url"] and _asked_for(each)]
    assert {urlsplit(each["url"]).hostname for each in asking} == {sovereign.login}
    assert {host for each in asking for host in _asked_for(each)} == sovereign.audiences


def _asked_for(request: Request) -> set[str]:
    """The hosts of the APIs a sign-in or a token request is about."""
    if not request["operation"].startswith(("entra.token", "entra.authorize")):
        return set()
    body = request["request"]["body"]
    query = {name: values[0] for name, values in parse_qs(urlsplit(request["url"]).query).items()}
    fields = query | (body if isinstance(body, dict) else {})
    words = [word for name in ("scope", "resource") for word in fields.get(name, "").split()]
    return {str(urlsplit(word).hostname) for word in words if word.startswith("https://")}


@CLOUDS
def test_what_a_person_is_given_to_do_works_in_the_cloud(walked: Walked, sovereign: Sovereign) -> None:
    """Links are the cloud's own, and the first command of Azure CLI is told the cloud."""
    name = f"secret-{sovereign.tenant.cloud}"
    trial = Trial(walked.cloud, sovereign.tenant, ())
    app_id = trial.graph("GET", f"applications(uniqueName='{name}')")["appId"]
    trial.graph("PATCH", f"servicePrincipals(appId='{app_id}')", {"accountEnabled": False})
    for command, advice in ADVISED:
        ended = walked.run(command, walked.folder / f"{name}.yaml")
        shown = " ".join((ended.stdout + ended.stderr).split())
        assert advice in shown
        assert re.findall(r"\baz (?:\w+ )+--name \w+", shown)[0] == f"az cloud set --name {sovereign.az}"
        assert set(re.findall(r"https://([\w.-]+)", shown)) <= sovereign.hosts | sovereign.audiences | NOT_OF_A_CLOUD
