"""That the application's credential works, proven before a person's time is spent: by one real token request.

A request proves all of it at once: that the credential is there and taken, that this machine may sign with it or has
the token it trusts. Only when it fails is it looked up why.
"""

from __future__ import annotations

from provisioner.clients.guard import signatures_allowed
from provisioner.clients.proof import ClientProof
from provisioner.clients.tenant import TenantClients
from provisioner.clients.vault_certificates import CertificateFacts
from provisioner.core.errors import ApiError, ConsentError, CredentialMissingError, ForbiddenError, SignInError
from provisioner.resources.credential.place import CURRENT, STATE_TAG, place_of
from provisioner.resources.credential.proof import proof_in_force
from provisioner.resources.marks import TAG
from provisioner.resources.vault_secrets import VaultSecrets
from provisioner.spec.model import Spec

_WHERE = "application.credential"
_APPLY = "provisioner apply SPEC"
# A policy about what the application does by itself: it says nothing of the credential, nor of a person's sign-in.
_OF_THE_APPLICATION_ALONE = ("AADSTS53003",)


async def working_proof(
    clients: TenantClients, spec: Spec, app_id: str, secrets: VaultSecrets
) -> tuple[ClientProof, str]:
    """The proof, and a note where it could not be tried ("" otherwise).

    Raises: CredentialMissingError where there is none, ConsentError where it does not work, with the reason; ApiError.
    """
    try:
        proof = await secrets.patiently(lambda: proof_in_force(clients, place_of(spec)))
        return proof, await _tried(clients, app_id, proof, secrets)
    except (CredentialMissingError, ForbiddenError, SignInError) as error:
        if (known := await _flaw(clients, spec)) is not None:
            raise known from error
        if isinstance(error, SignInError):
            raise _refused(spec, error) from error
        raise


async def _tried(clients: TenantClients, app_id: str, proof: ClientProof, secrets: VaultSecrets) -> str:
    entra = clients.entra(app_id, proof)
    try:
        with signatures_allowed():
            await secrets.patiently(entra.prove_credential)
    except SignInError as error:
        if error.code not in _OF_THE_APPLICATION_ALONE:
            raise
        return f"could not try the application's credential beforehand ({error.code})"
    return ""


def _refused(spec: Spec, error: SignInError) -> ConsentError:
    kind = spec.application.credential.type
    return ConsentError(
        f"the application's {kind} does not work: {error.what}", where=_WHERE, next_step=error.next_step or _APPLY
    )


async def _flaw(clients: TenantClients, spec: Spec) -> ConsentError | None:
    """What is wrong with the certificate itself; None when it is well, is another type, or may not be looked at."""
    place = place_of(spec)
    if place.type != "certificate":
        return None
    certificates = clients.certificates(place.vault_name)
    found: list[CertificateFacts] = []
    try:
        for name in place.names_of("certificate"):
            found += await certificates.list_versions(name)
    except ApiError:  # the first error says why
        return None
    current = [each for each in found if each.tags.get(TAG) == spec.name and each.tags.get(STATE_TAG) == CURRENT]
    if not current:
        return None
    newest, now = current[-1], clients.clock.now()
    label = f"the certificate {newest.name} in vault {place.vault_name}"
    if not newest.enabled:
        return ConsentError(f"{label} is disabled", where=_WHERE, next_step=f"{_APPLY} enables it")
    if newest.expires_at is not None and newest.expires_at <= now:
        return ConsentError(
            f"{label} expired on {newest.expires_at:%Y-%m-%d}", where=_WHERE, next_step=f"{_APPLY} makes a new one"
        )
    if newest.not_before is not None and newest.not_before > now:
        return ConsentError(
            f"{label} counts from {newest.not_before:%Y-%m-%d %H:%M} UTC only",
            where=_WHERE,
            next_step="wait until then",
        )
    return None
