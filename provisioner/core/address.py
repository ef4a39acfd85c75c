"""The name of one thing a spec describes: `NAME/kind` or `NAME/kind/KEY`, known before anything exists."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class Address:
    """name: the spec's. kind: the resource kind's. key: from the spec, may hold slashes; "" when there is one only."""

    name: str
    kind: str
    key: str = ""

    def __str__(self) -> str:
        return f"{self.name}/{self.kind}/{self.key}" if self.key else f"{self.name}/{self.kind}"


@dataclass(frozen=True)
class Ref:
    """A value known only once `address` exists: its fact's member `field`."""

    address: Address
    field: str
