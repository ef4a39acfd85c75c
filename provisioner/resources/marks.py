"""How an object says that it is ours: by a tag or a display name, set in the same call that creates it."""

from __future__ import annotations

import hashlib
import re
import uuid
from collections.abc import Iterable

TAG = "provisioner"
DIGEST_TAG = "provisioner-spec"
"""Of the spec that was last applied completely; WANTED_TAG: of what it wanted of each kind; APPLIED_TAG: when;
OPEN_TAG: what was left to a person then.
"""
WANTED_TAG = "provisioner-wanted"
APPLIED_TAG = "provisioner-applied"
OPEN_TAG = "provisioner-open"
NOTES = (DIGEST_TAG, WANTED_TAG, APPLIED_TAG, OPEN_TAG)
ADOPTED_TAG = "provisioner-adopted"
"""Beside our mark on what was there before us: it is ours to keep as the spec says, and not ours to remove."""
ADOPTION = "mode: adopt: it was there before us, and is marked as ours, once"
_ROLE_ASSIGNMENTS = uuid.UUID("6f1d9c0e-4f53-4c1a-9d5e-52a6f1b0c7d4")


def is_our_tag(name: str) -> bool:
    """Whether a tag of a vault or a secret is one that only we write; no spec may name such a one."""
    return name.casefold().startswith(TAG)


def application_tag(name: str) -> str:
    """The tag on the application: no whitespace, at most 256 characters (sam-facts 5.1)."""
    return f"{TAG}:{name}"


def adopted_application_tag(name: str) -> str:
    """The tag on an application that was adopted."""
    return f"{ADOPTED_TAG}:{name}"


def other_spec(tags: Iterable[str], name: str) -> str | None:
    """The name of another spec whose mark an application carries."""
    marked = (tag.removeprefix(f"{TAG}:") for tag in tags if tag.startswith(f"{TAG}:"))
    return next((other for other in marked if other != name), None)


def credential_name(name: str, vault: str, secret: str) -> str:
    """The display name of the credentials we add: whose they are, and in a digest, where their values are kept.

    So one that is kept in another vault, or under another name, is not taken for a leftover here.
    """
    place = hashlib.sha256(f"{vault}/{secret}".lower().encode()).hexdigest()[:8]
    return f"{credential_prefix(name)}{place}"


def credential_prefix(name: str) -> str:
    """How the display name of every credential of a spec begins, wherever its value is kept."""
    return f"{TAG}:{name}:"


def credential_spec(display_name: str) -> str:
    """The name of the spec that added a credential, by its display name; "" for what we did not add."""
    found = re.fullmatch(rf"{TAG}:(.+):[0-9a-f]{{8}}", display_name)
    return found.group(1) if found else ""


def federated_name(spec_name: str, trusted: str) -> str:
    """The name of a federated credential of ours: letters, digits and dashes only (sam-facts 5.2), one a trust."""
    return f"{TAG}-{spec_name}-{hashlib.sha256(trusted.encode()).hexdigest()[:8]}"


def is_federated_name(name: str, spec_name: str) -> bool:
    """Whether a federated credential of this name is ours."""
    return re.fullmatch(rf"{TAG}-{re.escape(spec_name)}-[0-9a-f]{{8}}", name) is not None


def role_assignment_name(scope: str, principal_id: str, role_id: str) -> str:
    """The GUID a role assignment of ours has: the same triple always gives the same name."""
    return str(uuid.uuid5(_ROLE_ASSIGNMENTS, f"{scope}|{principal_id}|{role_id}".lower()))


def role_assignment_note(name: str, purpose: str) -> str:
    """The description that says what an assignment of ours is for: `access` or `runner`."""
    return f"{TAG}:{name}:{purpose}"
