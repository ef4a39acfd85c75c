"""From what is wanted and what was seen to a plan. Pure: it sends nothing and reads no clock."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from graphlib import TopologicalSorter

from provisioner.clients.identity import RunnerFacts
from provisioner.clients.tenant import TenantClients
from provisioner.core.address import Address
from provisioner.core.observation import Known, Present, Unknown
from provisioner.core.plan import Cause, Notice, Plan
from provisioner.core.step import Action, Step
from provisioner.engine.forecast import forecast
from provisioner.engine.forecast import notices as notices_of
from provisioner.engine.overview import permissions_of, resources_of
from provisioner.resources.contract import AnyCarried, AnyKind
from provisioner.resources.open_items import OpenItems, open_items
from provisioner.resources.role_assignment import runner_addresses
from provisioner.resources.spec_digest import DigestFact, SpecDigest, noting
from provisioner.spec.model import Spec, digest


def make_plan(
    spec: Spec, kinds: Sequence[AnyKind], known: Known, runner: RunnerFacts, clients: TenantClients, now: datetime
) -> Plan:
    """The plan of one tenant. `clients` is only asked for names (a portal link, an ARM id), never sent anything.

    Raises: PlanError for what must not be planned (a foreign object of our name, a field that can never change).
    """
    steps: list[Step] = []
    notices: list[Notice] = []
    for kind in kinds:
        for step in steps_of(spec, kind, known, now):
            theirs, notice = who_does_it(step, spec, kind, known, runner, clients)
            steps.append(theirs)
            notices += notice
    life = forecast(spec, known, now)
    kept = ordered(needs_that_wait(_without_idle_demands(_noted(steps, spec, known), now)))
    return Plan(
        name=spec.name,
        tenant=spec.tenant,
        cloud=spec.cloud,
        runner=runner.label,
        digest=digest(spec),
        made_at=now,
        steps=tuple(replace(step, todo=clients.cloud.advice(step.todo)) for step in kept),
        cause=_cause(kinds, spec, known, kept, now),
        since=_recorded(spec, known).applied_at,
        notices=(*notices, *notices_of(life, spec, now)),
        life=life,
        resources=resources_of(spec, kinds, known),
        permissions=permissions_of(spec, known),
    )


def steps_of(spec: Spec, kind: AnyCarried, known: Known, now: datetime) -> Iterable[Step]:
    """What one kind has to do: for what the spec names, and for what else was seen of it."""
    wanted = kind.wanted(spec)
    extras = sorted(address for address, _ in known.items() if address.kind == kind.name and address not in wanted)
    for address in (*wanted, *extras):
        seen = known.get(address)
        if isinstance(seen, Unknown):
            yield _unknown(address, seen, kind, spec)
        else:
            yield from kind.steps(address, wanted.get(address), seen, now)


def _unknown(address: Address, seen: Unknown, kind: AnyCarried, spec: Spec) -> Step:
    """A forbidden look into the vault asks for the runner's own roles there: with them the next look tells."""
    of_vault = {right.told() for right in kind.rights("observe") if right.service == "key_vault"}
    return Step(
        address,
        Action.UNKNOWN,
        "observe",
        needs=seen.asks or (runner_addresses(spec) if seen.right in of_vault else ()),
        reason=seen.why,
        todo=seen.next_step or (f"give the runner one of: {seen.right}" if seen.right else ""),
    )


def who_does_it(
    step: Step, spec: Spec, kind: AnyCarried, known: Known, runner: RunnerFacts, clients: TenantClients
) -> tuple[Step, Sequence[Notice]]:
    """A step that the runner's Graph token gives no right to becomes a person's, where a person can do it."""
    wanted = kind.wanted(spec).get(step.address)
    if step.action is Action.PERSON and not step.todo:
        return replace(step, todo=kind.person(step, wanted, known, clients) or ""), ()
    if not step.action.writes or not (runner.roles or runner.scopes):
        return step, ()
    missing = [
        right for right in kind.rights(step.operation) if right.service == "graph" and not runner.may(*right.names)
    ]
    if not missing:
        return step, ()
    right = ", ".join(missing[0].names)
    todo = kind.person(step, wanted, known, clients)
    if todo is None:
        text = f"{runner.label} lacks the Graph permission for {step.address}"
        return step, (Notice("warning", text, f"give it one of: {right}"),)
    return replace(step, action=Action.PERSON, todo=todo, reason=f"the runner has none of: {right}"), ()


