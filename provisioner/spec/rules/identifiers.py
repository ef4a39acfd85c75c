"""GUIDs copied from documentation, and names that must not meet."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from provisioner.spec.findings import Finding, entries, part
from provisioner.spec.nodes import Path

_DOUBLED_DIGITS = re.compile(r"(?:([0-9a-f])\1)+")
_COUNTING = ("12345678-1234-", "01234567-89ab-cdef-")
_OBJECT_NAME = re.compile(r"[0-9A-Za-z-]{1,127}")


def is_placeholder(guid: str) -> bool:
    """True for the GUIDs documentation uses in place of real ones.

    Microsoft's pages write every digit at least twice in a row (`00001111-aaaa-2222-bbbb-3333cccc4444`,
    `00aa00aa-bb11-cc22-dd33-44ee44ee44ee`) or one pair of digits for each group
    (`a0a0a0a0-bbbb-cccc-dddd-e1e1e1e1e1e1`); others repeat one digit or count (sam-facts 1.1). The odds that a random
    GUID looks like one of these are below one in 10^14.
    """
    text = guid.lower()
    groups = text.split("-")
    doubled = all(_DOUBLED_DIGITS.fullmatch(group[at : at + 2]) for group in groups for at in range(0, len(group), 2))
    one_pair_each = all(group == group[:2] * (len(group) // 2) for group in groups)
    return doubled or one_pair_each or text.startswith(_COUNTING)


def _is_one_digit(guid: str) -> bool:
    """`11111111-1111-…`: also what people write in their own examples and tests, so it only warns."""
    return len(set(guid.replace("-", ""))) == 1


def identifiers(spec: Mapping[str, Any]) -> Iterator[Finding]:
    """Placeholders (not on the emulator, where no id is anybody's), clashing names, repeated operators."""
    if spec.get("cloud") != "emulator":
        for path, guid in _guids(spec):
            if re.fullmatch(r"[0-9a-fA-F-]{36}", guid) and is_placeholder(guid):
                what = "a placeholder of the documentation, nobody's real id"
                yield Finding(path, what, guid, "put the real id here", is_warning=_is_one_digit(guid))
    yield from _names_in_vault(spec)
    seen: set[str] = set()
    for index, operator in entries(part(spec, "consent").get("operators")):
        if operator.lower() in seen:
            yield Finding(("consent", "operators", index), "the operator is here twice", operator, "keep one of them")
        seen.add(operator.lower())
    account = part(spec, "consent").get("account")
    if account is not None and "#ext#" in account.lower():
        what = "a guest account: Partner Center wants a user of the partner tenant itself"  # sam-facts 7
        yield Finding(("consent", "account"), what, account, "name an account of the tenant's own")


def _guids(spec: Mapping[str, Any]) -> Iterator[tuple[Path, str]]:
    paths: tuple[tuple[str, ...], ...] = (
        ("tenant",),
        ("subscription",),
        ("vault", "tenant"),
        ("vault", "runner"),
        ("verify", "customer"),
        ("application", "appId"),
        ("application", "homeTenant"),
    )
    for path in paths:
        *parents, last = path
        value = part(spec, *parents).get(last)
        if value is not None:
            yield path, value
    for index, entry in entries(part(spec, "vault").get("access")):
        if "principal" in entry:
            yield ("vault", "access", index, "principal"), entry["principal"]
    for index, operator in entries(part(spec, "consent").get("operators")):
        yield ("consent", "operators", index), operator
    for index, entry in entries(part(spec, "application").get("permissions")):
        if "api" in entry:
            yield ("application", "permissions", index, "api"), entry["api"]
    for index, customer in entries(spec.get("customers")):
        if "tenant" in customer:
            yield ("customers", index, "tenant"), customer["tenant"]


def _names_in_vault(spec: Mapping[str, Any]) -> Iterator[Finding]:
    """The credential, its staged successor and the refresh token are three objects of one vault.

    Key Vault's names are case-insensitive (sam-facts 6.3); a rotation stages the new secret as NAME-next.
    """
    written = part(spec, "application", "credential").get("name")
    credential = written or f"{spec.get('name', '')}-credential"
    path: Path = ("application", "credential", "name") if written else ("name",)
    if not _OBJECT_NAME.fullmatch(f"{credential}-next"):
        what = f"the credential's name in the vault would be {credential}, and {credential}-next while it is rotated: "
        what += "letters, digits and hyphens only, 127 at most"
        next_step = "give application.credential.name a shorter or simpler name"
        yield Finding(path, what, written or spec.get("name"), next_step)
    secret = part(spec, "consent").get("secretName", "partner-refresh-token")
    if secret.lower() in (credential.lower(), f"{credential}-next".lower()):
        what = f"the refresh token and the credential {credential} would be one object in the vault"
        where: Path = ("consent", "secretName") if "secretName" in part(spec, "consent") else path
        yield Finding(where, what, secret, "choose another consent.secretName")
