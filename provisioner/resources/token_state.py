"""How a stored refresh token is, judged from the vault's metadata alone: no value is read for a plan."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from provisioner.clients.key_vault import SecretFacts
from provisioner.core.address import Address
from provisioner.resources.credential.place import CredentialPlace, place_of
from provisioner.resources.marks import TAG
from provisioner.resources.role_assignment import runner_addresses
from provisioner.resources.token_checks import TokenIdentity
from provisioner.spec.model import Spec

CONTENT_TYPE = "application/vnd.provisioner.refresh-token"
LIFETIME = timedelta(days=90)
"""A refresh token dies when it was not used for so long; using it brings a new one (sam-facts 3.4)."""

_GUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


@dataclass(frozen=True)
class TokenWanted:
    """The token the spec asks for. tenant and account as the spec writes them; the addresses are what it needs.

    operators: who may run the sign-in. model_stays: the vault was there before us, and keeps its access policies.
    """

    mark: str
    tenant: str
    account: str | None
    vault_name: str
    secret_name: str
    credential_place: CredentialPlace
    renew_after: timedelta
    warn_before: timedelta
    scopes: str
    vault: Address
    application: Address
    credential: Address
    runner_roles: tuple[Address, ...]
    operators: tuple[str, ...]
    model_stays: bool


@dataclass(frozen=True)
class TokenFact:
    """secret: without its value. app_id: the application as it is now; None when there is none."""

    secret: SecretFacts
    app_id: str | None


class TokenState(StrEnum):
    """The states of design section 4 that a stored token can be in (a missing one is wanted)."""

    BROKEN = "broken"
    EXPIRING = "expiring"
    DUE = "due"
    FRESH = "fresh"
    FOREIGN = "foreign"


@dataclass(frozen=True)
class Health:
    """why: a sentence. ours: it has our tags. taken: another spec's mark is on it.

    account, mfa, scopes_as_wanted: as noted beside it; "" and None where nothing is noted.
    """

    state: TokenState
    why: str
    issued_at: datetime
    expires_at: datetime
    ours: bool
    taken: bool = False
    account: str = ""
    mfa: bool | None = None
    scopes_as_wanted: bool | None = None

    @property
    def noted(self) -> str:
        """Whose it is, as noted beside it, in a few words."""
        parts = [self.account or "the account is not known"]
        if self.mfa is not None:
            parts.append("with MFA" if self.mfa else "without MFA")
        if self.scopes_as_wanted is not None:
            parts.append(f"permissions {'as in the spec' if self.scopes_as_wanted else 'changed in the spec since'}")
        return ", ".join(parts)

    @property
    def told(self) -> str:
        """All that the metadata tells, in dates: no number in it moves with the clock, so that plans compare equal."""
        return f"{self.state}: issued {self.issued_at:%Y-%m-%d}, expires {self.expires_at:%Y-%m-%d}; {self.noted}"


def wanted_token(spec: Spec) -> TokenWanted:
    """What the spec asks for; Partner Center's answer to it is the same whether or not an account is named."""
    return TokenWanted(
        mark=spec.name,
        tenant=spec.tenant,
        account=spec.consent.account,
        vault_name=spec.vault.name,
        secret_name=spec.consent.secret_name,
        credential_place=place_of(spec),
        renew_after=spec.consent.renew_after.value,
        warn_before=spec.consent.warn_before.value,
        scopes=scopes_digest(spec),
        vault=Address(spec.name, "vault"),
        application=Address(spec.name, "application"),
        credential=Address(spec.name, "credential", spec.application.credential.name),
        runner_roles=runner_addresses(spec),
        operators=spec.consent.operators,
        model_stays=spec.vault.mode != "create",
    )


def scopes_digest(spec: Spec) -> str:
    """The delegated permissions the spec asks for, as a short digest: a note on the token, not proof."""
    pairs = sorted(f"{api.app_id}/{scope}" for api in spec.delegated for scope in api.delegated)
    return hashlib.sha256("\n".join(pairs).encode()).hexdigest()[:16]


