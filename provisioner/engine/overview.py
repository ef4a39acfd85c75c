"""All that a plan rests on: every thing with what it depends on, and the permissions compared three ways.

Pure, and from what was seen anyway: it sends nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from provisioner.clients.graph_facts import ServicePrincipalFacts
from provisioner.core.address import Address
from provisioner.core.observation import Absent, Known, Observation, Present, Unknown
from provisioner.core.overview import PermissionRow, Presence, Resource
from provisioner.resources.app_role_assignment import AppRoleAssignment
from provisioner.resources.application import Application
from provisioner.resources.contract import AnyKind
from provisioner.resources.credential.kind import CredentialFact
from provisioner.resources.grant import Grant
from provisioner.resources.permissions import ROLE, SCOPE, Permission, declared, permission_named
from provisioner.resources.spec_digest import DigestFact
from provisioner.spec import catalogue
from provisioner.spec.model import Spec

_GRANTED = (Grant.name, AppRoleAssignment.name)


def resources_of(spec: Spec, kinds: Sequence[AnyKind], known: Known) -> tuple[Resource, ...]:
    """In the order of the kinds; of a kind first the spec's, then what was seen beside them."""
    seen = dict(known.items())
    found: list[Resource] = []
    for kind in kinds:
        wanted = kind.wanted(spec)
        extras = (address for address in seen if address.kind == kind.name and address not in wanted)
        for address in (*(address for address in wanted if address in seen), *extras):
            depends_on = tuple(one for one in kind.rests_on(address, wanted.get(address)) if one in seen)
            state = _presence(seen[address], wanted.get(address))
            found.append(Resource(address, state, address in wanted, depends_on))
    return tuple(found)


def permissions_of(spec: Spec, known: Known) -> tuple[PermissionRow, ...]:
    """Declared first, in the spec's order, then what is requested or granted without being declared."""
    asked = declared(spec)
    requested = _requested(spec, known)
    others = sorted(entry for entry in (requested or frozenset()) | set(_granted(known)) if entry not in asked)
    return tuple(_row(spec, entry, requested, known) for entry in (*asked, *others))


def _presence(seen: Observation[Any], wanted: Any) -> Presence:
    """What a credential and the digest are seen by is there even where they are not."""
    if isinstance(seen, Unknown):
        return Presence.UNKNOWN
    if isinstance(seen, Absent):
        return Presence.ABSENT
    fact, there = seen.fact, True
    if isinstance(fact, CredentialFact):
        there = fact.in_place(wanted)
    elif isinstance(fact, DigestFact):
        there = bool(fact.digest)
    return Presence.PRESENT if there else Presence.ABSENT


def _row(spec: Spec, entry: Permission, requested: frozenset[Permission] | None, known: Known) -> PermissionRow:
    risk = catalogue.risk(entry.api_app_id, entry.kind, entry.value)
    return PermissionRow(
        api=entry.api_name,
        value=entry.value,
        kind="delegated" if entry.kind == SCOPE else "application",
        declared=entry in declared(spec),
        requested=None if requested is None else entry in requested,
        granted=_is_granted(spec, entry, known),
        risk=risk.word,
        sentence=risk.sentence,
    )


def _requested(spec: Spec, known: Known) -> frozenset[Permission] | None:
    address = Address(spec.name, Application.name)
    if known.unknown(address) is not None:
        return None
    fact = known.fact(address)
    if fact is None:
        return frozenset()
    apis = {**_apis_of_others(known), **fact.apis}
    return frozenset(permission_named(entry, apis.get(entry.api_app_id)) for entry in fact.application.required)


def _apis_of_others(known: Known) -> dict[str, ServicePrincipalFacts]:
    """By appId, the APIs that the spec does not name and something is granted of: they tell names of permissions."""
    granted = [
        seen.fact.api for address, seen in known.items() if address.kind in _GRANTED and isinstance(seen, Present)
    ]
    return {api.app_id: api for api in granted if api is not None}


def _granted(known: Known) -> Iterable[Permission]:
    """Every permission seen granted to our service principal for the whole tenant, the spec's and others'."""
    for address, seen in known.items():
        if not isinstance(seen, Present):
            continue
        if address.kind == Grant.name:
            for scope in seen.fact.scopes:
                yield Permission(address.key, catalogue.api_app_id(address.key), SCOPE, scope)
        elif address.kind == AppRoleAssignment.name:
            api, _, value = address.key.rpartition("/")
            yield Permission(api, catalogue.api_app_id(api), ROLE, value)


def _is_granted(spec: Spec, entry: Permission, known: Known) -> bool | None:
    """Not seen is not granted only where somebody looked; nothing is granted to an application that is not there.

    Grants are told by name: of a permission that is known by its id alone, nobody can tell.
    """
    if entry in set(_granted(known)):
        return True
    if isinstance(known.get(Address(spec.name, Application.name)), Absent):
        return False
    if not entry.has_name:
        return None
    kind: AnyKind = Grant() if entry.kind == SCOPE else AppRoleAssignment()
    key = entry.api_name if entry.kind == SCOPE else f"{entry.api_name}/{entry.value}"
    seen = dict(known.items())
    its_own = Address(spec.name, kind.name, key)
    if its_own in seen:
        return None if isinstance(seen[its_own], Unknown) else False
    unread = any(isinstance(found, Unknown) for address, found in seen.items() if address.kind == kind.name)
    return None if unread or not kind.wanted(spec) else False
