from __future__ import annotations

import ast
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from syrupy.assertion import SnapshotAssertion

from provisioner.core.address import Address
from provisioner.core.exit_codes import PERSON_MUST_ACT
from provisioner.core.plan import Cause, Notice, Plan
from provisioner.core.step import Action, Change, Step
from provisioner.render.layout import paragraph, plain
from provisioner.render.permissions_text import permission_lines
from provisioner.render.plan_html import plans_html
from provisioner.render.plan_markdown import plans_markdown
from provisioner.render.plan_text import plan_text, summary_line
from provisioner.render.plan_view import tasks
from tests.render.plans import (
    ALL,
    CLEAN,
    DRIFT,
    FIRST,
    NOW,
    OWNERS,
    QUIET,
    READER,
    REFUSED,
    ROTATION,
    UNKNOWN,
    checked,
    plan,
)


@pytest.mark.parametrize("width", [80, 120])
@pytest.mark.parametrize("name", ALL)
def test_a_plan_reads_as_reviewed(name: str, width: int, text_file: SnapshotAssertion) -> None:
    assert plan_text(ALL[name], width) == text_file


@pytest.mark.parametrize("shown", ALL.values(), ids=ALL)
def test_a_plan_fits_the_terminal_except_for_what_must_be_copied_whole(shown: Plan) -> None:
    for line in plan_text(shown, 80).splitlines():
        assert len(line) <= 80 or "https://" in line


def test_the_first_line_names_the_runner() -> None:
    assert FIRST.runner in plan_text(FIRST, 80).splitlines()[0]


def test_a_clean_plan_ends_in_one_sentence() -> None:
    assert plan_text(CLEAN, 80).splitlines()[-1] == "Nothing to do: contoso-sam is as the spec says."


def test_a_step_that_is_not_due_yet_is_not_counted_as_a_deletion() -> None:
    assert plain([summary_line(DRIFT)]) == "~ 2 to change   - 1 to delete   · 1 later\n"


def test_one_answer_that_hides_many_things_is_told_once() -> None:
    answers = [Address("contoso-sam", "api_service_principal", name) for name in ("Microsoft Graph", "Azure")]
    steps = [Step(address, Action.UNKNOWN, "observe", reason=REFUSED, todo=READER) for address in answers]
    shown = plan_text(plan(*UNKNOWN.steps, *steps, cause=Cause.UNKNOWN), 120)
    assert shown.count("AuthorizationFailed") == 1
    assert shown.count("next:") == 1
    assert shown.count("the same answer as for contoso-sam/vault") == 1, "below the last of them"


def test_a_moment_that_is_past_holds_nothing_back() -> None:
    assert "not before" in plan_text(ROTATION, 80)
    assert "not before" not in plan_text(replace(ROTATION, made_at=NOW + timedelta(days=30)), 80)


def test_what_was_made_a_minute_ago_has_all_its_days_left() -> None:
    at = replace(QUIET, made_at=QUIET.made_at + timedelta(minutes=1))
    days = [life.days_left(at.made_at) for life in at.life]
    assert all(f"{int(left)} days left" in plan_text(at, 120) for left in days if left)


def test_what_only_its_owner_can_renew_is_something_to_do() -> None:
    assert OWNERS.exit_code() == PERSON_MUST_ACT
    assert "Nothing to do" not in plan_text(OWNERS, 80)
    assert "! 1 for a person" in plan_text(OWNERS, 80)


def test_removals_are_counted_as_safety_counts_them() -> None:
    assert plan_text(DRIFT, 80).splitlines()[-1] == f"{DRIFT.removed} removals"
    assert DRIFT.removed == 2


def test_a_tokens_end_is_said_once() -> None:
    assert plan_text(QUIET, 120).count("2026-05-30") == 1


def test_permissions_are_shown_where_something_differs_and_are_no_noise_elsewhere() -> None:
    assert "permissions" not in plan_text(UNKNOWN, 80), "what could not be read is a row of its own, and no difference"
    assert "permissions," not in plan_text(QUIET, 80)
    shown = plan_text(DRIFT, 120)
    assert "not declared, requested, granted: unknown" in shown
    assert "User.Read" not in shown


GUID = "08a320e2-c54e-4fbf-842f-8a2063b2d934"
RESOURCES = Path(__file__).parents[2] / "provisioner" / "resources"
HANDED_OVER = ("todo", "next_step")


