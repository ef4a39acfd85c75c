"""Checks as data, and how an answer of a service becomes one. Pure: no clients, no text for a terminal."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from provisioner.clients.partner_center import MFA_REQUIRED
from provisioner.clients.sign_in_errors import remedy_of
from provisioner.core.errors import ApiError, SignInError
from provisioner.core.exit_codes import CHECK_FAILED, COULD_NOT_TELL, DONE, PERSON_MUST_ACT, combine
from provisioner.core.plan import Life, Mortal
from provisioner.resources.token_checks import Finding

REFRESH_TOKEN = "refreshToken"  # noqa: S105  # the name of a check
TENANT = "tenant"
ACCOUNT = "account"
APPLICATION = "application"
AUDIENCE = "audience"
MFA = "mfa"
ORGANIZATION = "organization"
CUSTOMERS = "customers"
CUSTOMER_USERS = "customerUsers"
CREDENTIAL_EXPIRY = "credentialExpiry"
TOKEN_EXPIRY = "refreshTokenExpiry"  # noqa: S105  # the name of a check
CONSENT = "provisioner consent SPEC"
_RENEWALS = {
    Mortal.CREDENTIAL: (CREDENTIAL_EXPIRY, "provisioner apply SPEC   # it rotates it"),
    Mortal.REFRESH_TOKEN: (TOKEN_EXPIRY, "provisioner renew SPEC"),
}
_WARNED_OF = ((Mortal.CREDENTIAL, "due"), (Mortal.REFRESH_TOKEN, "expiring"))

_CAUSES = (
    "check in turn: the account is no Admin agent or Sales agent in Partner Center; it has no GDAP role for this "
    "customer (Directory Reader, Global Reader or User Administrator); the relationship ended; the application is not "
    "registered in Partner Center (a role change may take 15 minutes)"
)


class Status(StrEnum):
    """pass: it holds. fail: it does not. unknown: it could not be found out."""

    PASS = "pass"  # noqa: S105  # a word, not a password
    FAIL = "fail"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Check:
    """for_a_person: it could not be run only because a sign-in is missing, or it holds only until a person acts."""

    name: str
    status: Status
    text: str
    next_step: str = ""
    for_a_person: bool = False


def exit_code(checks: Iterable[Check]) -> int:
    """5 a check failed, 4 one could not be run, 3 only a person's act is missing, 0 (design section 3)."""
    return combine(_code(check) for check in checks)


def _code(check: Check) -> int:
    if check.status is Status.UNKNOWN:
        return PERSON_MUST_ACT if check.for_a_person else COULD_NOT_TELL
    if check.status is Status.FAIL:
        return CHECK_FAILED
    return PERSON_MUST_ACT if check.for_a_person else DONE


def passed(name: str, text: str) -> Check:
    return Check(name, Status.PASS, text)


def failed(name: str, text: str, next_step: str) -> Check:
    return Check(name, Status.FAIL, text, next_step)


def sign_in_missing(name: str, text: str) -> Check:
    return Check(name, Status.UNKNOWN, text, CONSENT, for_a_person=True)


def not_tried(name: str, because: Check) -> Check:
    """A check that rests on one that does not hold."""
    words = re.sub("(?=[A-Z])", " ", because.name).lower()
    text = f"not tried: it rests on the check {words}"
    return Check(name, Status.UNKNOWN, text, because.next_step, because.for_a_person)


def expiry(life: Life, now: datetime) -> Check:
    """It holds while it lives; what warns ahead is a next step beside a check that passes."""
    name, renewal = _RENEWALS[life.what]
    if life.expires_at is None:
        if life.state == "fresh":
            return passed(name, f"the {life.type} does not expire")
        return Check(name, Status.UNKNOWN, f"nothing tells when it expires ({life.state})", renewal)
    left = life.days_left(now) or 0.0
    told = f"{life.name} {'expired' if life.expires_at <= now else 'expires'} on {life.expires_at:%Y-%m-%d}"
    if life.expires_at <= now:
        return failed(name, f"{told}, {-left:g} days ago", CONSENT if name == TOKEN_EXPIRY else renewal)
    text = f"{told}, {left:g} days left"
    if life.for_a_person:
        return Check(name, Status.PASS, text, "have its owner renew it: it is not ours", for_a_person=True)
    return Check(name, Status.PASS, text, renewal if (life.what, life.state) in _WARNED_OF else "")


def refused(name: str, error: ApiError) -> Check:
    """A refusal (4xx) is a failed check; an answer that never came or says nothing about it is none."""
    if 400 <= error.status < 500 and error.status not in (408, 429):
        transient = isinstance(error, SignInError) and (remedy := remedy_of(error)) is not None and remedy.transient
        if not transient:
            return failed(name, error.what, error.next_step)
    next_step = error.next_step or "run the same command again in a few minutes"
    return Check(name, Status.UNKNOWN, error.what, next_step)


def unreadable(name: str, error: ApiError) -> Check:
    """Something of ours that could not be looked at: never a failed check."""
    return Check(name, Status.UNKNOWN, error.what, error.next_step)


def of_findings(findings: Iterable[Finding]) -> tuple[Check, ...]:
    """The token's own checks but MFA, which Partner Center has a say in."""
    return tuple(
        passed(finding.name, finding.text)
        if finding.error is None
        else failed(finding.name, finding.text, finding.error.next_step)
        for finding in findings
        if finding.name != MFA
    )


def mfa(amr: bool | None, compliant: bool | None) -> Check:
    """amr: what the token shows, None when it cannot be read. compliant: Partner Center's header, None when absent.

    The header decides; without it a token that shows MFA and was answered passes with a note (design section 7).
    """
    if compliant is not None:
        if compliant:
            return passed(MFA, "Partner Center says the token comes from a sign-in with MFA")
        return failed(MFA, "Partner Center says the token comes from a sign-in without MFA", CONSENT)
    if amr:
        return passed(MFA, "the token shows MFA (Partner Center did not say: no isMfaCompliant header)")
    return Check(MFA, Status.UNKNOWN, "neither the token nor Partner Center says whether there was MFA", CONSENT)


def organization_refused(error: ApiError) -> tuple[Check, Check]:
    """The checks `organization` and `mfa` when the profile could not be read."""
    check = refused(ORGANIZATION, error)
    if error.code == MFA_REQUIRED:
        return check, failed(MFA, f"Partner Center refuses the token for lack of MFA ({MFA_REQUIRED})", CONSENT)
    return check, not_tried(MFA, check)


def customer_refused(customer: str, error: ApiError) -> Check:
    """The named customer's users: 401 and 403 do not tell their causes apart, so all are named (sam-facts 7)."""
    if error.status in (401, 403) and error.code != MFA_REQUIRED:
        return failed(CUSTOMER_USERS, f"the users of customer {customer} may not be read: {error.what}", _CAUSES)
    return refused(CUSTOMER_USERS, error)
