"""APIs and permissions: known, alive, of the right kind, each asked for once. Limits: sam-facts 5.1 and 5.3."""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator, Mapping
from typing import Any

from provisioner.spec import catalogue
from provisioner.spec.catalogue import PermissionKind
from provisioner.spec.findings import Finding, entries, nearest, part, same_letters, suggestion
from provisioner.spec.nodes import Path

_KINDS: tuple[tuple[str, PermissionKind], ...] = (("delegated", "Scope"), ("application", "Role"))
_GUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_MOST_PERMISSIONS = 400
_LONGEST_SCOPE = 3850


def permissions(spec: Mapping[str, Any]) -> Iterator[Finding]:
    """The permissions of the application and what consent needs of them."""
    asked = part(spec, "application").get("permissions")
    seen: dict[str, int] = {}
    total = 0
    for index, entry in entries(asked):
        path: Path = ("application", "permissions", index)
        total += sum(len(entry.get(list_name) or ()) for list_name, _ in _KINDS)
        app_id = yield from _api(entry, index, seen)
        if app_id is not None:
            for list_name, kind in _KINDS:
                yield from _values(app_id, kind, entry.get(list_name), (*path, list_name))
    if total > _MOST_PERMISSIONS:
        what = f"an application may ask for {_MOST_PERMISSIONS} permissions in all"
        yield Finding(("application", "permissions"), what, total, at_key=True)
    yield from _partner_center(spec)


def _api(entry: Mapping[str, Any], index: int, seen: dict[str, int]) -> Generator[Finding, None, str | None]:
    """Findings about the entry's API; returns its appId when its permissions can be judged."""
    api = entry.get("api")
    path: Path = ("application", "permissions", index, "api")
    if api is None:
        return None
    try:
        app_id = catalogue.api_app_id(api)
    except catalogue.UnknownApiError:
        next_step = suggestion(api, catalogue.api_names(), "write its appId, or a name of the catalogue")
        yield Finding(path, "no API of this name in the catalogue", api, next_step)
        return None
    retirement = catalogue.retired(app_id)
    if retirement is not None:
        values = [value for list_name, _ in _KINDS for _, value in entries(entry.get(list_name))]
        moved = [found.replacement for value in values if (found := catalogue.retired(app_id, value)) is not None]
        next_step = f"ask for {', '.join(dict.fromkeys(moved)) or retirement.replacement} instead"
        yield Finding(path, retirement.reason, api, next_step)
        return None
    if app_id in seen:
        what = f"{catalogue.api_name(app_id)} is here already, as permissions[{seen[app_id]}]"
        yield Finding(path, what, api, "put its permissions into one entry")
    seen.setdefault(app_id, index)
    return app_id


def _values(app_id: str, kind: PermissionKind, values: Any, path: Path) -> Iterator[Finding]:
    seen: dict[str, int] = {}
    for index, value in entries(values):
        if value.casefold() in seen:
            what = f"the permission is here already, as {path[-1]}[{seen[value.casefold()]}]"
            yield Finding((*path, index), what, value, "keep one of them")
            continue
        seen[value.casefold()] = index
        yield from _value(app_id, kind, value, (*path, index))
    if kind == "Scope" and len(" ".join(value for _, value in entries(values))) > _LONGEST_SCOPE:
        what = f"one grant holds {_LONGEST_SCOPE} characters of delegated permissions"
        yield Finding(path, what, at_key=True)


def _value(app_id: str, kind: PermissionKind, value: str, path: Path) -> Iterator[Finding]:
    """One permission. What the catalogue does not know is resolved when the plan is made: a warning, no mistake."""
    known = catalogue.permission_values(app_id, kind)
    if value in known:
        return
    api = catalogue.api_name(app_id)
    word = "delegated" if kind == "Scope" else "application"
    if _GUID.fullmatch(value):
        named = catalogue.permission_value(app_id, value)
        next_step = f"write {named}" if named else "write its value, such as User.Read"
        yield Finding(path, "a permission is written by its value, not by its id", value, next_step)
        return
    meant = same_letters(value, known)
    if meant is not None:
        yield Finding(path, f"{api} has no {word} permission of this name", value, f"the nearest known one is {meant}")
        return
    other: PermissionKind = "Role" if kind == "Scope" else "Scope"
    if app_id == catalogue.MICROSOFT_GRAPH and value in catalogue.permission_values(app_id, other):
        # Only Graph's rows say for certain that a kind does not exist (sam-facts 1.2).
        there = "delegated" if other == "Scope" else "application"
        what = f"{api} publishes this permission as {there} only"
        yield Finding(path, what, value, f"move it to {there}")
        return
    near = nearest(value, known)
    hint = f"the nearest known one is {near}" if near is not None else None
    what = f"not in the catalogue of {api}: looked up in the tenant when the plan is made"
    yield Finding(path, what, value, hint, is_warning=True)


def _partner_center(spec: Mapping[str, Any]) -> Iterator[Finding]:
    """Consent asks for Partner Center; outside US Gov an application registered there has it already (sam-facts 2)."""
    if "application" not in spec:
        return
    for _, entry in entries(part(spec, "application").get("permissions")):
        try:
            is_partner_center = catalogue.api_app_id(entry.get("api", "")) == catalogue.PARTNER_CENTER
        except catalogue.UnknownApiError:
            continue
        if is_partner_center and "user_impersonation" in (entry.get("delegated") or ()):
            return
    what = (
        "Microsoft Partner Center's user_impersonation is not asked for: consent will fail unless it is granted already"
    )
    next_step = "add {api: Microsoft Partner Center, delegated: [user_impersonation]}"
    yield Finding(("application", "permissions"), what, next_step=next_step, is_warning=True, at_key=True)
