"""What an operator does about each AADSTS code: the rows of sam-facts 3.7, and the few that stand beside them.

Programs branch on `error`, not on the numbers; here the number only picks the advice to print. SPEC in it stands for
the spec's file, APPLICATION for the client id that Entra's own text names.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Who(StrEnum):
    """Who has to act. runner: whoever runs the command, or owns its pipeline. operator: whoever signs in by `consent`.

    admin: an administrator of the tenant or of the application. account: the person whose account it is.
    """

    RUNNER = "runner"
    OPERATOR = "operator"
    ADMIN = "admin"
    ACCOUNT = "account"


_READERS = {Who.ADMIN: "an administrator of the tenant", Who.ACCOUNT: "the person of the account"}


@dataclass(frozen=True)
class Remedy:
    """consent: a person has to sign in (again). transient: it passes by itself, and asking again is the remedy."""

    text: str
    who: Who
    consent: bool = False
    transient: bool = False

    @property
    def told(self) -> str:
        """The text, and whom it is for where that is not whoever reads it."""
        return f"for {_READERS[self.who]}: {self.text}" if self.who in _READERS else self.text


_AGAIN = "provisioner consent SPEC"
_APPLY = "provisioner apply SPEC"
_LOG = "the account's sign-in log (https://entra.microsoft.com, Monitoring, Sign-in logs)"
_REPORT = "please report it"

_ROWS: tuple[tuple[str, Remedy], ...] = (
    (
        "16000 16003",
        Remedy(
            "the account is not in this tenant: sign out of the other directory, or take a private window, and sign "
            f"in with the account of the spec: {_AGAIN}",
            Who.ACCOUNT,
            consent=True,
        ),
    ),
    (
        "50001 500011",
        Remedy(f"the API has no service principal in the tenant, or cloud is wrong: {_APPLY} creates it", Who.RUNNER),
    ),
    (
        "50011",
        Remedy(
            f"add exactly this reply URL, case and path included, to application.replyUrls, then: {_APPLY}", Who.RUNNER
        ),
    ),
    (
        "500113",
        Remedy(f"the application has no reply URL: name one in application.replyUrls, then: {_APPLY}", Who.RUNNER),
    ),
    (
        "900971",
        Remedy(
            f"the address that was opened lacks its redirect_uri: open all of it, as printed by {_AGAIN}", Who.OPERATOR
        ),
    ),
    (
        "50012 50013",
        Remedy(
            "Entra cannot verify the assertion: check this machine's clock and the certificate in force: "
            "provisioner doctor SPEC",
            Who.RUNNER,
        ),
    ),
    (
        "50020",
        Remedy(
            f"the account is of another directory: sign in with the account of the spec's tenant: {_AGAIN}; in a "
            "customer's tenant its GDAP group is missing, or it is a guest there: remove the guest",
            Who.ACCOUNT,
        ),
    ),
    (
        "50034",
        Remedy(
            f"no such account in this tenant: correct consent.account or tenant in the spec, then: {_AGAIN}",
            Who.OPERATOR,
        ),
    ),
    (
        "50053",
        Remedy(
            f"the account is locked, or the sign-in came from an address of bad repute: {_LOG} says which; wait, or "
            f"unblock it, then: {_AGAIN}",
            Who.ADMIN,
        ),
    ),
    (
        "50055 50144",
        Remedy(
            f"the account's password expired: reset it (https://aka.ms/sspr, or on premises), then: {_AGAIN}",
            Who.ACCOUNT,
        ),
    ),
    (
        "50057",
        Remedy(
            "the account is disabled: enable it: az ad user update --id ACCOUNT --account-enabled true",
            Who.ADMIN,
        ),
    ),
    ("50058", Remedy(f"nobody was signed in: sign in interactively: {_AGAIN}", Who.OPERATOR, consent=True)),
    (
        "50072 50079",
        Remedy(
            f"the account has to register for MFA first: https://aka.ms/mfasetup, then: {_AGAIN}",
            Who.ACCOUNT,
            consent=True,
        ),
    ),
    (
        "50074 50076",
        Remedy(
            f"the sign-in had no MFA, which a policy now wants: sign in again, with MFA: {_AGAIN}",
            Who.ACCOUNT,
            consent=True,
        ),
    ),
    (
        "50078",
        Remedy(
            f"the MFA proof is too old for a policy: sign in again: {_AGAIN}; an administrator may exempt the account "
            "from the session policy",
            Who.ACCOUNT,
            consent=True,
        ),
    ),
    (
        "50097 53000 53001 53002",
        Remedy(
            "a policy wants a compliant or joined device, or an approved app: sign in from such a device: "
            f"{_AGAIN} --mode browser; or an administrator exempts the account",
            Who.ACCOUNT,
            consent=True,
        ),
    ),
    (
        "530003",
        Remedy(
            f"a policy wants a managed device: sign in from one: {_AGAIN} --mode browser; or an administrator exempts "
            "the account",
            Who.ACCOUNT,
            consent=True,
        ),
    ),
    (
        "50105",
        Remedy(
            "the account is not assigned to the application: assign it, or turn the requirement off: az "
            "ad sp update --id APPLICATION --set appRoleAssignmentRequired=false",
            Who.ADMIN,
        ),
    ),
    ("50126", Remedy(f"user name or password is wrong: sign in again: {_AGAIN}", Who.ACCOUNT, consent=True)),
    (
        "50131 53003",
        Remedy(
            f"Conditional Access gives no token: {_LOG} names the policy; allow the account, "
            "the application or the address in it",
            Who.ADMIN,
        ),
    ),
    (
        "530032 530035",
        Remedy(
            "the tenant's security policy or defaults refuse this way of signing in: sign in interactively: "
            f"{_AGAIN} --mode browser",
            Who.OPERATOR,
            consent=True,
        ),
    ),
    (
        "50132 50133 50173",
        Remedy(
            f"the sign-in was revoked, or the password changed since: sign in again: {_AGAIN}",
            Who.ACCOUNT,
            consent=True,
        ),
    ),
    (
        "50158",
        Remedy(
            f"an external challenge was not met: sign in and complete it: {_AGAIN}; Partner Center takes only MFA that "
            "Entra itself confirms",
            Who.ACCOUNT,
            consent=True,
        ),
    ),
    (
        "50177",
        Remedy(
            "the account passes through from another tenant, where its challenge is not supported: remove its guest "
            "object in the customer's tenant, or correct its GDAP group",
            Who.ADMIN,
        ),
    ),
    (
        "50194",
        Remedy(
            "the application takes people of its own tenant only: write the tenant's id into tenant, or set "
            f"application.signInAudience: AzureADMultipleOrgs, then: {_APPLY}",
            Who.RUNNER,
        ),
    ),
    (
        "50196",
        Remedy("something asks for the same token in a loop: stop it, and wait some minutes", Who.RUNNER),
    ),
    (
        "501481",
        Remedy(
            f"the code is of another sign-in than the one that was begun: start again: {_AGAIN}",
            Who.OPERATOR,
            consent=True,
        ),
    ),
    (
        "53004 53011 530034",
        Remedy(
            "Entra sees a risk at the account: remediate it (https://entra.microsoft.com, Protection, Risky users), "
            f"then: {_AGAIN}",
            Who.ADMIN,
            consent=True,
        ),
    ),
    (
        "54005",
        Remedy(f"the code was redeemed already, and works once: start again: {_AGAIN}", Who.OPERATOR, consent=True),
    ),
    (
        "65001",
        Remedy(
            f"consent is missing. Is the permission in application.permissions? If not add it, then: {_APPLY}. If so "
            "an administrator opens the adminconsent link that provisioner plan SPEC prints; in a customer's tenant, "
            "pre-consent is missing",
            Who.ADMIN,
        ),
    ),
    (
        "65002",
        Remedy(
            "application.appId is an application of Microsoft's own, which may not ask for this API: name your own",
            Who.RUNNER,
        ),
    ),
    ("65004", Remedy(f"the permissions were declined: sign in again and accept: {_AGAIN}", Who.OPERATOR, consent=True)),
    (
        "65005 650056 650057",
        Remedy(
            f"the API or permission is missing on the application: add it to application.permissions, then: {_APPLY}",
            Who.RUNNER,
        ),
    ),
    (
        "650051",
        Remedy(f"the service principal could not be made just now: wait half a minute, then: {_APPLY}", Who.RUNNER),
    ),
    (
        "650052 650054",
        Remedy(
            f"the tenant has no service principal or subscription for the API: {_APPLY} creates it; else take the "
            "API out of application.permissions",
            Who.RUNNER,
        ),
    ),
    (
        "70000",
        Remedy(
            "the stored refresh token is of another application, or was cut or changed on its way: sign in again: "
            f"{_AGAIN}",
            Who.OPERATOR,
            consent=True,
        ),
    ),
    (
        "70001 7000112",
        Remedy(
            "the application is disabled: enable it: az ad sp update --id APPLICATION --set accountEnabled=true",
            Who.ADMIN,
        ),
    ),
    ("70002", Remedy(f"the credential did not validate: {_APPLY} makes one that does", Who.RUNNER)),
    (
        "70008 700082",
        Remedy(
            f"the code or refresh token is too old: sign in again: {_AGAIN}; from then on renew the token weekly: "
            "provisioner renew SPEC",
            Who.OPERATOR,
            consent=True,
        ),
    ),
    ("70011", Remedy("no such scope: provisioner token SPEC --resource takes a name, a URL or a scope", Who.RUNNER)),
    (
        "70043",
        Remedy(
            f"a sign-in frequency policy ended the session: sign in again: {_AGAIN}; an administrator may exempt the "
            "account",
            Who.ACCOUNT,
            consent=True,
        ),
    ),
    (
        "700005",
        Remedy(
            f"the code is of another tenant: correct tenant in the spec, then: {_AGAIN}", Who.OPERATOR, consent=True
        ),
    ),
    (
        "700016",
        Remedy(
            f"the application is not in this tenant: check tenant and cloud, then: {_APPLY}; in a customer's tenant, "
            "pre-consent is missing",
            Who.RUNNER,
        ),
    ),
    (
        "7000215",
        Remedy(
            f"the client secret is wrong (its id instead of its value?) or seconds old: wait a minute, then: {_APPLY}",
            Who.RUNNER,
        ),
    ),
    (
        "7000218",
        Remedy(
            f"no credential came with the request: put the reply URL on the web platform and {_APPLY}, or pass one",
            Who.RUNNER,
        ),
    ),
    ("7000222", Remedy(f"the client secret expired: {_APPLY} makes a new one", Who.RUNNER)),
    (
        "700022 28002 28003",
        Remedy(
            "a token is for one resource: name exactly one: provisioner token SPEC --resource partnercenter", Who.RUNNER
        ),
    ),
    (
        "700023",
        Remedy(
            "the assertion is for another token endpoint, or the scope names no resource: correct tenant and cloud in "
            "the spec, and name one resource",
            Who.RUNNER,
        ),
    ),
    (
        "700025",
        Remedy(
            f"the reply URL is on the public client platform, where no credential is sent: {_APPLY} moves it to web",
            Who.RUNNER,
        ),
    ),
    (
        "700024",
        Remedy(
            "the assertion is outside its time: check this machine's clock; a pipeline must ask its platform for a "
            "fresh one, as auth: of the spec makes provisioner do",
            Who.RUNNER,
        ),
    ),
    (
        "700027",
        Remedy(f"the certificate is not, or not yet, on the application: wait a minute, then: {_APPLY}", Who.RUNNER),
    ),
    ("700030", Remedy(f"the certificate is not one the application takes: {_APPLY} registers it", Who.RUNNER)),
    (
        "700054",
        Remedy(f"set application.enableIdTokenIssuance: true and {_APPLY}, or leave --hybrid out", Who.RUNNER),
    ),
    (
        "70018 70019 70020",
        Remedy(
            f"the device code is wrong, declined or expired: start again: {_AGAIN} --mode device",
            Who.OPERATOR,
            consent=True,
        ),
    ),
    ("70016", Remedy("nobody has entered the device code yet: finish the sign-in in the browser", Who.OPERATOR)),
    (
        "70021 700211 700212 700213 7002138",
        Remedy(
            "no trust matches the token's issuer, subject and audience, letter by letter: provisioner doctor SPEC "
            f"shows them; correct application.credential, then: {_APPLY}, and wait a minute",
            Who.RUNNER,
        ),
    ),
    ("90002", Remedy("no such tenant in this cloud: correct tenant or cloud in the spec", Who.RUNNER)),
    ("90014 900144", Remedy(f"a parameter is missing, which the error names: {_REPORT}", Who.RUNNER)),
    ("90019 50059", Remedy("the request names no tenant: write the tenant's id into tenant of the spec", Who.RUNNER)),
    (
        "90033 90006 90012 90024 90090 50033 50087",
        Remedy("Entra has a passing fault: run the same command again in a minute", Who.RUNNER, transient=True),
    ),
    (
        "90038 90043 90051",
        Remedy("the tenant is of another national cloud: correct cloud in the spec", Who.RUNNER),
    ),
    (
        "900382 900432",
        Remedy(
            "an application works in its own national cloud only: give the tenants of each cloud a spec with an "
            "application of their own",
            Who.RUNNER,
        ),
    ),
    (
        "90055",
        Remedy(
            "the tenant is throttled: run the same command later, with a smaller --concurrency",
            Who.RUNNER,
            transient=True,
        ),
    ),
    (
        "90072",
        Remedy(
            "the account's MFA comes from a directory that does not match this one: correct the account (its "
            "ImmutableID), or name another in consent.account",
            Who.ADMIN,
        ),
    ),
    (
        "90094 90095",
        Remedy(
            f"this permission takes an administrator's consent: {_APPLY}, or the adminconsent link that provisioner "
            "plan SPEC prints",
            Who.ADMIN,
        ),
    ),
    (
        "90099",
        Remedy(
            "the application has no consent in the customer's tenant: pre-consent it there (Partner Center's "
            "applicationconsents; customers in the spec)",
            Who.ADMIN,
        ),
    ),
    (
        "9002313",
        Remedy(f"the stored refresh token is empty or broken: sign in again: {_AGAIN}", Who.OPERATOR, consent=True),
    ),
    (
        "9001023",
        Remedy("this grant is not for /common: write the tenant's id into tenant of the spec", Who.RUNNER),
    ),
    ("901002", Remedy(f"the v2 endpoint does not know this parameter: {_REPORT}", Who.RUNNER)),
    # Beside the table of sam-facts 3.7: what Entra answers in the same places.
    (
        "500341",
        Remedy(f"the account was deleted: name another in consent.account, then: {_AGAIN}", Who.OPERATOR, consent=True),
    ),
    ("500121", Remedy(f"the second factor was not confirmed: sign in again: {_AGAIN}", Who.ACCOUNT, consent=True)),
    (
        "500112",
        Remedy(f"the code came to another reply URL than the sign-in began with: {_AGAIN}", Who.OPERATOR, consent=True),
    ),
    ("7000229", Remedy(f"the application has no service principal in the tenant: {_APPLY} makes it", Who.RUNNER)),
    ("650053", Remedy("the API has no such permission: correct application.permissions", Who.RUNNER)),
    (
        "90061",
        Remedy("the issuer of the trusted token does not answer: check its address and that it is public", Who.RUNNER),
    ),
)
REMEDIES: dict[str, Remedy] = {code: remedy for codes, remedy in _ROWS for code in codes.split()}
