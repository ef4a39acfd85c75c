"""How each thing of a plan stands: one word, one shape and one colour for what is there and what happens to it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from provisioner.core import exit_codes
from provisioner.core.overview import Presence, Resource
from provisioner.core.plan import Plan
from provisioner.core.step import Action
from provisioner.render import plan_view
from provisioner.render.values import words


class Mark(StrEnum):
    """Names of shapes and of colours."""

    OK = "ok"
    KEPT = "kept"
    CREATE = "create"
    UPDATE = "update"
    REPLACE = "replace"
    DELETE = "delete"
    UNKNOWN = "unknown"
    PERSON = "person"
    LATER = "later"
    ABSENT = "absent"


MEANING = {
    Mark.OK: "in order",
    Mark.CREATE: "to create",
    Mark.UPDATE: "to change",
    Mark.REPLACE: "to replace",
    Mark.DELETE: "to delete",
    Mark.UNKNOWN: "could not be read",
    Mark.PERSON: "for a person",
    Mark.LATER: "later",
    Mark.KEPT: "not in the spec, stays",
    Mark.ABSENT: "not there",
}
_OF_ACTION = {
    Action.UNKNOWN: Mark.UNKNOWN,
    Action.DELETE: Mark.DELETE,
    Action.REPLACE: Mark.REPLACE,
    Action.CREATE: Mark.CREATE,
    Action.UPDATE: Mark.UPDATE,
    Action.PERSON: Mark.PERSON,
}
_OF_CODE = {
    exit_codes.DONE: Mark.OK,
    exit_codes.CHANGES_PENDING: Mark.UPDATE,
    exit_codes.PERSON_MUST_ACT: Mark.PERSON,
    exit_codes.COULD_NOT_TELL: Mark.UNKNOWN,
}
_PRESENCES = {Presence.PRESENT: "there", Presence.ABSENT: "not there", Presence.UNKNOWN: "could not be read"}


@dataclass(frozen=True)
class Standing:
    """One thing. kind: as words. depends_on: positions of the standings it depends on."""

    kind: str
    title: str
    mark: Mark
    presence: str
    depends_on: tuple[int, ...]

    @property
    def meaning(self) -> str:
        return MEANING[self.mark]


def standings(plan: Plan) -> list[Standing]:
    """Every thing of the plan, in its order."""
    place = {resource.address: position for position, resource in enumerate(plan.resources)}
    return [
        Standing(
            words(resource.address.kind),
            resource.address.key or resource.address.name,
            _mark(resource, plan),
            _PRESENCES[resource.state],
            tuple(place[address] for address in resource.depends_on if address in place),
        )
        for resource in plan.resources
    ]


def mark_of(action: Action, *, waits: bool) -> Mark:
    """The mark of a step."""
    return Mark.LATER if waits else _OF_ACTION.get(action, Mark.OK)


def mark_of_code(code: int) -> Mark:
    """The mark of a tenant's outcome, by its exit code."""
    return _OF_CODE.get(code, Mark.DELETE)


def _mark(resource: Resource, plan: Plan) -> Mark:
    """What happens to it, the gravest first; where nothing does, whether it is there."""
    steps = [step for step in plan.steps if step.address == resource.address and step.action is not Action.NONE]
    found = {mark_of(step.action, waits=plan_view.waits(step, plan.made_at)) for step in steps}
    for mark in (*_OF_ACTION.values(), Mark.LATER):
        if mark in found:
            return mark
    if resource.state is Presence.UNKNOWN:
        return Mark.UNKNOWN
    if resource.state is Presence.ABSENT:
        return Mark.ABSENT
    return Mark.OK if resource.declared else Mark.KEPT
