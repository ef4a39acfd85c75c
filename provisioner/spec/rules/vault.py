"""The vault's roles, firewall and tags. Sources: sam-facts 6.1 and 6.2."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Mapping
from typing import Any

from provisioner.spec.findings import Finding, entries, part, suggestion
from provisioner.spec.nodes import Path
from provisioner.spec.vault_roles import VAULT_ROLES

_PRIVATE = tuple(ipaddress.IPv4Network(text) for text in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"))
_TAG_FORBIDDEN = "<>%&\\?/"
"""Azure Resource Manager's rule for tag names (assumed: not in sam-facts)."""
_TAG_NAME_LENGTH = 512
_OUR_TAGS = "provisioner"


def vault(spec: Mapping[str, Any]) -> Iterator[Finding]:
    """Access, addresses and tags."""
    wanted = part(spec, "vault")
    yield from _access(wanted.get("access"))
    yield from _network(part(wanted, "network"))
    yield from _tags(part(wanted, "tags"))


def _access(access: Any) -> Iterator[Finding]:
    seen: dict[tuple[str, str], int] = {}
    for index, entry in entries(access):
        role, principal = entry.get("role"), entry.get("principal")
        path: Path = ("vault", "access", index)
        if role is not None and role not in VAULT_ROLES:
            next_step = suggestion(role, VAULT_ROLES, f"known: {', '.join(VAULT_ROLES)}")
            yield Finding((*path, "role"), "not a built-in role of Key Vault", role, next_step)
        elif role == "Key Vault Contributor":
            what = "this role manages the vault but reads nothing in it"
            yield Finding((*path, "role"), what, role, "readers need Key Vault Secrets User", is_warning=True)
        if role is None or principal is None:
            continue
        key = (principal.lower(), role)
        if key in seen:
            what = f"the principal has this role already, in access[{seen[key]}]"
            yield Finding(path, what, principal, "keep one of them")
        seen.setdefault(key, index)


def _network(network: Mapping[str, Any]) -> Iterator[Finding]:
    seen: dict[ipaddress.IPv4Network, int] = {}
    for index, text in entries(network.get("allowedIps")):
        path: Path = ("vault", "network", "allowedIps", index)
        try:
            address = ipaddress.IPv4Network(text, strict=False)
        except ValueError:
            yield Finding(path, "not an IPv4 address or CIDR range", text, "write 203.0.113.7 or 203.0.113.0/24")
            continue
        if "/" in text and str(address) != text:
            what = "the range does not start at its first address"
            yield Finding(path, what, text, f"the nearest correct one is {address}")
        elif any(address.subnet_of(private) for private in _PRIVATE):
            what = "a private address (RFC 1918): Key Vault refuses it, it never sees one"
            yield Finding(path, what, text, "use the public address your traffic leaves from")
        elif address in seen:
            yield Finding(path, f"the same address as allowedIps[{seen[address]}]", text, "keep one of them")
        seen.setdefault(address, index)
    if not network.get("allowedIps"):
        return
    if network.get("publicNetworkAccess") == "Disabled":
        what = "has no effect while publicNetworkAccess is Disabled"
        yield Finding(("vault", "network", "allowedIps"), what, is_warning=True, at_key=True)
    elif network.get("defaultAction") == "Allow":
        what = "has no effect while defaultAction is Allow"
        yield Finding(("vault", "network", "allowedIps"), what, is_warning=True, at_key=True)


def _tags(tags: Mapping[str, Any]) -> Iterator[Finding]:
    seen: set[str] = set()
    for name in tags:
        path: Path = ("vault", "tags", name)
        if not name or len(name) > _TAG_NAME_LENGTH or any(sign in _TAG_FORBIDDEN for sign in name):
            what = f"a tag's name has 1 to {_TAG_NAME_LENGTH} characters, none of {' '.join(_TAG_FORBIDDEN)}"
            yield Finding(path, what, name, at_key=True)
        if name.lower().startswith(_OUR_TAGS):
            what = f"tags that start with {_OUR_TAGS} are our own marks"
            yield Finding(path, what, name, "choose another name", at_key=True)
        if name.lower() in seen:
            what = "the tag is here twice: Azure's tag names do not tell case apart"
            yield Finding(path, what, name, "keep one of them", at_key=True)
        seen.add(name.lower())
