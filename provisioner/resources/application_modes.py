"""What the mode says of an application: whose it may be, and what is to be said when it is not there. Pure."""

from __future__ import annotations

from provisioner.clients.graph_facts import ApplicationFacts
from provisioner.core.address import Address
from provisioner.core.errors import ForeignResourceError, PlanError
from provisioner.resources.application_steps import ApplicationWanted, lacks_name
from provisioner.resources.marks import other_spec


def refused_absence(address: Address, wanted: ApplicationWanted, remains: ApplicationFacts | None) -> PlanError:
    """adopt and use make no application, and bring none back."""
    what = f"there is no application with appId {wanted.key.app_id} in the tenant"
    if remains is None:
        step = f"correct application.appId; to have one made, leave mode: {wanted.mode} and appId out"
        return PlanError(what, where=str(address), next_step=step)
    url = f"{wanted.graph}/v1.0/directory/deletedItems/{remains.id}/restore"
    return PlanError(
        f"{what}: {remains.display_name} was deleted",
        where=str(address),
        next_step=f"to bring it back, an Application Administrator runs:\n  az rest --method POST --url {url}",
    )


def refuse_foreign(
    address: Address, wanted: ApplicationWanted, seen: ApplicationFacts, holder: ApplicationFacts | None
) -> None:
    """Raises ForeignResourceError for one this spec must not write to. holder: who has the uniqueName that is to be
    given.
    """
    where = f"{address} (appId {seen.app_id})"
    other = other_spec(seen.tags, wanted.unique_name)
    if wanted.mode == "create" and wanted.mark not in seen.tags:
        raise ForeignResourceError(
            f"an application with uniqueName {wanted.unique_name} exists and is not ours (no tag {wanted.mark})",
            where=where,
            next_step="choose another name; or to take it over, write:\n"
            f"  application:\n    mode: adopt\n    appId: {seen.app_id}",
        )
    if wanted.mode == "adopt" and other is not None:
        raise ForeignResourceError(
            f"the application {seen.display_name} belongs to the spec {other} (tag provisioner:{other})",
            where=where,
            next_step=f"change it in the spec {other}; or write mode: use, to keep only a credential of its own in it",
        )
    if holder is not None and lacks_name(wanted, seen):
        raise ForeignResourceError(
            f"the uniqueName {wanted.unique_name} that it would get belongs to another application, "
            f"{holder.display_name} (appId {holder.app_id})",
            where=where,
            next_step="choose another name in the spec; a uniqueName can never be taken from an application",
        )