def _without_idle_demands(steps: Sequence[Step], now: datetime) -> list[Step]:
    """On-demand steps stay only while another step needs them, and are as quiet as that one.

    One that is unknown or a person's asks too: with the runner's role in the vault the next look can tell.
    """
    looked_at = (Action.UNKNOWN, Action.PERSON)
    asking = [step for step in steps if not step.on_demand and (step.pending(now) or step.action in looked_at)]
    kept: list[Step] = []
    for step in steps:
        by = [other for other in asking if step.address in other.needs]
        if not step.on_demand:
            kept.append(step)
        elif by:
            quiet = all(other.quiet(now) for other in by)
            kept.append(replace(step, quiet_until=by[0].quiet_until if quiet else None))
    return kept


def _noted(steps: Sequence[Step], spec: Spec, known: Known) -> list[Step]:
    """The record of a complete apply also says what it left to a person."""
    left_open, open_now = _recorded(spec, known).left_open, open_items(steps)
    noted = [
        noting(step, left_open, open_now) if step.address.kind == SpecDigest.name and step.action.writes else step
        for step in steps
    ]
    return [step for step in noted if step is not None]


def needs_that_wait(steps: Sequence[Step]) -> list[Step]:
    """Needs that are met already are no news: only those with a step of their own stay that makes them be there.

    What is done last is not done at all while something could not be read, or is yet to come back and be compared.
    """
    open_addresses = {step.address for step in steps if step.action is not Action.NONE and not step.in_place}
    unread = any(step.action is Action.UNKNOWN or step.reveals for step in steps)
    return [
        replace(step, needs=tuple(need for need in step.needs if need in open_addresses))
        for step in steps
        if not (step.last and unread)
    ]


def ordered(steps: Sequence[Step]) -> list[Step]:
    """The order of execution; among equals, the order of the kinds. Steps of one address stay in their order."""
    positions: dict[Address, list[int]] = {}
    for index, step in enumerate(steps):
        positions.setdefault(step.address, []).append(index)
    graph: dict[int, set[int]] = {}
    for index, step in enumerate(steps):
        before = {earlier for earlier in positions[step.address] if earlier < index}
        needed = {other for need in step.needs if need != step.address for other in positions[need]}
        everything = {i for i, other in enumerate(steps) if not other.last or i < index} if step.last else set()
        graph[index] = before | needed | everything
    sorter = TopologicalSorter(graph)
    sorter.prepare()
    order: list[int] = []
    while sorter.is_active():
        ready = sorted(sorter.get_ready())
        order += ready
        sorter.done(*ready)
    return [steps[index] for index in order]


def _cause(kinds: Sequence[AnyKind], spec: Spec, known: Known, steps: Sequence[Step], now: datetime) -> Cause:
    """What a renewal or rotation does by the calendar is neither drift nor change.

    A step of a kind of which the spec wants what it wanted at the last complete apply is drift, whatever else the spec
    says by now. Where that apply did not note what it wanted of each kind, an edited spec is all that can be told.
    Where something could not be read, or is a person's to do and that apply did not note whether it was so then, nobody
    knows that nothing moved.
    """
    address = Address(spec.name, SpecDigest.name)
    seen = known.get(address)
    if isinstance(seen, Unknown):
        return Cause.UNKNOWN
    recorded = _recorded(spec, known)
    if not recorded.digest:
        return Cause.UNKNOWN if recorded != DigestFact("") else Cause.FIRST  # another note says that there was one
    moved = {step.address.kind for step in steps if _differs(step, recorded.left_open, now)}
    if recorded.digest == digest(spec):
        untold = recorded.left_open is None and open_items(steps)
        unread = any(step.action is Action.UNKNOWN for step in steps)
        return Cause.DRIFT if moved else Cause.UNKNOWN if unread or untold else Cause.NONE
    (wanted,) = (kind.wanted(spec)[address] for kind in kinds if kind.name == SpecDigest.name)
    as_before = {kind for kind, noted in recorded.of_kinds.items() if wanted.of_kinds.get(kind) == noted}
    return Cause.BOTH if moved & as_before else Cause.CHANGE


def _recorded(spec: Spec, known: Known) -> DigestFact:
    """What the last complete apply noted; empty where none did."""
    seen = known.get(Address(spec.name, SpecDigest.name))
    return seen.fact if isinstance(seen, Present) else DigestFact("")


def _differs(step: Step, left_open: OpenItems | None, now: datetime) -> bool:
    """Whether something is not as it is wanted: for apply to write, or for a person, and was not left to one then.

    What the runner itself needs for another step follows from that one.
    """
    came_open = left_open is not None and not open_items((step,)) <= left_open
    return came_open or (step.pending(now) and not (step.scheduled or step.last or step.on_demand))
