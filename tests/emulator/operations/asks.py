"""What a request has to hold for its route to answer with success."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from provisioner.emulator.kernel import Route


@dataclass(frozen=True)
class Ask:
    """`parameters` are those of the path in which this operation differs from its service's usual ones."""

    body: Any = None
    parameters: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Asks:
    """One service's: `parameters` by name, or by the segment before ("applications"), `rows` by operation.

    A row may be named "operation at/part/of/the/path" where one operation's paths differ in what they want; an
    operation without a row wants no body. `hopeless` names what no request can succeed at, with the reason.
    """

    parameters: Mapping[str, str]
    rows: Mapping[str, Ask]
    hopeless: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)

    def of(self, route: Route) -> Ask:
        """The row of a route; the one that names most of its path wins."""
        rows = [name for name in self.rows if _is_for(name, route)]
        return self.rows[max(rows, key=len)] if rows else Ask()

    def path(self, route: Route, ask: Ask) -> str:
        """The route's path with its parameters filled in. Raises KeyError for one nobody knows a value for."""

        def value(found: re.Match[str]) -> str:
            name = found[1].removesuffix(":rest")
            before = route.pattern[: found.start()].rstrip("/").rpartition("/")[2].partition("(")[0]
            known = {**self.parameters, **ask.parameters}
            return known[name if name in known else before]

        return re.sub(r"\{([^}]*)\}", value, route.pattern)


def _is_for(name: str, route: Route) -> bool:
    operation, _, part = name.partition(" ")
    return operation == route.operation and part in route.pattern
