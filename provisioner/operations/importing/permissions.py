"""Which permissions the spec asks for: those that are asked for and granted, so that nothing is granted by importing.

The rest is told beside them, as it would be written; so is what may be granted, where that could not be read. Pure.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from provisioner.spec.draft import Draft

_AT = ("application", "permissions")
_DELEGATED, _APPLICATION = "delegated", "application"
ByApi = Mapping[str, Collection[str]]


@dataclass(frozen=True)
class Granted:
    """delegated: for everybody in the tenant. application: to the service principal. By the API's name.

    unread: the APIs, and kinds of permission, of which it could not be read. absent: APIs without a principal here.
    """

    delegated: ByApi = field(default_factory=dict)
    application: ByApi = field(default_factory=dict)
    unread: Collection[tuple[str, str]] = ()
    absent: Collection[str] = ()

    def has(self, api: str, kind: str, value: str) -> bool:
        granted = self.delegated if kind == _DELEGATED else self.application
        return value in granted.get(api, ())


def settled(requested: list[dict[str, Any]], granted: Granted) -> Draft:
    """`permissions` and `adminConsent`. requested: by API, as the application asks for them.

    Where nothing delegated is granted for everybody, people consent themselves: then all that is asked for is listed
    and adminConsent is false. Where that could not be read, it is not known either.
    """
    maybe_for_everybody = any(granted.delegated.values()) or any(kind == _DELEGATED for _, kind in granted.unread)
    asks = any(entry.get(_DELEGATED) for entry in requested)
    by_themselves = asks and not maybe_for_everybody
    permissions: list[dict[str, Any]] = []
    left_out: dict[str, list[str]] = {_UNREAD: [], _LEFT_OUT: []}
    for entry in requested:
        api = entry["api"]
        listed: dict[str, list[str]] = {}
        for kind in (_DELEGATED, _APPLICATION):
            values = list(entry.get(kind, ()))
            free = by_themselves and kind == _DELEGATED and api not in granted.absent
            kept = [value for value in values if free or granted.has(api, kind, value)]
            listed |= {kind: kept} if kept else {}
            if left := [value for value in values if value not in kept]:
                why = _UNREAD if (api, kind) in granted.unread else _LEFT_OUT
                left_out[why].append(f"  - {{api: {api}, {kind}: [{', '.join(left)}]}}")
        permissions += [{"api": api, **listed}] if listed else []
    told = [line for why, entries in left_out.items() if entries for line in (why, *entries)]
    lines = (*told, *_beyond(requested, granted))
    by_themselves = by_themselves and any(_DELEGATED in entry for entry in permissions)
    application: dict[str, Any] = {"permissions": permissions}
    if by_themselves:
        application["adminConsent"] = False
    return Draft(
        {"application": application},
        remarks={(*_AT[:1], "adminConsent"): (_THEMSELVES,)} if by_themselves else {},
        omitted={_AT: lines} if lines else {},
    )


_THEMSELVES = "nobody granted them for everybody; true: apply does"
_UNREAD = "asked for; whether it is granted could not be read, so left out; written here, apply grants it:"
_LEFT_OUT = "asked for and not granted, so left out; written here, apply grants it:"


def _beyond(requested: list[dict[str, Any]], granted: Granted) -> list[str]:
    """Granted, though the application does not ask for it: kept, like all that a spec does not name."""
    asked = {(entry["api"], kind, value) for entry in requested for kind in (_DELEGATED, _APPLICATION)
             for value in entry.get(kind, ())}  # fmt: skip
    lines = []
    for kind, by_api in ((_DELEGATED, granted.delegated), (_APPLICATION, granted.application)):
        for api, values in sorted(by_api.items()):
            more = sorted(value for value in values if (api, kind, value) not in asked)
            lines += [f"granted and not asked for; it stays: {api}, {kind}: {', '.join(more)}"] if more else []
    return lines
