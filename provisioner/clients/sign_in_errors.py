"""What an AADSTS code means for an operator, and what to do about it (sam-facts 3.7).

Programs branch on `error`, not on the numbers; here the number only picks the remedy to print.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from provisioner.core.errors import SignInError

_CODE = re.compile(r"AADSTS(\d+)")
_IDS = re.compile(r"\s*(Trace ID|Correlation ID|Timestamp):.*", re.DOTALL)
_CORRELATION = re.compile(r"Correlation ID:\s*([0-9a-fA-F-]{36})")


@dataclass(frozen=True)
class Remedy:
    """consent: only a new sign-in by the person mends it."""

    text: str
    consent: bool = False
    transient: bool = False


_SIGN_IN_AGAIN = "sign in again: provisioner consent SPEC"
REMEDIES: dict[str, Remedy] = {
    "50001": Remedy("create the API's service principal in the tenant: provisioner apply SPEC"),
    "500011": Remedy("create the API's service principal in the tenant: provisioner apply SPEC"),
    "50011": Remedy("add the reply URL to application.replyUrls and run provisioner apply SPEC"),
    "500113": Remedy("name at least one reply URL in application.replyUrls and run provisioner apply SPEC"),
    "50012": Remedy("check the certificate's thumbprint and the clock"),
    "50013": Remedy("check the assertion's issuer and the clock"),
    "50020": Remedy("the account belongs to another directory: sign in with the service account of the spec's tenant"),
    "50034": Remedy("no such account in the tenant: check consent.account and tenant in the spec"),
    "50053": Remedy("the account is locked: wait or unblock it, and look at its sign-in log"),
    "50055": Remedy("the account's password expired: reset it, then sign in again"),
    "50144": Remedy("the account's password expired: reset it, then sign in again"),
    "50057": Remedy("the account is disabled: enable it"),
    "50058": Remedy(_SIGN_IN_AGAIN, consent=True),
    "50072": Remedy(
        "the account must register for MFA first (https://aka.ms/mfasetup), then sign in again", consent=True
    ),
    "50079": Remedy(
        "the account must register for MFA first (https://aka.ms/mfasetup), then sign in again", consent=True
    ),
    "50074": Remedy(f"MFA is missing: {_SIGN_IN_AGAIN}", consent=True),
    "50076": Remedy(f"MFA is missing: {_SIGN_IN_AGAIN}", consent=True),
    "50078": Remedy(f"the MFA proof expired: {_SIGN_IN_AGAIN}", consent=True),
    "50105": Remedy("assign the account to the application, or turn off assignment required"),
    "50126": Remedy("user name or password is wrong"),
    "50131": Remedy("a Conditional Access policy blocks this: find it in the account's sign-in log"),
    "53003": Remedy("a Conditional Access policy blocks this: find it in the account's sign-in log"),
    "50132": Remedy(f"the sign-in was revoked: {_SIGN_IN_AGAIN}", consent=True),
    "50133": Remedy(f"the sign-in was revoked: {_SIGN_IN_AGAIN}", consent=True),
    "50173": Remedy(f"the sign-in was revoked: {_SIGN_IN_AGAIN}", consent=True),
    "50194": Remedy("use the tenant's own id in the spec, or make the application multitenant"),
    "501481": Remedy("the code belongs to another sign-in: start again"),
    "53000": Remedy("sign in from a compliant device, or scope the policy"),
    "53001": Remedy("sign in from a compliant device, or scope the policy"),
    "54005": Remedy("the code was already redeemed: start again"),
    "65001": Remedy(
        "consent is missing: provisioner apply SPEC grants it, or an admin opens the link that plan prints"
    ),
    "65004": Remedy("the consent was declined: repeat the sign-in and accept"),
    "65005": Remedy("the API is missing in application.permissions: add it and run provisioner apply SPEC"),
    "650052": Remedy("create the API's service principal in the tenant: provisioner apply SPEC"),
    "650056": Remedy("the permission is missing in application.permissions: add it and run provisioner apply SPEC"),
    "650057": Remedy("the API is missing in application.permissions: add it and run provisioner apply SPEC"),
    "70000": Remedy(f"the stored refresh token is not valid for this application: {_SIGN_IN_AGAIN}", consent=True),
    "70001": Remedy("enable the application or its service principal"),
    "7000112": Remedy("enable the application or its service principal"),
    "70002": Remedy("check the application's credential in the vault"),
    "70008": Remedy(f"the code or refresh token expired: {_SIGN_IN_AGAIN}", consent=True),
    "700082": Remedy(f"the refresh token was idle for 90 days: {_SIGN_IN_AGAIN}", consent=True),
    "70043": Remedy(
        f"a sign-in frequency policy ended the session: {_SIGN_IN_AGAIN}; exempt the account", consent=True
    ),
    "700005": Remedy("the code was issued by another tenant: check tenant in the spec"),
    "700016": Remedy("the application is not in this tenant: check tenant and cloud, run provisioner apply SPEC"),
    "700054": Remedy("set application.enableIdTokenIssuance: true and apply, or leave --hybrid out"),
    "7000215": Remedy("the client secret is wrong (is it the secret's id?) or seconds old: run provisioner apply SPEC"),
    "7000218": Remedy("the reply URL must be on the web platform for a client with a credential"),
    "7000222": Remedy("the client secret expired: provisioner apply SPEC makes a new one"),
    "700024": Remedy("the pipeline's assertion expired: ask the platform for a fresh one"),
    "700025": Remedy("the reply URL is on the public client platform: move it to web"),
    "700027": Remedy("the certificate is not (yet) on the application: wait a minute and try again"),
    "90002": Remedy("no such tenant in this cloud: check tenant and cloud in the spec"),
    "90014": Remedy("a required field is missing: please report it"),
    "900144": Remedy("a required field is missing: please report it"),
    "90094": Remedy("an admin must consent: provisioner apply SPEC, or the adminconsent link that plan prints"),
    "90095": Remedy("an admin must consent: provisioner apply SPEC, or the adminconsent link that plan prints"),
    "90099": Remedy("the customer has not consented to this application"),
    "901002": Remedy("the parameter is not supported on the v2 endpoint: please report it"),
    "9002313": Remedy(f"the stored value is empty or broken: {_SIGN_IN_AGAIN}", consent=True),
    **dict.fromkeys(
        ("90033", "90006", "90012", "90024", "90090", "50033", "50087", "90055"),
        Remedy("Entra has a passing fault: try again in a minute", transient=True),
    ),
}


def sign_in_error(operation: str, description: str, *, error: str = "") -> SignInError:
    """The error for Entra's `error_description` (or an SDK's text around it); the ids at its end become the place."""
    found = _CODE.search(description)
    code = found.group(1) if found else error
    correlation = _CORRELATION.search(description)
    text = _IDS.sub("", description).strip()
    start = text.find("AADSTS")
    remedy = REMEDIES.get(code)
    return SignInError(
        "Entra",
        operation,
        400,
        f"AADSTS{code}" if found else error,
        (text[start:] if start >= 0 else text).removeprefix(f"AADSTS{code}").lstrip(": ")[:400],
        correlation_id=correlation.group(1) if correlation else "",
        next_step=remedy.text
        if remedy
        else (f"see https://login.microsoftonline.com/error?code={code}" if found else ""),
    )


def remedy_of(error: SignInError) -> Remedy | None:
    """The remedy behind an error's code, if the table has it."""
    return REMEDIES.get(error.code.removeprefix("AADSTS"))
