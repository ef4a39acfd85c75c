"""Which secret of a vault is the refresh token by its looks, and what our own credential can be called there. Pure.

No value is read: names, content types, tags and dates are all that decides.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from provisioner.clients.key_vault import SecretFacts
from provisioner.resources.marks import TAG
from provisioner.resources.token_state import CONTENT_TYPE
from provisioner.spec.questions import credential_object


def refresh_tokens(stored: Sequence[SecretFacts], spec_name: str) -> list[SecretFacts]:
    """Those that look like one, the likeliest first; none that another spec calls its own."""
    alike = [
        secret
        for secret in stored
        if not secret.managed and secret.tags.get(TAG, spec_name) == spec_name and _looks_like_one(secret)
    ]
    return sorted(alike, key=lambda secret: (*_likelihood(secret), -secret.created_at.timestamp(), secret.name))


def credential_name(spec_name: str, stored: Sequence[SecretFacts]) -> str:
    """A name in the vault that is free, or ours; so is the same with -next, where a successor waits."""
    taken = {secret.name.lower() for secret in stored if secret.tags.get(TAG) != spec_name}
    for ending in ("credential", "provisioner-credential", "credential-of-provisioner"):
        name = credential_object(spec_name, ending)
        if not {name.lower(), f"{name}-next".lower()} & taken:
            break
    return name


def _looks_like_one(secret: SecretFacts) -> bool:
    letters = re.sub(r"[^a-z]", "", secret.name.lower())
    return secret.content_type == CONTENT_TYPE or "refresh" in letters or letters in ("rt", "partnertoken", "samtoken")


def _likelihood(secret: SecretFacts) -> tuple[bool, bool, bool, bool]:
    """False comes first: ours, then of a partner's, then any refresh token; one that is off is no good."""
    name = secret.name.lower()
    partner = any(word in name for word in ("partner", "sam", "pc"))
    return not secret.enabled, secret.content_type != CONTENT_TYPE, "token" not in name, not partner
