"""Each identity a spec's `auth` can name plans on the emulator; the machine's token is asked for each token request."""

from __future__ import annotations

import asyncio
import json
import re
import shlex
import traceback
from collections import Counter
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from provisioner.core.errors import ProvisionerError, SignInError
from provisioner.core.exit_codes import FAILED
from provisioner.emulator.seed.directory import RUNNER_SECRET
from provisioner.operations.plan import look
from tests import platforms
from tests.trial import Onlooker, Trial, rounds

RUNNER = "11111111-2222-4333-8444-555555555555"


@pytest.fixture(autouse=True)
def nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    platforms.forget_identities(monkeypatch)


def in_a_job(trial: Trial, monkeypatch: pytest.MonkeyPatch, platform: str, subject: str) -> dict[str, str]:
    job = platforms.start_job(trial, platform, subject)
    for name, value in job.items():
        monkeypatch.setenv(name, value)
    return job


def of_github(trial: Trial, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """The `auth` of the seeded runner in a job of GitHub Actions that it trusts."""
    in_a_job(trial, monkeypatch, "github", platforms.GITHUB_SUBJECT)
    platforms.trust(trial, platforms.GITHUB, platforms.GITHUB_SUBJECT)
    return {"type": "githubActions", "clientId": trial.tenant.runner.client_id}


def of_azure_pipelines(trial: Trial, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    job = in_a_job(trial, monkeypatch, "azure-devops", platforms.DEVOPS_SUBJECT)
    connection = job["AZURESUBSCRIPTION_SERVICE_CONNECTION_ID"]
    monkeypatch.delenv("AZURESUBSCRIPTION_SERVICE_CONNECTION_ID")
    issuer = f"https://vstoken.dev.azure.com/{job['SYSTEM_COLLECTIONID']}"
    platforms.trust(trial, issuer, platforms.DEVOPS_SUBJECT)
    return {
        "type": "azurePipelines",
        "clientId": trial.tenant.runner.client_id,
        "serviceConnection": connection,
    }


def of_a_pod(trial: Trial, file: Path) -> dict[str, Any]:
    file.write_text(platforms.pod_token(trial) + "\n", encoding="ascii")
    platforms.trust(trial, platforms.CLUSTER, platforms.POD_SUBJECT)
    return {"type": "workloadIdentity", "clientId": trial.tenant.runner.client_id, "tokenFile": str(file)}


def label_of(trial: Trial, auth: dict[str, Any] | None, *innermost: Any) -> str:
    """Plan as this identity; who the plan says it is."""

    async def run() -> str:
        spec = trial.spec(auth=auth) if auth else trial.spec()
        async with trial.opened(*innermost, spec=spec, by_environment=True) as tenant:
            found = (await look(tenant, spec)).plan
            assert not found.unknown
            return found.runner

    return asyncio.run(run())


def asked(trial: Trial) -> Counter[str]:
    """How often each operation was asked of the cloud."""
    return Counter(each["operation"] for each in trial.requests())


def test_a_job_of_github_asks_for_a_token_of_its_own_for_each_token_request(
    applied: Trial, monkeypatch: pytest.MonkeyPatch
) -> None:
    auth = of_github(applied, monkeypatch)
    applied.forget()
    told = label_of(applied, auth)
    assert told == f"service principal {auth['clientId']} (GitHub Actions, repo:contoso/sam:environment:prod)"
    assert asked(applied)["issuers.github.token"] == asked(applied)["entra.token.v2"] == 3


def test_a_job_of_azure_pipelines_asks_for_its_service_connection_s_token_each_time(
    applied: Trial, monkeypatch: pytest.MonkeyPatch
) -> None:
    auth = of_azure_pipelines(applied, monkeypatch)
    applied.forget()
    assert label_of(applied, auth).endswith("(Azure Pipelines, sc://contoso/sam/production)")
    assert asked(applied)["issuers.azure_devops.token"] == asked(applied)["entra.token.v2"] == 3


@pytest.mark.parametrize("named", ["by the spec", "by the environment"])
def test_a_pod_s_token_file_is_the_runner(
    applied: Trial, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, named: str
) -> None:
    auth = of_a_pod(applied, tmp_path / "token")
    if named == "by the environment":
        monkeypatch.setenv("AZURE_FEDERATED_TOKEN_FILE", auth.pop("tokenFile"))
    assert label_of(applied, auth).endswith(f"(workload identity, {platforms.POD_SUBJECT})")


def test_a_service_principal_of_the_environment_is_the_runner(applied: Trial, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AZURE_CLIENT_ID", applied.tenant.runner.client_id)
    monkeypatch.setenv("AZURE_CLIENT_SECRET", RUNNER_SECRET)
    assert label_of(applied, {"type": "environment"}) == f"service principal {applied.tenant.runner.client_id}"


@pytest.mark.parametrize("password", [None, "Grün-7"])
@pytest.mark.parametrize("auth", [None, {"type": "environment"}], ids=["without auth", "environment"])
def test_a_certificate_in_a_file_is_the_runner(
    applied: Trial, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, password: str | None, auth: dict[str, Any] | None
) -> None:
    path = tmp_path / "runner.pem"
    platforms.register_certificate(applied, path, password.encode() if password else None)
    monkeypatch.setenv("AZURE_CLIENT_ID", applied.tenant.runner.client_id)
    monkeypatch.setenv("AZURE_CLIENT_CERTIFICATE_PATH", str(path))
    if password:
        monkeypatch.setenv("AZURE_CLIENT_CERTIFICATE_PASSWORD", password)
    assert label_of(applied, auth).endswith("(certificate)")


@pytest.mark.parametrize("client_id", [None, RUNNER], ids=["the machine's", "user-assigned"])
def test_a_managed_identity_is_the_runner(applied: Trial, client_id: str | None) -> None:
    auth = {"type": "managedIdentity"} | ({"clientId": client_id} if client_id else {})

    async def run() -> str:
        async with AsyncExitStack() as stack:
            machine = await stack.enter_async_context(platforms.metadata_service(applied, client_id))
            spec = applied.spec(auth=auth)
            tenant = await stack.enter_async_context(applied.opened(machine, spec=spec, by_environment=True))
            return (await look(tenant, spec)).plan.runner

    assert asyncio.run(run()).endswith("(managed identity)")


def test_on_the_emulator_no_managed_identity_of_the_machine_is_asked(applied: Trial) -> None:
    with pytest.raises(ProvisionerError, match="no managed identity"):
        label_of(applied, {"type": "managedIdentity"})


def test_whoever_is_signed_in_with_az_is_the_runner(
    applied: Trial, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    platforms.signed_in_with_az(applied, tmp_path / "bin")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"), prepend=":")
    assert label_of(applied, {"type": "azureCli"}).endswith("(Azure CLI)")


def test_nobody_signed_in_with_az_is_told_how(applied: Trial, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    platforms.signed_out_of_az(tmp_path / "bin")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"), prepend=":")
    with pytest.raises(SignInError, match="nobody is signed in with it") as refused:
        label_of(applied, {"type": "azureCli"})
    assert refused.value.next_step == f"run `az login --tenant {applied.tenant.id}`"


def test_a_certificate_that_is_not_the_application_s_is_told_which_to_register(
    applied: Trial, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    platforms.register_certificate(applied, tmp_path / "old.pem")
    (tmp_path / "old.pem").rename(tmp_path / "lost.pem")
    platforms.register_certificate(applied, tmp_path / "new.pem")
    monkeypatch.setenv("AZURE_CLIENT_ID", applied.tenant.runner.client_id)
    monkeypatch.setenv("AZURE_CLIENT_CERTIFICATE_PATH", str(tmp_path / "lost.pem"))
    with pytest.raises(SignInError, match="AADSTS700027") as refused:
        label_of(applied, {"type": "environment"})
    assert f"register the public part of {tmp_path / 'lost.pem'}" in refused.value.next_step


def test_a_file_that_is_no_certificate_is_told_without_a_word_of_it(
    applied: Trial, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "c.pem").write_text("-----BEGIN PRIVATE KEY-----\ncanary-09e1\n", encoding="ascii")
    monkeypatch.setenv("AZURE_CLIENT_ID", RUNNER)
    monkeypatch.setenv("AZURE_CLIENT_CERTIFICATE_PATH", str(tmp_path / "c.pem"))
    with pytest.raises(ProvisionerError, match="not a PEM or PKCS") as refused:
        label_of(applied, {"type": "environment"})
    assert "canary" not in "".join(traceback.format_exception(refused.value))


@pytest.mark.parametrize("kind", [of_github, of_azure_pipelines], ids=["GitHub", "Azure Pipelines"])
def test_without_auth_a_job_that_names_its_client_is_the_runner(
    applied: Trial, monkeypatch: pytest.MonkeyPatch, kind: Any
) -> None:
    auth = kind(applied, monkeypatch)
    monkeypatch.setenv("AZURE_CLIENT_ID", auth["clientId"])
    if "serviceConnection" in auth:
        monkeypatch.setenv("AZURESUBSCRIPTION_SERVICE_CONNECTION_ID", auth["serviceConnection"])
    assert "sam" in label_of(applied, None)


def test_nothing_but_what_auth_names_is_tried(applied: Trial, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AZURE_CLIENT_ID", applied.tenant.runner.client_id)
    monkeypatch.setenv("AZURE_CLIENT_SECRET", RUNNER_SECRET)
    applied.forget()
    with pytest.raises(ProvisionerError, match="ACTIONS_ID_TOKEN_REQUEST_URL is not set"):
        label_of(applied, {"type": "githubActions", "clientId": applied.tenant.runner.client_id})
    assert applied.requests() == []


def test_an_apply_outlives_the_token_of_its_job(trial: Trial, monkeypatch: pytest.MonkeyPatch) -> None:
    """A role takes 14 minutes to count; the job's tokens live five."""
    auth = of_github(trial, monkeypatch)
    trial.cloud.control("PUT", "lag", {"rbac": 14 * 60, "secret": 18})

    async def run() -> int:
        spec = trial.spec(auth=auth)
        async with trial.opened(spec=spec, by_environment=True) as tenant:
            started = tenant.clients.clock.now()
            result = await rounds(tenant, spec, Onlooker())
            assert (tenant.clients.clock.now() - started).total_seconds() > 14 * 60
            return result.exit_code()

    assert asyncio.run(run()) != FAILED


def test_a_token_that_ends_within_a_run_is_asked_for_with_a_new_assertion(
    applied: Trial, monkeypatch: pytest.MonkeyPatch
) -> None:
    auth = of_github(applied, monkeypatch)
    applied.forget()

    async def run() -> None:
        spec = applied.spec(auth=auth)
        async with applied.opened(spec=spec, by_environment=True) as tenant:
            graph = tenant.clients.cloud.graph
            before = await tenant.clients.credential.bearer(graph)
            await tenant.clients.clock.sleep(2 * 3600)
            assert await tenant.clients.credential.bearer(graph) != before
            assert await tenant.clients.graph.find_application(spec.name)

    asyncio.run(run())
    assert asked(applied)["issuers.github.token"] == asked(applied)["entra.token.v2"] == 4


def test_a_token_file_is_read_again_for_each_token_request(applied: Trial, tmp_path: Path) -> None:
    """azure-identity alone would keep what it read for ten minutes."""
    auth = of_a_pod(applied, tmp_path / "token")

    async def run() -> None:
        spec = applied.spec(auth=auth)
        async with applied.opened(spec=spec, by_environment=True) as tenant:
            await tenant.clients.clock.sleep(2 * 3600)
            with pytest.raises(SignInError, match="AADSTS700024") as expired:
                await tenant.clients.credential.bearer(tenant.clients.cloud.graph)
            assert "keeps the token file fresh" in expired.value.next_step
            (tmp_path / "token").write_text(platforms.pod_token(applied), encoding="ascii")
            assert await tenant.clients.credential.bearer(tenant.clients.cloud.graph)

    asyncio.run(run())


@pytest.mark.parametrize(
    ("subject", "issuer", "code"),
    [
        ("repo:contoso/sam:environment:test", platforms.GITHUB, "AADSTS700213"),
        ("repo:Contoso/sam:environment:prod", platforms.GITHUB, "AADSTS7002138"),
        (platforms.GITHUB_SUBJECT, f"{platforms.GITHUB}/contoso", "AADSTS700211"),
        (None, None, "AADSTS70021"),
    ],
    ids=["another environment", "case", "another issuer", "no trust at all"],
)
def test_a_token_nobody_trusts_is_told_with_the_trust_that_would_take_it(
    applied: Trial, monkeypatch: pytest.MonkeyPatch, subject: str | None, issuer: str | None, code: str
) -> None:
    in_a_job(applied, monkeypatch, "github", platforms.GITHUB_SUBJECT)
    if subject and issuer:
        platforms.trust(applied, issuer, subject)
    auth = {"type": "githubActions", "clientId": applied.tenant.runner.client_id}
    with pytest.raises(SignInError) as refused:
        label_of(applied, auth)
    assert refused.value.code == code
    command = shlex.split(refused.value.next_step[refused.value.next_step.index("az ad app") :])
    assert command[:6] == ["az", "ad", "app", "federated-credential", "create", "--id"]
    assert command[6] == auth["clientId"]
    wanted = json.loads(command[command.index("--parameters") + 1])
    assert (wanted["issuer"], wanted["subject"]) == (platforms.GITHUB, platforms.GITHUB_SUBJECT)
    assert wanted["audiences"] == [platforms.AUDIENCE]
    assert re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]{2,119}", wanted["name"])


def test_the_trust_in_the_remedy_is_one_that_entra_takes(applied: Trial, monkeypatch: pytest.MonkeyPatch) -> None:
    in_a_job(applied, monkeypatch, "github", platforms.GITHUB_SUBJECT)
    auth = {"type": "githubActions", "clientId": applied.tenant.runner.client_id}
    with pytest.raises(SignInError) as refused:
        label_of(applied, auth)
    wanted = json.loads(shlex.split(refused.value.next_step[refused.value.next_step.index("az ad app") :])[-1])
    applied.graph("POST", f"applications(appId='{auth['clientId']}')/federatedIdentityCredentials", wanted)
    assert label_of(applied, auth)


def test_a_client_that_the_tenant_does_not_know_is_told_as_the_runner(
    applied: Trial, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_a_job(applied, monkeypatch, "github", platforms.GITHUB_SUBJECT)
    with pytest.raises(SignInError, match="AADSTS700016") as refused:
        label_of(applied, {"type": "githubActions", "clientId": RUNNER})
    assert f"the runner {RUNNER} has no service principal" in refused.value.next_step


@pytest.mark.parametrize(
    ("auth", "variables", "names", "advice"),
    [
        ({"type": "githubActions"}, {}, "ACTIONS_ID_TOKEN_REQUEST_URL", "id-token: write"),
        (
            {"type": "githubActions"},
            {"ACTIONS_ID_TOKEN_REQUEST_URL": "https://evil.example/", "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "t"},
            "evil.example",
            "as the platform sets it",
        ),
        (
            {"type": "githubActions"},
            {
                "ACTIONS_ID_TOKEN_REQUEST_URL": "http://pipelines.actions.githubusercontent.com/x",
                "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "t",
            },
            "https",
            "as the platform sets it",
        ),
        (
            {"type": "azurePipelines", "serviceConnection": "c"},
            {"SYSTEM_OIDCREQUESTURI": "https://dev.azure.com/x"},
            "SYSTEM_ACCESSTOKEN",
            "SYSTEM_ACCESSTOKEN: $(System.AccessToken)",
        ),
        (
            {"type": "azurePipelines", "serviceConnection": "c"},
            {"SYSTEM_OIDCREQUESTURI": "https://dev.azure.com.evil.example/x", "SYSTEM_ACCESSTOKEN": "t"},
            "evil.example",
            "as the platform sets it",
        ),
        ({"type": "workloadIdentity"}, {}, "AZURE_FEDERATED_TOKEN_FILE", "auth.tokenFile"),
        ({"type": "workloadIdentity", "tokenFile": "/nowhere/token"}, {}, "/nowhere/token", "auth.tokenFile"),
        ({"type": "environment"}, {}, "AZURE_CLIENT_ID", "AZURE_CLIENT_ID"),
        ({"type": "environment"}, {"AZURE_CLIENT_ID": RUNNER}, "AZURE_CLIENT_SECRET", RUNNER),
        (
            {"type": "environment"},
            {"AZURE_CLIENT_ID": RUNNER, "AZURE_CLIENT_CERTIFICATE_PATH": "/nowhere/c.pem"},
            "/nowhere/c.pem",
            "AZURE_CLIENT_CERTIFICATE_PATH",
        ),
    ],
)
def test_what_an_environment_lacks_is_named_with_the_line_that_adds_it(
    applied: Trial,
    monkeypatch: pytest.MonkeyPatch,
    auth: dict[str, Any],
    variables: dict[str, str],
    names: str,
    advice: str,
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    asks_for_a_client = auth["type"] in ("githubActions", "azurePipelines", "workloadIdentity")
    applied.forget()
    with pytest.raises(ProvisionerError) as missing:
        label_of(applied, auth | ({"clientId": RUNNER} if asks_for_a_client else {}))
    assert names in missing.value.what
    assert advice in missing.value.next_step
    assert applied.requests() == []


def test_a_job_that_is_over_is_told_with_the_workflow_s_line(applied: Trial, monkeypatch: pytest.MonkeyPatch) -> None:
    auth = of_github(applied, monkeypatch)
    monkeypatch.setenv("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "canary-4d81f0")
    with pytest.raises(ProvisionerError, match="GitHub Actions answered 401") as refused:
        label_of(applied, auth)
    assert "id-token: write" in refused.value.next_step
    assert "canary" not in f"{refused.value.what} {refused.value.where} {refused.value.next_step}"
