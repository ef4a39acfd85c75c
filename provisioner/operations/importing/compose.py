"""The spec of what was seen, as it is written: keys in their order, and what there is to say of them. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from provisioner.core.observation import Absent, Known, Unknown
from provisioner.operations.importing.look import Seen
from provisioner.operations.importing.permissions import Granted, settled
from provisioner.operations.importing.wish import Wish
from provisioner.resources.contract import SpecFragment
from provisioner.spec.draft import Draft, Lines, explained, merged
from provisioner.spec.nodes import Path
from provisioner.spec.questions import proposed_location, proposed_vault

_APPLICATION: Path = ("application",)
_CREDENTIAL: Path = ("application", "credential")
_VAULT: Path = ("vault",)
_ORDER: Mapping[str, tuple[str, ...]] = {
    "application": (
        *("mode", "appId", "displayName", "signInAudience", "homePageUrl", "replyUrls", "enableIdTokenIssuance"),
        *("permissions", "adminConsent", "credential"),
    ),
    "vault": (
        *("mode", "name", "resourceGroup", "location", "sku", "purgeProtection", "softDeleteRetentionDays"),
        *("network", "access", "tags"),
    ),
}
_NOTED: tuple[Path, ...] = (  # keys whose few words say more than their value does
    *(("application", "mode"), ("application", "permissions"), ("application", "credential", "type")),
    *(("vault", "mode"), ("vault", "purgeProtection"), ("vault", "access"), ("consent", "secretName")),
)
_SHOWN = 8


def draft_of(seen: Seen, wish: Wish, now: datetime) -> Draft:
    """Not checked yet: what validation has against it is `prune`'s to leave out."""
    fragments = seen.fragments
    requested = fragments["application"].document["application"]["permissions"]
    parts = [
        _without(fragments["application"], "permissions"),
        settled(requested, _granted(seen, requested)),
        _principal(seen),
        _credential(seen),
        _vault(seen, wish),
        fragments["role_assignment"],
        _consent(seen),
    ]
    whole = merged(parts)
    document = {
        "version": 1,
        "name": seen.name,
        "cloud": wish.cloud,
        "tenant": wish.tenant,
        "subscription": wish.subscription,
        **{key: whole.document[key] for key in ("application", "vault", "consent") if key in whole.document},
    }
    document["application"] = {"mode": wish.mode, **document["application"]}
    for key, order in _ORDER.items():
        document[key] = {name: document[key][name] for name in order if name in document[key]}
    words: dict[Path, Lines] = {path: said for path, said in explained(document).items() if path in _NOTED}
    return Draft(
        document,
        head=_head(seen, wish, now),
        remarks={**words, ("name",): (seen.named_by,), **_reply_urls(document), **whole.remarks},
        omitted=whole.omitted,
    )


def _head(seen: Seen, wish: Wish, now: datetime) -> Lines:
    what = f"the application {seen.application.display_name} (appId {seen.application.app_id})"
    what += f" and the vault {seen.vault.name}" if seen.vault is not None else ""
    unread = [f"COULD NOT BE READ, so what it would tell is no key below: {reason}" for reason in seen.unread]
    return (
        f"Written on {now:%Y-%m-%d} by `provisioner import` for {what}.",
        "It describes what is there; a comment stands where a choice was made, or where something there has no key in "
        "a spec. What it does not name stays as it is.",
        *unread,
    )


def _reply_urls(document: Mapping[str, Any]) -> dict[Path, Lines]:
    """`consent` in a browser listens on a localhost URL of the web platform."""
    urls = document["application"]["replyUrls"]
    if any(isinstance(url, str) and urlsplit(url).hostname in ("localhost", "127.0.0.1") for url in urls):
        return {}
    return {("application", "replyUrls"): ("none for `consent` in a browser; --mode paste does",)}


def _without(fragment: SpecFragment, key: str) -> Draft:
    application = {name: value for name, value in fragment.document["application"].items() if name != key}
    return Draft({"application": application}, fragment.head, fragment.remarks, fragment.omitted)


