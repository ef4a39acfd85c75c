"""When a second factor is asked (sam-facts 3.1): a policy of the tenant, or the request itself on v1."""

from __future__ import annotations

from collections.abc import Collection

from ..store import Document


def is_required(tenant: Document, resource_app_ids: Collection[str]) -> bool:
    """True when the tenant's policy asks MFA of everybody, or for one of the APIs that the request names."""
    policy = tenant["mfa"]
    return bool(policy["securityDefaults"] or set(policy["requireForApps"]) & set(resource_app_ids))
