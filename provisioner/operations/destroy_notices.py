"""What whoever decides about a destroy must know besides its steps: what goes too, what lives on, the way back."""

from __future__ import annotations

from collections.abc import Iterable

from provisioner.clients.arm import ArmClient
from provisioner.clients.arm_facts import DeletedVaultFacts
from provisioner.clients.clouds import CloudEndpoints
from provisioner.clients.graph_facts import ApplicationFacts
from provisioner.clients.key_vault import SecretFacts
from provisioner.core.address import Address
from provisioner.core.errors import ApiError
from provisioner.core.observation import Absent, Known
from provisioner.core.plan import Notice, Plan
from provisioner.resources.marks import TAG
from provisioner.resources.removal.application import PURGE
from provisioner.resources.removal.fate import KEPT_BY_ENTRA, Fate, VaultStanding
from provisioner.resources.removal.inside import Inside, inside
from provisioner.resources.rights import LIST_KEYS, LIST_SECRETS
from provisioner.resources.token_state import CONTENT_TYPE
from provisioner.spec.model import Spec

_SHOWN = 5
_GRANTED = ("grant", "app_role_assignment")
_VAULTS = "/providers/microsoft.keyvault/vaults/"


def destruction_notices(plan: Plan, spec: Spec, known: Known, cloud: CloudEndpoints) -> Iterable[Notice]:
    """Before: others' things that go, and the refresh token. After: until when what was deleted can be recovered."""
    application, vault = known.fact(Address(spec.name, "application")), known.fact(Address(spec.name, "vault"))
    going = {step.address.kind for step in plan.pending if step.operation != PURGE}
    purged = {step.address.kind for step in plan.pending if step.operation == PURGE}
    where = inside(spec, purge=False)
    if vault is not None and "vault" in going and vault.fate is Fate.GOES:
        yield from _others(vault, where, for_good="vault" in purged)
    if vault is not None and vault.locks is None and going & {"vault", "role_assignment"}:
        text = f"whether a management lock holds vault {vault.vault.name} could not be read: one stops this half way"
        yield Notice("warning", text, "az lock list shows them; or give the runner Reader on the vault")
    token = _token(vault, where)
    unseen = vault is not None and vault.fate is Fate.GOES and vault.secrets is None
    if "application" not in purged and ("refresh_token" in going or ("vault" in going and (token or unseen))):
        redeemable = application is None or application.fate is not Fate.GOES
        yield _stays_valid(_account(spec, token), cloud, redeemable=redeemable, unseen=unseen)
    granted = [step for step in plan.steps if step.address.kind in _GRANTED and step.kept]
    if "application" in going and granted:
        text = "what is granted to the application stays, also what apply granted: Graph does not say who did"
        yield Notice("warning", text, "revoke what nobody else needs, by the commands above")
    if going & {"application", "vault"} - purged:
        yield Notice("info", "the next apply brings back what can be recovered", "provisioner apply SPEC")
    if not plan.pending:
        yield from _recoverable(spec, known)


async def marked_elsewhere(spec: Spec, arm: ArmClient) -> tuple[Notice, ...]:
    """Vaults of the subscription that carry our mark and that the spec does not name, as before it was edited."""
    try:
        found = await arm.list_tagged(TAG, spec.name)
    except ApiError as error:
        text = f"whether another vault of the subscription carries our mark could not be read: {error.what}"
        return (Notice("warning", text, error.next_step),)
    named = arm.vault_id(spec.vault.resource_group, spec.vault.name).lower()
    vaults = [each.split("/") for each in found if _VAULTS in each.lower() and each.lower() != named]
    return tuple(
        Notice(
            "warning",
            f"vault {vault} of resource group {group} carries our mark too, and stays: the spec does not name it. "
            f"To see what would go, write vault.name: {vault} and vault.resourceGroup: {group} into the spec",
            "provisioner destroy SPEC",
        )
        for group, vault in ((parts[4], parts[8]) for parts in vaults)
    )


def _others(vault: VaultStanding, where: Inside, *, for_good: bool) -> Iterable[Notice]:
    """Of its secrets, certificates and keys; and of which of them nobody could look."""
    how = "for good" if for_good else "and comes back only with it"
    ours, name = where.named | where.certificates, vault.vault.name
    secrets = [each for each in vault.secrets or () if each.tags.get(TAG) != where.mark]
    theirs = [f"{'certificate ' * each.managed}{each.name}" for each in secrets if each.name.lower() not in ours]
    theirs += [f"key {key}" for key in vault.keys or ()]
    if theirs:
        more = f" and {len(theirs) - _SHOWN} more" if len(theirs) > _SHOWN else ""
        what = f"{', '.join(theirs[:_SHOWN])}{more}"
        yield Notice("warning", f"vault {name} holds what is not ours, which goes too, {how}: {what}")
    for what, seen, right in (
        ("secrets and certificates", vault.secrets, LIST_SECRETS),
        ("keys", vault.keys, LIST_KEYS),
    ):
        if seen is None:
            text = f"the {what} in vault {name} could not be listed: those that others keep there go too, {how}"
            yield Notice("warning", text, f"to see them, give the runner one of: {right.told()}")


def _token(vault: VaultStanding | None, where: Inside) -> SecretFacts | None:
    """The refresh token in a vault that goes."""
    secrets = () if vault is None or vault.secrets is None else vault.secrets
    tokens = (each for each in secrets if each.content_type == CONTENT_TYPE or each.name.lower() == where.token)
    return next(tokens, None)


def _account(spec: Spec, token: SecretFacts | None) -> str:
    noted = "" if token is None else token.tags.get("account", "")
    return noted or spec.consent.account or "ACCOUNT"


def _stays_valid(account: str, cloud: CloudEndpoints, *, redeemable: bool, unseen: bool) -> Notice:
    """unseen: nobody could look whether there is one."""
    token = "a refresh token, if one is stored there," if unseen else "the refresh token itself"
    how = "whoever has a copy and a credential of the application can redeem it"
    if not redeemable:
        how = "without the application it cannot be redeemed, and a restored one takes it again"
    return Notice(
        "warning",
        f"{token} stays valid at Entra until it is revoked: {how}. To revoke it, with every session "
        f"and every other refresh token of {account} in all applications:\n"
        f"  {cloud.advice(f'az rest --method POST --url {cloud.graph}/v1.0/users/{account}/revokeSignInSessions')}",
    )


def _recoverable(spec: Spec, known: Known) -> Iterable[Notice]:
    """What lies soft-deleted, by the services' own dates."""
    application = known.get(Address(spec.name, "application"))
    vault = known.get(Address(spec.name, "vault"))
    told: list[str] = []
    if isinstance(application, Absent) and isinstance(application.remains, ApplicationFacts):
        deleted_at = application.remains.deleted_at
        until = "" if deleted_at is None else f" until {deleted_at + KEPT_BY_ENTRA:%Y-%m-%d}"
        told.append(f"application {application.remains.app_id} can be restored{until}")
    if isinstance(vault, Absent) and isinstance(vault.remains, DeletedVaultFacts):
        purged_at = vault.remains.scheduled_purge
        until = "" if purged_at is None else f" until {purged_at:%Y-%m-%d}"
        told.append(f"vault {vault.remains.name} can be recovered{until}, with all it held")
    if told:
        yield Notice("info", f"{'; '.join(told)}; the next apply brings back what it finds", "provisioner apply SPEC")
