"""The verb: look, write down, check."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from provisioner.core.errors import SpecError
from provisioner.core.exit_codes import COULD_NOT_TELL, DONE
from provisioner.operations.author import Written, written
from provisioner.operations.importing.compose import draft_of
from provisioner.operations.importing.look import Seen, look
from provisioner.operations.importing.prune import pruned
from provisioner.operations.importing.wish import Wish
from provisioner.operations.tenant import OpenTenant


@dataclass(frozen=True)
class Imported:
    """The spec, and what could not be read for it, in sentences."""

    spec: Written
    unread: tuple[str, ...]

    def exit_code(self) -> int:
        return COULD_NOT_TELL if self.unread else DONE


async def import_spec(tenant: OpenTenant, wish: Wish, file: str) -> Imported:
    """The spec of what is there. file: its name, for places. Nothing is written, there or here.

    Raises: AmbiguousResourceError with the candidates; PlanError when there is no such application or vault; SpecError
    when what is there cannot be put into a spec at all; ApiError.
    """
    seen = await look(tenant, wish)
    return Imported(spec_of(seen, wish, tenant.clients.clock.now(), file), tuple(seen.unread))


def spec_of(seen: Seen, wish: Wish, now: datetime, file: str) -> Written:
    """Raises: SpecError; where something could not be read it says so, for that may be all that is wrong."""
    try:
        return written(pruned(draft_of(seen, wish, now)), file)
    except SpecError as error:
        if seen.unread:
            advice = "not all of it could be read, which may be why: mend that first, then run the same command again"
            error.next_step = "\n".join((advice, *seen.unread))
        raise
