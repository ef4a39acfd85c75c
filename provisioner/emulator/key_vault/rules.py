"""Hosts of vaults: which vault a name leads to, and whether the name resolves yet."""

from __future__ import annotations

from urllib.parse import urlsplit

from .. import kinds, lag
from ..store import Document, Transaction


def vault_of(tx: Transaction, host: str) -> Document | None:
    """The vault served at a host name."""
    vault = tx.get(kinds.VAULT, "", host.lower().partition(".")[0])
    return vault if vault and urlsplit(vault["properties"]["vaultUri"]).hostname == host.lower() else None


def resolves(tx: Transaction, host: str) -> bool:
    """False for a vault's host name that has no DNS record in life: no such vault, or its name is too new.

    The TLS listener asks this and takes no connection for such a name (server.py).
    """
    vault = vault_of(tx, host)
    return vault is not None and lag.has_address(tx, vault)
