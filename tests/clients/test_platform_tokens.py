"""An application whose credential is a trust: it works inside the job that is trusted, and says so elsewhere."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import jwt
import pytest

from provisioner.clients.clouds import CLOUDS
from provisioner.core.errors import ConsentError, CredentialMissingError
from provisioner.emulator.seed.directory import CONTOSO
from provisioner.operations.consent import ConsentOptions, consent
from provisioner.operations.renew import renew
from provisioner.operations.token import token
from provisioner.operations.verify import verify
from provisioner.resources.credential.place import place_of
from provisioner.resources.credential.proof import proof_in_force
from provisioner.spec.model import Spec
from provisioner.spec.trust import AUDIENCES
from provisioner.verify.checks import Status
from tests import platforms
from tests.consent.conftest import free_port
from tests.consent.player import Player
from tests.rehearsal import served
from tests.trial import Onlooker, Trial, failures

TRUSTS = {
    "github": {"github": {"repository": "contoso/sam", "environment": "prod"}},
    "azure-devops": {
        "azureDevOps": {
            "organization": "contoso",
            "organizationId": "",
            "project": "sam",
            "serviceConnection": "production",
        }
    },
}
SUBJECTS = {"github": platforms.GITHUB_SUBJECT, "azure-devops": platforms.DEVOPS_SUBJECT}


@pytest.fixture(scope="module")
def in_place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trial]:
    """An application that trusts a job of GitHub Actions, with a reply URL this machine can listen on."""
    with served(tmp_path_factory.mktemp("cloud")) as cloud:
        trial = Trial(cloud, CONTOSO, (f"http://localhost:{free_port()}/",))
        result = trial.apply(spec_of(trial))
        assert result.exit_code() == 3, failures(result)
        cloud.control("POST", "snapshot", {"name": "in place"})
        yield trial


@pytest.fixture
def trial(in_place: Trial, monkeypatch: pytest.MonkeyPatch) -> Trial:
    platforms.forget_identities(monkeypatch)
    return in_place.back_to("in place")


def spec_of(trial: Trial, trust: Any = None) -> Spec:
    credential = {"type": "federated", "trust": trust or TRUSTS["github"]}
    return trial.spec(application__credential=credential)


def in_a_job(trial: Trial, monkeypatch: pytest.MonkeyPatch, platform: str, subject: str) -> dict[str, str]:
    job = platforms.start_job(trial, platform, subject)
    for name, value in job.items():
        monkeypatch.setenv(name, value)
    return job


def prove(trial: Trial, spec: Spec) -> None:
    """One token request of the application."""

    async def run() -> None:
        async with trial.opened(spec=spec) as tenant:
            application = await tenant.clients.graph.find_application(spec.name)
            assert application
            proof = await proof_in_force(tenant.clients, place_of(spec))
            await tenant.clients.entra(application.app_id, proof).prove_credential()

    asyncio.run(run())


def sign_in(trial: Trial, spec: Spec, player: Player) -> None:
    async def run() -> None:
        async with trial.opened(spec=spec) as tenant:
            await consent(tenant.clients, spec, player, ConsentOptions(timeout_s=20))

    asyncio.run(run())


def checked(trial: Trial, spec: Spec) -> dict[str, Status]:
    async def run() -> dict[str, Status]:
        async with trial.opened(spec=spec) as tenant:
            return {check.name: check.status for check in await verify(tenant.clients, spec)}

    return asyncio.run(run())


def test_inside_the_trusted_job_consent_and_verify_work_each_with_tokens_of_its_own(
    trial: Trial, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = spec_of(trial)
    in_a_job(trial, monkeypatch, "github", platforms.GITHUB_SUBJECT)
    sign_in(trial, spec, Player(trial.cloud.robot, trial.operator))
    assert trial.token()
    trial.cloud.control("POST", "clock", {"advanceSeconds": 1200})
    trial.forget()
    assert set(checked(trial, spec).values()) == {Status.PASS}
    requests = trial.requests()
    of_application = [
        each for each in requests if each["operation"].startswith("entra.token.") and "assertion" in str(each)
    ]
    asked = [each for each in requests if each["operation"] == "issuers.github.token"]
    assert len(asked) == len(of_application) > 0


def test_inside_it_the_token_is_renewed_and_scripts_get_theirs(trial: Trial, monkeypatch: pytest.MonkeyPatch) -> None:
    spec = spec_of(trial)
    in_a_job(trial, monkeypatch, "github", platforms.GITHUB_SUBJECT)
    sign_in(trial, spec, Player(trial.cloud.robot, trial.operator))

    async def run() -> None:
        async with trial.opened(spec=spec) as tenant:
            await renew(tenant, spec, Onlooker())
            assert await token(tenant.clients, spec, tenant.clients.cloud.partner_center_scope)

    asyncio.run(run())
    assert len(trial.versions()) == 2


def test_outside_it_no_browser_opens(trial: Trial) -> None:
    player = Player(trial.cloud.robot, trial.operator)
    with pytest.raises(ConsentError, match="no token that the application could trust") as refused:
        sign_in(trial, spec_of(trial), player)
    assert f"it trusts subject {platforms.GITHUB_SUBJECT}" in refused.value.what
    assert "where the credential's subject runs" in refused.value.next_step
    assert player.endings == []


def test_a_job_that_may_not_ask_is_told_the_workflow_s_line(trial: Trial, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    with pytest.raises(CredentialMissingError, match="ACTIONS_ID_TOKEN_REQUEST_URL is not set") as refused:
        prove(trial, spec_of(trial))
    assert "id-token: write" in refused.value.next_step


@pytest.mark.parametrize(
    "subject",
    ["repo:contoso/sam:environment:test", "repo:Contoso/sam:environment:prod", "repo:contoso/sam:pull_request"],
)
def test_a_token_of_another_subject_never_leaves_and_both_are_named(
    trial: Trial, monkeypatch: pytest.MonkeyPatch, subject: str
) -> None:
    in_a_job(trial, monkeypatch, "github", subject)
    spec = spec_of(trial)
    trial.forget()
    with pytest.raises(CredentialMissingError) as refused:
        prove(trial, spec)
    assert f"subject {subject} by issuer {platforms.GITHUB}" in refused.value.what
    assert f"trusts subject {platforms.GITHUB_SUBJECT} by issuer {platforms.GITHUB}" in refused.value.what
    assert "client_assertion" not in str([each for each in trial.requests() if "entra" in each["operation"]])


def test_a_job_of_azure_pipelines_is_trusted_by_its_service_connection(
    trial: Trial, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = in_a_job(trial, monkeypatch, "azure-devops", platforms.DEVOPS_SUBJECT)
    trust = TRUSTS["azure-devops"]["azureDevOps"] | {"organizationId": job["SYSTEM_COLLECTIONID"]}
    spec = spec_of(trial, {"azureDevOps": trust})
    result = trial.apply(spec)
    assert not failures(result)
    prove(trial, spec)


def test_a_pod_is_trusted_by_its_service_account(trial: Trial, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text(platforms.pod_token(trial), encoding="ascii")
    monkeypatch.setenv("AZURE_FEDERATED_TOKEN_FILE", str(file))
    trust = {"kubernetes": {"issuer": platforms.CLUSTER, "namespace": "sam", "serviceAccount": "provisioner"}}
    spec = spec_of(trial, trust)
    result = trial.apply(spec)
    assert not failures(result)
    prove(trial, spec)
    file.write_text(platforms.pod_token(trial, audience="https://kubernetes.default.svc"), encoding="ascii")
    with pytest.raises(CredentialMissingError, match=r"for audience https://kubernetes\.default\.svc; the application"):
        prove(trial, spec)
    file.write_text("not a token", encoding="ascii")
    with pytest.raises(CredentialMissingError, match="not a JWT"):
        prove(trial, spec)


def test_on_the_emulator_a_managed_identity_of_the_machine_is_not_asked(trial: Trial) -> None:
    spec = spec_of(trial, {"managedIdentity": {"principal": "5a6f7c1e-0000-4000-8000-000000000001"}})
    with pytest.raises(CredentialMissingError, match="no managed identity"):
        prove(trial, spec)


@pytest.mark.parametrize("of", ["the one trusted", "another"])
def test_a_managed_identity_s_token_for_the_exchange_is_asked_for_and_compared(trial: Trial, of: str) -> None:
    """Entra's v2 token names its resource by an id; what Entra makes of it the emulator cannot show."""
    principal, other = "5a6f7c1e-0000-4000-8000-000000000001", "5a6f7c1e-0000-4000-8000-000000000002"
    issuer = f"https://login.microsoftonline.com/{trial.tenant.id}/v2.0"
    claims = {"iss": issuer, "sub": principal if of == "the one trusted" else other, "aud": "an id of Entra's"}
    token = jwt.encode(claims, "k" * 32, algorithm="HS256")
    spec = spec_of(trial, {"managedIdentity": {"principal": principal}})

    async def run() -> None:
        async with AsyncExitStack() as stack:
            vouching = platforms.metadata_service(trial, vouching={platforms.AUDIENCE: token})
            machine = await stack.enter_async_context(vouching)
            tenant = await stack.enter_async_context(trial.opened(machine, spec=spec))
            found = await tenant.clients.platform.token(platforms.AUDIENCE)
            assert found.reveal() == token

    if of == "the one trusted":
        asyncio.run(run())
    else:
        with pytest.raises(CredentialMissingError, match=f"has subject {other} by issuer {issuer}"):
            asyncio.run(run())


