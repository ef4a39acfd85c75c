"""destroy on a trial's tenant, and the whole of the cloud as rows, so that nothing another has can change unseen."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from aiohttp import ClientMiddlewareType

from provisioner.core.plan import Plan
from provisioner.operations.apply import ApplyResult
from provisioner.operations.destroy import carry_out_destruction, look_to_destroy
from provisioner.spec.model import Spec
from tests.newcomer import Newcomer, newcomer
from tests.trial import Onlooker, Trial

Row = tuple[str, str, str]  # kind, scope, id


def destroy(
    trial: Trial,
    spec: Spec | None = None,
    *innermost: ClientMiddlewareType,
    purge: bool = False,
    onlooker: Onlooker | None = None,
) -> ApplyResult:
    """As `destroy --auto-approve`, or one in which the name was typed."""

    async def run() -> ApplyResult:
        wanted = spec or trial.spec()
        async with trial.opened(*innermost, spec=wanted) as tenant:
            seen = await look_to_destroy(tenant, wanted, purge=purge)
            return await carry_out_destruction(tenant, wanted, seen, onlooker or Onlooker(), purge=purge)

    return asyncio.run(run())


def plan_to_destroy(trial: Trial, spec: Spec | None = None, *, purge: bool = False) -> Plan:
    async def run() -> Plan:
        wanted = spec or trial.spec()
        async with trial.opened(spec=wanted) as tenant:
            return (await look_to_destroy(tenant, wanted, purge=purge)).plan

    return asyncio.run(run())


@dataclass(frozen=True)
class Lock:
    """A management lock that an owner of the subscription has put at a scope."""

    owner: Newcomer
    id: str

    @classmethod
    def put(cls, trial: Trial, scope: str, level: str) -> Lock:
        owner = newcomer(trial, name="Owner")
        owner.may("Owner", f"/subscriptions/{trial.tenant.subscription}")
        lock = cls(owner, f"{scope}/providers/Microsoft.Authorization/locks/keep")
        owner.arm("PUT", lock.id, {"properties": {"level": level}}, "2020-05-01")
        trial.forget()
        return lock

    def lift(self) -> None:
        self.owner.arm("DELETE", self.id, None, "2020-05-01")


def cloud_of(trial: Trial) -> dict[Row, str]:
    """Every object of every service in every tenant."""
    state = Path(trial.cloud.description["state"])
    with closing(sqlite3.connect(state / "emulator.sqlite")) as connection:
        return {
            (kind, scope, key): body
            for kind, scope, key, body in connection.execute("SELECT kind, scope, id, body FROM documents")
        }


def changed(before: dict[Row, str], after: dict[Row, str]) -> set[Row]:
    """What is new, gone, or not as it was."""
    return {row for row in before.keys() | after.keys() if before.get(row) != after.get(row)}
