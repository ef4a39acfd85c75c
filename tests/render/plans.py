"""Plans made by hand: one for each thing a reader may be shown."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from provisioner.core.address import Address, Ref
from provisioner.core.plan import Cause, Notice, Plan
from provisioner.core.step import Action, Change, Step

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
NAME = "contoso-sam"
APPLICATION = Address(NAME, "application")
VAULT = Address(NAME, "vault")
GRAPH = Address(NAME, "grant", "Microsoft Graph")
CREDENTIAL = Address(NAME, "credential")
TOKEN = Address(NAME, "refresh_token")
SIGN_IN = "someone with the account sam-service@contoso.example signs in:\n  provisioner consent contoso.yaml"


def plan(*steps: Step, cause: Cause, notices: tuple[Notice, ...] = ()) -> Plan:
    """A plan of contoso-sam, made at NOW."""
    return Plan(
        name=NAME,
        tenant="7d1a0f3c-95b1-4f0e-8a39-3a3d6f2f6f10",
        cloud="public",
        runner="service principal 5f0e64c5-9a53-4d0f-9a5e-0c6c7d0f3b11",
        digest="9f" * 32,
        made_at=NOW,
        steps=steps,
        cause=cause,
        notices=notices,
    )


FIRST = plan(
    Step(
        Address(NAME, "resource_group"),
        Action.CREATE,
        "create",
        (Change("vault.resourceGroup", None, "rg-contoso-sam"), Change("vault.location", None, "westeurope")),
    ),
    Step(
        VAULT,
        Action.CREATE,
        "recover",
        (Change("vault.sku", None, "standard"), Change("vault.purgeProtection", None, True)),
        needs=(Address(NAME, "resource_group"),),
        irreversible=True,
        reason="a deleted vault of this name and our mark is recovered",
    ),
    Step(
        APPLICATION,
        Action.CREATE,
        "create",
        (
            Change("application.displayName", None, "Contoso Partner Integration"),
            Change("application.signInAudience", None, "AzureADMultipleOrgs"),
            Change("application.replyUrls", None, "https://localhost:44395/"),
            Change("application.replyUrls", None, "http://localhost:8400/"),
        ),
    ),
    Step(
        GRAPH,
        Action.CREATE,
        "grant",
        (
            Change("clientId", None, Ref(APPLICATION, "principalId")),
            Change("delegated", None, "Directory.AccessAsUser.All"),
            Change("delegated", None, "User.Read"),
        ),
        needs=(APPLICATION,),
        reason="high risk: Directory.AccessAsUser.All acts with all rights of the signed-in user",
    ),
    Step(TOKEN, Action.PERSON, "wanted", needs=(CREDENTIAL,), reason="no refresh token is stored", todo=SIGN_IN),
    cause=Cause.FIRST,
    notices=(
        Notice("info", "vault.runner is not in the spec: the vault role is for whoever applies"),
        Notice(
            "warning", "the consumer may read the token but not sign with the certificate", "add Key Vault Crypto User"
        ),
    ),
)

DRIFT = plan(
    Step(
        APPLICATION,
        Action.UPDATE,
        "update",
        (
            Change("application.displayName", "Old name", "Contoso Partner Integration"),
            Change("application.replyUrls", None, "http://localhost:8400/"),
            Change(
                "application.replyUrls", "https://stray.example/a-rather-long-path/that-does-not-fit/in-the-line", None
            ),
        ),
        kept=("https://other.example/callback",),
        removal=True,
    ),
    Step(VAULT, Action.UPDATE, "update", (Change("vault.network.defaultAction", "Allow", "Deny"),)),
    Step(
        CREDENTIAL,
        Action.DELETE,
        "retire",
        not_before=NOW + timedelta(days=3),
        reason="the one before it is kept for the overlap of 7d",
    ),
    Step(TOKEN, Action.NONE, "fresh", reason="issued 3 days ago, good for 87 days"),
    cause=Cause.DRIFT,
)

CLEAN = plan(cause=Cause.NONE)

CLEAN_BUT_LATER = plan(
    Step(CREDENTIAL, Action.DELETE, "retire", not_before=NOW + timedelta(days=3), reason="kept for the overlap of 7d"),
    cause=Cause.NONE,
)

PERSON = plan(
    Step(
        GRAPH,
        Action.PERSON,
        "grant",
        (Change("delegated", None, "User.Read"),),
        reason="the runner lacks DelegatedPermissionGrant.ReadWrite.All",
        todo="a Cloud Application Administrator opens this link and accepts:\n"
        "  https://login.microsoftonline.com/7d1a0f3c-95b1-4f0e-8a39-3a3d6f2f6f10/adminconsent?client_id=0c6c7d0f",
    ),
    Step(TOKEN, Action.PERSON, "broken", reason="the token is older than 90 days", todo=SIGN_IN),
    cause=Cause.CHANGE,
)

REFUSED = (
    "Azure Resource Manager answered 403 AuthorizationFailed: the client does not have authorization to perform action "
    "'Microsoft.KeyVault/vaults/read'"
)
READER = "give the runner one of: Reader or Contributor or Owner on the resource group"
UNKNOWN = plan(
    Step(VAULT, Action.UNKNOWN, "observe", reason=REFUSED, todo=READER),
    Step(
        TOKEN,
        Action.UNKNOWN,
        "observe",
        reason=f"depends on {VAULT}, which could not be read: {REFUSED}",
        todo=READER,
    ),
    cause=Cause.UNKNOWN,
)

ALL = {
    "first": FIRST,
    "drift": DRIFT,
    "clean": CLEAN,
    "clean_but_later": CLEAN_BUT_LATER,
    "person": PERSON,
    "unknown": UNKNOWN,
}
