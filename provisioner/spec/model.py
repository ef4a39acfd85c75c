"""The spec as typed, frozen data: what is left of a YAML file after it proved valid.

None means "not owned": the service's default at creation, never drift later. Names follow the YAML keys
(camelCase there, snake_case here). Nothing here touches the network or the disk.
"""

from __future__ import annotations

import hashlib
import json
import re
from datetime import timedelta
from typing import Any, Literal
from urllib.parse import urlsplit

import msgspec

from provisioner.spec import catalogue, trust

Cloud = Literal["public", "usgov", "china", "emulator"]
PrincipalType = Literal["ServicePrincipal", "User", "Group"]
Platform = Literal["web", "publicClient"]
AdvisoryCheck = Literal["preflight/appManagementPolicy"]
AuthType = Literal["workloadIdentity", "githubActions", "azurePipelines", "managedIdentity", "environment", "azureCli"]
Mode = Literal["create", "adopt", "use"]
CredentialType = Literal["certificate", "secret", "federated"]
ExactList = Literal["replyUrls", "permissions", "grants", "access", "allowedIps", "tags"]

_DURATION = re.compile(r"([0-9]{1,5})([dhm])")
_GUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


def is_guid(text: str) -> bool:
    """True for an id; a tenant may be named by a domain instead."""
    return _GUID.fullmatch(text) is not None


class Duration:
    """A length of time as the spec writes it: `365d`, `12h`, `30m`."""

    __slots__ = ("text",)

    def __init__(self, text: str) -> None:
        if not _DURATION.fullmatch(text):
            raise ValueError(f"not a duration: {text!r} (write 30d, 12h or 15m)")
        self.text = text

    @property
    def value(self) -> timedelta:
        number, unit = _DURATION.fullmatch(self.text).groups()  # type: ignore[union-attr]  # checked in __init__
        return timedelta(**{{"d": "days", "h": "hours", "m": "minutes"}[unit]: int(number)})

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Duration) and self.value == other.value

    def __hash__(self) -> int:
        return hash(self.value)

    def __repr__(self) -> str:
        return self.text


class _Part(msgspec.Struct, frozen=True, rename="camel", kw_only=True, forbid_unknown_fields=True):
    """Every part of the spec: immutable, camelCase on the outside."""


class ApiPermissions(_Part, frozen=True, kw_only=True):
    """Permissions asked of one API; `api` is a catalogue name or an appId."""

    api: str
    delegated: tuple[str, ...] = ()
    application: tuple[str, ...] = ()

    @property
    def app_id(self) -> str:
        """The API's appId, lower case."""
        return catalogue.api_app_id(self.api)

    @property
    def api_name(self) -> str:
        """The catalogue's name, or the appId where the catalogue has none."""
        return catalogue.api_name(self.api)


class ReplyUrl(_Part, frozen=True, kw_only=True):
    """A reply URL and the platform it is registered on (the platform decides the client type)."""

    uri: str
    platform: Platform = "web"

    @property
    def is_listened_on(self) -> bool:
        """Whether consent can listen there for the sign-in's answer; the other platform is for public clients only."""
        return self.platform == "web" and urlsplit(self.uri).hostname == "localhost"


class Credential(_Part, frozen=True, kw_only=True):
    """The application's credential. exportable: of a certificate. issuer, subject, audience: of a trusted token."""

    name: str
    type: CredentialType = "certificate"
    exportable: bool | None = None
    issuer: str | None = None
    subject: str | None = None
    audience: str | None = None
    lifetime: Duration = Duration("365d")
    rotate_before: Duration = Duration("30d")
    overlap: Duration = Duration("7d")


class Application(_Part, frozen=True, kw_only=True):
    """The Entra application. `permissions` None leaves them alone; () under `exact` wants none.

    app_id: which one, under mode adopt and use. protect: nothing removes it.
    """

    display_name: str | None = None
    mode: Mode = "create"
    app_id: str | None = None
    protect: bool | None = None
    sign_in_audience: Literal["AzureADMyOrg", "AzureADMultipleOrgs"] | None = None
    home_page_url: str | None = None
    reply_urls: tuple[ReplyUrl, ...] | None = None
    enable_id_token_issuance: bool | None = None
    permissions: tuple[ApiPermissions, ...] | None = None
    admin_consent: bool = True
    credential: Credential


class Access(_Part, frozen=True, kw_only=True):
    """One consumer's role on the vault."""

    principal: str
    role: str
    type: PrincipalType = "ServicePrincipal"


class Network(_Part, frozen=True, kw_only=True):
    """The vault's firewall."""

    public_network_access: Literal["Enabled", "Disabled"] | None = None
    default_action: Literal["Allow", "Deny"] | None = None
    allowed_ips: tuple[str, ...] | None = None


