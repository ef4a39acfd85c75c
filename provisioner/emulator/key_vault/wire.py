"""Secrets as the service answers them: bundles with the value, items without, deleted ones with their dates."""

from __future__ import annotations

from ..store import Document


def bundle(address: str, vault: Document, secret: Document, version: Document) -> Document:
    """SecretBundle."""
    return {"value": version["value"], **item(address, vault, secret, version)}


def item(address: str, vault: Document, secret: Document, version: Document, *, latest: bool = False) -> Document:
    """SecretItem; `latest` leaves the version out of the id, as the list of secrets does."""
    found = {
        "id": f"{address}/secrets/{secret['name']}" + ("" if latest else f"/{version['version']}"),
        "attributes": _attributes(vault, version),
    }
    return found | {key: version[key] for key in ("contentType", "tags") if key in version}


def deleted(address: str, vault: Document, secret: Document, *, latest: bool = False) -> Document:
    """DeletedSecretItem, which in a single answer is the DeletedSecretBundle: the value is never in it."""
    shown = item(address, vault, secret, secret["versions"][-1], latest=latest)
    dates = {key: secret[key] for key in ("deletedDate", "scheduledPurgeDate")}
    return {"recoveryId": f"{address}/deletedsecrets/{secret['name']}", **dates, **shown}


def _attributes(vault: Document, version: Document) -> Document:
    days = vault["properties"]["softDeleteRetentionInDays"]
    level = "Recoverable" if days == 90 else "CustomizedRecoverable"
    if not vault["properties"].get("enablePurgeProtection"):
        level += "+Purgeable"
    times: Document = {key: version[key] for key in ("nbf", "exp") if key in version}
    return {
        "enabled": version["enabled"],
        **times,
        "created": version["created"],
        "updated": version["updated"],
        "recoveryLevel": level,
        "recoverableDays": days,
    }
