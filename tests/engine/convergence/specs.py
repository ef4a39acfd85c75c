"""Strategies of valid specs, as documents: every key of the model, its values from small pools.

The pools are small so that one spec and the next often differ in little, as an edited file does. What our own
validation refuses is not made into a case.
"""

from __future__ import annotations

import json
from typing import Any

from hypothesis import assume
from hypothesis import strategies as st

from provisioner.emulator.graph.microsoft_apps import MICROSOFT_APPS
from provisioner.emulator.seed.directory import Tenant
from provisioner.spec import catalogue
from provisioner.spec.load import parse_document
from provisioner.spec.model import Spec
from provisioner.spec.validate import check
from provisioner.spec.vault_roles import VAULT_ROLES
from tests.trial import NAME

Document = dict[str, Any]
_LEFT_OUT = object()
_PARTNER_CENTER = {"api": "Microsoft Partner Center", "delegated": ["user_impersonation"]}
HAND_MADE = "3f0b6d52-7c1e-4a53-9f0e-6f1c2b7a9d84"
"""Stands for the appId of the application that the administrator made by hand."""
LOOPBACK = "http://localhost:8400/"
REPLY_URLS: tuple[Any, ...] = (
    LOOPBACK,
    "https://localhost:44395/",
    "http://localhost:8401/back",
    "http://127.0.0.1:8402/",
    "https://app.contoso.com/signed-in",
    "https://App.contoso.com/Signed-In?from=entra",
    "urn:ietf:wg:oauth:2.0:oob",
    "https://login.microsoftonline.com/common/oauth2/nativeclient",
    {"uri": "https://login.microsoftonline.com/common/oauth2/nativeclient", "platform": "publicClient"},
    {"uri": "http://localhost:8400/native", "platform": "publicClient"},
    {"uri": "contoso-sam://signed-in", "platform": "publicClient"},
)
EXACT = ("replyUrls", "permissions", "grants", "access", "allowedIps", "tags")
IPS = ("203.0.113.7", "203.0.113.7/32", "198.51.100.0/24", "192.0.2.0/28")
TAGS = ("team", "Cost-Centre", "Umgebung", "owner")


def valid(document: Document) -> Spec | None:
    """The spec as a file of it would be read; None when our validation refuses it."""
    root = parse_document(json.dumps(document), "case.yaml").root
    return None if root is None else check(root).spec


@st.composite
def documents(draw: st.DrawFn, tenant: Tenant) -> Document:
    """A valid spec for a tenant."""
    credential = draw(credentials(tenant))
    document: Document = {
        "version": 1,
        "name": NAME,
        "cloud": tenant.cloud,
        "tenant": draw(st.sampled_from((tenant.id, tenant.id.upper(), tenant.domain))),
        "subscription": tenant.subscription,
        "application": draw(_part(_application(credential))),
        "vault": draw(_part(_vault(tenant))),
        "consent": draw(_part(_consent(tenant))),
        "verify": draw(_part({"customer": _some(st.just(tenant.customers[0].id))})),
        "exact": draw(st.one_of(st.just([]), st.lists(st.sampled_from(EXACT), unique=True))),
        "safety": {"maxRemovals": draw(st.sampled_from((50, 50, 50, 0)))},
    }
    if is_taken_over(document["application"]):
        document["application"]["appId"] = HAND_MADE
    assume(valid(document) is not None)
    return document


def with_hand_made(document: Document, app_id: str) -> Document:
    """The same with the real appId of the application that was made by hand."""
    application = document["application"]
    return {**document, "application": application | {"appId": app_id}} if "appId" in application else document


def is_taken_over(part: Document) -> bool:
    """Whether the application, or the vault, must be there before: it is not made by us."""
    return part.get("mode", "create") != "create"


