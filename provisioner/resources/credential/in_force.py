"""Before anything of a replaced type goes: a look whether the wanted type really is in force. Never the last one."""

from __future__ import annotations

from datetime import datetime

from provisioner.clients.proof import FederatedProof
from provisioner.core.errors import StaleError
from provisioner.core.step import Step
from provisioner.resources.credential import certificate_writes, federated_writes, secret_writes
from provisioner.resources.credential.at_work import AtWork


async def refuse_unless_in_force(step: Step, work: AtWork) -> None:
    """Raises: StaleError when the application would be left with nothing that works; SignInError; ApiError."""
    if await _since(work) is None:
        raise StaleError(
            f"no {work.wanted.place.type} of ours is in force: nothing would be left that works",
            where=str(step.address),
            next_step="run the same command again: it brings one into force first",
        )


async def _since(work: AtWork) -> datetime | None:
    now = work.write.clock.now()
    kind = work.wanted.place.type
    if kind == "secret":
        return (await secret_writes.look(work)).since(now)
    if kind == "certificate":
        return (await certificate_writes.look(work)).since(now)
    since = (await federated_writes.look(work)).since(work.wanted)
    if since is not None:
        await prove_trust(work)
    return since


async def prove_trust(work: AtWork) -> None:
    """A trust tells nothing until a token of its platform was taken: one is, before the last other credential goes.

    Raises: CredentialMissingError where this machine has no such token; SignInError when Entra does not take it.
    """
    clients, audience = work.write.clients, work.wanted.place.audience
    await work.prove(FederatedProof(lambda: clients.platform.token(audience)))
