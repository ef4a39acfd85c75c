"""Carrying out the steps of a trust, each looking first, each safe to repeat."""

from __future__ import annotations

from dataclasses import replace

from provisioner.clients.graph_facts import FederatedCredential
from provisioner.core.errors import StaleError
from provisioner.core.step import Step
from provisioner.resources.credential.at_work import AtWork
from provisioner.resources.credential.federated_steps import (
    FederatedFact,
    description,
    sorted_trusts,
    told,
)
from provisioner.resources.lag import DIRECTORY_DEADLINE_S, directory_lag, retry_while
from provisioner.resources.marks import federated_name


async def carry_out(step: Step, work: AtWork) -> FederatedFact:
    """One of trust, retire, retire_federated. What a later look would see."""
    fact = await look(work)
    if step.operation == "trust":
        await _trust(work, fact)
    else:
        await _retire(step, work, fact)
    return await look(work)


async def _trust(work: AtWork, fact: FederatedFact) -> None:
    credentials, wanted = work.write.clients.graph.credentials, work.wanted
    if fact.trusted(wanted) is not None:
        return
    taken = fact.of_subject(wanted)
    if taken is None:
        await credentials.add_federated(work.object_id, _entry(work))
    elif taken in fact.ours:
        await credentials.update_federated(work.object_id, replace(_entry(work), id=taken.id))
    else:
        raise StaleError(
            f"another's trust in {told(wanted.issuer, wanted.subject)} expects the audience {taken.audience}",
            where=f"application {work.object_id}",
            next_step="run the same command again",
        )


async def _retire(step: Step, work: AtWork, fact: FederatedFact) -> None:
    """What the plan shows, and never the one that the spec asks for."""
    shown = {change.before for change in step.fields}
    keep = fact.trusted(work.wanted) if step.operation == "retire" else None
    for entry in fact.ours:
        if told(entry.issuer, entry.subject) in shown and entry != keep:
            await work.write.clients.graph.credentials.remove_federated(work.object_id, entry.id)


async def look(work: AtWork) -> FederatedFact:
    """The trusts as they are now."""
    listed = await retry_while(
        work.write,
        directory_lag,
        lambda: work.write.clients.graph.credentials.list_federated(work.object_id),
        "the application",
        DIRECTORY_DEADLINE_S,
    )
    return sorted_trusts(work.wanted, listed)


def _entry(work: AtWork) -> FederatedCredential:
    wanted = work.wanted
    trusted = f"{wanted.issuer}|{wanted.subject}|{wanted.place.audience}"
    return FederatedCredential(
        id="",
        name=federated_name(wanted.spec_name, trusted),
        issuer=wanted.issuer,
        subject=wanted.subject,
        audience=wanted.place.audience,
        description=description(work.write.clock.now()),
    )
