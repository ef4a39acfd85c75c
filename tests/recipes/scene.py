"""A partner's tenant and a repository with its spec, and the four recipes of each platform over it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.cli.test_on_the_emulator import environment_of
from tests.kept import Kept
from tests.newcomer import Newcomer, newcomer
from tests.platforms import GITHUB, start_job, trust
from tests.recipes import azure_devops, gitlab
from tests.recipes.code_hosts import REPOSITORY, TOKEN, CodeHosts
from tests.recipes.github import Ended, Workflow
from tests.recipes.machine import Checkout
from tests.trial import Trial

GITLAB = "https://gitlab.com"
DEVOPS = "contoso/Partner Center"


@dataclass
class Scene:
    """reader: the identity that plans pull requests. Each run gets a new folder."""

    kept: Kept
    hosts: CodeHosts
    checkout: Checkout
    reader: Newcomer
    folder: Path
    runs: int = 0

    @property
    def trial(self) -> Trial:
        return self.kept.trial

    def specs(self, **changed: Any) -> Path:
        """The folder of the spec; its cloud is the emulator's, so that recipes are run as they are."""
        folder = self.new_folder() / "specs"
        folder.mkdir(parents=True)
        document = {**self.kept.document(), "cloud": "emulator", **changed}
        (folder / "trial.yaml").write_text(json.dumps(document), encoding="utf-8")
        return folder

    def new_folder(self) -> Path:
        self.runs += 1
        return self.folder / str(self.runs)

    def basics(self, host: str) -> dict[str, str]:
        """What every job's environment holds: where the emulator is, and where the platform's own API."""
        note = environment_of(self.trial.cloud)["PROVISIONER_EMULATOR"]
        return {"PROVISIONER_EMULATOR": note, "API": f"{self.hosts.address}/{host}"}


@dataclass
class Platform:
    """One platform's recipes. trusts: what an administrator set up once."""

    scene: Scene

    def trusts(self) -> None:
        raise NotImplementedError

    def plan_pull_request(self) -> Ended:
        raise NotImplementedError

    def apply(self) -> Ended:
        raise NotImplementedError

    def drift(self, **changed: Any) -> Ended:
        raise NotImplementedError

    def renew(self) -> Ended:
        raise NotImplementedError


class GitHub(Platform):
    def trusts(self) -> None:
        trial = self.scene.trial
        trust(trial, GITHUB, f"repo:{REPOSITORY}:pull_request", self.scene.reader.client_id)
        for name, about in (("main", "ref:refs/heads/main"), ("production", "environment:production")):
            trust(trial, GITHUB, f"repo:{REPOSITORY}:{about}", name=name)

    def plan_pull_request(self, repository: str = REPOSITORY) -> Ended:
        event = {"about": "pull_request", "pull_request.number": "12", "pull_request.head.repo.full_name": repository}
        return self._run("plan", event)

    def apply(self, approval: Callable[[], object] = lambda: None) -> Ended:
        return self._run("apply", approval=approval)

    def drift(self, **changed: Any) -> Ended:
        return self._run("drift", **changed)

    def renew(self) -> Ended:
        return self._run("renew")

    def _run(
        self,
        name: str,
        event: Mapping[str, str] | None = None,
        approval: Callable[[], object] = lambda: None,
        **changed: Any,
    ) -> Ended:
        scene = self.scene
        basics = scene.basics("github")
        known = {"PROVISIONER_EMULATOR": basics["PROVISIONER_EMULATOR"], "GITHUB_API_URL": basics["API"]}
        clients = {"PLAN": scene.reader.client_id, "APPLY": scene.trial.tenant.runner.client_id}
        return Workflow(
            name,
            scene.checkout,
            scene.specs(**changed),
            scene.new_folder(),
            lambda subject: known | start_job(scene.trial, "github", subject),
            {f"PROVISIONER_{use}_CLIENT_ID": client for use, client in clients.items()},
            event or {},
            approval,
        ).run()


