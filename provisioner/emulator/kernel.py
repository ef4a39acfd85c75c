"""What every emulated service is made of: a Call comes in, a Reply goes out, a Refusal says no.

A service is a tuple of `Route`s whose handlers are plain functions `Call -> Reply`. They see the cloud's state only
through `call.tx` (one SQLite transaction a request, see store.py) and never wait, so the same function serves a
socket, an inner request of `$batch` and a test.

A Refusal commits what its handler wrote before raising (a failed sign-in is over for good): rules check first and
write last. Any other exception rolls back.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

if TYPE_CHECKING:
    from .store import Transaction

Json = Any


def _no_inner(call: Call) -> Reply:
    raise NotImplementedError("this call did not come through dispatch")


@dataclass(frozen=True)
class Call:
    """One request as a service sees it. `path` is decoded; header names are lower-case."""

    method: str
    host: str
    path: str
    tx: Transaction
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    cloud: str = "public"
    operation: str = ""
    params: Mapping[str, str] = field(default_factory=dict)
    client_address: str = "127.0.0.1"
    inner: Callable[[Call], Reply] = _no_inner
    """Sends a request of a `$batch` through the same routing, faults and recording; set by dispatch."""

    @property
    def url(self) -> str:
        return f"https://{self.host}{self.path}"

    def form(self) -> dict[str, str]:
        """The fields of an application/x-www-form-urlencoded body; the last of a repeated name wins."""
        return dict(parse_qsl(self.body.decode("utf-8", "replace"), keep_blank_values=True))

    def json(self) -> Json:
        """The body as JSON; raises ValueError when it is not.

        Strict where Python is not and the services' readers are: no NaN, no number beyond a double, no half of a
        surrogate pair (which no store could keep as text).
        """
        text = self.body.decode("utf-8")
        try:
            found = json.loads(text, parse_constant=_no_constant, parse_float=_finite)
        except RecursionError as error:
            raise ValueError("the JSON is nested too deeply") from error
        if "\\ud" in text.lower():
            json.dumps(found, ensure_ascii=False).encode()  # raises UnicodeEncodeError, a ValueError
        return found


def _no_constant(name: str) -> Json:
    raise ValueError(f"{name} is no JSON")


def _finite(text: str) -> float:
    if math.isinf(found := float(text)):
        raise ValueError("a number is too large")
    return found


@dataclass(frozen=True)
class Reply:
    """An answer. `body` is sent as it is when bytes, as JSON otherwise; None sends no body."""

    status: int
    body: Json = None
    headers: Mapping[str, str] = field(default_factory=dict)

    def encoded(self) -> tuple[bytes, str | None]:
        """The bytes to send and their content type (None when there is no body or the headers name one)."""
        if self.body is None:
            return b"", None
        if isinstance(self.body, bytes):
            return self.body, None
        return json.dumps(self.body, separators=(",", ":")).encode(), "application/json; charset=utf-8"


class Refusal(Exception):
    """A service says no. Each service's errors.py makes these, in its own wire shape."""

    def __init__(self, reply: Reply) -> None:
        super().__init__(f"{reply.status}")
        self.reply = reply


Handler = Callable[[Call], Reply]


@dataclass(frozen=True)
class Route:
    """`operation` names the route for faults and the request list: `graph.applications.create`.

    `pattern` is a path with `{name}` (one segment) and `{name:rest}` (the remainder, slashes included).
    """

    method: str
    pattern: str
    operation: str
    handler: Handler


class Router:
    """Finds the route of a call. The APIs match paths in any case (`ignore_case`), Entra as written."""

    def __init__(self, routes: Iterable[Route], *, ignore_case: bool = False) -> None:
        flags = re.IGNORECASE if ignore_case else 0
        self.routes = tuple(routes)
        self._compiled = [(_compile(route.pattern, flags), route) for route in self.routes]
        self._deepest = max((route.pattern.count("/") for route in self.routes), default=0)
        self._by_depth = [self._of_depth(depth) for depth in range(self._deepest + 2)]

    def match(self, method: str, path: str) -> tuple[Route, dict[str, str]] | None:
        """The first route for method and path, with its path parameters."""
        candidates = self._by_depth[min(path.count("/"), self._deepest + 1)]
        for pattern, route in candidates.get(method, ()):
            if found := pattern.fullmatch(path):
                return route, found.groupdict()
        return None

    def methods(self, path: str) -> list[str]:
        """The methods some route takes at this path: empty means 404, otherwise 405."""
        return sorted({route.method for pattern, route in self._compiled if pattern.fullmatch(path)})

    def _of_depth(self, depth: int) -> dict[str, list[tuple[re.Pattern[str], Route]]]:
        """By method, in order, the routes a path with so many slashes can match; the last depth stands for all below.

        Hundreds of patterns tried one after the other would be a large part of what a small read costs.
        """
        found: dict[str, list[tuple[re.Pattern[str], Route]]] = {}
        for pattern, route in self._compiled:
            slashes = route.pattern.count("/")
            if slashes == depth or (slashes < depth and ":rest}" in route.pattern):
                found.setdefault(route.method, []).append((pattern, route))
        return found


def _compile(pattern: str, flags: int) -> re.Pattern[str]:
    parts = re.split(r"(\{[a-z_]+(?::rest)?\})", pattern)
    expression = ""
    for part in parts:
        if part.startswith("{") and part.endswith(":rest}"):
            expression += f"(?P<{part[1:-6]}>.+)"
        elif part.startswith("{"):
            expression += f"(?P<{part[1:-1]}>[^/]+)"
        else:
            expression += re.escape(part)
    return re.compile(expression, flags)
