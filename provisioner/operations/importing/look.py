"""Seeing what is to be imported, through the same kinds that plan looks with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from provisioner.clients.arm_facts import VaultFacts
from provisioner.clients.graph_facts import ApplicationFacts, ServicePrincipalFacts
from provisioner.clients.key_vault import SecretFacts
from provisioner.core.address import Address
from provisioner.core.errors import ApiError
from provisioner.core.observation import Known, Present, Unknown
from provisioner.engine.observer import observe
from provisioner.operations.importing import secrets
from provisioner.operations.importing.find import find_application, named_vault
from provisioner.operations.importing.name import spec_name
from provisioner.operations.importing.wish import Wish
from provisioner.operations.tenant import OpenTenant
from provisioner.resources.api_service_principal import read_api
from provisioner.resources.application_spec import application_fragment
from provisioner.resources.contract import AnyKind, Reader, SpecFragment
from provisioner.resources.credential.kind import on_application as credentials_of
from provisioner.resources.kinds import BY_NAME
from provisioner.resources.vault_contents import list_secrets
from provisioner.resources.vault_spec import vault_fragment
from provisioner.spec import catalogue

_IN_DIRECTORY = ("api_service_principal", "application", "service_principal", "grant", "app_role_assignment")
_IN_VAULT = ("vault", "role_assignment", "credential", "refresh_token")


@dataclass(frozen=True)
class Seen:
    """What there is. vault None: none was named. vaults: those of the subscription, where they could be listed.

    name: of the spec. fragments: by kind, what each has to say. tokens: secrets that look like a refresh token, the
    likeliest first. unread: what could not be looked at, in sentences.
    """

    application: ApplicationFacts
    vault: VaultFacts | None
    vaults: Sequence[VaultFacts]
    name: str
    named_by: str
    known: Known
    fragments: Mapping[str, SpecFragment]
    credential_name: str
    tokens: Sequence[SecretFacts] = ()
    unread: Sequence[str] = field(default=())


async def look(tenant: OpenTenant, wish: Wish) -> Seen:
    """Raises: AmbiguousResourceError, PlanError for what is not there; ApiError when not even that can be told."""
    reader = Reader(tenant.clients, tenant.runner)
    graph = tenant.clients.graph
    unread: list[str] = []
    application = await find_application(graph, wish)
    name, named_by = await spec_name(application, graph)
    vaults, vault = await _vaults(wish, reader, unread)
    apis = await _apis(application, reader, unread)
    stored = await _secrets(vault, reader)
    tokens = secrets.refresh_tokens(stored, name)
    credential = secrets.credential_name(name, stored)
    spec = wish.spec(
        name=name,
        credential_name=credential,
        application={"appId": application.app_id, "permissions": _asked(application, apis)},
        **({} if vault is None else {"vault": {**vault_fragment(vault).document["vault"], "mode": "adopt"}}),
        **({"consent": {"secretName": tokens[0].name}} if tokens else {}),
    )
    kinds: list[AnyKind] = [BY_NAME[kind] for kind in (*_IN_DIRECTORY, *(_IN_VAULT if vault is not None else ()))]
    known = await observe(spec, kinds, reader)
    unread += _could_not_look(known)
    if not isinstance(known.get(Address(name, "credential", credential)), Present):
        known.record(Address(name, "credential", credential), Present(credentials_of(application)))
    fragments = {kind: BY_NAME[kind].to_spec(_facts(known, kind)) for kind in (*_IN_DIRECTORY, *_IN_VAULT)}
    fragments["application"] = application_fragment(application, apis)  # whatever could be read of its APIs
    if vault is not None:
        fragments["vault"] = vault_fragment(vault)  # from the list, whatever came of another look at it
    return Seen(application, vault, vaults, name, named_by, known, fragments, credential, tokens, tuple(unread))


async def _vaults(wish: Wish, read: Reader, unread: list[str]) -> tuple[Sequence[VaultFacts], VaultFacts | None]:
    """Where no vault was named the list is only for a hint, and may stay unread. Raises PlanError."""
    try:
        vaults = await read.clients.arm.list_vaults()
    except ApiError as error:
        if wish.vault is not None:
            unread.append(f"the vault {wish.vault}: {error.what}")
        return (), None
    return vaults, named_vault(wish, vaults)


async def _apis(
    application: ApplicationFacts, read: Reader, unread: list[str]
) -> Mapping[str, ServicePrincipalFacts | None]:
    """The APIs it asks permissions of, with what they publish; one that could not be read is left to the catalogue."""
    apis: dict[str, ServicePrincipalFacts | None] = {}
    asked = list(dict.fromkeys(entry.api_app_id for entry in application.required))

    async def look_at(app_id: str) -> None:
        try:
            apis[app_id] = await read_api(read, app_id)
        except ApiError as error:
            apis[app_id] = None
            unread.append(f"the permissions of {catalogue.api_name(app_id)}: {error.what}")

    await read.all_of(look_at, asked)
    return apis


async def _secrets(vault: VaultFacts | None, read: Reader) -> Sequence[SecretFacts]:
    """Without values. What could not be read is told by the kinds, which ask for the same list."""
    if vault is None:
        return ()
    try:
        return await list_secrets(read, vault.name)
    except ApiError:
        return ()


def _asked(application: ApplicationFacts, apis: Mapping[str, ServicePrincipalFacts | None]) -> list[dict[str, Any]]:
    """What it asks for, by name; and Partner Center, so that what is granted is looked at whatever it asks for."""
    asked: list[dict[str, Any]] = application_fragment(application, apis).document["application"]["permissions"]
    alive = [entry for entry in asked if catalogue.retired(catalogue.api_app_id(entry["api"])) is None]
    partner_center = catalogue.api_name(catalogue.PARTNER_CENTER)
    return alive if any(entry["api"] == partner_center for entry in alive) else [*alive, {"api": partner_center}]


def _facts(known: Known, kind: str) -> Mapping[Address, Any]:
    return {address: seen.fact for address, seen in known.items() if address.kind == kind and isinstance(seen, Present)}


def _could_not_look(known: Known) -> Sequence[str]:
    """A sentence for each reason, with the first thing it hides."""
    told: dict[str, str] = {}
    for address, seen in known.items():
        if isinstance(seen, Unknown):
            what = " ".join(part for part in (address.kind.replace("_", " "), address.key) if part)
            need = f"; it takes {seen.right}" if seen.right else ""
            told.setdefault(seen.why, f"{what}: {seen.why}{need}")
    return list(told.values())