def _some(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """A value, or the key left out."""
    return st.one_of(st.just(_LEFT_OUT), values)


@st.composite
def _part(draw: st.DrawFn, keys: dict[str, st.SearchStrategy[Any]]) -> Document:
    drawn = {key: draw(values) for key, values in keys.items()}
    return {key: value for key, value in drawn.items() if value is not _LEFT_OUT}


def _application(credential: Document) -> dict[str, st.SearchStrategy[Any]]:
    urls = st.lists(st.sampled_from(REPLY_URLS), max_size=6, unique_by=str)
    return {
        "mode": st.sampled_from((_LEFT_OUT,) * 6 + ("create", "adopt", "use")),
        "displayName": _some(st.sampled_from(("Trial", "Partner Integration", "Übergabe & Co. – Probe"))),
        "signInAudience": _some(st.sampled_from(("AzureADMyOrg", "AzureADMultipleOrgs"))),
        "homePageUrl": _some(st.sampled_from(("https://localhost:44395/", "https://www.contoso.com"))),
        "replyUrls": st.one_of(_some(urls), urls.map(lambda drawn: [LOOPBACK, *_without(drawn, LOOPBACK)])),
        "enableIdTokenIssuance": _some(st.booleans()),
        "permissions": st.one_of(_some(_permissions()), _permissions(partner_center=True)),
        "adminConsent": st.sampled_from((_LEFT_OUT, _LEFT_OUT, True, False)),
        "credential": st.just(credential),
    }


def _without(entries: list[Any], entry: Any) -> list[Any]:
    return [each for each in entries if each != entry]


def _offered(app_id: str) -> tuple[list[str], list[str]]:
    """What an API publishes: delegated and application permissions."""
    api = MICROSOFT_APPS[app_id]
    return ([each["value"] for each in api["oauth2PermissionScopes"]], [each["value"] for each in api["appRoles"]])


_APIS = {
    app_id: _offered(app_id)
    for app_id in MICROSOFT_APPS
    if app_id != catalogue.PARTNER_CENTER and catalogue.retired(app_id) is None and any(_offered(app_id))
}


@st.composite
def _permissions(draw: st.DrawFn, *, partner_center: bool = False) -> list[Document]:
    apis = draw(st.lists(st.sampled_from((catalogue.MICROSOFT_GRAPH, *_APIS)), max_size=3, unique=True))
    asked = [_PARTNER_CENTER] if partner_center or draw(st.booleans()) else []
    for app_id in apis:
        name = catalogue.api_name(app_id)
        entry: Document = {"api": draw(st.sampled_from((name, app_id.upper())))}
        for key, values in zip(("delegated", "application"), _APIS[app_id], strict=True):
            drawn = draw(st.lists(st.sampled_from(values), max_size=4, unique=True)) if values else []
            if drawn or draw(st.booleans()):
                entry[key] = drawn
        asked.append(entry)
    return asked


@st.composite
def credentials(draw: st.DrawFn, tenant: Tenant) -> Document:
    """Of each type, with lifetimes that fit into each other (what does not is refused by validation)."""
    kind = draw(st.sampled_from(("certificate", "secret", "federated")))
    written: Document = {"type": kind} if kind != "certificate" or draw(st.booleans()) else {}
    if draw(st.integers(0, 3)) == 3:
        written["name"] = "contoso-sam-credential"
    if kind == "federated":
        written |= draw(_trusts(tenant))
    elif draw(st.booleans()):
        written["lifetime"], written["rotateBefore"] = draw(
            st.sampled_from((("365d", "30d"), ("62d", "20d"), ("180d", "60d"), ("730d", "90d")))
        )
    if draw(st.booleans()):
        written["overlap"] = draw(st.sampled_from(("7d", "1d", "12h")))
    if kind == "certificate" and draw(st.booleans()):
        written["exportable"] = draw(st.booleans())
    return written


def _trusts(tenant: Tenant) -> st.SearchStrategy[Document]:
    github = {"repository": "contoso/partner"}
    named: tuple[Document, ...] = (
        {"trust": {"github": github | {"environment": "production"}}},
        {"trust": {"github": github | {"branch": "main"}}},
        {
            "trust": {
                "kubernetes": {"issuer": "https://oidc.contoso.com/a", "namespace": "sam", "serviceAccount": "sam"}
            }
        },
        {"issuer": "https://oidc.contoso.com/b", "subject": "job:sam"},
        {"issuer": "https://oidc.contoso.com/b", "subject": "job:sam", "audience": "api://contoso"},
        {"trust": {"managedIdentity": {"principal": tenant.colleague_id}}},
    )
    return st.sampled_from(named)


def _vault(tenant: Tenant) -> dict[str, st.SearchStrategy[Any]]:
    people = (tenant.colleague_id, tenant.operator_id)
    access = st.lists(
        st.one_of(
            st.builds(_access, st.sampled_from(people), st.sampled_from(sorted(VAULT_ROLES)), st.just("User")),
            st.builds(_access, st.just(tenant.runner.object_id), st.sampled_from(sorted(VAULT_ROLES)), st.just("")),
        ),
        max_size=4,
        unique_by=lambda entry: (entry["principal"], entry["role"]),
    )
    network = {
        "publicNetworkAccess": _some(st.just("Enabled")),
        "defaultAction": _some(st.just("Allow")),
        "allowedIps": _some(st.lists(st.sampled_from(IPS), max_size=3, unique=True)),
    }
    mostly = st.sampled_from((0,) * 11 + (1,))
    return {
        "mode": st.sampled_from((_LEFT_OUT,) * 6 + ("create", "adopt", "use")),
        "name": mostly.map(lambda n: f"kv-{tenant.id[:8]}-{'ab'[n]}"),
        "resourceGroup": mostly.map(lambda n: ("rg-Trial", "rg-other")[n]),
        "location": mostly.map(lambda n: ("westeurope", "northeurope")[n]),
        "sku": _some(st.sampled_from(("standard", "premium"))),
        "purgeProtection": st.sampled_from((_LEFT_OUT,) * 7 + (True,)),
        "softDeleteRetentionDays": st.sampled_from((_LEFT_OUT,) * 14 + (90, 7)),
        "network": _some(_part(network)),
        "access": _some(access),
        "runner": _some(st.just(tenant.runner.object_id)),
        "tags": _some(st.dictionaries(st.sampled_from(TAGS), st.sampled_from(("a", "B", "")), max_size=3)),
    }


def _access(principal: str, role: str, kind: str) -> Document:
    return {"principal": principal, "role": role, **({"type": kind} if kind else {})}


def _consent(tenant: Tenant) -> dict[str, st.SearchStrategy[Any]]:
    renewals = st.sampled_from((("7d", "14d"), ("30d", "20d"), ("1d", "60d")))
    return {
        "account": _some(st.sampled_from((tenant.operator, tenant.operator.upper()))),
        "operators": _some(st.lists(st.sampled_from((tenant.operator_id, tenant.colleague_id)), unique=True)),
        "secretName": st.sampled_from((_LEFT_OUT, _LEFT_OUT, "contoso-sam-token")),
        "renewAfter": _some(renewals.map(lambda pair: pair[0])),
        "warnBefore": _some(renewals.map(lambda pair: pair[1])),
    }
