"""A saved plan as text, and what is read back from it. Pure: the disk is the caller's.

The shape is that of `plan --format json` (`schemas/plan.schema.json`) with each tenant's resolved spec beside its plan;
nothing in it is of the machine that made it. `integrity` tells a damaged or edited file from a whole one. It is no
signature, for whoever can write the file can compute it again: therefore the changes in the file are only compared with
those of a new look, and its specs with the spec files where these are named (design section 4).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from provisioner.core.errors import Problem, SavedPlanError, SpecError
from provisioner.core.plan import Plan
from provisioner.render.plan_json import FORMAT_VERSION, SavedPlan, SavedTenantPlan, saved_tenant_plan
from provisioner.render.plan_schema import plan_schema
from provisioner.spec.model import Spec, digest
from provisioner.spec.nodes import parse_path
from provisioner.spec.read import read_plain, written_out

MAX_BYTES = 128 * 1024 * 1024
"""Of a file: several thousand tenants."""
_NO_DIGEST = "0" * 64
_SHOWN = 200
_AGAIN = "make it again:\n  provisioner plan SPEC --out FILE"


@dataclass(frozen=True)
class SavedTenant:
    """One tenant of a saved plan: the spec it holds, valid, and the plan that was shown. made_at: UTC."""

    spec: Spec
    plan: SavedTenantPlan
    made_at: datetime


def saved_tenant(plan: Plan, spec: Spec) -> SavedTenant:
    """A plan that was just made, with its spec."""
    return SavedTenant(spec, saved_tenant_plan(plan, written_out(spec)), plan.made_at)


def plan_text(tenants: Sequence[SavedTenant]) -> str:
    """The file's text, ASCII. Raises SavedPlanError when it is larger than what `read_plan` takes."""
    plans = [tenant.plan for tenant in tenants]
    saved = SavedPlan(format_version=FORMAT_VERSION, tenants=plans, integrity=_NO_DIGEST)
    text = json.dumps(msgspec.to_builtins(saved), indent=2) + "\n"
    if len(text) > MAX_BYTES:
        raise SavedPlanError(
            f"the plan is larger than {MAX_BYTES // 1024 // 1024} MiB", next_step="save it for fewer specs at a time"
        )
    return _with_digest(text, _NO_DIGEST, _digest(text))


def read_plan(content: bytes, file: str) -> tuple[SavedTenant, ...]:
    """What `plan_text` wrote. file: its name, for errors, which add the JSON pointer.

    Raises: SavedPlanError for whatever is not exactly that: another format or version, a changed byte, a spec that does
    not hold.
    """
    try:
        text = content.decode()
        data = _json(text, file)
        _check_format(data, file)
        _check_integrity(text, data["integrity"], file)
        plans = _plans(data, file)
        return tuple(map(SavedTenant, _specs(plans, file), plans, _times(plans, file)))
    except UnicodeDecodeError as error:
        raise SavedPlanError(f"byte {error.start + 1} is not UTF-8", where=file, next_step=_AGAIN) from error
    except RecursionError as error:
        raise SavedPlanError("nested too deep", where=file, next_step=_AGAIN) from error


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _with_digest(text: str, old: str, new: str) -> str:
    """It is the last thing in the file."""
    before, _, after = text.rpartition(old)
    return f"{before}{new}{after}"


