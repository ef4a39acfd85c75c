"""A plan backwards: what is ours goes, each thing after all that rests on it. Pure, as the planner is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from provisioner.clients.identity import RunnerFacts
from provisioner.clients.tenant import TenantClients
from provisioner.core.address import Address
from provisioner.core.observation import Known
from provisioner.core.plan import Cause, Notice, Plan
from provisioner.core.step import Action, Step
from provisioner.engine.planner import needs_that_wait, ordered, steps_of, who_does_it
from provisioner.resources.contract import AnyCarried
from provisioner.resources.kinds import KINDS
from provisioner.spec.model import Spec, digest


def make_removal_plan(
    spec: Spec, removals: Sequence[AnyCarried], known: Known, runner: RunnerFacts, clients: TenantClients, now: datetime
) -> Plan:
    """The plan of a destroy. `clients` is only asked for names, never sent anything."""
    steps: list[Step] = []
    notices: list[Notice] = []
    for kind in removals:
        for step in steps_of(spec, kind, known, now):
            theirs, notice = who_does_it(step, spec, kind, known, runner, clients)
            steps.append(theirs)
            notices += notice
    advice = clients.cloud.advice
    kept = ordered(needs_that_wait(_after_what_rests_on_it(steps, spec, removals)))
    return Plan(
        name=spec.name,
        tenant=spec.tenant,
        cloud=spec.cloud,
        runner=runner.label,
        digest=digest(spec),
        made_at=now,
        steps=tuple(replace(step, todo=advice(step.todo), reason=advice(step.reason)) for step in kept),
        cause=Cause.NONE,
        notices=tuple(notices),
        destroys=True,
        place=f"vault {spec.vault.name} of resource group {spec.vault.resource_group}",
    )


def _after_what_rests_on_it(steps: Sequence[Step], spec: Spec, removals: Sequence[AnyCarried]) -> list[Step]:
    """Each step needs the removal of all that rests on its own kind, but for what is done last of all."""
    users = _users(spec, removals)

    def needs(step: Step) -> tuple[Address, ...]:
        rest = users.get(step.address.kind, frozenset())
        return tuple(dict.fromkeys(each.address for each in steps if each.address.kind in rest and not each.last))

    return [replace(step, needs=() if step.action is Action.UNKNOWN else needs(step)) for step in steps]


def _users(spec: Spec, removals: Sequence[AnyCarried]) -> dict[str, frozenset[str]]:
    """For each kind, the kinds of what rests on it, directly or not.

    Also what is looked for in it, though the spec no longer keeps it there: what lost our mark is looked into no more.
    """
    direct: dict[str, set[str]] = {}
    for kind in KINDS:
        for address, wanted in kind.wanted(spec).items():
            for below in kind.rests_on(address, wanted):
                direct.setdefault(below.kind, set()).add(kind.name)
    users = {name: _reached(name, direct) for name in direct}
    for removal in removals:
        for holder in removal.after:
            if holder not in users.get(removal.name, ()):
                users[holder] = users.get(holder, frozenset()) | {removal.name}
    return users


def _reached(name: str, users: Mapping[str, set[str]]) -> frozenset[str]:
    found: set[str] = set()
    left = set(users[name])
    while left:
        found |= left
        left = {further for each in left for further in users.get(each, ())} - found
    return frozenset(found)
