from __future__ import annotations

from syrupy.assertion import SnapshotAssertion

from provisioner.render.layout import plain
from provisioner.render.verify_text import check_rows, checks_lines
from provisioner.verify.checks import Check, Status

CHECKS = (
    Check("refreshToken", Status.PASS, "the token partner-refresh-token of vault kv-contoso-sam was redeemed"),
    Check("mfa", Status.FAIL, "Partner Center says the sign-in was without MFA", "provisioner consent SPEC"),
    Check("customers", Status.UNKNOWN, "Partner Center answered 503", "run the same command again in a few minutes"),
)
NOT_TRIED = ("tenant", "account", "application", "audience", "organization", "mfa", "customers", "customerUsers")
NO_TOKEN = (
    Check(
        "refreshToken",
        Status.UNKNOWN,
        "no refresh token partner-refresh-token is in the vault kv-contoso-sam: nobody signed in yet",
        "provisioner consent SPEC",
        for_a_person=True,
    ),
    *(
        Check(name, Status.UNKNOWN, "not tried: it rests on the check refresh token", for_a_person=True)
        for name in NOT_TRIED
    ),
)


def test_checks_read_as_reviewed(text_file: SnapshotAssertion) -> None:
    assert plain(checks_lines("contoso-sam", CHECKS, 80)) == text_file


def test_without_a_token_what_was_not_tried_is_told_once(text_file: SnapshotAssertion) -> None:
    assert plain(checks_lines("contoso-sam", NO_TOKEN, 80, "contoso.yaml")) == text_file


def test_a_check_in_json_has_a_name_and_one_of_three_words() -> None:
    assert [(row["name"], row["status"]) for row in check_rows(CHECKS)] == [
        ("refreshToken", "pass"),
        ("mfa", "fail"),
        ("customers", "unknown"),
    ]
