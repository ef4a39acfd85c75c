"""What ARM answers a good token where it has nothing: the namespace is looked at first, then its types."""

from __future__ import annotations

from typing import NoReturn

from ..kernel import Call
from . import errors, providers


def refuse(call: Call) -> NoReturn:
    parts = call.path.strip("/").split("/")
    lowered = [part.lower() for part in parts]
    if "providers" not in lowered or len(parts) < lowered.index("providers") + 2:
        raise errors.no_route(call.method, call.path)
    at = len(parts) - 1 - lowered[::-1].index("providers")  # the last one names what is asked for
    namespace = providers.NAMESPACES.get(lowered[at + 1]) if at + 1 < len(parts) else None
    if namespace is None:
        raise errors.invalid_namespace("/".join(parts[at + 1 : at + 2]))
    raise errors.invalid_resource_type("/".join(parts[at + 2 :: 2]), namespace, call.query["api-version"])
