"""The stored refresh token is redeemed to see whether it works. What comes back is dropped: nothing is written."""

from __future__ import annotations

from provisioner.clients.sign_in_errors import remedy_of
from provisioner.clients.tenant import TenantClients
from provisioner.core.errors import (
    ApiError,
    ConsentError,
    ConsentRequiredError,
    CredentialMissingError,
    ForbiddenError,
    SignInError,
)
from provisioner.engine.probed import ProbeResult, Verdict
from provisioner.resources.token_held import held_token, redeem
from provisioner.resources.token_proof import expected_token, prove
from provisioner.spec.model import Spec

_CONSENT = "provisioner consent SPEC"
_NO_ROLE = "ForbiddenByRbac"  # a firewall forbids as well, and no role helps against it


async def probe(clients: TenantClients, spec: Spec) -> ProbeResult:
    """A token for Partner Center, checked as a sign-in is: tenant, account, application, audience, MFA.

    Raises nothing a service can cause: what could not be tried is unknown, with the reason.
    """
    try:
        held = await held_token(clients, spec)
        expected = await expected_token(clients, held.app_id, spec.consent.account)
        tokens = await redeem(clients, held, clients.cloud.partner_center_scope)
        identity = await prove(tokens, expected, clients)
    except CredentialMissingError as missing:
        return ProbeResult(Verdict.UNKNOWN, f"not probed: {missing.what}", missing.next_step)
    except (ConsentRequiredError, ConsentError) as refused:
        return ProbeResult(Verdict.BROKEN, f"probed: {refused.what}", refused.next_step or _CONSENT)
    except SignInError as refused:
        return _refused(refused)
    except ForbiddenError as forbidden:
        next_step = _rights(spec) if forbidden.code == _NO_ROLE else forbidden.next_step
        return ProbeResult(Verdict.UNKNOWN, f"not probed: {forbidden.what}", next_step)
    except ApiError as error:
        return ProbeResult(Verdict.UNKNOWN, f"not probed: {error.what}", error.next_step)
    return ProbeResult(Verdict.WORKS, f"probed: it works, is of {identity.account or identity.object_id}, with MFA")


def _refused(error: SignInError) -> ProbeResult:
    """A passing fault says nothing about the token."""
    remedy = remedy_of(error)
    if remedy is not None and remedy.transient:
        return ProbeResult(Verdict.UNKNOWN, f"not probed: {error.what}", error.next_step)
    return ProbeResult(Verdict.BROKEN, f"probed: {error.what}", error.next_step)


def _rights(spec: Spec) -> str:
    """What a caller needs on the vault to redeem, and no more."""
    signing = (
        ", Key Vault Reader and Key Vault Crypto User" if spec.application.credential.type == "certificate" else ""
    )
    return f"give whoever probes on vault {spec.vault.name}: Key Vault Secrets User{signing}"
