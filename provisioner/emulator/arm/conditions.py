"""Conditions of role assignments that delegate role management: which roles may be given, and to whom.

The language of conditions is wider. Understood is what the portal writes for "constrain roles", "constrain principal
types" and "constrain principals": comparisons of RoleDefinitionId, PrincipalType and PrincipalId of @Request (adding)
and @Resource (removing), taken together by AND; any other is refused, so that none is held and not enforced.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from . import role_errors

_COMPARISON = re.compile(
    r"@(?P<side>Request|Resource)\[Microsoft\.Authorization/roleAssignments:(?P<member>RoleDefinitionId|PrincipalType"
    r"|PrincipalId)\]\s*ForAnyOf(?:Any|All)Values:(?P<test>GuidEquals|GuidNotEquals|StringEqualsIgnoreCase"
    r"|StringNotEqualsIgnoreCase)\s*\{(?P<values>[^{}]*)\}",
    re.IGNORECASE,
)
_ACTION = re.compile(r"!\s*\(\s*ActionMatches\s*\{'Microsoft\.Authorization/roleAssignments/(?:write|delete)'\}\s*\)")
_REST = re.compile(r"(?:[()\s]|AND\b|OR\b)*", re.IGNORECASE)


@dataclass(frozen=True)
class Wanted:
    """The assignment somebody adds or removes."""

    role_id: str
    principal_id: str
    principal_type: str


def check(condition: object, version: object) -> None:
    """Raises unless the condition is one that is understood, in version 2.0 of the language."""
    if not isinstance(condition, str) or version != "2.0":
        raise role_errors.invalid_condition("a condition is a text and goes with conditionVersion 2.0")
    left = _ACTION.sub(" ", _COMPARISON.sub(" ", condition))
    if len(condition) > 8192 or not _COMPARISON.search(condition) or not _REST.fullmatch(left):
        raise role_errors.invalid_condition("the expression is not one this service understands")


def allows(condition: str | None, side: str, wanted: Wanted) -> bool:
    """True when every comparison of the side ("Request" or "Resource") holds for the wanted assignment."""
    members = {
        "roledefinitionid": wanted.role_id,
        "principaltype": wanted.principal_type,
        "principalid": wanted.principal_id,
    }
    for found in _COMPARISON.finditer(condition or ""):
        if found["side"].lower() != side.lower():
            continue
        values = {value.strip().strip("'").lower() for value in found["values"].split(",")}
        if (members[found["member"].lower()].lower() in values) is ("Not" in found["test"]):
            return False
    return True
