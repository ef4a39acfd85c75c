"""What the service refuses of certificates. "Documented": Microsoft's "Monitor and manage certificate creation"."""

from __future__ import annotations

from ..kernel import Refusal
from ..refusals import refusal
from .errors import error


@refusal("key_vault.pending_not_found")
def pending_not_found(name: str) -> Refusal:
    """Observed; also for a request_id that is not the pending one's (sam-facts 6.4)."""
    return error(404, "PendingCertificateNotFound", f"Pending certificate not found: {name}")


@refusal("key_vault.pending_in_progress")
def pending_in_progress() -> Refusal:
    """Documented, the code too."""
    message = (
        "A new key vault certificate can not be created or imported while a pending key vault certificate's status is "
        "inProgress."
    )
    return error(409, "Forbidden", message)


@refusal("key_vault.pending_over")
def pending_over(status: str) -> Refusal:
    """Documented: 400; the text is assumed."""
    return error(400, "BadParameter", f"The pending certificate's status is {status}: it cannot be cancelled any more.")


@refusal("key_vault.merge_with_issuer")
def merge_with_issuer(issuer: str) -> Refusal:
    """Documented, spelling included."""
    message = f"Merge is forbidden on pending object created with issuer : {issuer} while it is in progess."
    return error(403, "Forbidden", message)


@refusal("key_vault.merge_other_key")
def merge_other_key() -> Refusal:
    """Documented text."""
    message = (
        "The public key of the end-entity certificate in the specified X.509 certificate content does not match the "
        "public part of the specified private key. Please check if certificate is valid."
    )
    return error(400, "BadParameter", message)


@refusal("key_vault.certificate_name_taken")
def certificate_name_taken(name: str, noun: str) -> Refusal:
    """409 (sam-facts 6.4); the text is assumed."""
    message = f"The certificate {name} cannot be created: its name is already used by a {noun} of this key vault."
    return error(409, "Conflict", message)


@refusal("key_vault.certificate_policy")
def certificate_policy(message: str) -> Refusal:
    return error(400, "BadParameter", message)


@refusal("key_vault.certificate_content")
def certificate_content(message: str) -> Refusal:
    """An import the vault cannot read, or one without its private key."""
    return error(400, "BadParameter", message)


@refusal("key_vault.issuer_not_found")
def issuer_not_found(name: str) -> Refusal:
    return error(404, "CertificateIssuerNotFound", f"Issuer not found: {name}")


@refusal("key_vault.contacts_not_found")
def contacts_not_found() -> Refusal:
    return error(404, "ContactsNotFound", "Contacts not found")
