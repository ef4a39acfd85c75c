"""What differs between the vault that is wanted and the one that was seen. Pure.

Whether it may be touched at all, by mode and mark, is `vault_modes`'s.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from provisioner.clients.arm_facts import DeletedVaultFacts, VaultFacts, normal_ip
from provisioner.core import compare
from provisioner.core.address import Address
from provisioner.core.errors import ImmutableFieldError
from provisioner.core.step import Action, Change, Step
from provisioner.resources.marks import ADOPTED_TAG, ADOPTION, TAG, is_our_tag
from provisioner.spec.model import Mode, Network

_IRREVERSIBLE = "vault.purgeProtection"


@dataclass(frozen=True)
class VaultWanted:
    """location is normalised. mark: the spec's name, our tag's value. None in a field: not owned.

    tenant: its id; None when the spec names a domain, which is the runner's own tenant then.
    """

    name: str
    mode: Mode
    group: str
    location: str
    tenant: str | None
    mark: str
    sku: str | None
    purge_protection: bool | None
    retention_days: int | None
    network: Network | None
    tags: Mapping[str, str] | None
    exact_ips: bool
    exact_tags: bool

    @property
    def allowed_ips(self) -> tuple[str, ...] | None:
        if self.network is None or self.network.allowed_ips is None:
            return None
        return tuple(normal_ip(ip) for ip in self.network.allowed_ips)


def creation_step(address: Address, wanted: VaultWanted, needs: tuple[Address, ...]) -> Step:
    """Everything it is created with."""
    return Step(
        address,
        Action.CREATE,
        "create",
        _fields(wanted),
        needs=needs,
        target=str(address),
        irreversible=bool(wanted.purge_protection) or wanted.retention_days is not None,  # fixed at creation
    )


def recovery_step(
    address: Address, wanted: VaultWanted, remains: DeletedVaultFacts, needs: tuple[Address, ...]
) -> Step:
    """Ours comes back."""
    return Step(
        address,
        Action.CREATE,
        "recover",
        (Change("vault.name", None, wanted.name),),
        needs=needs,
        target=str(address),
        reveals=True,
        reason="it was deleted: it comes back as it was, and roles are assigned again",
        seen=remains.vault_id,
    )


def update_steps(address: Address, wanted: VaultWanted, seen: VaultFacts) -> Sequence[Step]:
    """At most one update, and a person's item for a switched permission model.

    Raises: ImmutableFieldError for what can never change.
    """
    _refuse_what_cannot_change(address, wanted, seen)
    network = wanted.network or Network()
    ips, kept_ips = compare.entries(
        "vault.network.allowedIps",
        None if wanted.allowed_ips is None else [_shown_ip(ip) for ip in wanted.allowed_ips],
        [_shown_ip(ip) for ip in seen.allowed_ips],
        exact=wanted.exact_ips,
    )
    own_tags = {key: value for key, value in seen.tags.items() if not is_our_tag(key)}
    tags, kept_tags = _tag_changes(wanted, own_tags)
    kept = kept_ips + kept_tags
    changes = (
        *(Change(f"vault.tags.{tag}", None, wanted.mark) for tag in missing_marks(wanted, seen)),
        *compare.scalar("vault.sku", wanted.sku, seen.sku),
        *compare.scalar(_IRREVERSIBLE, wanted.purge_protection, seen.purge_protection),
        *compare.scalar("vault.network.publicNetworkAccess", network.public_network_access, seen.public_network_access),
        *compare.scalar("vault.network.defaultAction", network.default_action, seen.default_action),
        *ips,
        *tags,
    )
    switched = wanted.mode == "create" and not seen.rbac
    permission_model = (_switched_permission_model(address, wanted),) if switched else ()
    if not changes:
        return (*permission_model, Step(address, Action.NONE, kept=kept)) if kept else permission_model
    return (
        *permission_model,
        Step(
            address,
            Action.UPDATE,
            "update",
            changes,
            kept=kept,
            target=str(address),
            irreversible=any(change.path == _IRREVERSIBLE for change in changes),
            removal=any(change.removes_entry for change in changes),
            reason=ADOPTION if missing_marks(wanted, seen) else "",
            seen=seen.id,
        ),
    )


def missing_marks(wanted: VaultWanted, seen: VaultFacts) -> tuple[str, ...]:
    """The tags that adoption writes: ours, and beside it that the vault was there before us.

    One that we made carries ours already, and stays ours to remove.
    """
    if wanted.mode != "adopt" or TAG in seen.tags:
        return ()
    return tuple(tag for tag in (TAG, ADOPTED_TAG) if tag not in seen.tags)


def _switched_permission_model(address: Address, wanted: VaultWanted) -> Step:
    """Never switched by us: that would cut off whoever reads the vault through its access policies."""
    return Step(
        address,
        Action.PERSON,
        "switch permission model",
        (Change("vault.enableRbacAuthorization", False, True),),
        target=str(address),
        reason="somebody switched this vault to access policies; roles give no access to it",
        todo=f"az keyvault update --name {wanted.name} --enable-rbac-authorization true",
    )


def _refuse_what_cannot_change(address: Address, wanted: VaultWanted, seen: VaultFacts) -> None:
    where = f"{address} ({seen.id})"
    fixed = (
        ("location", wanted.location, seen.location),
        ("tenant", wanted.tenant, seen.tenant),
        ("softDeleteRetentionDays", wanted.retention_days, seen.soft_delete_retention_days),
    )
    for path, want, have in fixed:
        if want is not None and want != have:
            raise ImmutableFieldError(
                f"vault.{path} is {have} and can never be changed; the spec says {want}",
                where=where,
                next_step=f"write {have} in the spec, or name another vault",
            )
    if wanted.purge_protection is False and seen.purge_protection:
        raise ImmutableFieldError(
            "vault.purgeProtection is on and can never be turned off; the spec says false",
            where=where,
            next_step="write purgeProtection: true, or leave the key out",
        )


def _fields(wanted: VaultWanted) -> tuple[Change, ...]:
    network = wanted.network or Network()
    values = (
        ("vault.name", wanted.name),
        ("vault.location", wanted.location),
        ("vault.sku", wanted.sku),
        (_IRREVERSIBLE, wanted.purge_protection),
        ("vault.softDeleteRetentionDays", wanted.retention_days),
        ("vault.network.publicNetworkAccess", network.public_network_access),
        ("vault.network.defaultAction", network.default_action),
    )
    return (
        *(Change(path, None, value) for path, value in values if value is not None),
        *(Change("vault.network.allowedIps", None, _shown_ip(ip)) for ip in wanted.allowed_ips or ()),
        *(Change(f"vault.tags.{key}", None, value) for key, value in (wanted.tags or {}).items()),
    )


def _shown_ip(ip: str) -> str:
    """One address as people write it, be it with or without /32."""
    return ip.removesuffix("/32")


def _tag_changes(wanted: VaultWanted, seen: Mapping[str, str]) -> tuple[tuple[Change, ...], tuple[str, ...]]:
    """And the tags of others that stay. ARM's tag names ignore case, and come back in any: others' show in lower."""
    if wanted.tags is None:
        return (), ()
    have = {key.casefold(): value for key, value in seen.items()}
    named = {key.casefold() for key in wanted.tags}
    changed = tuple(
        Change(f"vault.tags.{key}", have.get(key.casefold()), value)
        for key, value in wanted.tags.items()
        if have.get(key.casefold()) != value
    )
    others = sorted(have.keys() - named)
    if wanted.exact_tags:
        return changed + tuple(Change(f"vault.tags.{key}", have[key], None) for key in others), ()
    return changed, tuple(f"tag {key}: {have[key]}" for key in others)
