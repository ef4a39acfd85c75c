"""Who applies a spec on the emulator: only identities it knows (design section 8).

AZURE_* where the emulator knows that client id, else the seeded runner of the spec's tenant. Never az, a managed
identity or another machine's metadata: nothing may leave the loopback.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from provisioner.clients.identity import ClientSecretIdentity
from provisioner.core.errors import ProvisionerError
from provisioner.core.secret import Secret
from provisioner.spec.model import Spec


@dataclass(frozen=True)
class EmulatorRunners:
    """seeded: by tenant id and by domain. environment: of AZURE_*; known_in: where that can sign in."""

    seeded: Mapping[str, ClientSecretIdentity]
    environment: ClientSecretIdentity | None
    known_in: frozenset[str]

    def of(self, spec: Spec) -> ClientSecretIdentity:
        """Raises ProvisionerError when the emulator has no such tenant."""
        tenant = spec.tenant.lower()
        if (seeded := self.seeded.get(tenant)) is None:
            raise ProvisionerError(
                f"the emulator has no tenant {spec.tenant}",
                where=spec.name,
                next_step="`provisioner emulator status` lists the tenants it has",
            )
        return self.environment if self.environment is not None and tenant in self.known_in else seeded

    def passed_over(self, spec: Spec) -> str:
        """What to tell when the environment names an identity that is not taken; "" otherwise."""
        if self.environment is None or self.of(spec) is self.environment:
            return ""
        return (
            f"AZURE_CLIENT_ID {self.environment.client_id} is not known to the emulator in tenant {spec.tenant}: "
            f"its own runner {self.of(spec).client_id} is used"
        )


def emulator_runners(
    tenants: list[dict[str, Any]], environment: ClientSecretIdentity | None, known: list[str]
) -> EmulatorRunners:
    """tenants: as `emulator start --json` prints them. known: ids of the tenants that know the environment's client."""
    seeded: dict[str, ClientSecretIdentity] = {}
    known_in: set[str] = set()
    for tenant in tenants:
        runner = ClientSecretIdentity(tenant["runner"]["clientId"], Secret(tenant["runner"]["clientSecret"]))
        names = (tenant["id"].lower(), tenant["domain"].lower())
        seeded |= dict.fromkeys(names, runner)
        known_in |= set(names) if tenant["id"] in known else set()
    return EmulatorRunners(seeded, environment, frozenset(known_in))
