"""What a spec says of who has access to a vault, and what no spec can say of it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, get_args

from provisioner.clients.arm_facts import RoleAssignmentFacts
from provisioner.resources.access_policies import PolicyFact
from provisioner.resources.contract import SpecFragment
from provisioner.resources.marks import TAG
from provisioner.resources.vault_roles import ROLE_IDS
from provisioner.spec.draft import Draft
from provisioner.spec.model import PrincipalType

_ON_A_VAULT = "/providers/microsoft.keyvault/vaults/"
_RUNNER = "runner"
_OPERATOR = "operator"


def access_fragment(roles: Iterable[RoleAssignmentFacts], policies: Iterable[PolicyFact]) -> SpecFragment:
    """Roles of Key Vault on the vault itself; a note of all else. A runner's own are nobody's to write down."""
    on_vault = [entry for entry in roles if _ON_A_VAULT in entry.scope.lower()]
    ours = {purpose: [entry for entry in on_vault if _purpose(entry) == purpose] for purpose in (_RUNNER, _OPERATOR)}
    others = [entry for entry in on_vault if entry not in (*ours[_RUNNER], *ours[_OPERATOR])]
    access, notes = _access(others)
    notes += [f"an access policy gives {policy.principal}: {policy.told}; it stays" for policy in policies]
    document: dict[str, Any] = {"vault": {"access": access}} if access else {}
    if operators := list(dict.fromkeys(entry.principal_id for entry in ours[_OPERATOR])):
        document["consent"] = {"operators": operators}
    return Draft(document, omitted={("vault",): tuple(notes)} if notes else {})


def _access(assignments: Sequence[RoleAssignmentFacts]) -> tuple[list[dict[str, str]], list[str]]:
    access: list[dict[str, str]] = []
    notes: list[str] = []
    for entry in assignments:
        role, kind = ROLE_IDS.get(entry.role_id), entry.principal_type
        if role is not None and kind in get_args(PrincipalType) and not entry.condition:
            told = {"principal": entry.principal_id, "type": kind, "role": role}
            access += [told] if told not in access else []
        else:
            why = "under a condition" if entry.condition else "no role of Key Vault's data" if role is None else kind
            notes.append(f"{role or f'the role {entry.role_id}'} of {entry.principal_id} ({why}) stays")
    return access, notes


def _purpose(entry: RoleAssignmentFacts) -> str:
    """What we assigned it for; "" for another's."""
    return entry.description.rpartition(":")[2] if entry.description.startswith(f"{TAG}:") else ""
