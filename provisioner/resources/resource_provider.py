"""Microsoft.KeyVault's registration in the subscription; without it no vault can be made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from provisioner.clients.tenant import TenantClients
from provisioner.core.address import Address
from provisioner.core.errors import ServiceUnavailableError
from provisioner.core.observation import Known, Observation, Present
from provisioner.core.step import Action, Change, Step
from provisioner.resources.contract import Reader, Right, SpecFragment, Writer, blocked
from provisioner.resources.rights import READ_SUBSCRIPTION, WRITE_SUBSCRIPTION
from provisioner.spec.model import Spec

NAMESPACE = "Microsoft.KeyVault"
_DEADLINE_S = 900.0
_POLL_S = 3.0


@dataclass(frozen=True)
class ProviderWanted:
    """vault: whose presence proves the registration."""

    vault: Address


@dataclass(frozen=True)
class ProviderFact:
    """state: `Registered`, `Registering`, `NotRegistered`, `Unregistered`."""

    state: str


class ResourceProvider:
    """Registered once; never unregistered, for others may use it."""

    name = "resource_provider"
    after = ("vault",)

    def wanted(self, spec: Spec) -> Mapping[Address, ProviderWanted]:
        return {Address(spec.name, self.name, NAMESPACE): ProviderWanted(Address(spec.name, "vault"))}

    def rests_on(self, address: Address, wanted: ProviderWanted | None) -> tuple[Address, ...]:
        return ()

    async def observe(
        self, wanted: Mapping[Address, ProviderWanted], known: Known, read: Reader
    ) -> Mapping[Address, Observation[ProviderFact]]:
        seen: dict[Address, Observation[ProviderFact]] = {}
        for address, provider in wanted.items():
            if (unknown := blocked(known, provider.vault)) is not None:
                seen[address] = unknown
            elif known.fact(provider.vault) is not None:
                seen[address] = Present(ProviderFact("Registered"))
            else:
                seen[address] = Present(ProviderFact(await read.clients.arm.provider_state()))
        return seen

    def steps(
        self, address: Address, wanted: ProviderWanted | None, seen: Observation[ProviderFact], now: datetime
    ) -> Sequence[Step]:
        state = seen.fact.state if isinstance(seen, Present) else "NotRegistered"
        if wanted is None or state == "Registered":
            return ()
        return (
            Step(
                address,
                Action.UPDATE,
                "register",
                (Change("registrationState", state, "Registered"),),
                target=str(address),
                reason="the subscription has never used Key Vault",
            ),
        )

    async def perform(
        self, step: Step, wanted: ProviderWanted | None, known: Known, write: Writer
    ) -> Observation[ProviderFact]:
        arm = write.clients.arm
        if await arm.provider_state() != "Registered":
            await arm.register_provider()
        ends = write.clock.monotonic_s() + _DEADLINE_S
        while (state := await arm.provider_state()) != "Registered":
            if write.clock.monotonic_s() > ends:
                raise ServiceUnavailableError(
                    "Azure Resource Manager", "register resource provider", 0, state,
                    f"{NAMESPACE} is still not registered", next_step="run the same command again in a few minutes",
                )  # fmt: skip
            write.progress(f"waiting for {NAMESPACE} to be registered")
            await write.clock.sleep(_POLL_S)
        return Present(ProviderFact(state))

    def rights(self, operation: str) -> tuple[Right, ...]:
        return (READ_SUBSCRIPTION,) if operation == "observe" else (WRITE_SUBSCRIPTION,)

    def person(self, step: Step, wanted: ProviderWanted | None, known: Known, clients: TenantClients) -> str | None:
        return f"az provider register --namespace {NAMESPACE} --subscription {clients.subscription}"

    def to_spec(self, seen: Mapping[Address, ProviderFact]) -> SpecFragment:
        return SpecFragment({})
