"""Attributes and tags: what bodies may say (sam-facts 6.3, limits), and how answers show them."""

from __future__ import annotations

from typing import Any

from ..store import Document
from . import errors

_MAX_TAGS = 15
_MAX_TAG = 512
_MEMBERS = (("enabled", bool), ("nbf", int), ("exp", int))


def described(wanted: dict[str, Any]) -> Document:
    """enabled, nbf, exp and tags of a body, checked; absent ones are left out."""
    found: Document = {}
    if (tags := wanted.get("tags")) is not None:
        _check_tags(tags)
        found["tags"] = tags
    attributes = member(wanted, "attributes")
    for name, kind in _MEMBERS:
        if (value := attributes.get(name)) is not None:
            if type(value) is not kind or (kind is int and not 0 <= value < 2**53):
                raise errors.bad_parameter(f"attributes.{name} must be of type {kind.__name__}.")
            found[name] = value
    return found


def member(wanted: dict[str, Any], name: str) -> dict[str, Any]:
    """An object of the body, {} when absent or null."""
    found = wanted.get(name)
    if found is None:
        return {}
    if not isinstance(found, dict):
        raise errors.bad_parameter(f"Property {name} must be an object.")
    return found


def shown(vault: Document, version: Document) -> Document:
    """The attributes of a version on the wire."""
    times: Document = {key: version[key] for key in ("nbf", "exp") if key in version}
    return {
        "enabled": version["enabled"],
        **times,
        "created": version["created"],
        "updated": version["updated"],
        "recoveryLevel": _recovery_level(vault),
        "recoverableDays": vault["properties"]["softDeleteRetentionInDays"],
    }


def dates(address: str, collection: str, deleted: Document) -> Document:
    """What a deleted object's answer has beside the object's own members."""
    return {
        "recoveryId": f"{address}/deleted{collection}/{deleted['name']}",
        "deletedDate": deleted["deletedDate"],
        "scheduledPurgeDate": deleted["scheduledPurgeDate"],
    }


def _recovery_level(vault: Document) -> str:
    days = vault["properties"]["softDeleteRetentionInDays"]
    level = "Recoverable" if days == 90 else "CustomizedRecoverable"
    return level if vault["properties"].get("enablePurgeProtection") else f"{level}+Purgeable"


def _check_tags(tags: Any) -> None:
    if not isinstance(tags, dict) or len(tags) > _MAX_TAGS:
        raise errors.bad_parameter(f"tags must be an object of at most {_MAX_TAGS} members.")
    for name, value in tags.items():
        if not isinstance(value, str) or max(len(name), len(value)) > _MAX_TAG:
            raise errors.bad_parameter(f"A tag's name and value are strings of at most {_MAX_TAG} characters.")
