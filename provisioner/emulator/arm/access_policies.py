"""PUT {vault}/accessPolicies/{add|replace|remove}: edits entries by principal without sending the whole vault."""

from __future__ import annotations

from typing import Any

from .. import kinds
from ..kernel import Call, Reply
from ..store import Document
from . import errors, governance, vault_body, vaults
from .entry import body, session
from .vault_store import TYPE

_KINDS = ("add", "replace", "remove")


def put_policies(call: Call) -> Reply:
    """The answer has all entries of the vault: 201 where an entry is new, as the contract has it, else 200."""
    current = session(call)
    operation = call.params["operation_kind"].lower()
    vault = vaults.existing(current)
    current.require(f"{TYPE}/accessPolicies/write", vault["id"])
    if operation not in _KINDS:
        raise errors.vault_bad_request(f"The operation kind must be one of {', '.join(_KINDS)}.")
    governance.check_write(current.subscription, vault["id"])
    properties = body(call).get("properties")
    wanted = properties.get("accessPolicies") if isinstance(properties, dict) else None
    entries = vault_body.access_policies(wanted, vaults.directory(current))
    before = vault["properties"]["accessPolicies"]
    after = {"add": _added, "replace": _replaced, "remove": _removed}[operation](before, entries)
    vault["properties"]["accessPolicies"] = vault_body.access_policies(after, vaults.directory(current))
    call.tx.put(kinds.VAULT, "", vault["name"].lower(), vault)
    answer = {
        "id": f"{vault['id']}/accessPolicies/",
        "type": f"{TYPE}/accessPolicies",
        "location": vault["location"],
        "properties": {"accessPolicies": after},
    }
    return Reply(201 if len(after) > len(before) else 200, answer)


def _added(before: list[Document], entries: list[Document]) -> list[Document]:
    """The permissions of an entry join those its principal has."""
    result = {_key(entry): entry for entry in before}
    for entry in entries:
        found = result.get(_key(entry), {})
        result[_key(entry)] = entry | {"permissions": _joined(found.get("permissions", {}), entry["permissions"])}
    return list(result.values())


def _replaced(before: list[Document], entries: list[Document]) -> list[Document]:
    return list(({_key(entry): entry for entry in before} | {_key(entry): entry for entry in entries}).values())


def _removed(before: list[Document], entries: list[Document]) -> list[Document]:
    """The permissions named go; an entry left with none goes too."""
    taken = {_key(entry): entry["permissions"] for entry in entries}
    result = []
    for entry in before:
        gone = taken.get(_key(entry), {})
        left = {
            kind: [each for each in held if each not in gone.get(kind, ())]
            for kind, held in entry["permissions"].items()
        }
        if any(left.values()) or _key(entry) not in taken:
            result.append(entry | {"permissions": left})
    return result


def _joined(held: dict[str, list[str]], more: dict[str, list[str]]) -> dict[str, list[str]]:
    names = list(dict.fromkeys((*held, *more)))
    return {kind: list(dict.fromkeys((*held.get(kind, ()), *more.get(kind, ())))) for kind in names}


def _key(entry: Document) -> tuple[Any, ...]:
    """Whose entry it is: a principal, or an application acting for it."""
    return entry["objectId"].lower(), str(entry.get("applicationId") or "").lower()