def token_tags(wanted: TokenWanted, identity: TokenIdentity, issued_at: datetime) -> dict[str, str]:
    """What is noted beside a token when it is stored. Anyone who may list secrets can read it (sam-facts 6.3)."""
    return {
        TAG: wanted.mark,
        "account": identity.account,
        "oid": identity.object_id,
        "tenant": identity.tenant_id,
        "appId": identity.app_id,
        "issued": issued_at.isoformat(timespec="seconds"),
        "mfa": "true",
        "clientType": identity.client_type,
        "scopes": wanted.scopes,
    }


def health(wanted: TokenWanted, fact: TokenFact, now: datetime) -> Health:
    """The token's state at `now`."""
    tags = fact.secret.tags
    ours = tags.get(TAG) == wanted.mark
    issued_at = _issued(tags) if ours else None
    issued_at = issued_at or fact.secret.created_at
    expires_at = issued_at + LIFETIME

    def judged(state: TokenState, why: str, *, taken: bool = False) -> Health:
        health = Health(state, why, issued_at, expires_at, ours, taken)
        return _with_notes(health, wanted, tags) if ours else health

    if TAG in tags and not ours:
        return judged(TokenState.BROKEN, f"the secret belongs to the spec {tags[TAG]}", taken=True)
    if (why := _broken(wanted, fact, ours=ours)) is not None:
        return judged(TokenState.BROKEN, why)
    if now >= expires_at:
        return judged(TokenState.BROKEN, f"it expired on {expires_at:%Y-%m-%d}, 90 days after it was last renewed")
    if now >= expires_at - wanted.warn_before:
        return judged(TokenState.EXPIRING, f"it expires on {expires_at:%Y-%m-%d}")
    if now >= issued_at + wanted.renew_after:
        return judged(TokenState.DUE, f"it was last renewed on {issued_at:%Y-%m-%d}")
    if not ours:
        return judged(TokenState.FOREIGN, f"written by somebody else on {issued_at:%Y-%m-%d}: whose it is is not known")
    return judged(TokenState.FRESH, f"it was last renewed on {issued_at:%Y-%m-%d}")


def _with_notes(health: Health, wanted: TokenWanted, tags: Mapping[str, str]) -> Health:
    """What is noted beside a token of ours."""
    return replace(
        health,
        account=tags.get("account") or tags.get("oid", ""),
        mfa=tags.get("mfa") == "true",
        scopes_as_wanted=tags.get("scopes") == wanted.scopes,
    )


def _broken(wanted: TokenWanted, fact: TokenFact, *, ours: bool) -> str | None:
    """Why the token cannot serve this spec; None when nothing says so."""
    if not fact.secret.enabled:
        return "the secret is disabled"
    if fact.app_id is None:
        return "its application is gone"
    if not ours:
        return None
    tags = fact.secret.tags
    if tags.get("appId", "").lower() != fact.app_id.lower():
        return f"it was issued to application {tags.get('appId', '(none)')}, the spec's is {fact.app_id}"
    if _GUID.fullmatch(wanted.tenant) and tags.get("tenant", "").lower() != wanted.tenant.lower():
        return f"it is of tenant {tags.get('tenant', '(none)')}"
    if wanted.account is not None and wanted.account.lower() not in (tags.get("account"), tags.get("oid")):
        return f"{tags.get('account', '(nobody)')} signed in, the spec wants {wanted.account}"
    return _unfit(tags)


def _unfit(tags: Mapping[str, str]) -> str | None:
    if tags.get("mfa") != "true":
        return "the sign-in had no MFA"
    if tags.get("clientType") != "confidential":
        return "it was issued to a public client, whose tokens a password change revokes"
    return None


def _issued(tags: Mapping[str, str]) -> datetime | None:
    """The noted time; None when somebody made it unreadable (then the version's own creation counts)."""
    try:
        issued = datetime.fromisoformat(tags.get("issued", ""))
    except ValueError:
        return None
    return issued if issued.tzinfo is not None else None
