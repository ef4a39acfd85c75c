from __future__ import annotations

from syrupy.assertion import SnapshotAssertion

from provisioner.core.errors import ForbiddenError, Problem, SpecError
from provisioner.render.errors import error_lines
from provisioner.render.layout import plain


def test_an_error_says_what_where_and_next(text_file: SnapshotAssertion) -> None:
    error = ForbiddenError(
        "Key Vault",
        "contoso-sam/refresh_token: list secret versions",
        403,
        "Forbidden",
        "Caller is not authorized to perform action on resource",
        correlation_id="0c6c7d0f-3b11-4f10-9a53-5f0e64c54d0f",
        next_step="ask for the role Key Vault Reader on the vault",
    )
    assert plain(error_lines(error, 80)) == text_file


def test_all_problems_of_a_spec_are_shown_with_place_value_and_advice(text_file: SnapshotAssertion) -> None:
    problems = (
        Problem("unknown key", "contoso.yaml", 3, 1, "tenantt", "tenantt", "did you mean tenant?"),
        Problem("a permission that does not exist", "contoso.yaml", 41, 11, "application.permissions[0].delegated[0]",
                "User.ReadAll", "the nearest published one is User.Read.All"),
        Problem("is missing", "fleet/fabrikam.yaml", 1, 1, "subscription"),
    )  # fmt: skip
    assert plain(error_lines(SpecError(problems), 80)) == text_file


def test_what_was_never_written_in_lines_has_no_line() -> None:
    """A draft that import made, a spec inside a saved plan."""
    error = SpecError((Problem("is missing", "", 0, 0, "vault.name"), Problem("too long", "p.json#/x", 0, 0, "name")))
    error.next_step = "not all of it could be read"
    told = plain(error_lines(error)).splitlines()
    assert told[:2] == ["is missing", "    where: vault.name"]
    assert told[2] == "p.json#/x: too long"
    assert told[-1] == "  next:  not all of it could be read"
