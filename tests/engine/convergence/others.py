"""What in a tenant belongs to others, told by the administrator's own reads: compared before and after an apply."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from provisioner.spec.model import Spec
from tests.engine.convergence.estate import Estate, Json

Entry = tuple[str, str]  # the list it is in, and itself
OURS = "provisioner"


@dataclass(frozen=True)
class Others:
    """Entries by list. A list's name is the word of `exact` that allows to remove from it, or another word: never."""

    entries: frozenset[Entry]

    def lost(self, after: Others, spec: Spec) -> list[Entry]:
        """Those that are gone though nothing in the spec allows it."""
        named = {("tags", name.lower()) for name in spec.vault.tags or {}}
        gone = self.entries - after.entries
        allowed = {*spec.exact}
        return sorted(
            (name, told) for name, told in gone
            if name not in allowed and (name, told.partition("=")[0].lower()) not in named
        )  # fmt: skip


def others(estate: Estate) -> Others:
    """Everything that is not ours by its mark, name or tag."""
    entries: set[Entry] = set()
    app = estate.app()
    if app is not None:
        entries |= _of_application(estate, app)
    vault = estate.vault_resource()
    if vault is not None:
        entries |= _of_vault(estate, vault)
    return Others(frozenset(entries))


def _of_application(estate: Estate, app: Json) -> set[Entry]:
    entries = {
        ("replyUrls", uri) for platform in ("web", "publicClient", "spa") for uri in app[platform]["redirectUris"]
    }
    entries |= {
        ("permissions", f"{each['resourceAppId']} {access['type']} {access['id']}".lower())
        for each in app["requiredResourceAccess"]
        for access in each["resourceAccess"]
    }
    entries |= {("application tags", tag) for tag in app["tags"] if not tag.startswith(OURS)}
    entries |= {("notes", app["notes"] or "")}
    entries |= {("owners", each["id"]) for each in estate.values("graph", f"applications/{app['id']}/owners")}
    for kind in ("passwordCredentials", "keyCredentials"):
        entries |= {(kind, each["keyId"]) for each in app[kind] if not (each["displayName"] or "").startswith(OURS)}
    trusts = estate.values("graph", f"applications/{app['id']}/federatedIdentityCredentials")
    entries |= {("trusts", each["name"]) for each in trusts if not each["name"].startswith(OURS)}
    principal = estate.app_principal(app)
    return entries if principal is None else entries | _granted(estate, principal)


def _granted(estate: Estate, principal: Mapping[str, Any]) -> set[Entry]:
    path = f"servicePrincipals/{principal['id']}"
    entries: set[Entry] = set()
    for grant in estate.values("graph", f"{path}/oauth2PermissionGrants"):
        whose = "grants" if grant["consentType"] == "AllPrincipals" else "grants of persons"
        entries |= {
            (whose, f"{grant['resourceId']} {grant['principalId']} {scope}") for scope in grant["scope"].split()
        }
    roles = estate.values("graph", f"{path}/appRoleAssignments")
    return entries | {("grants", f"{each['resourceId']} {each['appRoleId']}") for each in roles}


def _of_vault(estate: Estate, vault: Json) -> set[Entry]:
    tags = {key: value for key, value in vault["tags"].items() if not key.startswith(OURS)}
    entries = {("tags", f"{key}={value}") for key, value in tags.items()}
    acls = vault["properties"].get("networkAcls") or {}
    entries |= {("allowedIps", rule["value"].removesuffix("/32")) for rule in acls.get("ipRules", ())}
    entries |= {("access", each["name"]) for each in estate.on_vault() if not _is_ours(each)}
    for kind in ("secrets", "certificates"):
        for each in estate.values("vault", kind):
            if not each.get("managed") and not any(key.startswith(OURS) for key in each.get("tags") or {}):
                name = each["id"].rsplit("/", 1)[-1]
                versions = estate.values("vault", f"{kind}/{name}/versions")
                entries |= {(kind, f"{name}/{version['id'].rsplit('/', 1)[-1]}") for version in versions}
    return entries


def _is_ours(assignment: Json) -> bool:
    return str(assignment["properties"].get("description") or "").startswith(OURS)
