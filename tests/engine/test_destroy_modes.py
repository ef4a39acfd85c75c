"""destroy of what was there before us: our marks, credentials, secrets and roles go, the things themselves stay."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from itertools import count
from typing import Any

import pytest

from provisioner.core.errors import LockedError, ProtectedError
from provisioner.core.step import Action
from provisioner.emulator.seed.directory import CONTOSO
from provisioner.resources.token_state import CONTENT_TYPE
from provisioner.spec.model import Spec
from tests.conftest import REPLY_URLS
from tests.engine.endings import Killed, Silent, Unanswered, Unsent
from tests.inherited import Inherited
from tests.platforms import AUDIENCE, GITHUB, GITHUB_SUBJECT
from tests.rehearsal import SECRET, served
from tests.removal import Lock, Row, cloud_of, destroy, plan_to_destroy
from tests.trial import CREDENTIAL, NAME, failures

CERTIFICATE = {"type": "certificate", "lifetime": "90d", "rotateBefore": "30d", "overlap": "7d"}
MODES = ("adopt", "use")
THEIR_SECRET = "their-connection"


@pytest.fixture(scope="module")
def inherited(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Inherited]:
    """For each mode a snapshot with everything in place, a refresh token and others' things too."""
    with served(tmp_path_factory.mktemp("cloud")) as cloud:
        tenant = Inherited(cloud, CONTOSO, REPLY_URLS)
        _make(tenant)
        cloud.control("POST", "snapshot", {"name": "found"})
        for mode in MODES:
            tenant.mode = mode
            tenant.back_to("found")
            result = tenant.apply()
            assert not failures(result)
            _others_inside(tenant)
            cloud.control("POST", "snapshot", {"name": mode})
        yield tenant


def _make(tenant: Inherited) -> None:
    """As somebody else made them, who also registered and granted what a spec that only uses them asks for."""
    tenant.make(web={"redirectUris": [*REPLY_URLS], "homePageUrl": "https://localhost:44395/"})


def _others_inside(tenant: Inherited) -> None:
    tenant.secrets("PUT", f"secrets/{THEIR_SECRET}", {"value": "theirs"})
    tags = {"provisioner": NAME, "appId": tenant.app_id, "tenant": tenant.tenant.id, "mfa": "true"}
    tags |= {"clientType": "confidential", "account": tenant.tenant.operator}
    token = {"value": "a refresh token", "contentType": CONTENT_TYPE, "tags": tags}
    tenant.secrets("PUT", f"secrets/{SECRET}", token)
    tenant.forget()


@pytest.fixture(params=MODES)
def kept(inherited: Inherited, request: pytest.FixtureRequest) -> Inherited:
    inherited.mode = request.param
    inherited.back_to(request.param)
    return inherited


@pytest.fixture
def adopted(inherited: Inherited) -> Inherited:
    inherited.mode = "adopt"
    inherited.back_to("adopt")
    return inherited


@pytest.fixture
def used(inherited: Inherited) -> Inherited:
    inherited.mode = "use"
    inherited.back_to("use")
    return inherited


def _marked(cloud: dict[Row, str]) -> set[str]:
    """The kinds of live objects that carry a mark of ours."""
    live = {row: body for row, body in cloud.items() if not row[0].startswith("deleted")}
    return {
        kind
        for (kind, _, _), body in live.items()
        if f'"provisioner": "{NAME}"' in body or f"provisioner:{NAME}" in body
    }


def _names(tenant: Inherited) -> list[str]:
    cloud = cloud_of(tenant)
    return sorted(key for kind, scope, key in cloud if kind == "secret" and scope == tenant.vault)