class Vault(_Part, frozen=True, kw_only=True):
    """The Key Vault and the resource group it lives in. protect: nothing removes it."""

    name: str
    resource_group: str
    location: str
    mode: Mode = "create"
    protect: bool | None = None
    sku: Literal["standard", "premium"] | None = None
    purge_protection: bool | None = None
    soft_delete_retention_days: int | None = None
    network: Network | None = None
    access: tuple[Access, ...] | None = None
    runner: str | None = None
    tags: dict[str, str] | None = None


class Consent(_Part, frozen=True, kw_only=True):
    """Who signs in, and where the refresh token goes."""

    account: str | None = None
    operators: tuple[str, ...] = ()
    secret_name: str = "partner-refresh-token"  # noqa: S105  # a name in the vault, not a secret
    renew_after: Duration = Duration("7d")
    warn_before: Duration = Duration("14d")


class Verify(_Part, frozen=True, kw_only=True):
    """What `verify` reads beyond the partner's own organisation."""

    customer: str | None = None


class Safety(_Part, frozen=True, kw_only=True):
    """How much a plan may remove without being asked by address, and which advisory checks may stay undone."""

    max_removals: int = 0
    accept: tuple[AdvisoryCheck, ...] = ()


class Auth(_Part, frozen=True, kw_only=True):
    """The runner's identity, where the spec names it. clientId: its appId. token_file: of workloadIdentity."""

    type: AuthType
    client_id: str | None = None
    service_connection: str | None = None
    token_file: str | None = None


class Spec(_Part, frozen=True, kw_only=True):
    """One tenant's wanted state. `name` is its identity: the application's uniqueName and our mark."""

    name: str
    cloud: Cloud
    tenant: str
    subscription: str
    auth: Auth | None = None
    application: Application
    vault: Vault
    consent: Consent = Consent()
    verify: Verify = Verify()
    exact: tuple[ExactList, ...] = ()
    safety: Safety = Safety()

    def owns_exactly(self, name: ExactList) -> bool:
        """True when entries of this list that the spec does not name are to be removed."""
        return name in self.exact

    @property
    def delegated(self) -> tuple[ApiPermissions, ...]:
        """The APIs of which delegated permissions are asked."""
        return tuple(entry for entry in self.application.permissions or () if entry.delegated)


def parse(document: dict[str, Any]) -> Spec:
    """The typed spec of a resolved document (defaults that depend on other keys filled in).

    Raises: msgspec.ValidationError when the document was not validated first.
    """
    application = document["application"]
    credential = trust.resolved(document, application.get("credential", {}))
    credential = {"name": f"{document['name']}-credential", **credential}
    urls = application.get("replyUrls")
    resolved = {
        **{key: value for key, value in document.items() if key != "version"},
        "application": {
            **application,
            "credential": credential,
            **({} if urls is None else {"replyUrls": [_reply_url(entry) for entry in urls]}),
        },
    }
    return msgspec.convert(_lower_guids(resolved), Spec, dec_hook=_decode)


def _lower_guids(value: Any) -> Any:
    """Ids in one spelling, so that neither the digest nor a comparison sees case."""
    if isinstance(value, dict):
        return {key: _lower_guids(entry) for key, entry in value.items()}
    if isinstance(value, list):
        return [_lower_guids(entry) for entry in value]
    return value.lower() if isinstance(value, str) and _GUID.fullmatch(value) else value


def _reply_url(entry: Any) -> Any:
    return {"uri": entry} if isinstance(entry, str) else entry


def document(spec: Spec) -> dict[str, Any]:
    """The resolved spec as plain data: `parse(document(spec)) == spec`."""
    plain: dict[str, Any] = msgspec.to_builtins(spec, enc_hook=encode)
    resolved: dict[str, Any] = _without_none(plain)
    return resolved


def digest(spec: Spec) -> str:
    """SHA-256 (hex) of the canonical resolved spec without `verify` and `safety` (design section 4)."""
    plain = {key: value for key, value in document(spec).items() if key not in ("verify", "safety")}
    return hashlib.sha256(json.dumps(plain, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def _decode(kind: type, value: Any) -> Any:
    if kind is Duration:
        return Duration(value)
    raise NotImplementedError(kind)


def encode(value: Any) -> Any:
    """For msgspec: what of a spec is not plain data itself."""
    if isinstance(value, Duration):
        return value.text
    raise NotImplementedError(type(value))


def _without_none(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_none(entry) for key, entry in value.items() if entry is not None}
    return [_without_none(entry) for entry in value] if isinstance(value, list | tuple) else value
