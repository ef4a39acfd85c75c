"""Looking at the whole of one tenant, level by level: what does not depend on each other is read at the same time."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from provisioner.core.address import Address
from provisioner.core.errors import ApiError
from provisioner.core.observation import Known, Observation
from provisioner.resources.contract import AnyCarried, Reader, could_not_look
from provisioner.spec.model import Spec


async def observe(spec: Spec, kinds: Sequence[AnyCarried], read: Reader) -> Known:
    """Everything every kind sees. A read that failed is Unknown with its reason; it never looks like absence.

    Raises: PlanError for what no plan can be made of; UnreachableError is not raised but seen as Unknown.
    """
    known = Known()
    left = list(kinds)
    while left:
        waiting = {kind.name for kind in left}
        ready = [kind for kind in left if waiting.isdisjoint(kind.after)]
        assert ready, f"kinds depend on each other: {waiting}"
        for seen in await asyncio.gather(*(_observe_kind(spec, kind, known, read) for kind in ready)):
            for address, observation in seen.items():
                known.record(address, observation)
        left = [kind for kind in left if kind not in ready]
    return known


async def _observe_kind(spec: Spec, kind: AnyCarried, known: Known, read: Reader) -> Mapping[Address, Observation[Any]]:
    wanted = kind.wanted(spec)
    if not wanted:
        return {}
    try:
        return await kind.observe(wanted, known, read)
    except ApiError as error:
        rights = kind.rights("observe")
        right = rights[0].told() if rights else ""
        return dict.fromkeys(wanted, could_not_look(error, right))
