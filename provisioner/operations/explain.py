"""explain: what is declared, requested and granted, how far it reaches, and who needs which role. Read-only."""

from __future__ import annotations

from dataclasses import dataclass

from provisioner.core.exit_codes import COULD_NOT_TELL, DONE
from provisioner.core.overview import PermissionRow
from provisioner.operations.explain_needs import Need, Once, needs_of, once
from provisioner.operations.outputs import outputs_of
from provisioner.operations.pipelines import Pipeline, pipelines
from provisioner.operations.plan import look
from provisioner.operations.tenant import OpenTenant
from provisioner.spec.model import Spec


@dataclass(frozen=True)
class Explanation:
    """once: what is done before the first apply, and by whom. pipelines: how a pipeline signs in, a block each.

    unknown: the addresses that could not be read, with the reason.
    """

    name: str
    permissions: tuple[PermissionRow, ...]
    needs: tuple[Need, ...]
    once: tuple[Once, ...]
    pipelines: tuple[Pipeline, ...]
    outputs: dict[str, object]
    unknown: tuple[tuple[str, str], ...]

    def exit_code(self) -> int:
        """4 when something could not be read: a `not granted` may then be a `could not look`."""
        return COULD_NOT_TELL if self.unknown else DONE


async def explain(tenant: OpenTenant, spec: Spec) -> Explanation:
    """Raises PlanError for what no plan can be made of."""
    seen = await look(tenant, spec)
    return Explanation(
        name=spec.name,
        permissions=seen.plan.permissions,
        needs=needs_of(spec),
        once=once(spec, tenant.runner, tenant.clients.cloud),
        pipelines=pipelines(spec, tenant.runner),
        outputs=await outputs_of(tenant, spec, seen.known),
        unknown=tuple((str(step.address), step.reason) for step in seen.plan.unknown),
    )
