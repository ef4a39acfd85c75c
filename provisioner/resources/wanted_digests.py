"""What a spec wants of each kind, as short digests: a later run tells by them which kinds an edited spec changed.

They are a note, not proof: one is cut so short that all of them fit into one tag (256 characters, sam-facts 6.1).
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from provisioner.resources.contract import AnyKind
from provisioner.spec.model import Safety, Spec, Verify, encode

_LENGTH = 5


def digests(spec: Spec, kinds: Iterable[AnyKind]) -> dict[str, str]:
    """Kind to digest, without what `verify` and `safety` say: neither is part of what is wanted."""
    owned = msgspec.structs.replace(spec, verify=Verify(), safety=Safety())
    return {kind.name: _digest(kind.wanted(owned)) for kind in kinds}


def as_tag(of_kinds: Mapping[str, str]) -> str:
    return " ".join(f"{kind}={digest}" for kind, digest in of_kinds.items())


def from_tag(text: str) -> dict[str, str]:
    """Nothing of a text that is none of ours."""
    pairs = (part.partition("=") for part in text.split())
    return {kind: digest for kind, equals, digest in pairs if equals}


def _digest(wanted: Any) -> str:
    canonical = json.dumps(_plain(wanted), sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(canonical.encode()).hexdigest()[:_LENGTH]


def _plain(value: Any) -> Any:
    if isinstance(value, msgspec.Struct):
        return msgspec.to_builtins(value, enc_hook=encode)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {each.name: _plain(getattr(value, each.name)) for each in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(key): _plain(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(entry) for entry in value]
    return value