@pytest.mark.parametrize("named", ["by the environment", "by auth"])
def test_a_job_in_a_pod_has_the_token_that_the_trust_is_about(
    trial: Trial, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, named: str
) -> None:
    in_a_job(trial, monkeypatch, "github", platforms.GITHUB_SUBJECT)
    (tmp_path / "token").write_text(platforms.pod_token(trial), encoding="ascii")
    credential = {"type": "federated", "issuer": platforms.CLUSTER, "subject": platforms.POD_SUBJECT}
    more: dict[str, Any] = {}
    if named == "by the environment":
        monkeypatch.setenv("AZURE_FEDERATED_TOKEN_FILE", str(tmp_path / "token"))
    else:
        client_id = trial.tenant.runner.client_id
        more = {"auth": {"type": "workloadIdentity", "clientId": client_id, "tokenFile": str(tmp_path / "token")}}
    of_pod = trial.spec(application__credential=credential, **more)
    assert not failures(trial.apply(of_pod))
    prove(trial, of_pod)
    of_job = spec_of(trial)
    assert not failures(trial.apply(of_job))
    prove(trial, of_job)


@pytest.mark.parametrize("cloud", sorted(CLOUDS))
def test_the_spec_s_audience_of_a_trust_is_the_one_the_runner_asks_for(cloud: str) -> None:
    assert AUDIENCES.get(cloud, platforms.AUDIENCE) == CLOUDS[cloud].exchange_audience
