"""Why there is something to do: the world moved, the spec moved, or both, and since when."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from provisioner.core.plan import Cause, Plan
from provisioner.render.plan_text import plan_text
from provisioner.resources.kinds import KINDS
from provisioner.resources.marks import APPLIED_TAG, DIGEST_TAG, NOTES, WANTED_TAG
from tests.render.plans import DRIFT
from tests.trial import Trial

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
