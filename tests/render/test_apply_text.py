from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

import pytest
from syrupy.assertion import SnapshotAssertion

from provisioner.core.address import Address
from provisioner.core.errors import ForbiddenError
from provisioner.core.plan import Cause, Plan
from provisioner.core.report import Outcome, Report, StepResult
from provisioner.core.step import Action, Step
from provisioner.render.apply_text import applied_json, applied_lines, applied_summary
from provisioner.render.layout import plain
from provisioner.verify.checks import Check, Status
from tests.render.plans import CLEAN, DESTROY, DESTROYED, FIRST, NAME, PERSON, UNKNOWN, plan

REFUSED = ForbiddenError("Microsoft Graph", "POST /applications", 403, "Authorization_RequestDenied", "Insufficient")


@dataclass(frozen=True)
class SignedIn:
    account: str = "sam-service@contoso.example"
    vault: str = "kv-contoso-sam"
    secret_name: str = "partner-refresh-token"
    expires_at: datetime = datetime(2026, 5, 31, 9, 30, tzinfo=UTC)


@dataclass(frozen=True)
class Applied:
    plan: Plan = FIRST
    after: Plan = CLEAN
    report: Report | None = None
    consent: SignedIn | None = None
    checks: tuple[Check, ...] = ()
    outputs: dict[str, object] = field(default_factory=dict)


def done() -> Report:
    return Report(tuple(StepResult(step, Outcome.DONE) for step in FIRST.steps[:-1]))


def half_way() -> Report:
    group, vault, application, grant, _ = FIRST.steps
    return Report(
        (
            StepResult(group, Outcome.DONE),
            StepResult(vault, Outcome.DONE),
            StepResult(application, Outcome.FAILED, REFUSED),
            StepResult(grant, Outcome.SKIPPED, because="contoso-sam/application"),
        )
    )


def skipped(plan: Plan) -> Report:
    return Report((StepResult(plan.pending[0], Outcome.SKIPPED, because="contoso-sam/vault", unread=True),))


ALL_WELL = Applied(
    report=done(),
    consent=SignedIn(),
    checks=(Check("mfa", Status.PASS, "Partner Center says the token comes from a sign-in with MFA"),),
)


def test_all_done_reads_as_reviewed(text_file: SnapshotAssertion) -> None:
    assert plain(applied_lines(ALL_WELL, 80)) == text_file


def test_what_failed_and_what_a_person_has_to_do_read_as_reviewed(text_file: SnapshotAssertion) -> None:
    assert plain(applied_lines(Applied(report=half_way(), after=PERSON), 80)) == text_file


def test_what_waits_for_a_person_is_followed_by_the_command_that_goes_on() -> None:
    """Exit code 3, some steps done, others skipped: nothing else says what comes after the person's item."""
    _, _, _, grant, _ = FIRST.steps
    principal = Step(Address(NAME, "service_principal"), Action.PERSON, "enable", todo="az ad sp update --id x")
    left = plan(principal, replace(grant, needs=(principal.address,)), cause=Cause.DRIFT)
    told = plain(applied_lines(Applied(report=done(), after=left), 80, "contoso.yaml")).splitlines()
    at = told.index("1 step waits for that. When it is done, run:")
    assert told[at - 2].strip() == principal.todo
    assert told[at + 1 :] == ["  provisioner apply contoso.yaml"]
    saved = "provisioner plan SPEC --out p.json\n  provisioner apply --plan p.json"
    told = plain(applied_lines(Applied(report=done(), after=left), 80, "a.yaml", again=saved)).splitlines()
    assert told[-2:] == ["  provisioner plan a.yaml --out p.json", "  provisioner apply --plan p.json"]
    only_for_a_person = replace(left, steps=(principal,))
    assert "waits" not in plain(applied_lines(Applied(report=done(), after=only_for_a_person), 80))


def test_nothing_to_write_is_said() -> None:
    assert plain(applied_lines(Applied(plan=CLEAN), 80)) == "Applied contoso-sam: nothing to write\n"
    assert plain([applied_summary(Applied(plan=CLEAN))]) == "nothing to write\n"


def test_what_could_not_be_read_in_the_last_look_is_named_with_what_would_help() -> None:
    told = plain(applied_lines(Applied(report=done(), after=UNKNOWN), 80))
    for step in UNKNOWN.unknown:
        assert str(step.address) in told
    assert "Could not be read" in told
    assert all(" ".join(step.todo.split())[:40] in " ".join(told.split()) for step in UNKNOWN.unknown if step.todo)


@pytest.mark.parametrize(
    ("applied", "told"),
    [
        (Applied(plan=DESTROYED, after=DESTROYED), "contoso-sam: nothing removed\n"),
        (Applied(plan=DESTROY, after=DESTROY, report=skipped(DESTROY)), "contoso-sam: nothing removed, 1 skipped\n"),
        (
            Applied(plan=DESTROY, after=DESTROYED, report=Report((StepResult(DESTROY.steps[0], Outcome.DONE),))),
            ": 1 done",
        ),
    ],
)
def test_a_destroy_that_removed_nothing_says_so(applied: Applied, told: str) -> None:
    assert told in plain(applied_lines(applied, 80, done="Destroyed"))


def test_what_waited_for_what_nobody_could_read_is_not_told_as_not_done() -> None:
    told = plain(applied_lines(Applied(plan=DESTROY, after=DESTROYED, report=skipped(DESTROY)), 80))
    assert "because contoso-sam/vault could not be read" in told


def test_nothing_is_green_where_nobody_could_look() -> None:
    unread = replace(UNKNOWN, steps=UNKNOWN.unknown, destroys=True)
    for after, colour in ((unread, ""), (DESTROYED, "green")):
        (head, *_) = applied_lines(Applied(plan=after, after=after), 80)
        assert [span.style for span in head.spans if head.plain[span.start :].startswith("nothing")] == [colour] * bool(
            colour
        )


def test_json_ends_with_the_outputs() -> None:
    assert list(applied_json(ALL_WELL))[-1] == "outputs"
