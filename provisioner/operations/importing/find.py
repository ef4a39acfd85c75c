"""Which application and which vault are meant. Two of one name are never told apart by a guess."""

from __future__ import annotations

from collections.abc import Sequence

from provisioner.clients.arm_facts import VaultFacts
from provisioner.clients.graph import GraphClient
from provisioner.clients.graph_facts import ApplicationFacts
from provisioner.core.errors import AmbiguousResourceError, PlanError
from provisioner.operations.importing.wish import Wish
from provisioner.resources.application_steps import reply_urls
from provisioner.spec.model import is_guid

_SHOWN = 10


async def find_application(graph: GraphClient, wish: Wish) -> ApplicationFacts:
    """The application that the wish names by appId, object id or display name.

    Raises: AmbiguousResourceError with the candidates; PlanError when there is none; ApiError.
    """
    if is_guid(wish.app):
        app_id = wish.app.lower()
        found = await graph.find_application_by_app_id(app_id) or await graph.find_application_by_id(app_id)
        if found is None:
            raise await _absent_id(graph, wish)
        return found
    named = await graph.list_applications_named(wish.app)
    if not named:
        raise _absent(wish, f"no application of the tenant is named {wish.app}")
    if len(named) > 1:
        raise _ambiguous(wish, named)
    return named[0]


async def _absent_id(graph: GraphClient, wish: Wish) -> PlanError:
    """People take the id of the enterprise application for the application's."""
    principal = await graph.find_service_principal_by_id(wish.app.lower())
    if principal is None:
        return _absent(wish, f"no application of the tenant has the appId or object id {wish.app}")
    if await graph.find_application_by_app_id(principal.app_id) is not None:
        what = f"{wish.app} is the enterprise application (service principal) of {principal.display_name}"
        return PlanError(what, where=_WHERE, next_step=f"name the application:\n  {wish.command(principal.app_id)}")
    what = f"{principal.display_name} (appId {principal.app_id}) is registered in another tenant: only its service "
    step = "import it with --tenant of the tenant that holds its registration"
    return PlanError(f"{what}principal is here", where=_WHERE, next_step=step)


def _absent(wish: Wish, what: str) -> PlanError:
    step = f"list those that look like a set-up:\n  {wish.list_command()}"
    return PlanError(what, where=_WHERE, next_step=step)


def _ambiguous(wish: Wish, named: Sequence[ApplicationFacts]) -> AmbiguousResourceError:
    lines = [f"{len(named)} applications have this name: name the one you mean by its appId:"]
    for application in sorted(named, key=lambda each: (each.created_at is None, each.created_at))[:_SHOWN]:
        made = f", created {application.created_at:%Y-%m-%d}" if application.created_at else ""
        urls = ", ".join(uri for _, uri in reply_urls(application)) or "no reply URL"
        lines += [f"appId {application.app_id}{made}, {urls}", f"  {wish.command(application.app_id)}"]
    lines += [f"and {len(named) - _SHOWN} more"] if len(named) > _SHOWN else []
    return AmbiguousResourceError(
        f"the display name {wish.app} does not say which application it is", where=_WHERE, next_step="\n".join(lines)
    )


def named_vault(wish: Wish, vaults: Sequence[VaultFacts]) -> VaultFacts | None:
    """The vault of the wish among the subscription's; None when none was named. Raises PlanError when it is not there.

    A vault's name ignores case.
    """
    if wish.vault is None:
        return None
    for vault in vaults:
        if vault.name.lower() == wish.vault.lower():
            return vault
    there = ", ".join(vault.name for vault in vaults[:_SHOWN]) or "none that this runner may see"
    raise PlanError(
        f"the subscription {wish.subscription} has no vault {wish.vault}",
        where="--vault",
        next_step=f"correct --vault or --subscription; there are: {there}",
    )


_WHERE = "--app"
