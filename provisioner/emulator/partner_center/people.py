"""People of a customer, as Partner Center lists them: its directory's users, and some more made from the tenant's id.

The made ones are names in a list and nothing else: nobody can sign in as one. The same tenant always has the same.
"""

from __future__ import annotations

import uuid

from .. import kinds
from ..store import Document, Transaction

_FIRST = ("Adele", "Alex", "Diego", "Grady", "Isaiah", "Johanna", "Lee", "Lynne", "Megan", "Nestor", "Patti", "Pradeep")
_LAST = ("Vance", "Wilber", "Siciliani", "Archie", "Langer", "Lorenz", "Gu", "Robbins", "Bowen", "Wilke", "Fernandez")
_MADE = 6


def people_of(tx: Transaction, tenant: Document) -> list[Document]:
    """Users in the shape of kinds.USER, the directory's own first."""
    return [*tx.list(kinds.USER, tenant["id"]), *_made(tenant)]


def _made(tenant: Document) -> list[Document]:
    found = []
    for number in range(_MADE):
        identifier = uuid.uuid5(uuid.UUID(tenant["id"]), f"person {number}")
        first, last = _FIRST[identifier.int % len(_FIRST)], _LAST[identifier.int // 16 % len(_LAST)]
        found.append(
            {
                "id": str(identifier),
                "userPrincipalName": f"{first}.{last}{number}@{tenant['domains'][0]}".lower(),
                "displayName": f"{first} {last}",
                "accountEnabled": number != _MADE - 1,
            }
        )
    return found
