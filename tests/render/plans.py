"""Plans made by hand: one for each thing a reader may be shown."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from provisioner.core.address import Address, Ref
from provisioner.core.plan import Cause, Life, Mortal, Notice, Plan
from provisioner.core.step import Action, Change, Step

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
NAME = "contoso-sam"
APPLICATION = Address(NAME, "application")
VAULT = Address(NAME, "vault")
GRAPH = Address(NAME, "grant", "Microsoft Graph")
CREDENTIAL = Address(NAME, "credential")
TOKEN = Address(NAME, "refresh_token")
SIGN_IN = "someone with the account sam-service@contoso.example signs in:\n  provisioner consent contoso.yaml"


def plan(
    *steps: Step,
    cause: Cause,
    notices: tuple[Notice, ...] = (),
    life: tuple[Life, ...] = (),
    since: datetime | None = None,
) -> Plan:
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
        since=since,
        notices=notices,
        life=life,
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
    since=NOW - timedelta(days=9, hours=7),
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


def alive(kind: str, days: float, state: str = "fresh") -> Life:
    """The credential in force."""
    return Life(CREDENTIAL, Mortal.CREDENTIAL, state, "contoso-sam-credential", kind, NOW + timedelta(days=days))


def token_alive(days: float, state: str = "fresh") -> Life:
    return Life(TOKEN, Mortal.REFRESH_TOKEN, state, "partner-refresh-token", "", NOW + timedelta(days=days), mfa=True)


NOTED = "sam-service@contoso.example, with MFA"
HELD = Step(
    TOKEN,
    Action.NONE,
    reason="it was last renewed on 2026-03-01",
    seen=f"fresh: {NOTED}, issued 2026-03-01, expires 2026-05-30, permissions as in the spec",
)
LIVING = plan(
    Step(CREDENTIAL, Action.NONE, kept=("secret portal of unknown origin, expires 2026-03-22",)),
    Step(
        TOKEN,
        Action.UPDATE,
        "renew",
        reason="it expires on 2026-03-14",
        seen=f"expiring: {NOTED}, issued 2025-12-14, expires 2026-03-14, permissions as in the spec",
    ),
    cause=Cause.NONE,
    notices=(
        Notice(
            "warning",
            "the secret portal of unknown origin on the application expires on 2026-03-22: its user is refused then",
            "find out who uses it; provisioner leaves it alone",
        ),
    ),
    life=(
        alive("certificate", 63),
        token_alive(12, "expiring"),
        Life(CREDENTIAL, Mortal.FOREIGN_CREDENTIAL, "foreign", "portal", "secret", NOW + timedelta(days=20)),
    ),
)
FIRST_SIGN_IN = plan(
    Step(TOKEN, Action.PERSON, "consent", reason="no refresh token is stored", todo=SIGN_IN),
    cause=Cause.NONE,
    life=(alive("secret", 364), Life(TOKEN, Mortal.REFRESH_TOKEN, "wanted", "partner-refresh-token")),
)
QUIET = plan(HELD, cause=Cause.NONE, life=(alive("secret", 200), token_alive(89)))
OVER = plan(
    Step(TOKEN, Action.PERSON, "consent", reason="it expired on 2026-03-01", todo=SIGN_IN),
    cause=Cause.NONE,
    life=(alive("certificate", 0.3, "due"), token_alive(-1, "broken")),
)


ROTATION = plan(
    Step(
        CREDENTIAL,
        Action.UPDATE,
        "stage",
        (Change("application.credential.expires", "2026-03-20", "2027-03 (12 months)"),),
        reason="it expires on 2026-03-20; the new version is on the application beside it until it works",
    ),
    Step(
        CREDENTIAL,
        Action.UPDATE,
        "promote",
        (Change("vault.certificate.state", None, "current"),),
        reason="once the new version signs token requests that Entra takes, consumers find it by its tag",
    ),
    Step(
        CREDENTIAL,
        Action.UPDATE,
        "retire",
        (Change("application.credential.thumbprint", "549F5D228E69AB6CA72750CCAEEECC521E610316", None),),
        not_before=NOW + timedelta(days=3),
        reason="replaced; kept for the overlap, so that whoever signs with it can follow",
    ),
    HELD,
    cause=Cause.NONE,
    life=(alive("certificate", 18, "due"), token_alive(89)),
)
SWITCH = plan(
    Step(
        Address(NAME, "role_assignment", "Key Vault Crypto User/08a320e2-c54e-4fbf-842f-8a2063b2d934"),
        Action.DELETE,
        "withdraw",
        removal=True,
        reason="we assigned it, and the spec no longer names it",
    ),
    Step(
        CREDENTIAL,
        Action.UPDATE,
        "register",
        (Change("application.credential.thumbprint", None, "549F5D228E69AB6CA72750CCAEEECC521E610316"),),
        kept=("trust in repo:contoso/old:ref:refs/heads/main of https://token.actions.githubusercontent.com",),
        reason="the certificate contoso-sam-credential is another's: used as it is",
    ),
    Step(
        CREDENTIAL,
        Action.UPDATE,
        "retire_secret",
        (Change("application.credential.keyId", "0c6c7d0f-5e0a-4f2b-9a7d-0c1b7a9d3e55", None),),
        not_before=NOW + timedelta(days=7),
        reason="the spec's type is certificate now; what the vault has of the secret is disabled with it",
    ),
    Step(TOKEN, Action.UNKNOWN, "probe", reason="not probed: Entra answered 503", todo="run the same command again"),
    cause=Cause.CHANGE,
    life=(alive("certificate", 60), token_alive(40, "unknown")),
)
TRUST = plan(
    Step(
        CREDENTIAL,
        Action.CREATE,
        "trust",
        (
            Change("application.credential.type", None, "federated"),
            Change(
                "application.credential.trust",
                None,
                "repo:contoso/sam:environment:prod of https://token.actions.githubusercontent.com",
            ),
        ),
        reason="nothing is stored: consent, renew and token work where that platform's tokens are",
    ),
    Step(TOKEN, Action.NONE, reason="written by somebody else on 2026-03-01: whose it is is not known"),
    cause=Cause.CHANGE,
    life=(token_alive(89, "foreign"),),
)

ALL = {
    "rotation": ROTATION,
    "switch": SWITCH,
    "trust": TRUST,
    "living": LIVING,
    "quiet": QUIET,
    "first_sign_in": FIRST_SIGN_IN,
    "over": OVER,
    "first": FIRST,
    "drift": DRIFT,
    "clean": CLEAN,
    "clean_but_later": CLEAN_BUT_LATER,
    "person": PERSON,
    "unknown": UNKNOWN,
}