def _commands() -> list[str]:
    """Every command that a kind writes down for a person, with long names put in."""
    texts: list[ast.expr] = []
    for file in RESOURCES.rglob("*.py"):
        nodes = list(ast.walk(ast.parse(file.read_text(encoding="utf-8"))))
        texts += [each.value for each in nodes if isinstance(each, ast.keyword) and each.arg in HANDED_OVER]
        persons = [each for each in nodes if isinstance(each, ast.FunctionDef) and each.name == "person"]
        returns = [each for person in persons for each in ast.walk(person) if isinstance(each, ast.Return)]
        texts += [each.value for each in returns if each.value is not None]
    inside = [each for text in texts for each in ast.walk(text) if isinstance(each, ast.JoinedStr | ast.Constant)]
    parts = {id(part) for each in inside if isinstance(each, ast.JoinedStr) for part in each.values}
    whole = [each for each in inside if id(each) not in parts]
    filled = ["".join(_part(part) for part in getattr(each, "values", [each])) for each in whole]
    return sorted({line for text in filled for line in text.splitlines() if line.startswith(("az ", "provisioner "))})


def _part(part: ast.expr) -> str:
    return str(part.value) if isinstance(part, ast.Constant) else GUID


@pytest.mark.parametrize("command", _commands())
def test_what_a_person_is_to_copy_is_one_line_whatever_kind_says_it(command: str) -> None:
    todo = f"whoever may runs, with a sentence before it that is long enough to be wrapped by itself:\n{command}"
    step = Step(Address("contoso-sam", "any"), Action.PERSON, "do", todo=todo, reason="r")
    notice = Notice("warning", "w", command)
    shown = plan_text(plan(step, replace(step, todo=command), cause=Cause.DRIFT, notices=(notice,)), 80).splitlines()
    assert [line.strip() for line in shown].count(command) == 2
    assert f"  next: {command}" in shown


def test_the_kinds_have_commands_to_copy() -> None:
    assert len(_commands()) > 15


@pytest.mark.parametrize(
    "told",
    [
        "provisioner doctor SPEC names the right that is missing, or says that the runner must own the application",
        "az is not installed on this machine; name another identity, by auth in the spec or by the environment",
        'provisioner consent SPEC --mode browser, or --mode paste if "localhost" is another machine than yours',
    ],
)
def test_a_sentence_that_begins_with_a_program_is_wrapped(told: str) -> None:
    lines = plain(paragraph(told, 60)).splitlines()
    assert len(lines) > 1
    assert " ".join(lines) == told


def test_what_does_several_things_at_once_is_one_thing_to_do() -> None:
    roles = ("Key Vault Secrets Officer/runner", "Key Vault Crypto User/runner", "Key Vault Reader/operator")
    todo = "whoever manages the vault runs:\n  az keyvault set-policy --name kv --object-id "
    steps = [
        Step(Address("contoso-sam", "role_assignment", role), Action.PERSON, "set policy", todo=todo + role[-6:],
             reason="no role gives access")
        for role in roles
    ]  # fmt: skip
    made = plan(*steps, cause=Cause.DRIFT)
    assert made.person_items == 3
    one, other = tasks(made)
    assert one.about(named=False) == f"role_assignment/{roles[0]}, role_assignment/{roles[1]}"
    assert (one.reason, other.about(named=True)) == ("no role gives access", f"contoso-sam/role_assignment/{roles[2]}")
    for page in (plan_text(made), plans_markdown([checked(made)]), plans_html([checked(made)])):
        assert page.count("--object-id runner") == 1, page


@pytest.mark.parametrize("width", range(40, 130, 10))
def test_a_row_of_permissions_ends_in_no_blanks(width: int) -> None:
    """Also where its state has no room beside it; what is printed is not what `plain` trims."""
    lines = permission_lines(DRIFT.permissions, width)
    assert [line.plain for line in lines if line.plain != line.plain.rstrip()] == []


def test_what_others_wrote_moves_no_cursor_and_turns_no_text_around() -> None:
    evil = "\x1b[2K\x1b[1A\u202efine\u009b31m"
    address = Address("contoso-sam", "role_assignment", f"Key Vault Reader/{evil}")
    step = Step(address, Action.UPDATE, "update", (Change("tags.x", evil, evil),), kept=(evil,), reason=evil)
    text = plan_text(plan(step, cause=Cause.DRIFT, notices=(Notice("warning", evil, evil),)), 80)
    assert not set(text) & set("\x1b\u202e\u009b")
    assert "\\u001b[2K" in text


@pytest.mark.parametrize("name", ALL)
def test_on_forty_columns_what_is_whole_below_its_label_is_not_broken_beside_it(name: str) -> None:
    """Whatever is wider than the screen is one word that has no room anywhere."""
    fields = [line for line in plan_text(ALL[name], 40).splitlines() if line.startswith("      ")]
    assert [line for line in fields if len(line) > 40 and len(line.split()[-1]) <= 28] == []
