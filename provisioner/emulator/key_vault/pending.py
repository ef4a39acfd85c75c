"""The creation of a certificate: the pending operation in `pending` of its document (sam-facts 6.4).

{request_id, issuer, csr, status, status_details, cancellation_requested, version, attributes and tags of the body,
created, readyAt, polled, _private}. In life a self-signed certificate takes some seconds. Here it is in progress at the
first look and completed at the second, or once the lag `certificate` is over; a client that never looks at the
operation finds the certificate after _UNWATCHED_S.
"""

from __future__ import annotations

import base64
import binascii
import uuid
from typing import Any

from cryptography import x509

from .. import lag
from ..store import Document, Transaction
from . import certificate_errors, issuing, key_material, objects
from .certificate_policy import SELF, UNKNOWN
from .key_material import PrivateKey
from .objects import CERTIFICATES

_UNWATCHED_S = 5
_IN_PROGRESS = "inProgress"
_DETAILS = (
    "Pending certificate created. Certificate request is in progress. This may take some time based on the issuer "
    "provider. Please check again later."
)
_MERGE_DETAILS = "Pending certificate created. Please Perform Merge to complete the request."


def begin(tx: Transaction, scope: str, certificate: Document, private: PrivateKey, described: Document) -> Document:
    """Start a creation by the certificate's policy; `described` are attributes and tags of the new version."""
    policy, now = certificate["policy"], int(tx.now)
    version = {"version": issuing.new_version_id(), "enabled": False, "created": now, "updated": now}
    version |= issuing.validity(policy, now)
    certificate["versions"] = [each for each in certificate["versions"] if "cer" in each]
    certificate["versions"].append(version | {name: described[name] for name in ("tags",) if name in described})
    certificate["pending"] = {
        "request_id": uuid.uuid4().hex,
        "issuer": policy["issuer"],
        "csr": issuing.request(policy, private),
        "cancellation_requested": False,
        "status": _IN_PROGRESS,
        "status_details": _MERGE_DETAILS if policy["issuer"]["name"] == UNKNOWN else _DETAILS,
        "version": version["version"],
        "enabled": described.get("enabled", True),
        "created": now,
        "readyAt": lag.completed_from(tx),
        "polled": False,
        "_private": key_material.packed(private),
    }
    return objects.save(tx, scope, CERTIFICATES, certificate)


def is_in_progress(certificate: Document) -> bool:
    return bool("pending" in certificate and certificate["pending"]["status"] == _IN_PROGRESS)


def look(tx: Transaction, scope: str, name: str, request_id: str | None) -> Document:
    """The certificate with its pending operation; raises PendingCertificateNotFound."""
    certificate = tx.get(CERTIFICATES.kind, scope, name.lower())
    if certificate is None or "pending" not in certificate:
        raise certificate_errors.pending_not_found(name)
    if request_id is not None and request_id != certificate["pending"]["request_id"]:
        raise certificate_errors.pending_not_found(name)
    return certificate


def poll(tx: Transaction, scope: str, name: str, request_id: str | None) -> Document:
    """`look`, as a client that waits does it."""
    certificate = look(tx, scope, name, request_id)
    certificate["pending"]["polled"] = True
    return objects.save(tx, scope, CERTIFICATES, certificate)


def settle(tx: Transaction, scope: str, certificate: Document) -> Document:
    """Do what time has brought to a pending operation."""
    if not is_in_progress(certificate):
        return certificate
    pending = certificate["pending"]
    if pending["cancellation_requested"]:
        details = "Certificate request was cancelled."
        pending |= {"status": "cancelled", "status_details": details}
        return objects.save(tx, scope, CERTIFICATES, certificate)
    watched = pending["polled"] or tx.now >= pending["created"] + _UNWATCHED_S
    if pending["issuer"]["name"] != SELF or not watched or tx.now < pending["readyAt"]:
        return certificate
    private = key_material.unpacked(pending["_private"])
    _complete(tx, scope, certificate, [issuing.self_signed(certificate["policy"], private, int(tx.now))])
    return certificate


def cancel(tx: Transaction, scope: str, name: str, request_id: str | None, requested: Any) -> Document:
    """Ask for cancellation; raises when the operation is over."""
    certificate = look(tx, scope, name, request_id)
    if not is_in_progress(certificate):
        raise certificate_errors.pending_over(certificate["pending"]["status"])
    if not isinstance(requested, bool):
        raise certificate_errors.certificate_policy("Property cancellation_requested must be a boolean.")
    certificate["pending"]["cancellation_requested"] = requested
    return objects.save(tx, scope, CERTIFICATES, certificate)


def remove(tx: Transaction, scope: str, name: str, request_id: str | None) -> Document:
    """Forget the operation; a certificate that never had a version goes with it. Gives it as it was."""
    certificate = look(tx, scope, name, request_id)
    versions = [each for each in certificate["versions"] if "cer" in each]
    left = {key: value for key, value in certificate.items() if key != "pending"} | {"versions": versions}
    if versions:
        objects.save(tx, scope, CERTIFICATES, left)
    else:
        tx.delete(CERTIFICATES.kind, scope, name.lower())
    return certificate


def merge(
    tx: Transaction, scope: str, name: str, wanted: dict[str, Any], described: Document
) -> tuple[Document, Document]:
    """Complete with a chain issued elsewhere, `x5c`: [base64 DER, the certificate's own first]."""
    certificate = look(tx, scope, name, None)
    pending = certificate["pending"]
    if pending["issuer"]["name"] != UNKNOWN and is_in_progress(certificate):
        raise certificate_errors.merge_with_issuer(pending["issuer"]["name"])
    chain = _chain(wanted.get("x5c"))
    if "_private" not in pending or chain[0].public_key() != key_material.unpacked(pending["_private"]).public_key():
        raise certificate_errors.merge_other_key()
    version = _complete(tx, scope, certificate, chain)
    version |= described
    return objects.save(tx, scope, CERTIFICATES, certificate), version


def _complete(tx: Transaction, scope: str, certificate: Document, chain: list[x509.Certificate]) -> Document:
    pending, now = certificate["pending"], int(tx.now)
    version = objects.find_version(certificate, CERTIFICATES, pending["version"])
    version |= {"enabled": pending["enabled"], "created": now, "updated": now}
    private = key_material.unpacked(pending.pop("_private"))  # from here on the key's version alone has it
    pending["status"] = "completed"
    del pending["status_details"]
    return issuing.add_version(tx, scope, certificate, version, chain, private)


def _chain(wanted: Any) -> list[x509.Certificate]:
    try:
        if isinstance(wanted, list) and wanted and all(isinstance(each, str) for each in wanted):
            return [x509.load_der_x509_certificate(base64.b64decode(each)) for each in wanted]
    except (binascii.Error, ValueError) as error:
        raise certificate_errors.certificate_content("Property x5c is not a chain of X.509 certificates.") from error
    raise certificate_errors.certificate_content("Property x5c is required and must be a list of certificates.")
