"""What a vault's access policies give, where roles give nothing: its permission model is never switched by us.

A policy is written for one principal, all its permissions of a family at once (`az keyvault set-policy` replaces the
families it names), so a command for one role holds what the principal has and all else the spec gives it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from provisioner.clients.arm_facts import AccessPolicyFacts, VaultFacts
from provisioner.core.address import Address
from provisioner.core.errors import ForbiddenError, NotFoundError
from provisioner.core.observation import Absent, Observation, Present
from provisioner.core.step import Action, Change, Step
from provisioner.resources.contract import Reader
from provisioner.resources.vault_roles import CERTIFICATES_OFFICER, CRYPTO_USER, READER, SECRETS_OFFICER, SECRETS_USER
from provisioner.spec.model import PrincipalType

Permissions = Mapping[str, tuple[str, ...]]
SET_POLICY, DELETE_POLICY = "set policy", "delete policy"

# What every role of the data plane allows, as permissions (Learn, "Migrate to Azure RBAC", read 2026-11-30, and the
# roles' own data actions, sam-facts 6.2). "all" leaves out purge.
_READS = ("get", "list")
_MANAGES = (*_READS, "update", "create", "import", "delete", "recover", "backup", "restore")
_SECRETS = (*_READS, "set", "delete", "recover", "backup", "restore")
_USES_KEYS = ("encrypt", "decrypt", "wrapkey", "unwrapkey", "sign", "verify")
_ISSUERS = ("managecontacts", "manageissuers", "getissuers", "listissuers", "setissuers", "deleteissuers")
_CERTIFICATES = (*_MANAGES, *_ISSUERS)
_KEYS = (*_MANAGES, *_USES_KEYS, "rotate", "getrotationpolicy", "setrotationpolicy")
_FOR_CONSUMERS: Mapping[str, Permissions] = {
    "Key Vault Administrator": {"secrets": _SECRETS, "certificates": _CERTIFICATES, "keys": _KEYS},
    SECRETS_OFFICER: {"secrets": _SECRETS},
    SECRETS_USER: {"secrets": _READS},
    CERTIFICATES_OFFICER: {"certificates": _CERTIFICATES},
    "Key Vault Certificate User": {"certificates": _READS, "secrets": _READS},
    "Key Vault Crypto Officer": {"keys": _KEYS},
    CRYPTO_USER: {"keys": (*_READS, *_USES_KEYS)},
    "Key Vault Crypto Service Encryption User": {"keys": (*_READS, "wrapkey", "unwrapkey")},
    READER: {"secrets": ("list",), "certificates": _READS, "keys": _READS},
}
# Of a role that the runner or an operator has, what provisioner itself makes use of.
_FOR_US: Mapping[str, Permissions] = {
    SECRETS_OFFICER: {"secrets": (*_READS, "set", "recover")},
    CERTIFICATES_OFFICER: {"certificates": (*_READS, "create", "update", "delete", "recover")},
    CRYPTO_USER: {"keys": ("sign",)},
    READER: {"certificates": _READS},
}


@dataclass(frozen=True)
class PolicyFact:
    """The vault's policies give a principal what a role would. extra: the spec does not ask for it; exact: it is to go.

    told: what it is given, for people.
    """

    vault: str
    principal: str
    extra: bool = False
    exact: bool = False
    told: str = ""


@dataclass(frozen=True)
class PolicyGap:
    """What the vault's policies do not give a principal. command: gives it, and all else the spec asks for it."""

    principal: str
    lacks: tuple[tuple[str, str], ...]
    command: str
    notes: str = ""


@dataclass(frozen=True)
class Asked:
    """What the spec gives a principal."""

    principal: str
    principal_type: PrincipalType
    permissions: Permissions


