"""Counting what commands that must not write have sent: as the emulator got it, over a whole run of the tests.

The guard in our session keeps a plan from writing; this looks at what arrived, and takes nobody's word for it.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

VERBS = ("plan", "explain", "doctor", "verify", "validate")
_AGENT = re.compile(r"provisioner/\S+ \((\w+)\)")
_READING_POSTS = (
    "entra.token.*",
    "graph.directoryObjects.getByIds",
    "arm.*check_name*",
    "key_vault.keys.sign",  # with `plan --probe` and verify: it is how a token is asked for
    "issuers.*",
)


class WroteError(AssertionError):
    """Something that may only read did not."""


@dataclass
class ReadsOnly:
    """requests: how many each of VERBS sent, parts of a `$batch` not counted. writes: what of it could write."""

    requests: Counter[str] = field(default_factory=Counter)
    writes: list[str] = field(default_factory=list)
    _told: int = 0

    def note(self, operation: str, method: str, path: str, headers: Mapping[str, str], body: Any) -> None:
        """One request. headers: names in lower case. body: bytes, or JSON as the emulator's list keeps it."""
        found = _AGENT.search(headers.get("user-agent", ""))
        if found is None or found[1] not in VERBS:
            return
        self.requests[found[1]] += 1
        if not _reads(operation, method, body):
            self.writes.append(f"{found[1]}: {method} {path} ({operation})")

    def settle(self) -> None:
        """Raises WroteError naming what wrote since the last time."""
        new, self._told = self.writes[self._told :], len(self.writes)
        if new:
            raise WroteError("a command that must not write wrote:\n" + "\n".join(new))

    def line(self) -> str:
        """The figures in words."""
        counted = ", ".join(f"{verb} {self.requests[verb]}" for verb in VERBS if self.requests[verb])
        return f"reading commands: {counted} requests, {len(self.writes)} writes"

    def figures(self) -> dict[str, Any]:
        return {"requests": dict(self.requests), "writes": self.writes}

    def add(self, figures: Mapping[str, Any]) -> None:
        """Take in another process's figures."""
        self.requests.update(figures["requests"])
        self.writes += figures["writes"]


def _reads(operation: str, method: str, body: Any) -> bool:
    if method in ("GET", "HEAD"):
        return True
    if operation == "graph.batch":
        parts = (json.loads(body) if isinstance(body, bytes) else body)["requests"]
        return all(part["method"] == "GET" for part in parts)
    return method == "POST" and any(fnmatchcase(operation, pattern) for pattern in _READING_POSTS)
