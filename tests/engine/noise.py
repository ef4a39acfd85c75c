"""What a service may answer instead and mean the same: order, case, defaults, null or nothing, members we do not know.

A middleware in our session rewrites each answer on its way in, as chance (a seed) wants it.
"""

from __future__ import annotations

import json
import random
import re
from dataclasses import dataclass, field
from typing import Any

from aiohttp import ClientHandlerType, ClientRequest, ClientResponse

_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_ARM_ID = re.compile(r"/subscriptions/", re.IGNORECASE)
_LOCATIONS = {"westeurope": "West Europe", "northeurope": "North Europe"}
_ALWAYS_THERE = ("value", "responses")  # a collection without entries is still one
_ACLS = {"bypass": "AzureServices", "defaultAction": "Allow", "ipRules": [], "virtualNetworkRules": []}


@dataclass
class Noise:
    """seed: of all that chance decides. changed: how many answers came in otherwise than they were sent."""

    seed: int
    changed: int = 0
    _chance: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self._chance = random.Random(self.seed)

    async def __call__(self, request: ClientRequest, handler: ClientHandlerType) -> ClientResponse:
        response = await handler(request)
        if request.url.path.endswith("/token") or "json" not in response.headers.get("Content-Type", ""):
            return response
        body = await response.read()
        said = self._said_otherwise(json.loads(body), of_arm=request.url.host == "management.azure.com")
        otherwise = json.dumps(said).encode()
        self.changed += otherwise != body
        response._body = otherwise  # which is where all readers find it: see WholeResponse
        return response

    def _said_otherwise(self, value: Any, name: str = "", *, of_arm: bool) -> Any:
        if isinstance(value, dict):
            return self._object(value, name, of_arm=of_arm)
        if isinstance(value, list):
            entries = [self._said_otherwise(entry, name, of_arm=of_arm) for entry in value]
            self._chance.shuffle(entries)
            return entries
        return self._text(value, name, of_arm=of_arm) if isinstance(value, str) else value

    def _object(self, members: dict[str, Any], name: str, *, of_arm: bool) -> dict[str, Any]:
        if name == "tags":  # a user's own words; ARM does not tell the case of a tag's name
            return {self._any_case(key) if of_arm else key: value for key, value in members.items()}
        if name == "error":
            return members
        said = {key: self._said_otherwise(value, key, of_arm=of_arm) for key, value in members.items()}
        said = {key: value for key, value in said.items() if not self._left_out(key, value)}
        for key, value in said.items():
            if value == [] and key not in _ALWAYS_THERE and not of_arm and self._perhaps():
                said[key] = None
        self._echoes(said, name)
        if self._perhaps():
            said["somethingNew"] = {"entries": [1, None], "isNew": True}
        order = list(said)
        self._chance.shuffle(order)
        return {key: said[key] for key in order}

    def _left_out(self, key: str, value: Any) -> bool:
        return key not in _ALWAYS_THERE and value in (None, []) and self._perhaps()

    def _echoes(self, said: dict[str, Any], name: str) -> None:
        """Members that a service fills in, or repeats in another shape."""
        if name == "web" and self._perhaps():
            uris = said.get("redirectUris") or []
            said["redirectUriSettings"] = [{"uri": uri, "index": None} for uri in uris]
        if name == "properties" and "vaultUri" in said and self._perhaps():
            said.setdefault("networkAcls", _ACLS)
            said.setdefault("publicNetworkAccess", "Enabled")

    def _text(self, text: str, name: str, *, of_arm: bool) -> str:
        if name == "location" and text in _LOCATIONS and self._perhaps():
            return _LOCATIONS[text]
        if _GUID.fullmatch(text):
            return text.upper() if self._perhaps() else text
        if of_arm and _ARM_ID.match(text):
            return self._any_case(text)
        if of_arm and name == "value" and re.fullmatch(r"[0-9.]+(/32)?", text):
            return text.removesuffix("/32") if self._perhaps() else f"{text.removesuffix('/32')}/32"
        return text

    def _any_case(self, text: str) -> str:
        return self._chance.choice((text, text.upper(), text.lower(), text.title()))

    def _perhaps(self) -> bool:
        return self._chance.random() < 0.5
