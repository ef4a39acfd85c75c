"""Carrying out the steps of a trust, each looking first, each safe to repeat."""

from __future__ import annotations

from provisioner.clients.graph_facts import FederatedCredential
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
    credentials = work.write.clients.graph.credentials
    if step.operation == "trust":
        if fact.trusted(work.wanted) is None:
            await credentials.add_federated(work.object_id, _entry(work))
    else:
        shown = {change.before for change in step.fields}
        for entry in fact.ours:
            if told(entry.issuer, entry.subject) in shown:
                await credentials.remove_federated(work.object_id, entry.id)
    return await look(work)


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