def test_the_things_stay_and_what_is_ours_in_them_goes(kept: Inherited) -> None:
    assert _marked(cloud_of(kept)) >= {"application", "secret", "roleAssignment"}
    before, vault = kept.application(), kept.the_vault()
    grants = kept.grants()
    result = destroy(kept, kept.spec())
    assert result.exit_code() == 0, failures(result)
    assert _marked(cloud_of(kept)) == set()
    after = kept.application()
    assert after["tags"] == ["HideApp"]
    assert [each["displayName"] for each in after["passwordCredentials"]] == ["theirs"]
    own = ("tags", "passwordCredentials")
    assert {key: value for key, value in after.items() if key not in own} == {
        key: value for key, value in before.items() if key not in own
    }
    assert kept.grants() == grants
    tags = vault["tags"]
    if kept.mode == "adopt":
        tags = {name: tag for name, tag in tags.items() if not name.startswith("provisioner")}
    assert kept.the_vault() == vault | {"tags": tags, "systemData": kept.the_vault().get("systemData")}
    assert not [name for name in kept.the_vault()["tags"] if name.startswith("provisioner")]
    assert any("arm.vaults." in write for write in kept.writes()) == (kept.mode == "adopt"), "used: never written"
    assert _names(kept) == [THEIR_SECRET]
    assert kept.arm("GET", kept.group_path, version="2022-09-01")["tags"] == {"team": "theirs"}


def test_what_went_can_be_recovered(kept: Inherited) -> None:
    destroy(kept, kept.spec())
    deleted = {key for kind, _, key in cloud_of(kept) if kind == "deletedSecret"}
    assert deleted == {SECRET, CREDENTIAL}


def test_the_runner_s_own_role_goes_last_of_all(kept: Inherited) -> None:
    spec = kept.spec()
    steps = plan_to_destroy(kept, spec).pending
    assert steps[-1].address.key == "Key Vault Secrets Officer/runner"
    destroy(kept, spec)
    deletes = [each for each in kept.requests() if each["method"] in ("DELETE", "PATCH", "POST") and _writes(each)]
    assert deletes[-1]["operation"] == "arm.role_assignments.delete"


def _writes(request: Any) -> bool:
    return not request["operation"].startswith(("entra.", "graph.batch"))


def test_grants_of_an_adopted_application_are_told_with_the_command(adopted: Inherited) -> None:
    shown = [step for step in plan_to_destroy(adopted, adopted.spec()).steps if step.address.kind == "grant"]
    assert {step.action for step in shown} == {Action.NONE}
    assert all("az rest --method DELETE" in step.reason and step.kept for step in shown)
    assert any("also what apply granted" in notice.text for notice in plan_to_destroy(adopted, adopted.spec()).notices)


def test_one_permission_stays_and_several_stay(adopted: Inherited) -> None:
    kinds = ("grant", "app_role_assignment")
    shown = [step for step in plan_to_destroy(adopted, adopted.spec()).steps if step.address.kind in kinds]
    assert {len(step.kept) == 1 for step in shown} == {True, False}
    for step in shown:
        assert (" stays granted: it may" in step.reason) == (len(step.kept) == 1)
        assert (" stay granted: they may" in step.reason) == (len(step.kept) > 1)


def test_a_mark_that_is_taken_off_what_stays_is_no_deletion_and_shows_no_notes(adopted: Inherited) -> None:
    plan = plan_to_destroy(adopted, adopted.spec())
    released = {step.address.kind: step for step in plan.pending if step.operation == "remove mark"}
    assert {kind: step.action for kind, step in released.items()} == {
        "application": Action.UPDATE,
        "vault": Action.UPDATE,
    }
    assert [change.path for change in released["vault"].fields] == [
        "vault.tags.provisioner",
        "vault.tags.provisioner-adopted",
    ]
    assert "notes of ours" in released["vault"].reason


def test_a_refused_certificate_names_the_role_for_certificates(adopted: Inherited) -> None:
    spec = adopted.spec(application__credential=CERTIFICATE)
    assert not failures(adopted.apply(spec))
    adopted.fault("key_vault.certificates.delete", "deny", code="ForbiddenByRbac", count=None)
    result = destroy(adopted, spec)
    assert result.report is not None
    (error,) = [each.error for each in result.report.results if each.error is not None]
    assert error.next_step.startswith("give the runner one of: Key Vault Certificates Officer")


