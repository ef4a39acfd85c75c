"""Keys the format has and this version does not: refused at their place, never ignored."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from provisioner.spec.findings import Finding, part

NOT_BUILT_KEYS: tuple[tuple[str, ...], ...] = (
    ("auth",),
    ("customers",),
    ("application", "homeTenant"),
    ("application", "protect"),
    ("application", "credential", "exportable"),
    ("vault", "auth"),
    ("vault", "protect"),
)


def not_built(spec: Mapping[str, Any]) -> Iterator[Finding]:
    """Refuse what is published but not built."""
    for path in NOT_BUILT_KEYS:
        *parents, last = path
        if last in part(spec, *parents):
            yield Finding(path, f"{last} is not built yet", last, "leave the key out", at_key=True)
    for owner in ("application", "vault"):
        mode = part(spec, owner).get("mode", "create")
        if mode != "create":
            yield Finding((owner, "mode"), f"mode {mode} is not built yet", mode, "only create is; leave the key out")
    if part(spec, "safety").get("accept"):
        yield Finding(("safety", "accept"), "accept is not built yet", "accept", "leave the key out", at_key=True)
    yield from _credential_type(spec)
    yield from _vault_tenant(spec)


def _credential_type(spec: Mapping[str, Any]) -> Iterator[Finding]:
    credential = part(spec, "application", "credential")
    kind = credential.get("type")
    if kind is None and "application" in spec:
        what = "the default credential type, certificate, is not built yet"
        yield Finding(("application", "credential"), what, next_step="write type: secret under application.credential")
    elif kind in ("certificate", "federated"):
        path = ("application", "credential", "type")
        yield Finding(path, f"credential type {kind} is not built yet", kind, "write type: secret")


def _vault_tenant(spec: Mapping[str, Any]) -> Iterator[Finding]:
    tenant = part(spec, "vault").get("tenant")
    if tenant is not None and tenant.casefold() != str(spec.get("tenant", tenant)).casefold():
        what = "a vault in another directory than the application's tenant is not built yet"
        yield Finding(("vault", "tenant"), what, tenant, "leave the key out")
