"""The catalogue agrees with itself, and answers honestly about what it does not know."""

from __future__ import annotations

import json
import re
from itertools import chain

import pytest

from provisioner.spec import catalogue
from provisioner.spec.catalogue_table import APIS
from provisioner.spec.rules.identifiers import is_placeholder
from provisioner.spec.schema import schema_text
from provisioner.spec.vault_roles import VAULT_ROLES

GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def test_every_id_is_a_lower_case_guid_used_once() -> None:
    permissions = [permission for api in APIS for permission in api.permissions]
    ids = [api.app_id for api in APIS]
    ids += [entry for permission in permissions for entry in (permission.scope_id, permission.role_id) if entry]
    ids += VAULT_ROLES.values()
    assert all(GUID.fullmatch(entry) for entry in ids)
    assert len(set(ids)) == len(ids)


def test_no_real_id_is_taken_for_a_placeholder() -> None:
    permissions = chain.from_iterable(api.permissions for api in APIS)
    ids = [entry for permission in permissions for entry in (permission.scope_id, permission.role_id) if entry]
    assert not [
        entry for entry in (*ids, *VAULT_ROLES.values(), *(api.app_id for api in APIS)) if is_placeholder(entry)
    ]


def test_every_permission_is_rated_for_exactly_the_kinds_it_has() -> None:
    for api in APIS:
        for entry in api.permissions:
            assert entry.delegated or entry.application, entry.value
            assert entry.delegated or not entry.scope_id, entry.value
            assert entry.application or not entry.role_id, entry.value
            for rating in filter(None, (entry.delegated, entry.application)):
                assert rating[1].endswith("."), entry.value


def test_names_are_found_in_any_case_and_by_their_older_forms() -> None:
    names = ("Microsoft Partner Center", "SAMPLEBECAPP", catalogue.PARTNER_CENTER.upper())
    assert {catalogue.api_app_id(name) for name in names} == {catalogue.PARTNER_CENTER}
    assert catalogue.api_name("windows azure service management api") == "Azure Service Management"
    assert len({name.casefold() for api in APIS for name in (api.name, *api.other_names)}) == sum(
        1 + len(api.other_names) for api in APIS
    ), "one name, one API"


def test_an_unknown_app_id_is_itself_and_an_unknown_name_is_an_error() -> None:
    other = "0B7D52C9-e1f4-4836-a05c-6d9e83b1f274"
    assert catalogue.api_app_id(other) == catalogue.api_name(other) == other.lower()
    with pytest.raises(catalogue.UnknownApiError):
        catalogue.api_app_id("Contoso API")


def test_ids_and_values_translate_both_ways() -> None:
    for api in APIS:
        for entry in api.permissions:
            assert catalogue.permission_id(api.app_id, "Scope", entry.value) == entry.scope_id
            assert catalogue.permission_id(api.app_id, "Role", entry.value) == entry.role_id
            for known in filter(None, (entry.scope_id, entry.role_id)):
                assert catalogue.permission_value(api.app_id, known.upper()) == entry.value


def test_what_is_not_listed_is_unknown_not_harmless() -> None:
    assert catalogue.risk(catalogue.MICROSOFT_GRAPH, "Scope", "Chat.Read").word == "unknown"
    assert catalogue.risk(catalogue.MICROSOFT_GRAPH, "Role", "User.Read").word == "unknown"
    assert catalogue.permission_id(catalogue.MICROSOFT_GRAPH, "Role", "User.Read") is None


def test_a_retired_api_names_its_replacement() -> None:
    whole = catalogue.retired(catalogue.AZURE_AD_GRAPH)
    one = catalogue.retired(catalogue.AZURE_AD_GRAPH, "User.Read")
    assert whole is not None
    assert one is not None
    assert (whole.replacement, one.replacement) == ("Microsoft Graph", "User.Read of Microsoft Graph")
    assert catalogue.retired(catalogue.MICROSOFT_GRAPH, "User.Read") is None


def test_editors_are_offered_the_apis_of_the_catalogue_and_the_roles_of_the_vault() -> None:
    parts = json.loads(schema_text("spec"))["$defs"]
    assert parts["apiPermissions"]["properties"]["api"]["examples"] == list(catalogue.api_names())
    assert parts["vault"]["properties"]["access"]["items"]["properties"]["role"]["examples"] == list(VAULT_ROLES)
