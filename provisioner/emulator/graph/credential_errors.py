"""What Graph refuses of secrets, certificates, proofs and federation, in the envelope errors.py describes."""

from __future__ import annotations

from ..kernel import Refusal, Reply
from ..refusals import refusal
from .errors import refused

# --- secrets, certificates, policies ---


@refusal("graph.password_by_service_action_only")
def password_by_service_action_only() -> Refusal:
    message = "New password credentials must be generated with service actions."
    return refused(400, "CannotUpdatePasswordCredential", message)


@refusal("graph.password_not_found")
def password_not_found(key_id: str) -> Refusal:
    message = f"No password credential found with keyId '{key_id}'."
    return refused(400, "Request_BadRequest", message)


@refusal("graph.credential_lifetime_invalid")
def credential_lifetime_invalid() -> Refusal:
    return refused(400, "KeyCredentialsInvalidEndDate", "Key credential end date is invalid.")


@refusal("graph.certificate_invalid")
def certificate_invalid() -> Refusal:
    """The key of a new credential is missing, not base64 or no X.509 certificate."""
    return refused(400, "Request_BadRequest", "The value of key credential is invalid: a certificate is required.")


@refusal("graph.key_not_found")
def key_not_found(key_id: str) -> Refusal:
    return refused(400, "Request_BadRequest", f"No key credential found with keyId '{key_id}'.")


@refusal("graph.key_not_updatable")
def key_not_updatable(key_id: str) -> Refusal:
    """A known keyId with other dates, type or usage: an existing credential can only be kept or left out."""
    return refused(400, "KeyNotUpdatable", f"Update to existing credential with KeyId '{key_id}' is not allowed.")


@refusal("graph.key_duplicate")
def key_duplicate() -> Refusal:
    """Two entries with one keyId or one certificate (text assumed)."""
    return refused(400, "Request_BadRequest", "The key credentials must have distinct keyIds and certificates.")


@refusal("graph.key_value_invalid")
def key_value_invalid(name: str, acceptable: str) -> Refusal:
    """`name` is type or usage, `acceptable` the values the service takes."""
    message = f'The value for the property "{name}" in one of your credentials is invalid. Acceptable values are '
    return refused(400, "Request_BadRequest", f"{message}{acceptable}.")


def _policy_refused(code: str, detail: str, target: str, message: str) -> Refusal:
    details = [{"code": detail, "message": message, "target": target}]
    return Refusal(Reply(400, {"error": {"code": code, "message": message, "details": details}}))


@refusal("graph.credential_kind_denied_by_policy")
def credential_kind_denied_by_policy(policy: str) -> Refusal:
    """App-management policy, restriction passwordAddition (sam-facts 5.2); `policy` is its id."""
    message = f"Credential type not allowed as per assigned policy '{policy}'."
    return _policy_refused("CredentialTypeNotAllowedAsPerAppPolicy", "InvalidKeyType", "Type", message)


@refusal("graph.credential_lifetime_denied_by_policy")
def credential_lifetime_denied_by_policy(policy: str) -> Refusal:
    """App-management policy, restrictions passwordLifetime and asymmetricKeyLifetime (sam-facts 5.2)."""
    message = f"Credential lifetime exceeds the max value allowed as per assigned policy '{policy}'."
    return _policy_refused("CredentialInvalidLifetimeAsPerAppPolicy", "InvalidKeyEndDate", "EndDate", message)


@refusal("graph.service_principal_locked")
def service_principal_locked(name: str) -> Refusal:
    """The application's home tenant locks this property of its copies elsewhere (sam-facts 5.1); text assumed."""
    message = f"Property '{name}' of the service principal is locked by its application and cannot be updated."
    return refused(400, "CannotUpdateLockedServicePrincipalProperty", message)


@refusal("graph.proof_invalid")
def proof_invalid() -> Refusal:
    """addKey and removeKey: whatever is wrong with the proof (sam-facts 5.2), the service says no more than this."""
    return refused(401, "Authentication_MissingOrMalformed", "Access Token missing or malformed.")


# --- federated identity credentials ---


@refusal("graph.federated_name_taken")
def federated_name_taken(name: str) -> Refusal:
    message = f"FederatedIdentityCredential with name {name} already exists."
    return refused(409, "Request_MultipleObjectsWithSameKeyValue", message)


@refusal("graph.federated_pair_taken")
def federated_pair_taken(issuer: str, subject: str) -> Refusal:
    return refused(
        400,
        "InvalidFederatedIdentityCredentialValue",
        f"The combination of issuer and subject must be unique for the application. Issuer {issuer} and Subject: "
        f"{subject} already exist. paramName: FederatedIdentityCredential.Subject, paramValue: {subject}, objectType: "
        "Microsoft.Online.DirectoryServices.Application",
    )


@refusal("graph.federated_value_invalid")
def federated_value_invalid(name: str, why: str) -> Refusal:
    """A value sam-facts 5.2 does not allow; `why` is ours (text assumed)."""
    member = name[:1].upper() + name[1:]
    message = f"The value of {name} is invalid: {why} paramName: FederatedIdentityCredential.{member}, objectType: "
    code = "InvalidFederatedIdentityCredentialValue"
    return refused(400, code, f"{message}Microsoft.Online.DirectoryServices.Application")


@refusal("graph.federated_name_immutable")
def federated_name_immutable() -> Refusal:
    message = "Property 'name' of a federated identity credential is immutable."  # text assumed
    return refused(400, "Request_BadRequest", message)