def _json(text: str, file: str) -> Any:
    def once(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
        """Two readers must not see two different plans in one file."""
        found: dict[str, Any] = {}
        for key, value in pairs:
            if key in found:
                raise SavedPlanError(f"a key is in one object twice: {key[:_SHOWN]}", where=file, next_step=_AGAIN)
            found[key] = value
        return found

    try:
        return json.loads(text, object_pairs_hook=once)
    except json.JSONDecodeError as error:
        where = f"{file}:{error.lineno}:{error.colno}"
        raise SavedPlanError(f"not valid JSON: {error.msg}", where=where, next_step=_AGAIN) from error
    except ValueError as error:  # a number of thousands of digits
        raise SavedPlanError(f"not valid JSON: {error}", where=file, next_step=_AGAIN) from error


def _check_format(data: Any, file: str) -> None:
    """Foreign, of another version, or the JSON of a plan that was shown and not saved."""
    if not isinstance(data, dict) or not {"formatVersion", "tenants"} <= data.keys():
        raise SavedPlanError("this JSON is no plan of provisioner", where=f"{file}#", next_step=_AGAIN)
    if data["formatVersion"] != FORMAT_VERSION or isinstance(data["formatVersion"], bool):
        raise SavedPlanError(
            f"a plan of format {str(data['formatVersion'])[:_SHOWN]}; this version of provisioner knows "
            f"{FORMAT_VERSION}",
            where=f"{file}#/formatVersion",
            next_step="plan and apply with the same version of provisioner",
        )
    if not isinstance(data.get("integrity"), str):
        raise SavedPlanError(
            "a plan that was shown, not one that was saved: it holds no spec",
            where=f"{file}#",
            next_step=_AGAIN,
        )


def _check_integrity(text: str, integrity: str, file: str) -> None:
    if not integrity or _digest(_with_digest(text, integrity, _NO_DIGEST)) != integrity:
        raise SavedPlanError("the file was changed after it was saved", where=f"{file}#/integrity", next_step=_AGAIN)


def _plans(data: dict[str, Any], file: str) -> list[SavedTenantPlan]:
    """By the classes that the schema is generated from; the schema itself, slower by far, only says where it fails."""
    try:
        return msgspec.convert(data, SavedPlan).tenants
    except msgspec.ValidationError as error:
        from jsonschema import Draft202012Validator

        wrong = next(Draft202012Validator(plan_schema()).iter_errors(data), None)
        what, path = (str(error), ()) if wrong is None else (wrong.message, wrong.absolute_path)
        raise SavedPlanError(
            f"not as the schema says: {what[:_SHOWN]}", where=file + _pointer(path), next_step=_AGAIN
        ) from error


def _specs(plans: Sequence[SavedTenantPlan], file: str) -> tuple[Spec, ...]:
    """Each spec proves valid once more, by all rules, and is the one the plan was made from."""
    named = {f"{file}#/tenants/{index}/spec": plan.spec for index, plan in enumerate(plans)}
    try:
        specs = read_plain(named)
    except SpecError as error:
        raise _invalid(error.problems) from error
    for where, spec, plan in zip(named, specs, plans, strict=True):
        said = (plan.name, plan.tenant, plan.cloud, plan.digest)
        if (spec.name, spec.tenant, spec.cloud, digest(spec)) != said or written_out(spec) != plan.spec:
            raise SavedPlanError("this spec is not the one that the plan was made from", where=where, next_step=_AGAIN)
    return specs


def _times(plans: Sequence[SavedTenantPlan], file: str) -> Iterator[datetime]:
    for index, plan in enumerate(plans):
        try:
            yield datetime.fromisoformat(plan.made_at)
        except ValueError as error:
            where = f"{file}#/tenants/{index}/madeAt"
            raise SavedPlanError(f"{plan.made_at} is no time: {error}", where=where, next_step=_AGAIN) from error


def _invalid(problems: Sequence[Problem]) -> SavedPlanError:
    first, *others = problems
    value = "" if first.value is None else f": {first.value[:_SHOWN]}"
    more = f" (and {len(others)} more)" if others else ""
    return SavedPlanError(
        f"the spec in the plan does not hold: {first.what}{value}{more}",
        where=first.file + _pointer(parse_path(first.path)).removeprefix("#"),
        next_step=_AGAIN,
    )


def _pointer(path: Iterable[str | int]) -> str:
    """RFC 6901, as a URI fragment without its percent signs."""
    return "#" + "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in path)
