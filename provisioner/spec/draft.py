"""A spec that is about to be written for people: its document, and what is said at its keys. Only data.

`render.spec_yaml` writes it; the words for keys that need no choice are here, so that every spec we write has the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from provisioner.spec.nodes import Path

Lines = tuple[str, ...]


@dataclass(frozen=True)
class Draft:
    """A whole spec, or what one part of it has to say.

    document: in the spec's keys, in the order in which it is written. head: lines above all of it. remarks: what is
    said at a key or a list's entry. omitted: lines at the end of the mapping or list of this path, for what is left
    out (`account: …`, as it would be written).
    """

    document: Mapping[str, Any]
    head: Lines = ()
    remarks: Mapping[Path, Lines] = field(default_factory=dict)
    omitted: Mapping[Path, Lines] = field(default_factory=dict)


def merged(drafts: Iterable[Draft]) -> Draft:
    """One draft of several: mappings are joined, of two lists the entries, and all that is said."""
    document: Mapping[str, Any] = {}
    head: Lines = ()
    remarks: dict[Path, Lines] = {}
    omitted: dict[Path, Lines] = {}
    for draft in drafts:
        document = _joined(document, draft.document)
        head += draft.head
        for said, into in ((draft.remarks, remarks), (draft.omitted, omitted)):
            for path, lines in said.items():
                into[path] = (*into.get(path, ()), *lines)
    return Draft(document, head, remarks, omitted)


def _joined(first: Any, second: Any) -> Any:
    if isinstance(first, Mapping) and isinstance(second, Mapping):
        both = {key: _joined(first[key], value) if key in first else value for key, value in second.items()}
        return {**first, **both}
    return [*first, *second] if isinstance(first, list) and isinstance(second, list) else second


EXPLAINED: Mapping[Path, str] = {
    ("version",): "of this format",
    ("name",): "the application's uniqueName; it never changes",
    ("cloud",): "public | usgov | china | emulator",
    ("tenant",): "the partner tenant: id or domain",
    ("subscription",): "the vault's",
    ("application", "mode"): "create | adopt | use",
    ("application", "appId"): "which application it is",
    ("application", "displayName"): "shown to whoever signs in",
    ("application", "signInAudience"): "AzureADMyOrg | AzureADMultipleOrgs",
    ("application", "homePageUrl"): "its home page",
    ("application", "replyUrls"): "`consent` listens on localhost",
    ("application", "enableIdTokenIssuance"): "true for `consent --hybrid`",
    ("application", "permissions"): "delegated: as who signed in",
    ("application", "adminConsent"): "grant the delegated ones for everybody",
    ("application", "credential"): "made, kept in the vault, rotated",
    ("application", "credential", "type"): "certificate | secret | federated",
    ("application", "credential", "lifetime"): "how long a new one lives",
    ("application", "credential", "rotateBefore"): "how long before its end it is replaced",
    ("application", "credential", "overlap"): "how long the old one stays beside it",
    ("vault", "mode"): "create | adopt | use",
    ("vault", "name"): "unique in the world; 24 signs at most",
    ("vault", "resourceGroup"): "made if it is absent",
    ("vault", "location"): "an Azure region; fixed at creation",
    ("vault", "sku"): "standard | premium (keys in hardware)",
    ("vault", "purgeProtection"): "irreversible",
    ("vault", "softDeleteRetentionDays"): "fixed at creation",
    ("vault", "network"): "its firewall",
    ("vault", "access"): "who else gets a role on it",
    ("vault", "tags"): "others' tags stay",
    ("consent",): "The sign-in with MFA, and where its refresh token goes.",
    ("consent", "account"): "who must sign in; checked",
    ("consent", "secretName"): "of the refresh token, in the vault",
    ("consent", "renewAfter"): "age at which the token is renewed",
    ("consent", "warnBefore"): "of the 90 days it lives",
}
"""A few words for a key; the schema's descriptions say more."""


def explained(document: Mapping[str, Any]) -> dict[Path, Lines]:
    """The words for the keys that the document has."""
    return {path: (words,) for path, words in EXPLAINED.items() if _has(document, path)}


def _has(document: Mapping[str, Any], path: Path) -> bool:
    found: Any = document
    for key in path:
        if not isinstance(found, Mapping) or key not in found:
            return False
        found = found[key]
    return True
