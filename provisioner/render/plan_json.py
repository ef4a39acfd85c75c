"""A plan as JSON, and the shape of that JSON: `schemas/plan.schema.json` is generated from the classes here.

The keys are design section 4's. No secret can be in it: `as_json` refuses what is not plain data.
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import Annotated, Any, Final, Literal

import msgspec

from provisioner.core.errors import ProvisionerError, SpecError
from provisioner.core.overview import PermissionRow, Presence, Resource
from provisioner.core.plan import Cause, Life, Mortal, Plan
from provisioner.core.step import Action, Step
from provisioner.render.layout import ready
from provisioner.render.values import as_json, timestamp

FORMAT_VERSION: Final = 1
_ADVICE = ("next", "nextStep", "todo")
Address = Annotated[str, msgspec.Meta(pattern="^[^/]+/[^/]+(/.+)?$", description="NAME/kind or NAME/kind/KEY")]
Moment = Annotated[str, msgspec.Meta(pattern="^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}Z$", description="a time, UTC")]


class _Shape(msgspec.Struct, frozen=True, rename="camel", kw_only=True, forbid_unknown_fields=True):
    """Every part: immutable, camelCase, nothing unknown."""


class FieldRow(_Shape, frozen=True, kw_only=True):
    """before null = added, after null = removed; a value known only at apply is {"ref": ADDRESS, "field": …}."""

    path: str
    before: Any
    after: Any


class Entry(_Shape, frozen=True, kw_only=True):
    """One step. `reason` and `todo` are for the reader: nothing may branch on them."""

    address: Address
    action: Action
    operation: str
    fields: list[FieldRow]
    kept: list[str]
    needs: list[Address]
    not_before: Moment | None
    irreversible: bool
    removal: bool
    reason: str
    seen: str
    todo: str


class NoticeRow(_Shape, frozen=True, kw_only=True):
    """Something to know that no step does anything about. severity: `info` or `warning`."""

    severity: str
    text: str
    next: str


class LifeRow(_Shape, frozen=True, kw_only=True):
    """Something that ends on its own: `what` is `credential` (the one in force), `refreshToken`, or `foreignCredential`
    (on the application, of unknown origin, never touched).

    `state`: `fresh`, `due` (the next apply renews it), `expired`, `missing`, `unknown`, `foreign`; of the refresh token
    also `wanted`, `broken`, `expiring`. `expiresAt` and `daysLeft` are null where nothing is there or nothing is known;
    `daysLeft` counts from `madeAt`, to a tenth, and is negative once it is over. `person`: only a person can renew it,
    and it is time. `mfa`: whether the sign-in behind a refresh token had it, as noted beside it; null where unknown.

    `since`: when it was made or last renewed. `dueAt`: from then on apply renews it. `warnAt`: from then on it counts
    as ending. `overlapUntil`: how long it still works beside a successor made when due. `note`: whose a token is. All
    but `note` are null where that is not known.
    """

    address: Address
    what: Mortal
    name: str
    type: str
    state: str
    expires_at: Moment | None
    days_left: float | None
    person: bool
    mfa: bool | None
    since: Moment | None
    due_at: Moment | None
    warn_at: Moment | None
    overlap_until: Moment | None
    note: str


class ResourceRow(_Shape, frozen=True, kw_only=True):
    """One thing that was looked at, also where nothing is to be done. `state`: `unknown` is never absence.

    `declared`: the spec asks for it. `dependsOn`: what it cannot be without, there or not.
    """

    address: Address
    state: Presence
    declared: bool
    depends_on: list[Address]


class PermissionEntry(_Shape, frozen=True, kw_only=True):
    """A permission of an API (`kind`: `delegated` or `application`): `declared` in the spec, `requested` on the
    application, `granted` for the whole tenant; null where that was not read. `risk`: `low`, `medium`, `high`,
    `critical`, or `unknown` for one that is not rated; `sentence` says why.
    """

    api: str
    value: str
    kind: Literal["delegated", "application"]
    declared: bool
    requested: bool | None
    granted: bool | None
    risk: str
    sentence: str


class TenantPlan(_Shape, frozen=True, kw_only=True):
    """The plan of one tenant. `emulator`: made there, a rehearsal. `digest`: SHA-256 of the canonical resolved spec.

    `cause`: `first` (no apply has been complete yet), `none`, `drift` (changed outside), `change` (another spec),
    `both`, `unknown`. `since`: when the spec that the tenant's notes are of had been applied completely: what drifted
    did so after it. Null where nothing is noted. `destroys`: it is what `destroy` removes, not what `apply` makes.
    """

    name: str
    emulator: bool
    tenant: str
    cloud: str
    runner: str
    digest: str
    made_at: Moment
    cause: Cause
    since: Moment | None
    entries: list[Entry]
    notices: list[NoticeRow]
    life: list[LifeRow]
    resources: list[ResourceRow]
    permissions: list[PermissionEntry]
    destroys: bool = False


class SavedTenantPlan(TenantPlan, frozen=True, kw_only=True):
    """The plan of one tenant in a saved plan, with what `apply --plan` makes it again from.

    `spec`: the resolved spec, which `digest` is of. It can be applied where it was made: `emulator`.
    """

    spec: dict[str, Any]


class SavedPlan(_Shape, frozen=True, kw_only=True):
    """What `provisioner plan --out` saves. `integrity`: SHA-256 of the file's text with 64 zeros in its place."""

    format_version: Literal[1]
    tenants: Annotated[list[SavedTenantPlan], msgspec.Meta(min_length=1)]
    integrity: Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]


