"""Keys the format has and this version does not: refused at their place, never ignored."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from provisioner.spec.findings import Finding, part

NOT_BUILT_KEYS: tuple[tuple[str, ...], ...] = (
    ("customers",),
    ("application", "homeTenant"),
    ("vault", "auth"),
)


def not_built(spec: Mapping[str, Any]) -> Iterator[Finding]:
    """Refuse what is published but not built."""
    for path in NOT_BUILT_KEYS:
        *parents, last = path
        if last in part(spec, *parents):
            yield Finding(path, f"{last} is not built yet", last, "leave the key out", at_key=True)
    yield from _vault_tenant(spec)


def _vault_tenant(spec: Mapping[str, Any]) -> Iterator[Finding]:
    tenant = part(spec, "vault").get("tenant")
    if tenant is not None and tenant.casefold() != str(spec.get("tenant", tenant)).casefold():
        what = "a vault in another directory than the application's tenant is not built yet"
        yield Finding(("vault", "tenant"), what, tenant, "leave the key out")
