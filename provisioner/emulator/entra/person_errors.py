"""What Entra says to the person who signs in, and of them (see errors.py)."""

from __future__ import annotations

from ..kernel import Call
from ..refusals import refusal
from .errors import SignInRefusal


@refusal("entra.user_unknown")
def user_unknown(call: Call, username: str, tenant: str) -> SignInRefusal:
    text = (
        f"The user account {username} does not exist in the {tenant} directory. To sign into this application, the "
        "account must be added to the directory."
    )
    return SignInRefusal(call, 400, "invalid_grant", 50034, text)


@refusal("entra.user_of_another_directory")
def user_of_another_directory(call: Call, username: str, home: str, client: str, tenant: str) -> SignInRefusal:
    text = (
        f"User account '{username}' from identity provider '{home}' does not exist in tenant '{tenant}' and cannot "
        f"access the application '{client}' in that tenant. The account needs to be added as an external user in the "
        "tenant first. Sign out and sign in again with a different Azure Active Directory user account."
    )
    return SignInRefusal(call, 400, "interaction_required", 50020, text)


@refusal("entra.password_wrong")
def password_wrong(call: Call) -> SignInRefusal:
    text = "Error validating credentials due to invalid username or password."
    return SignInRefusal(call, 400, "invalid_grant", 50126, text)


@refusal("entra.account_locked")
def account_locked(call: Call) -> SignInRefusal:
    text = (
        "The account is locked, you've tried to sign in too many times with an incorrect user ID or password. Wait a "
        "while and then try again."
    )
    return SignInRefusal(call, 400, "invalid_grant", 50053, text)


@refusal("entra.password_expired")
def password_expired(call: Call) -> SignInRefusal:
    text = "The password is expired."
    return SignInRefusal(call, 400, "invalid_grant", 50055, text, suberror="user_password_expired")


@refusal("entra.password_expired_on_premises")
def password_expired_on_premises(call: Call) -> SignInRefusal:
    text = (
        "The user's Active Directory password has expired. Generate a new password for the user or have the user use "
        "the self-service reset tool to reset their password."
    )
    return SignInRefusal(call, 400, "invalid_grant", 50144, text, suberror="user_password_expired")


@refusal("entra.user_deleted")
def user_deleted(call: Call) -> SignInRefusal:
    text = (
        "The user account {EUII Hidden} has been deleted from the directory. To sign into this application, the "
        "account must be added to the directory."
    )
    return SignInRefusal(call, 400, "invalid_grant", 500341, text)


@refusal("entra.user_disabled")
def user_disabled(call: Call) -> SignInRefusal:
    return SignInRefusal(call, 400, "invalid_grant", 50057, "The user account is disabled.")


@refusal("entra.otp_wrong")
def otp_wrong(call: Call) -> SignInRefusal:
    text = "Authentication failed during strong authentication request."
    return SignInRefusal(call, 400, "access_denied", 500121, text)


@refusal("entra.mfa_not_registered")
def mfa_not_registered(call: Call, resource_id: str) -> SignInRefusal:
    text = (
        "Due to a configuration change made by your administrator, or because you moved to a new location, you must "
        f"enroll in multi-factor authentication to access '{resource_id}'."
    )
    return SignInRefusal(call, 400, "interaction_required", 50079, text)


@refusal("entra.no_session")
def no_session(call: Call) -> SignInRefusal:
    text = "Session information is not sufficient for single-sign-on."
    return SignInRefusal(call, 400, "login_required", 50058, text)


@refusal("entra.user_not_assigned")
def user_not_assigned(call: Call, username: str, client: str, name: str) -> SignInRefusal:
    text = (
        f"Your administrator has configured the application {name} ('{client}') to block users unless they are "
        f"specifically granted ('assigned') access to the application. The signed in user '{username}' is blocked "
        "because they are not a direct member of a group with access, nor had access directly assigned by an "
        "administrator. Please contact your administrator to assign access to this application."
    )
    return SignInRefusal(call, 400, "access_denied", 50105, text)


@refusal("entra.consent_declined")
def consent_declined(call: Call) -> SignInRefusal:
    return SignInRefusal(call, 400, "access_denied", 65004, "User declined to consent to access the app.")


@refusal("entra.admin_consent_required")
def admin_consent_required(call: Call, name: str) -> SignInRefusal:
    text = (
        f"{name} needs permission to access resources in your organization that only an admin can grant. Please ask an "
        "admin to grant permission to this app before you can use it."
    )
    return SignInRefusal(call, 400, "access_denied", 90094, text)


@refusal("entra.sign_in_page_stale")
def sign_in_page_stale(call: Call) -> SignInRefusal:
    text = "The request is not valid any more: the sign-in was finished or abandoned. Start again from the application."
    return SignInRefusal(call, 400, "invalid_request", 90014, text)
