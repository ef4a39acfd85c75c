"""Lengths of time that must fit into each other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

from provisioner.spec.findings import Finding, part
from provisioner.spec.model import Consent, Credential, Duration
from provisioner.spec.nodes import Path
from provisioner.spec.whole_months import months, shortest

TOKEN_LIFE = timedelta(days=90)
"""A refresh token dies after 90 days without use (sam-facts 3.4)."""
_LONGEST_SECRET = timedelta(days=730)
"""Two years is what Graph gives a secret when nothing is said (sam-facts 5.2); longer ones are left to nobody."""

_CREDENTIAL_DEFAULTS = Credential(name="default")
_CONSENT_DEFAULTS = Consent()


def lifetimes(spec: Mapping[str, Any]) -> Iterator[Finding]:
    """Rotation before the end, overlap inside it, renewal and warning inside the 90 days."""
    yield from _credential(part(spec, "application", "credential"))
    yield from _token(part(spec, "consent"))


def _credential(credential: Mapping[str, Any]) -> Iterator[Finding]:
    at: Path = ("application", "credential")
    lifetime = _duration(credential, "lifetime", _CREDENTIAL_DEFAULTS.lifetime)
    rotate_before = _duration(credential, "rotateBefore", _CREDENTIAL_DEFAULTS.rotate_before)
    overlap = _duration(credential, "overlap", _CREDENTIAL_DEFAULTS.overlap)
    if lifetime.value > _LONGEST_SECRET:
        yield Finding((*at, "lifetime"), "longer than two years", lifetime.text, "the limit is 730d")
    if rotate_before.value >= lifetime.value:
        key = "rotateBefore" if "rotateBefore" in credential else "lifetime"
        what = f"rotateBefore ({rotate_before.text}) must be shorter than lifetime ({lifetime.text})"
        yield Finding((*at, key), what, credential.get(key), "otherwise every run would rotate the credential")
    elif credential.get("type", "certificate") == "certificate":
        yield from _certificate(credential, lifetime, rotate_before)
    if overlap.value >= rotate_before.value:
        key = "overlap" if "overlap" in credential else "rotateBefore"
        what = f"overlap ({overlap.text}) must be shorter than rotateBefore ({rotate_before.text})"
        next_step = "otherwise the old credential ends before its consumers had that long to change"
        yield Finding((*at, key), what, credential.get(key), next_step)


def _certificate(credential: Mapping[str, Any], lifetime: Duration, rotate_before: Duration) -> Iterator[Finding]:
    """Rounded down to whole months, a certificate's life is shorter than the spec says."""
    life = shortest(months(lifetime.value))
    if rotate_before.value >= life:
        key = "rotateBefore" if "rotateBefore" in credential else "lifetime"
        what = f"of {lifetime.text}, Key Vault gives a certificate as few as {life.days} days: it counts whole months"
        next_step = f"rotateBefore ({rotate_before.text}) must be shorter, or every run would rotate the credential"
        yield Finding(("application", "credential", key), what, credential.get(key), next_step)


def _token(consent: Mapping[str, Any]) -> Iterator[Finding]:
    renew_after = _duration(consent, "renewAfter", _CONSENT_DEFAULTS.renew_after)
    warn_before = _duration(consent, "warnBefore", _CONSENT_DEFAULTS.warn_before)
    for key, length, default in (
        ("renewAfter", renew_after, _CONSENT_DEFAULTS.renew_after),
        ("warnBefore", warn_before, _CONSENT_DEFAULTS.warn_before),
    ):
        if length.value >= TOKEN_LIFE:
            yield Finding(
                ("consent", key),
                "must be shorter than the token's 90 days",
                length.text,
                f"the default, {default.text}, serves most",
            )
    if renew_after.value < TOKEN_LIFE and renew_after.value + warn_before.value > TOKEN_LIFE > warn_before.value:
        key = "renewAfter" if "renewAfter" in consent else "warnBefore"
        what = f"a token is renewed at the age of {renew_after.text}, but counts as expiring before that"
        yield Finding(("consent", key), what, consent.get(key), "shorten renewAfter or warnBefore", is_warning=True)


def _duration(values: Mapping[str, Any], key: str, default: Duration) -> Duration:
    return Duration(values[key]) if key in values else default
