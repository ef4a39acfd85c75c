"""What a program that uses the set-up must be told, and nothing secret (design section 3, `outputs`)."""

from __future__ import annotations

from collections.abc import Sequence

from provisioner.clients.key_vault import SecretFacts
from provisioner.core.address import Address
from provisioner.core.errors import ApiError
from provisioner.core.observation import Known
from provisioner.operations.tenant import OpenTenant
from provisioner.resources.credential.kind import CredentialFact
from provisioner.resources.credential.secret_steps import KEY_ID_TAG
from provisioner.spec.model import Spec


async def outputs_of(tenant: OpenTenant, spec: Spec, known: Known) -> dict[str, object]:
    """None where the thing does not exist yet; the credential's version also where the runner may not read it."""
    clients = tenant.clients
    application = known.fact(Address(spec.name, "application"))
    principal = known.fact(Address(spec.name, "service_principal"))
    tenant_id = tenant.runner.tenant_id or spec.tenant
    return {
        "tenantId": tenant_id,
        "applicationId": application.app_id if application else None,
        "servicePrincipalObjectId": principal.id if principal else None,
        "authority": f"{clients.cloud.authority}/{tenant_id}",
        "vaultUri": f"{clients.cloud.vault_url(spec.vault.name)}/",
        "refreshTokenSecret": spec.consent.secret_name,
        "credential": await _credential(tenant, spec, known),
        "partnerCenterUrl": clients.cloud.partner_center,
    }


async def _credential(tenant: OpenTenant, spec: Spec, known: Known) -> dict[str, object]:
    """What a consumer asks the vault for: the object's own name, its version, a certificate's thumbprint."""
    wanted = spec.application.credential
    fact: CredentialFact = known.fact(Address(spec.name, "credential", wanted.name)) or CredentialFact()
    told: dict[str, object] = {"type": wanted.type, "name": wanted.name, "version": None, "thumbprint": None}
    if wanted.type == "secret" and fact.secret.in_force is not None:
        return told | {"name": fact.secret.name, "version": await _version(tenant, spec, fact.secret.in_force)}
    current = fact.certificate.tagged
    if wanted.type == "certificate" and current is not None:
        return told | {
            "name": fact.certificate.name,
            "version": current.version,
            "thumbprint": current.thumbprint,
        }
    return told | ({"name": None} if wanted.type == "federated" else {})


async def _version(tenant: OpenTenant, spec: Spec, in_force: SecretFacts) -> str | None:
    """The version of the secret that is in force; the list of secrets does not tell it."""
    try:
        versions = await tenant.clients.vault(spec.vault.name).list_versions(in_force.name)
    except ApiError:  # it is there, but this runner may not look: the rest of the outputs is still right
        return None
    return version_in_force(versions, in_force)


def version_in_force(versions: Sequence[SecretFacts], in_force: SecretFacts) -> str | None:
    """The newest of `versions` (oldest first) that holds the same secret as `in_force`; None when there is none.

    Times do not decide alone: the vault's are whole seconds, and two versions may share one.
    """
    key_id = in_force.tags.get(KEY_ID_TAG)
    same = [entry for entry in versions if entry.tags.get(KEY_ID_TAG) == key_id]
    return same[-1].version if same else None
