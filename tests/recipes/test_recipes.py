"""The recipes of docs/ci.md from end to end: their own files, every block in bash, on the emulator and its issuers.

Of the platforms' servers only what recipes ask of them is there: identity tokens by the emulator, REST by a stand-in.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from provisioner.emulator.seed.directory import CONTOSO
from tests.consent.conftest import free_port
from tests.kept import Kept, value_of
from tests.recipes.code_hosts import code_hosts
from tests.recipes.machine import Checkout, check_out
from tests.recipes.scene import PLATFORMS, GitHub, Scene, reader_of
from tests.rehearsal import served
from tests.trial import Trial

HOME = "https://localhost:1/"


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    return check_out(tmp_path_factory.mktemp("checkout"))


@pytest.fixture(scope="module")
def made(checkout: Checkout, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    """Everything in place, somebody signed in, and each platform trusted."""
    with served(tmp_path_factory.mktemp("cloud")) as cloud, code_hosts() as hosts:
        trial = Trial(cloud, CONTOSO, (f"http://localhost:{free_port()}/", "https://localhost:44395/"))
        kept = Kept(trial, "secret")
        kept.apply()
        kept.sign_in()
        scene = Scene(kept, hosts, checkout, reader_of(trial), tmp_path_factory.mktemp("runs"))
        for platform in PLATFORMS.values():
            platform(scene).trusts()
        GitHub(scene).apply()  # the spec of the recipes is the one last applied
        cloud.control("POST", "snapshot", {"name": "signed in"})
        yield scene


@pytest.fixture
def scene(made: Scene) -> Scene:
    made.trial.back_to("signed in")
    made.hosts.forget()
    return made


def changed_behind_our_back(scene: Scene) -> None:
    scene.trial.change_application(web={"homePageUrl": HOME})
    scene.trial.forget()


def signed_in(scene: Scene) -> set[str]:
    """The client ids that asked for tokens, each with a token of the platform's in its hand."""
    asked = [each for each in scene.trial.requests() if each["operation"].startswith("entra.token")]
    bodies = [each["request"]["body"] for each in asked]
    assert all("client_assertion" in body or body["grant_type"] == "refresh_token" for body in bodies)
    return {body["client_id"] for body in bodies}


@pytest.mark.parametrize("platform", PLATFORMS)
def test_a_change_is_told_applied_watched_and_renewed(scene: Scene, platform: str) -> None:
    recipes, hosts = PLATFORMS[platform](scene), scene.hosts
    changed_behind_our_back(scene)

    planned = recipes.plan_pull_request()
    assert planned.green, planned.log
    assert signed_in(scene) == {scene.reader.client_id}
    assert not scene.trial.writes()
    (comment,) = hosts.comments
    assert "changes are pending" in comment["body"]
    assert HOME in comment["body"]

    scene.trial.forget()
    night = recipes.drift()
    assert night.green, night.log
    (issue,) = hosts.issues
    assert issue["open"]
    assert "changes are pending" in str(issue)

    assert signed_in(scene) >= {CONTOSO.runner.client_id}

    applied = recipes.apply()
    assert applied.green, applied.log
    assert scene.trial.application()["web"]["homePageUrl"] != HOME

    before = value_of(scene.kept.token())
    renewed = recipes.renew()
    assert renewed.green, renewed.log
    assert value_of(scene.kept.token()) != before

    log = planned.log + night.log + applied.log + renewed.log
    assert not any(secret in log for secret in (before, value_of(scene.kept.token()), "eyJ"))


# GitHub's alone: the same scripts tell the codes apart everywhere


def test_the_night_tells_apart_what_it_found_in_one_issue(scene: Scene) -> None:
    recipes, trial, hosts = GitHub(scene), scene.trial, scene.hosts
    assert recipes.drift().green
    assert not hosts.issues

    trial.fault("arm.role_assignments.list*", "deny", count=None)
    unread = recipes.drift()
    (issue,) = hosts.issues
    assert (unread.green, issue["title"]) == (False, "provisioner plan: could not tell")
    trial.cloud.control("DELETE", "faults")

    failed = recipes.drift(tenant="5b7f3c1e-2d49-4a86-9f0b-c83d1e6a7245")
    assert (failed.green, issue["title"]) == (False, "provisioner plan: failed")
    assert "the emulator has no tenant 5b7f3c1e" in issue["body"]

    assert recipes.drift().green
    assert (len(hosts.issues), issue["open"]) == (1, False)

    trial.cloud.control("PATCH", f"users?id={CONTOSO.operator_id}", {"revokeSessions": True})
    revoked = recipes.drift()
    renewal = recipes.renew()
    _, *titles = [each["title"] for each in hosts.issues]
    assert (revoked.green, renewal.green) == (True, True)
    assert titles == ["provisioner plan: a person must act", "provisioner renew: a person must act"]
    assert "provisioner consent specs/trial.yaml" in hosts.issues[-1]["body"]


def test_a_fork_s_pull_request_gets_no_token_and_no_plan(scene: Scene) -> None:
    assert not GitHub(scene).plan_pull_request("somebody/partner").jobs
    assert not scene.trial.requests()


def test_where_nothing_is_pending_nobody_is_asked_to_approve(scene: Scene) -> None:
    ended = GitHub(scene).apply()
    assert (ended.green, ended.jobs) == (True, {"plan": {"exit-code": "0"}})


def test_a_plan_that_no_longer_holds_after_the_approval_is_not_applied(scene: Scene) -> None:
    changed_behind_our_back(scene)

    def meanwhile() -> None:
        scene.trial.change_application(web={"homePageUrl": f"{HOME}again"})
        scene.trial.forget()

    ended = GitHub(scene).apply(meanwhile)
    assert not ended.green
    assert "homePageUrl" in ended.log
    assert not scene.trial.writes()