class Failure(_Shape, frozen=True, kw_only=True):
    """An error in its three parts."""

    what: str
    where: str
    next: str


class FailedTenant(_Shape, frozen=True, kw_only=True):
    """A tenant of which no plan could be made."""

    name: str
    emulator: bool
    error: Failure


def tenant_plan(plan: Plan) -> TenantPlan:
    """One tenant's plan in the shape of the JSON."""
    return TenantPlan(
        name=plan.name,
        emulator=plan.emulator,
        tenant=plan.tenant,
        cloud=plan.cloud,
        runner=plan.runner,
        digest=plan.digest,
        made_at=timestamp(plan.made_at),
        cause=plan.cause,
        since=None if plan.since is None else timestamp(plan.since),
        entries=[_entry(step) for step in plan.steps],
        notices=[
            NoticeRow(severity=notice.severity, text=notice.text, next=notice.next_step) for notice in plan.notices
        ],
        life=[_life(life, plan.made_at) for life in plan.life],
        resources=[_resource(resource) for resource in plan.resources],
        permissions=[_permission(row) for row in plan.permissions],
        destroys=plan.destroys,
    )


def saved_tenant_plan(plan: Plan, spec: dict[str, Any]) -> SavedTenantPlan:
    """One tenant's plan in the shape of a saved one. spec: as a document."""
    return SavedTenantPlan(**msgspec.structs.asdict(tenant_plan(plan)), spec=spec)


def failure(error: ProvisionerError) -> Failure:
    """An error in the shape of the JSON; a spec's problems become one text."""
    what = "; ".join(problem.what for problem in error.problems) if isinstance(error, SpecError) else error.what
    return Failure(what=what, where=error.where, next=error.next_step)


def document(tenants: list[dict[str, Any]]) -> str:
    """`{"formatVersion": 1, "tenants": […]}` for people and programs: indented, keys in the order given."""
    return json.dumps({"formatVersion": FORMAT_VERSION, "tenants": tenants}, indent=2, ensure_ascii=False)


def tenant_json(plan: Plan) -> dict[str, Any]:
    """One tenant's plan as plain data."""
    plain: dict[str, Any] = msgspec.to_builtins(tenant_plan(plan))
    return plain


def failure_json(error: ProvisionerError) -> dict[str, str]:
    """An error as plain data."""
    plain: dict[str, str] = msgspec.to_builtins(failure(error))
    return plain


def failed_json(name: str, error: ProvisionerError, *, emulator: bool) -> dict[str, Any]:
    """A tenant that failed, as plain data: the same under every command."""
    plain: dict[str, Any] = msgspec.to_builtins(FailedTenant(name=name, emulator=emulator, error=failure(error)))
    return plain


def with_commands_ready(told: Any, file: str) -> Any:
    """Plain data with SPEC in its advice replaced by the spec's file, so that the commands in it can be copied."""
    if isinstance(told, dict):
        return {
            key: ready(value, file) if key in _ADVICE and isinstance(value, str) else with_commands_ready(value, file)
            for key, value in told.items()
        }
    return [with_commands_ready(one, file) for one in told] if isinstance(told, list) else told


def _entry(step: Step) -> Entry:
    return Entry(
        address=str(step.address),
        action=step.action,
        operation=step.operation,
        fields=[
            FieldRow(path=change.path, before=as_json(change.before), after=as_json(change.after))
            for change in step.fields
        ],
        kept=list(step.kept),
        needs=[str(address) for address in step.needs],
        not_before=_moment(step.not_before),
        irreversible=step.irreversible,
        removal=step.removal,
        reason=step.reason,
        seen=step.seen,
        todo=step.todo,
    )


def _life(life: Life, now: datetime) -> LifeRow:
    return LifeRow(
        address=str(life.address),
        what=life.what,
        name=life.name,
        type=life.type,
        state=life.state,
        expires_at=_moment(life.expires_at),
        days_left=life.days_left(now),
        person=life.for_a_person,
        mfa=life.mfa,
        since=_moment(life.since),
        due_at=_moment(life.due_at),
        warn_at=_moment(life.warn_at),
        overlap_until=_moment(life.overlap_until),
        note=life.note,
    )


def _moment(value: datetime | None) -> str | None:
    return None if value is None else timestamp(value)


def _resource(resource: Resource) -> ResourceRow:
    return ResourceRow(
        address=str(resource.address),
        state=resource.state,
        declared=resource.declared,
        depends_on=[str(address) for address in resource.depends_on],
    )


def _permission(row: PermissionRow) -> PermissionEntry:
    return PermissionEntry(
        api=row.api,
        value=row.value,
        kind=row.kind,
        declared=row.declared,
        requested=row.requested,
        granted=row.granted,
        risk=row.risk,
        sentence=row.sentence,
    )
