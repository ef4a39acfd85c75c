"""The whole state kept under a name: documents and the meta rows that go with them. Recorded requests stay apart."""

from __future__ import annotations

import json
from typing import Any

from ..kernel import Call, Reply
from ..store import Transaction
from .access import members, parameters, text
from .errors import bad_request, unknown_snapshot
from .state import PERMANENT, wipe

_PREFIX = "snapshot."
_LONGEST_NAME = 100


def listed(tx: Transaction) -> list[dict[str, Any]]:
    """The names, in order, with the number of documents in each."""
    rows = tx.sql.execute(
        "SELECT substr(name, ?), json_array_length(value, '$.documents') FROM meta WHERE name GLOB ? ORDER BY name",
        (len(_PREFIX) + 1, f"{_PREFIX}*"),
    )
    return [{"name": name, "documents": documents} for name, documents in rows]


def get_snapshots(call: Call) -> Reply:
    parameters(call)
    return Reply(200, {"snapshots": listed(call.tx)})


def delete_snapshot(call: Call) -> Reply:
    name = parameters(call, "name").get("name", "")
    if call.tx.meta(_PREFIX + name) is None:
        raise unknown_snapshot(name)
    call.tx.delete_meta(_PREFIX + name)
    return Reply(204)


def snapshot(call: Call) -> Reply:
    name = text(members(call, ("name",)), "name")
    if len(name) > _LONGEST_NAME or not name.isprintable():
        raise bad_request(f"name must be at most {_LONGEST_NAME} printable characters")
    sql = call.tx.sql
    documents = sql.execute("SELECT kind, scope, id, body FROM documents ORDER BY seq").fetchall()
    meta = [row for row in sql.execute("SELECT name, value FROM meta") if not row[0].startswith(PERMANENT)]
    call.tx.set_meta(_PREFIX + name, json.dumps({"documents": documents, "meta": meta}))
    return Reply(204)


def restore(call: Call) -> Reply:
    name = text(members(call, ("name",)), "name")
    kept = call.tx.meta(_PREFIX + name)
    if kept is None:
        raise unknown_snapshot(name)
    wipe(call.tx)
    state = json.loads(kept)
    call.tx.sql.executemany("INSERT INTO documents (kind, scope, id, body) VALUES (?,?,?,?)", state["documents"])
    for meta_name, value in state["meta"]:
        call.tx.set_meta(meta_name, value)
    return Reply(204)
