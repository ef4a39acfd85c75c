"""Why there is something to do: the world moved, the spec moved, or both, and since when."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from provisioner.core.address import Address
from provisioner.core.plan import Cause, Plan
from provisioner.core.step import Action, Change, Step
from provisioner.render.plan_text import plan_text
from provisioner.resources.kinds import KINDS
from provisioner.resources.marks import APPLIED_TAG, DIGEST_TAG, NOTES, OPEN_TAG, WANTED_TAG
from provisioner.resources.open_items import as_tag, from_tag, open_items
from tests.newcomer import Newcomer, newcomer
from tests.render.plans import DRIFT
from tests.trial import Trial, failures

LONGEST_TAG = 256


def _why(plan: Plan) -> tuple[Cause, datetime | None]:
    return plan.cause, plan.since


def _tags(trial: Trial) -> dict[str, str]:
    tags: dict[str, str] = trial.arm("GET", trial.vault_path)["tags"]
    return tags


def test_the_cause_tells_drift_from_change_and_both(trial: Trial) -> None:
    assert _why(trial.plan()) == (Cause.FIRST, None)
    trial.put_in_place()
    applied_at = datetime.fromisoformat(_tags(trial)[APPLIED_TAG])
    assert trial.clock().now() - applied_at < timedelta(minutes=5)
    assert _why(trial.plan()) == (Cause.NONE, applied_at)
    another_spec = trial.spec(vault__tags={"team": "another"})
    assert _why(trial.plan(another_spec)) == (Cause.CHANGE, applied_at)
    trial.change_application(displayName="Renamed")
    assert _why(trial.plan()) == (Cause.DRIFT, applied_at)
    assert _why(trial.plan(another_spec)) == (Cause.BOTH, applied_at)
    renamed = trial.spec(application__displayName="Another name")
    assert _why(trial.plan(renamed)) == (Cause.CHANGE, applied_at), "the spec asks for another name than it did"
    trial.fault("arm.vaults.get", "deny", count=None)
    assert _why(trial.plan()) == (Cause.UNKNOWN, None)


def test_what_verify_and_safety_say_is_no_change(applied: Trial) -> None:
    assert applied.plan(applied.spec(verify=None, safety={"maxRemovals": 3})).cause is Cause.NONE
    applied.change_application(displayName="Renamed")
    accepting = {"accept": ["preflight/appManagementPolicy"]}
    assert applied.plan(applied.spec(safety=accepting, vault__tags={"team": "x"})).cause is Cause.BOTH


def test_what_somebody_disabled_is_drift_though_a_person_puts_it_back(applied: Trial) -> None:
    principal = applied.principal(applied.application()["appId"])
    applied.graph("PATCH", f"servicePrincipals/{principal['id']}", {"accountEnabled": False})
    assert applied.plan().cause is Cause.DRIFT


def test_an_apply_that_noted_the_spec_alone_tells_an_edited_one_and_no_more(applied: Trial) -> None:
    tags = {name: tag for name, tag in _tags(applied).items() if name not in (WANTED_TAG, APPLIED_TAG)}
    applied.arm("PATCH", applied.vault_path, {"tags": tags})
    assert _why(applied.plan()) == (Cause.NONE, None)
    applied.change_application(displayName="Renamed")
    assert applied.plan(applied.spec(vault__tags={"team": "x"})).cause is Cause.CHANGE
    assert applied.plan().cause is Cause.DRIFT


@pytest.mark.parametrize("left", [APPLIED_TAG, WANTED_TAG, OPEN_TAG])
def test_a_run_is_not_the_first_where_another_note_says_so(applied: Trial, left: str) -> None:
    before = _tags(applied)
    applied.arm("PATCH", applied.vault_path, {"tags": {name: before[name] for name in ("provisioner", "team", left)}})
    assert applied.plan().cause is Cause.UNKNOWN
    applied.arm("PATCH", applied.vault_path, {"tags": {name: before[name] for name in ("provisioner", "team")}})
    assert applied.plan().cause is Cause.FIRST


def test_the_notes_are_written_with_another_spec_only_and_outlive_an_exact_list_of_tags(applied: Trial) -> None:
    before = _tags(applied)
    applied.change_application(displayName="Renamed")
    applied.apply()
    assert _tags(applied) == before
    exact = applied.spec(exact=["tags"], vault__tags={}, safety={"maxRemovals": 1})
    applied.apply(exact)
    after = _tags(applied)
    assert {name for name in NOTES if after[name] != before[name]} >= {DIGEST_TAG, WANTED_TAG}
    assert set(after) == {"provisioner", *NOTES}


def test_the_notes_fit_into_a_tag_of_azure(applied: Trial) -> None:
    noted = _tags(applied)[WANTED_TAG]
    assert len(noted) <= LONGEST_TAG
    assert [pair.partition("=")[0] for pair in noted.split()] == [kind.name for kind in KINDS[:-1]]


def test_a_plan_made_by_hand_says_nothing_of_a_time_that_nobody_noted() -> None:
    assert "changed outside since 2026-02-21 02:30 UTC" in plan_text(DRIFT)
    assert "changed outside\n" in plan_text(replace(DRIFT, since=None))


# what only a person can put right

TO_GRANT = "DelegatedPermissionGrant.ReadWrite.All"


@dataclass(frozen=True)
class Careful:
    """A tenant whose pipeline may read grants and give none, and an administrator who may."""

    trial: Trial
    administrator: Newcomer

    def revoke(self) -> dict[str, Any]:
        revoked = self.trial.grants()[0]
        self.administrator.graph("DELETE", f"oauth2PermissionGrants/{revoked['id']}")
        return revoked

    def grant(self, api: str, scope: str) -> None:
        body = {"clientId": self.trial.principal(self.trial.application()["appId"])["id"], "resourceId": api}
        self.administrator.graph(
            "POST", "oauth2PermissionGrants", body | {"consentType": "AllPrincipals", "scope": scope}
        )

    def grant_all(self) -> None:
        for api in self.trial.spec().delegated:
            self.grant(self.trial.principal(api.app_id)["id"], " ".join(api.delegated))

    def apply(self) -> list[str]:
        """What it wrote; it must not fail."""
        self.trial.forget()
        result = self.trial.apply()
        assert result.exit_code() == 3, failures(result)
        return self.trial.writes()


def _careful(trial: Trial) -> Careful:
    administrator = newcomer(trial, TO_GRANT)
    trial.take_from_the_runner(TO_GRANT)
    return Careful(trial, administrator)


def _for_a_person(plan: Plan) -> list[str]:
    return [step.address.kind for step in plan.for_a_person if step.address.kind != "refresh_token"]


def test_a_grant_that_vanished_is_drift_though_only_a_person_can_give_it(applied: Trial) -> None:
    careful = _careful(applied)
    applied_at = datetime.fromisoformat(_tags(applied)[APPLIED_TAG])
    revoked = careful.revoke()
    plan = applied.plan()
    assert (_why(plan), _for_a_person(plan), plan.pending) == ((Cause.DRIFT, applied_at), ["grant"], ())
    assert "changed outside" in plan_text(plan)
    assert careful.apply() == []
    assert applied.plan().cause is Cause.DRIFT, "an apply that may not mend it leaves it as it is"
    careful.grant(revoked["resourceId"], revoked["scope"])
    assert applied.plan().cause is Cause.NONE


def test_what_the_last_apply_left_to_a_person_is_no_drift_until_somebody_did_it(trial: Trial) -> None:
    careful = _careful(trial)
    careful.apply()
    plan = trial.plan()
    assert (plan.cause, _for_a_person(plan), plan.pending) == (Cause.NONE, ["grant", "grant"], ())
    assert careful.apply() == []
    careful.grant_all()
    plan = trial.plan()
    assert (plan.cause, plan.exit_code()) == (Cause.NONE, 3), "only the sign-in is missing, and that a note is no news"
    assert [(step.address.kind, step.operation) for step in plan.pending] == [("spec_digest", "record")]
    assert careful.apply() == ["PATCH arm.vaults.patch"]
    assert careful.apply() == []
    careful.revoke()
    assert trial.plan().cause is Cause.DRIFT


def test_what_came_open_beside_what_was_left_open_is_drift(trial: Trial) -> None:
    careful = _careful(trial)
    careful.apply()
    principal = trial.principal(trial.application()["appId"])["id"]
    trial.graph("PATCH", f"servicePrincipals/{principal}", {"accountEnabled": False})
    assert trial.plan().cause is Cause.DRIFT


@pytest.mark.parametrize("noted", [None, "too-many"])
def test_where_nobody_noted_what_was_left_open_nobody_says_that_nothing_moved(
    applied: Trial, noted: str | None
) -> None:
    tags = {name: tag for name, tag in _tags(applied).items() if name != OPEN_TAG}
    applied.arm("PATCH", applied.vault_path, {"tags": tags | ({OPEN_TAG: noted} if noted else {})})
    assert applied.plan().cause is Cause.NONE
    _careful(applied).revoke()
    plan = applied.plan()
    assert (plan.cause, plan.pending) == (Cause.UNKNOWN, ())


def test_what_is_open_fits_into_a_tag_of_azure_or_is_not_noted() -> None:
    address = Address("trial", "grant", "Microsoft Graph")
    many = [Step(address, Action.PERSON, fields=(Change("scope", None, str(number)),)) for number in range(100)]
    assert from_tag(as_tag(open_items(many[:30]))) == open_items(many[:30])
    assert len(as_tag(open_items(many))) <= LONGEST_TAG
    assert from_tag(as_tag(open_items(many))) is None
    assert from_tag(as_tag(frozenset())) == frozenset()