@dataclass
class AzureDevOps(Platform):
    jobs: list[dict[str, str]] = field(default_factory=list)

    def trusts(self) -> None:
        for connection, client in self._connections().items():
            subject = f"sc://{DEVOPS}/{connection}"
            job = start_job(self.scene.trial, "azure-devops", subject)
            issuer = f"https://vstoken.dev.azure.com/{job['SYSTEM_COLLECTIONID']}"
            trust(self.scene.trial, issuer, subject, client, name="devops")

    def _connections(self) -> dict[str, str]:
        scene = self.scene
        return {"provisioner-plan": scene.reader.client_id, "provisioner-apply": scene.trial.tenant.runner.client_id}

    def plan_pull_request(self) -> Ended:
        return self._run({"Build.Reason": "PullRequest", "System.PullRequest.PullRequestId": "12"})

    def apply(self) -> Ended:
        return self._run({"Build.Reason": "IndividualCI"})

    def drift(self, **changed: Any) -> Ended:
        return self._run({"Build.Reason": "Schedule", "Build.CronSchedule.DisplayName": "nightly drift"}, **changed)

    def renew(self) -> Ended:
        return self._run({"Build.Reason": "Schedule", "Build.CronSchedule.DisplayName": "weekly renewal"})

    def _run(self, about: Mapping[str, str], **changed: Any) -> Ended:
        scene = self.scene
        basics = scene.basics("azure")
        known = {
            "TF_BUILD": "True",
            "Build.SourceBranch": "refs/heads/main",
            "Build.Repository.Id": "repository-1",
            "System.CollectionUri": f"{basics['API']}/contoso/",
            "System.TeamProject": "Partner Center",
            "PROVISIONER_EMULATOR": basics["PROVISIONER_EMULATOR"],
        }
        return azure_devops.Pipeline(
            scene.checkout, scene.specs(**changed), scene.new_folder(), self._connection, known | dict(about)
        ).run()

    def _connection(self, name: str) -> Mapping[str, str]:
        """What AzureCLI@2 adds to a step's environment."""
        job = start_job(self.scene.trial, "azure-devops", f"sc://{DEVOPS}/{name}")
        client = self._connections()[name]
        return job | {"AZURESUBSCRIPTION_CLIENT_ID": client, "AZURESUBSCRIPTION_TENANT_ID": self.scene.trial.tenant.id}


class GitLab(Platform):
    def trusts(self) -> None:
        trial = self.scene.trial
        trial.cloud.control("POST", "issuers", {"issuer": GITLAB})
        trust(trial, GITLAB, _subject("a-change"), self.scene.reader.client_id, name="gitlab")
        trust(trial, GITLAB, _subject("main"), name="gitlab")

    def plan_pull_request(self) -> Ended:
        about = {
            "CI_PIPELINE_SOURCE": "merge_request_event",
            "CI_MERGE_REQUEST_SOURCE_PROJECT_ID": "5",
            "CI_MERGE_REQUEST_IID": "12",
        }
        return self._run("a-change", about)

    def apply(self) -> Ended:
        return self._run("main", {"CI_PIPELINE_SOURCE": "push", "CI_COMMIT_BRANCH": "main"})

    def drift(self, **changed: Any) -> Ended:
        return self._run("main", {"CI_PIPELINE_SOURCE": "schedule", "PROVISIONER_JOB": "drift"}, **changed)

    def renew(self) -> Ended:
        return self._run("main", {"CI_PIPELINE_SOURCE": "schedule", "PROVISIONER_JOB": "renew"})

    def _run(self, branch: str, about: Mapping[str, str], **changed: Any) -> Ended:
        scene = self.scene
        basics = scene.basics("gitlab")
        known = {
            "CI_API_V4_URL": basics["API"],
            "CI_PROJECT_ID": "5",
            "CI_DEFAULT_BRANCH": "main",
            "PROVISIONER_GITLAB_TOKEN": TOKEN,
            "PROVISIONER_PLAN_CLIENT_ID": scene.reader.client_id,
            "PROVISIONER_APPLY_CLIENT_ID": scene.trial.tenant.runner.client_id,
            "PROVISIONER_EMULATOR": basics["PROVISIONER_EMULATOR"],
        }

        def id_token(audience: str) -> str:
            claims = {"sub": _subject(branch), "aud": audience}
            asked = {"issuer": GITLAB, "claims": claims, "lifeSeconds": 1800}
            token: str = scene.trial.cloud.control("POST", "tokens", asked)["token"]
            return token

        specs, folder = scene.specs(**changed), scene.new_folder()
        return gitlab.Pipeline(scene.checkout, specs, folder, {**known, **about}, id_token).run()


def _subject(branch: str) -> str:
    return f"project_path:{REPOSITORY}:ref_type:branch:ref:{branch}"


PLATFORMS: Mapping[str, Callable[[Scene], Platform]] = {"github": GitHub, "azure": AzureDevOps, "gitlab": GitLab}
READS = ("Directory.Read.All", "Policy.Read.All")


def reader_of(trial: Trial) -> Newcomer:
    """The identity that may look and do nothing."""
    made = newcomer(trial, *READS, name="Plans pull requests")
    made.may("Reader", f"/subscriptions/{trial.tenant.subscription}")
    made.may("Key Vault Reader", trial.vault_path)
    return made