def test_a_second_destroy_of_what_was_adopted_finds_nothing(adopted: Inherited) -> None:
    destroy(adopted, adopted.spec())
    adopted.forget()
    assert plan_to_destroy(adopted, adopted.spec()).steps == ()
    assert destroy(adopted, adopted.spec()).exit_code() == 0
    assert adopted.writes() == []


def test_a_second_destroy_of_what_is_used_does_not_claim_to_know_what_it_may_no_longer_see(used: Inherited) -> None:
    """The role that let the runner look was ours, and went last."""
    destroy(used, used.spec())
    used.forget()
    result = destroy(used, used.spec())
    assert result.exit_code() == 4
    assert {step.address.kind for step in result.after.unknown} == {"credential", "refresh_token"}
    assert all("Key Vault Reader" in step.todo for step in result.after.unknown)
    assert used.writes() == []


@pytest.mark.parametrize("purge", [False, True])
def test_a_token_that_a_consumer_wrote_back_is_ours_and_goes(adopted: Inherited, purge: bool) -> None:
    adopted.secrets("PUT", f"secrets/{SECRET}", {"value": "newer, without our tags"})
    result = destroy(adopted, adopted.spec(), purge=purge)
    assert result.exit_code() == 0, failures(result)
    assert _names(adopted) == [THEIR_SECRET]
    assert bool({key for kind, _, key in cloud_of(adopted) if kind == "deletedSecret"}) != purge


def test_a_secret_of_the_spec_s_name_that_never_was_ours_stays(adopted: Inherited) -> None:
    adopted.secrets("DELETE", f"secrets/{SECRET}")
    adopted.secrets("DELETE", f"deletedsecrets/{SECRET}")
    adopted.secrets("PUT", f"secrets/{SECRET}", {"value": "theirs"})
    assert destroy(adopted, adopted.spec()).exit_code() == 0
    assert _names(adopted) == sorted([SECRET, THEIR_SECRET])


def test_of_the_runner_s_roles_the_one_that_shows_what_is_left_goes_last(adopted: Inherited) -> None:
    spec = adopted.spec(application__credential=CERTIFICATE)
    assert not failures(adopted.apply(spec))
    roles = [step.address.key for step in plan_to_destroy(adopted, spec).pending if step.last]
    officers = ("Key Vault Certificates Officer", "Key Vault Crypto User", "Key Vault Secrets Officer")
    assert roles == [f"{role}/runner" for role in officers]


def test_certificates_and_keys_of_ours_go_and_the_others_on_the_application_stay(adopted: Inherited) -> None:
    spec = adopted.spec(application__credential=CERTIFICATE)
    result = adopted.apply(spec)
    assert not failures(result)
    application = adopted.application()
    assert application["keyCredentials"] and len(application["passwordCredentials"]) == 2, "the overlap is not over"
    result = destroy(adopted, spec)
    assert result.exit_code() == 0, failures(result)
    after = adopted.application()
    assert (after["keyCredentials"], [each["displayName"] for each in after["passwordCredentials"]]) == ([], ["theirs"])
    assert not [row for row in cloud_of(adopted) if row[0] in ("certificate", "key")]
    assert _names(adopted) == [THEIR_SECRET]


def test_the_mark_goes_after_what_the_vault_still_has_of_an_earlier_type_of_credential(adopted: Inherited) -> None:
    trust = {"type": "federated", "issuer": GITHUB, "subject": GITHUB_SUBJECT, "audience": AUDIENCE}
    steps = plan_to_destroy(adopted, adopted.spec(application__credential=trust)).pending
    (release,) = [step for step in steps if step.address.kind == "vault"]
    assert {need.kind for need in release.needs} >= {"credential", "refresh_token"}


