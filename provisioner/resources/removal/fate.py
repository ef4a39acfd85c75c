"""What becomes of the two things that hold the others: the application and the vault."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum

from provisioner.clients.arm_facts import VaultFacts
from provisioner.clients.arm_governance import Lock
from provisioner.clients.graph_facts import ApplicationFacts
from provisioner.clients.key_vault import SecretFacts
from provisioner.spec.model import Mode

KEPT_BY_ENTRA = timedelta(days=30)
"""How long a deleted application can be restored (sam-facts 5.7)."""
_LONGEST_RETENTION_DAYS = 90
AGAIN = "run the same command again"
"""When the world moved since the plan: another run looks first."""


class Fate(StrEnum):
    """goes: we made it. released: it was there before us, and loses our marks. stays: mode use, or not ours."""

    GOES = "goes"
    RELEASED = "released"
    STAYS = "stays"


def fate_of(mode: Mode, *, ours: bool, adopted: bool) -> Fate:
    """By the marks on the thing itself; of the spec's mode only `use` counts: then it is never written."""
    if mode == "use" or not ours:
        return Fate.STAYS
    return Fate.RELEASED if adopted else Fate.GOES


@dataclass(frozen=True)
class ApplicationStanding:
    """An application that is there."""

    application: ApplicationFacts
    fate: Fate


@dataclass(frozen=True)
class VaultStanding:
    """A vault that is there. secrets, keys: what goes with a vault that goes; None where the runner may not list them.

    A certificate is among the secrets. keys: names, without those of certificates. locks: on the vault or above it;
    None likewise.
    """

    vault: VaultFacts
    fate: Fate
    secrets: tuple[SecretFacts, ...] | None = field(default=None, repr=False)
    keys: tuple[str, ...] | None = None
    locks: tuple[Lock, ...] | None = ()

    @property
    def retention(self) -> timedelta:
        """How long what is deleted can be recovered."""
        return timedelta(days=self.vault.soft_delete_retention_days or _LONGEST_RETENTION_DAYS)
