"""When a second factor is asked (sam-facts 3.1): a policy of the tenant, or the request itself on v1."""

from __future__ import annotations

from collections.abc import Collection

from ..store import Document
from . import conditional_access


def is_required(tenant: Document, resource_app_ids: Collection[str], person: Document | None = None) -> bool:
    """True when the tenant asks MFA of everybody, or of this person, for one of the APIs that the request names."""
    policy = tenant["mfa"]
    if policy["securityDefaults"] or set(policy["requireForApps"]) & set(resource_app_ids):
        return True
    return person is not None and conditional_access.requires_mfa(tenant, person, resource_app_ids)