def test_while_the_vault_s_contents_cannot_be_read_neither_mark_nor_role_is_taken(kept: Inherited) -> None:
    kept.fault("key_vault.secrets.list", "deny", count=None)
    assert destroy(kept, kept.spec()).exit_code() == 4
    assert not [each for each in kept.writes() if "arm.vaults." in each or "key_vault." in each]
    kept.cloud.control("DELETE", "faults")
    (left,) = [step.address.key for step in plan_to_destroy(kept, kept.spec()).pending if step.last]
    assert left == "Key Vault Secrets Officer/runner", "without it nobody could look"
    assert destroy(kept, kept.spec()).exit_code() == 0
    assert _marked(cloud_of(kept)) == set()


def test_an_adopted_thing_that_is_protected_is_not_let_go_either(adopted: Inherited) -> None:
    with pytest.raises(ProtectedError):
        destroy(adopted, adopted.spec(vault__protect=True))
    assert adopted.writes() == []


@pytest.mark.parametrize(("level", "refuses"), [("CanNotDelete", "withdraw"), ("ReadOnly", "remove mark|withdraw")])
def test_a_lock_on_a_vault_that_stays_refuses_what_it_would_refuse(kept: Inherited, level: str, refuses: str) -> None:
    Lock.put(kept, kept.vault_path, level)
    with pytest.raises(LockedError, match=refuses):
        destroy(kept, kept.spec())
    assert kept.writes() == []


def test_adopting_again_after_a_destroy_brings_the_token_back_and_ends_clean(adopted: Inherited) -> None:
    """A round for the role, one for what comes back with it, one for the credential that was taken off."""
    versions = [each["id"] for each in adopted.versions()]
    destroy(adopted, adopted.spec())
    for _ in range(2):
        assert not failures(adopted.apply())
    assert adopted.plan().exit_code() == 0
    assert [each["id"] for each in adopted.versions()] == versions


def test_purge_takes_the_secrets_for_good_and_leaves_the_things(kept: Inherited) -> None:
    before = kept.application()["id"]
    result = destroy(kept, kept.spec(), purge=True)
    assert result.exit_code() == 0, failures(result)
    cloud = cloud_of(kept)
    assert not {key for kind, _, key in cloud if kind.startswith("deleted")}
    assert (kept.application()["id"], kept.the_vault()["name"]) == (before, kept.vault)
    assert _names(kept) == [THEIR_SECRET]


def test_in_a_vault_with_purge_protection_the_secrets_are_held(adopted: Inherited) -> None:
    adopted.arm("PATCH", adopted.vault_path, {"properties": {"enablePurgeProtection": True}})
    held = [
        step for step in plan_to_destroy(adopted, adopted.spec(), purge=True).steps if "cannot be purged" in step.reason
    ]
    assert {step.address.kind for step in held} == {"credential", "refresh_token"}
    assert destroy(adopted, adopted.spec(), purge=True).exit_code() == 0
    assert {key for kind, _, key in cloud_of(adopted) if kind == "deletedSecret"} == {SECRET, CREDENTIAL}


@pytest.mark.parametrize("ending", [Unsent, Unanswered])
def test_killed_anywhere_the_next_destroy_finishes(adopted: Inherited, ending: type[Silent]) -> None:
    spec: Spec = adopted.spec()
    for at in count(1):
        adopted.back_to("adopt")
        kill = ending(at)
        with suppress(Killed):
            destroy(adopted, spec, kill)
        if kill.sent < at:
            break
        result = destroy(adopted, spec)
        assert result.exit_code() == 0, (at, failures(result), result.after.unknown)
        assert _marked(cloud_of(adopted)) == set(), at
        assert _names(adopted) == [THEIR_SECRET], at
    assert at > 7, "credential, two secrets, two marks, three roles"
