"""servicePrincipalLockConfiguration: what an application locks on its copies elsewhere (sam-facts 5.1)."""

from __future__ import annotations

from ..store import Document
from . import credential_errors, lookup
from .lookup import HolderKind
from .service import Request


def check(request: Request, kind: HolderKind, principal: Document, change: Document) -> None:
    """Raises when the change touches a locked member of a service principal that comes from another tenant."""
    if kind != "servicePrincipal" or principal["appOwnerOrganizationId"] == request.tenant:
        return
    home = lookup.home_of(request, principal["appId"])
    lock = (home[1].get("servicePrincipalLockConfiguration") if home else None) or {}
    if not lock.get("isEnabled"):
        return
    for name in _locked(lock, change):
        raise credential_errors.service_principal_locked(name)


def _locked(lock: Document, change: Document) -> list[str]:
    """The members of the change that are locked. Secrets prove who signs in, as certificates with usage Verify do."""
    everything = lock.get("allProperties")
    by_name = {
        "tokenEncryptionKeyId": lock.get("tokenEncryptionKeyId"),
        "passwordCredentials": lock.get("credentialsWithUsageVerify"),
        "keyCredentials": lock.get("credentialsWithUsageVerify") or lock.get("credentialsWithUsageSign"),
    }
    return [name for name, locked in by_name.items() if name in change and (everything or locked)]