def _granted(seen: Seen, requested: list[dict[str, Any]]) -> Granted:
    unread = {
        (entry["api"], kind)
        for kind, of in (("delegated", "grant"), ("application", "app_role_assignment"))
        for entry in requested
        if _unread(seen.known, of, entry["api"])
    }
    absent = {
        address.key
        for address, observation in seen.known.items()
        if address.kind == "api_service_principal" and isinstance(observation, Absent)
    }
    return Granted(
        _by_api(seen.fragments["grant"], "delegated"),
        _by_api(seen.fragments["app_role_assignment"], "application"),
        unread,
        absent,
    )


def _unread(known: Known, kind: str, api: str = "") -> bool:
    """Of an API that nobody asked about (a retired one): found among all, or not where one could not be read."""
    of_kind = [(address.key, observation) for address, observation in known.items() if address.kind == kind]
    of_api = [(key, observation) for key, observation in of_kind if key == api or key.startswith(f"{api}/")]
    return any(isinstance(observation, Unknown) for _, observation in of_api or of_kind)


def _by_api(fragment: SpecFragment, kind: str) -> Mapping[str, frozenset[str]]:
    permissions = fragment.document.get("application", {}).get("permissions", ())
    return {entry["api"]: frozenset(entry[kind]) for entry in permissions}


def _principal(seen: Seen) -> Draft:
    """What is not as it should be with its service principal."""
    notes = [
        "it has no service principal in this tenant: apply makes one"
        for address, observation in seen.known.items()
        if address.kind == "service_principal" and isinstance(observation, Absent)
    ]
    return Draft({}, omitted={_APPLICATION: tuple(notes)} if notes else {})


def _credential(seen: Seen) -> Draft:
    """Ours where there is one; else a certificate is proposed: the values of others' credentials nobody can read."""
    fragment = seen.fragments["credential"]
    if "application" in fragment.document:
        return fragment
    told: dict[str, Any] = {"type": "certificate"}
    if seen.credential_name != f"{seen.name}-credential":
        told = {"name": seen.credential_name, **told}
    notes = fragment.remarks.get(_CREDENTIAL, ())
    chosen = "proposed: apply adds one; or secret"
    return Draft({"application": {"credential": told}}, remarks={_CREDENTIAL: notes, (*_CREDENTIAL, "type"): (chosen,)})


def _vault(seen: Seen, wish: Wish) -> Draft:
    fragment = seen.fragments["vault"]
    if seen.vault is not None:
        return merged((Draft({"vault": {"mode": wish.mode}}), fragment))
    names = {"name": seen.name, "cloud": wish.cloud}
    told = {"name": wish.vault or proposed_vault(names), "resourceGroup": f"rg-{seen.name}"[:90].rstrip(".")}
    told["location"] = proposed_location(names)
    if wish.vault is not None:
        notes = ["NOT READ: correct resourceGroup and location, or plan looks in the wrong place"]
        return Draft({"vault": {"mode": wish.mode, **told}}, remarks={_VAULT: tuple(notes)})
    notes = ["No vault was named: apply makes this one. To keep one that is there, import with --vault NAME."]
    if seen.vaults:
        there = ", ".join(vault.name for vault in seen.vaults[:_SHOWN])
        more = f" and {len(seen.vaults) - _SHOWN} more" if len(seen.vaults) > _SHOWN else ""
        notes.append(f"In the subscription: {there}{more}.")
    return Draft({"vault": told}, remarks={_VAULT: tuple(notes)})


def _consent(seen: Seen) -> Draft:
    """The secret that looks like the token; whose it is only a sign-in, or whoever set it up, can tell."""
    fragment = seen.fragments["refresh_token"]
    told = dict(fragment.document.get("consent", {}))
    path: Path = ("consent", "secretName")
    notes = list(fragment.remarks.get(path, ()))
    if not told:
        told["secretName"] = "partner-refresh-token"  # a name in the vault, not a secret
        looked = seen.vault is not None and not _unread(seen.known, "refresh_token")
        notes.append("proposed: none there looks like a token" if looked else "proposed")
    others = [secret.name for secret in seen.tokens[1:]]
    notes += [f"also looking like one: {', '.join(others)}"] if others else []
    who = () if "account" in told else ("account: sam-service@…   # QUESTION: who signs in? left out, anybody may",)
    return Draft({"consent": told}, remarks={path: tuple(notes)}, omitted={("consent",): who} if who else {})
