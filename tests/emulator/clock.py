"""The cloud's clock, moved by a test."""

from __future__ import annotations

from provisioner.emulator.store import Store


def advance(store: Store, seconds: float) -> None:
    with store.transaction() as tx:
        tx.advance_clock(seconds)