@dataclass(frozen=True)
class PolicyVault:
    """A vault without roles. groups: of a principal, those it is in; None where they may not be read."""

    name: str
    policies: Sequence[AccessPolicyFacts]
    groups: Mapping[str, Collection[str] | None] = field(default_factory=dict)

    def lacks(self, principal: str, wanted: Permissions) -> tuple[tuple[str, str], ...]:
        """The permissions that no policy gives it, by family."""
        held = self._held({principal, *(self.groups.get(principal) or ())})
        return tuple(
            (family, name)
            for family, names in wanted.items()
            for name in names
            if not {name, "all"} & held.get(family, frozenset())
        )

    def _held(self, holders: Collection[str]) -> Mapping[str, frozenset[str]]:
        held: dict[str, frozenset[str]] = {}
        for policy in self.policies:
            if policy.object_id in holders and not policy.application_id:
                for family, names in policy.permissions.items():
                    held[family] = held.get(family, frozenset()) | names
        return held

    def look(self, asked: Asked, all_wanted: Iterable[Permissions]) -> Observation[PolicyFact]:
        """Present, or Absent with the gap. all_wanted: of all that the spec gives the principal."""
        principal = asked.principal
        lacks = self.lacks(principal, asked.permissions)
        if not lacks:
            return Present(PolicyFact(self.name, principal))
        own = self._held({principal})
        wanted: dict[str, list[str]] = {}
        for permissions in all_wanted:
            for family, name in self.lacks(principal, permissions):
                wanted.setdefault(family, []).append(name)
        options = (
            f"--{_OPTIONS[family]} {' '.join(dict.fromkeys((*sorted(own.get(family, ())), *names)))}"
            for family, names in wanted.items()
        )
        command = f"az keyvault set-policy --name {self.name} --object-id {principal} {' '.join(options)}"
        unread = principal in self.groups and self.groups[principal] is None
        return Absent(PolicyGap(principal, lacks, command, _UNREAD if unread else ""))

    def others(self, known: Collection[str], *, exact: bool) -> Iterable[PolicyFact]:
        """Policies for principals the spec does not name."""
        for policy in self.policies:
            if policy.object_id not in known:
                told = "; ".join(
                    f"{family} {' '.join(sorted(names))}" for family, names in sorted(policy.permissions.items())
                )
                yield PolicyFact(self.name, policy.object_id, extra=True, exact=exact, told=told)


_OPTIONS = {"secrets": "secret-permissions", "certificates": "certificate-permissions", "keys": "key-permissions"}
WHO = "whoever manages the vault runs:"
_UNREAD = "; whether a group it is in has them could not be read"


async def look(
    asked: Mapping[Address, Asked], vault: VaultFacts, read: Reader
) -> tuple[PolicyVault, dict[Address, Observation[PolicyFact]]]:
    """What the policies give for each. A principal's groups are read only where a policy of another might be theirs."""
    alone = PolicyVault(vault.name, vault.access_policies)
    lacking = {
        each.principal: each.principal_type for each in asked.values() if alone.lacks(each.principal, each.permissions)
    }
    others = {policy.object_id for policy in vault.access_policies if not policy.application_id}
    who = [principal for principal in lacking if others - {principal} and lacking[principal] != "Group"]
    groups = await read.all_of(lambda principal: _groups(principal, lacking[principal], read), who)
    whole = replace(alone, groups=dict(zip(who, groups, strict=True)))
    wanted: dict[str, list[Permissions]] = {}
    for each in asked.values():
        wanted.setdefault(each.principal, []).append(each.permissions)
    return whole, {address: whole.look(each, wanted[each.principal]) for address, each in asked.items()}


async def _groups(principal: str, kind: PrincipalType, read: Reader) -> Collection[str] | None:
    try:
        return await read.clients.graph.list_groups_of(principal, user=kind == "User")
    except (ForbiddenError, NotFoundError):
        return None


def command_for(vault: VaultFacts, principal: str, roles: Iterable[str]) -> str:
    """What gives an identity that runs provisioner all that these roles would; "" where it has that already."""
    wanted = [permissions for role in roles if (permissions := permissions_of(role, consumer=False))]
    known = PolicyVault(vault.name, vault.access_policies)
    for permissions in wanted:
        seen = known.look(Asked(principal, "ServicePrincipal", permissions), wanted)
        if isinstance(seen, Absent):
            return str(seen.remains.command)
    return ""


def permissions_of(role: str, *, consumer: bool) -> Permissions | None:
    """What stands for a role on a vault without roles; None for one that is not about its data (those work there)."""
    return (_FOR_CONSUMERS if consumer else _FOR_US).get(role) or _FOR_CONSUMERS.get(role)


def gap_step(address: Address, gap: PolicyGap, *, on_demand: bool) -> Step:
    """A person's item: who may write the vault writes its policies."""
    return Step(
        address,
        Action.PERSON,
        SET_POLICY,
        tuple(Change(f"accessPolicies.{family}", None, name) for family, name in gap.lacks),
        target=str(address),
        on_demand=on_demand,
        in_place=not on_demand,  # nothing of ours waits for what others are given
        reason=f"the vault uses access policies, and stays so: a role would give no access to it{gap.notes}",
        todo=f"{WHO}\n  {gap.command}",
    )


def extra_step(address: Address, fact: PolicyFact) -> Step:
    """What others were given stays, unless access is exact: then a person takes it away."""
    if not fact.exact:
        return Step(address, Action.NONE, kept=(f"access policy: {fact.told}",))
    return Step(
        address,
        Action.PERSON,
        DELETE_POLICY,
        (Change("accessPolicies", fact.told, None),),
        target=str(address),
        reason="exact: [access]; the vault uses access policies, which are its manager's",
        todo=f"{WHO}\n  az keyvault delete-policy --name {fact.vault} --object-id {fact.principal}",
    )
