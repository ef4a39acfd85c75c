"""What the service does by itself, done when somebody looks: the emulator has no background work."""

from __future__ import annotations

from ..store import Transaction
from . import certificates, objects, pending, rotation


def catch_up(tx: Transaction, scope: str) -> None:
    """Purge what was kept long enough, end creations, renew certificates, rotate keys, up to the cloud's now."""
    for kind in objects.ALL:
        objects.forget_retained(tx, scope, kind)
    for certificate in tx.list(objects.CERTIFICATES.kind, scope):
        certificates.renew_due(tx, scope, pending.settle(tx, scope, certificate))
    for key in tx.list(objects.KEYS.kind, scope):
        rotation.rotate_due(tx, scope, key)
