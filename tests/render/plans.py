"""Plans made by hand: one for each thing a reader may be shown."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from provisioner.core.address import Address, Ref
from provisioner.core.errors import ApiError
from provisioner.core.overview import PermissionRow, Presence, Resource
from provisioner.core.plan import Cause, Life, Mortal, Notice, Plan
from provisioner.core.step import Action, Change, Step
from provisioner.render.checked import Checked

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
NAME = "contoso-sam"
APPLICATION = Address(NAME, "application")
VAULT = Address(NAME, "vault")
GRAPH = Address(NAME, "grant", "Microsoft Graph")
CREDENTIAL = Address(NAME, "credential", "contoso-sam-credential")
TOKEN = Address(NAME, "refresh_token", "partner-refresh-token")
PARTNER_CENTER = Address(NAME, "grant", "Microsoft Partner Center")
READER_ROLE = Address(NAME, "role_assignment", "Key Vault Reader/08a320e2-c54e-4fbf-842f-8a2063b2d934")
SIGN_IN = "someone with the account sam-service@contoso.example signs in:\n  provisioner consent contoso.yaml"


def _depends_on(address: Address) -> tuple[Address, ...]:
    parents = {
        "vault": (Address(NAME, "resource_group"),),
        "role_assignment": (VAULT,),
        "application": (Address(NAME, "api_service_principal", "Microsoft Graph"),),
        "service_principal": (APPLICATION,),
        "grant": (Address(NAME, "service_principal"),),
        "credential": (APPLICATION, VAULT),
        "refresh_token": (VAULT, APPLICATION, CREDENTIAL),
        "spec_digest": (VAULT,),
    }
    return parents.get(address.kind, ())


EVERYTHING = (
    Address(NAME, "resource_group"),
    VAULT,
    Address(NAME, "role_assignment", "Key Vault Secrets User/33333333-3333-3333-3333-333333333333"),
    Address(NAME, "api_service_principal", "Microsoft Graph"),
    APPLICATION,
    Address(NAME, "service_principal"),
    PARTNER_CENTER,
    GRAPH,
    CREDENTIAL,
    TOKEN,
    Address(NAME, "spec_digest"),
)


def resources(
    absent: Collection[Address] = (), unknown: Collection[Address] = (), others: Collection[Address] = ()
) -> tuple[Resource, ...]:
    """Everything of contoso-sam, present but for these, and what others made."""

    def state(address: Address) -> Presence:
        if address in unknown:
            return Presence.UNKNOWN
        return Presence.ABSENT if address in absent else Presence.PRESENT

    return tuple(
        Resource(address, state(address), address not in others, _depends_on(address))
        for address in (*EVERYTHING, *others)
    )


def permission(
    value: str, *, declared: bool = True, requested: bool | None = True, granted: bool | None = True
) -> PermissionRow:
    """One of Graph's; `user_impersonation` is Partner Center's."""
    api = "Microsoft Partner Center" if value == "user_impersonation" else "Microsoft Graph"
    risks = {
        "user_impersonation": ("high", "Acts in Partner Center as the person who signed in."),
        "User.Read": ("low", "Reads the profile of the person who signed in."),
        "Directory.AccessAsUser.All": ("critical", "Does in the directory whatever that person may do."),
    }
    risk, sentence = risks.get(value, ("unknown", "Not in our catalogue: look it up before granting it."))
    return PermissionRow(api, value, "delegated", declared, requested, granted, risk, sentence)


ALIKE = tuple(permission(value) for value in ("user_impersonation", "User.Read", "Directory.AccessAsUser.All"))


def plan(
    *steps: Step,
    cause: Cause,
    notices: tuple[Notice, ...] = (),
    life: tuple[Life, ...] = (),
    resources: tuple[Resource, ...] | None = None,
    permissions: tuple[PermissionRow, ...] = ALIKE,
    since: datetime | None = None,
) -> Plan:
    """A plan of contoso-sam, made at NOW; resources None: everything is there."""
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
        resources=_ALL_THERE if resources is None else resources,
        permissions=permissions,
    )


_ALL_THERE = resources()
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
    life=(
        Life(CREDENTIAL, Mortal.CREDENTIAL, "missing", CREDENTIAL.key, "certificate"),
        Life(TOKEN, Mortal.REFRESH_TOKEN, "wanted", TOKEN.key),
    ),
    resources=resources(absent=EVERYTHING),
    permissions=tuple(replace(row, requested=False, granted=False) for row in ALIKE),
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
    Step(
        READER_ROLE,
        Action.DELETE,
        "withdraw",
        (Change("principal", READER_ROLE.key.rpartition("/")[2], None),),
        removal=True,
        reason="exact: [access]",
    ),
    cause=Cause.DRIFT,
    resources=resources(others=(READER_ROLE,)),
    permissions=(
        *ALIKE[:2],
        replace(ALIKE[2], granted=False),
        permission("Mail.Read", declared=False, granted=None),
        permission("Files.Read", declared=False, requested=False),
    ),
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
        "  https://login.microsoftonline.com/7d1a0f3c-95b1-4f0e-8a39-3a3d6f2f6f10/adminconsent?client_id=0c6c7d0f-5e0a-4f2b-9a7d-0c1b7a9d3e55",
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
    life=(Life(TOKEN, Mortal.REFRESH_TOKEN, "unknown", TOKEN.key),),
    resources=resources(unknown=(VAULT, TOKEN)),
    permissions=tuple(replace(row, granted=None) for row in ALIKE),
)


def alive(kind: str, days: float, state: str = "fresh") -> Life:
    """The credential in force."""
    ends = NOW + timedelta(days=days)
    return Life(
        CREDENTIAL,
        Mortal.CREDENTIAL,
        state,
        "contoso-sam-credential",
        kind,
        ends,
        since=ends - timedelta(days=365),
        due_at=ends - timedelta(days=30),
        overlap_until=ends - timedelta(days=23),
    )


def token_alive(days: float, state: str = "fresh") -> Life:
    ends = NOW + timedelta(days=days)
    return Life(
        TOKEN,
        Mortal.REFRESH_TOKEN,
        state,
        "partner-refresh-token",
        "",
        ends,
        mfa=True,
        since=ends - timedelta(days=90),
        due_at=ends - timedelta(days=83),
        warn_at=ends - timedelta(days=14),
        note="" if state == "foreign" else f"{NOTED}, permissions as in the spec",
    )


NOTED = "sam-service@contoso.example, with MFA"
HELD = Step(
    TOKEN,
    Action.NONE,
    reason="it was last renewed on 2026-03-01",
    seen=f"fresh: issued 2026-03-01, expires 2026-05-30; {NOTED}, permissions as in the spec",
)
LIVING = plan(
    Step(CREDENTIAL, Action.NONE, kept=("secret portal of unknown origin, expires 2026-03-22",)),
    Step(
        TOKEN,
        Action.UPDATE,
        "renew",
        reason="it expires on 2026-03-14",
        seen=f"expiring: issued 2025-12-14, expires 2026-03-14; {NOTED}, permissions as in the spec",
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
OWNERS = plan(
    cause=Cause.NONE,
    life=(replace(alive("certificate", 20, "due"), for_a_person=True), token_alive(80)),
)
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

DESTROY = replace(
    plan(
        Step(
            GRAPH,
            Action.DELETE,
            "revoke",
            (
                Change("application.permissions[Microsoft Graph].delegated", "User.Read", None),
                Change("application.permissions[Microsoft Graph].delegated", "Directory.AccessAsUser.All", None),
            ),
            removal=True,
        ),
        Step(
            Address(NAME, "grant", "Microsoft Partner Center"),
            Action.NONE,
            kept=("grant of user_impersonation",),
            reason="user_impersonation stays granted: it may have been before us. To revoke it:\n"
            "  az rest --method DELETE --url https://graph.microsoft.com/v1.0/oauth2PermissionGrants/4EKTfy07I0W7VZ-uaCFPpG",
        ),
        Step(
            Address(NAME, "role_assignment", "Key Vault Secrets Officer/runner"),
            Action.DELETE,
            "withdraw",
            (Change("principal", "891e08ab-9771-4ee0-b4a6-e0b5eb782208", None),),
            removal=True,
            last=True,
        ),
        Step(
            Address(NAME, "role_assignment", "Key Vault Reader/34aa6fab-0715-4daf-8136-10640bf0db56"),
            Action.NONE,
            reason="not ours: it goes with the vault, and does not come back with it",
        ),
        Step(
            APPLICATION,
            Action.UPDATE,
            "remove mark",
            (Change("tags", "provisioner:contoso-sam", None), Change("tags", "provisioner-adopted:contoso-sam", None)),
            removal=True,
            reason="it was there before us, and stays as it is",
        ),
        Step(
            VAULT,
            Action.DELETE,
            "delete",
            (Change("vault.name", "kv-contoso-sam", None),),
            removal=True,
            reason="with all it holds",
        ),
        Step(
            VAULT,
            Action.DELETE,
            "purge",
            (Change("vault.name", "kv-contoso-sam", None),),
            removal=True,
            irreversible=True,
            reason="for good, with all it holds",
        ),
        Step(Address(NAME, "resource_group"), Action.NONE, reason="it holds kv-another, web-1 and 2 more: it stays"),
        cause=Cause.NONE,
        notices=(
            Notice("warning", "vault kv-contoso-sam holds what is not ours, which goes too, for good: another-teams"),
            Notice(
                "warning",
                "the refresh token itself stays valid at Entra until it is revoked: whoever has a copy and a "
                "credential of the application can redeem it. To revoke it, with every session and every other "
                "refresh token of sam@contoso.example in all applications:\n"
                "  az rest --method POST --url https://graph.microsoft.com/v1.0/users/sam@contoso.example"
                "/revokeSignInSessions",
            ),
            Notice("info", "the next apply brings back what can be recovered", "provisioner apply SPEC"),
        ),
    ),
    destroys=True,
)
DESTROYED = replace(
    plan(cause=Cause.NONE), destroys=True, place="vault kv-contoso-sam of resource group rg-contoso-sam"
)

ALL = {
    "destroy": DESTROY,
    "destroyed": DESTROYED,
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
    "owners": OWNERS,
}


REFUSED_SIGN_IN = ApiError(
    "Entra",
    "token of the runner",
    401,
    "invalid_client",
    "AADSTS7000215: Invalid client secret provided.",
    next_step="renew the runner's secret; then: provisioner plan SPEC",
)


def checked(shown: Plan | None, name: str = NAME) -> Checked:
    """A tenant of a report; None: it failed."""
    renamed = None if shown is None else replace(shown, name=name)
    error = REFUSED_SIGN_IN if shown is None else None
    return Checked(name, "7d1a0f3c-95b1-4f0e-8a39-3a3d6f2f6f10", renamed, NOW, error, f"specs/{name}.yaml")


SEVERAL = (
    checked(QUIET, "adatum-sam"),
    checked(FIRST, "contoso-sam"),
    checked(UNKNOWN, "fabrikam-sam"),
    checked(None, "northwind-sam"),
    checked(PERSON, "wingtip-sam"),
)
