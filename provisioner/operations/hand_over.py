"""What one tells the person who signs in elsewhere: ready to be sent to them as it is."""

from __future__ import annotations

import re

from provisioner.clients.clouds import endpoints
from provisioner.core.address import Address
from provisioner.core.observation import Known
from provisioner.resources.sign_in_needs import by_policies, keeps_policies
from provisioner.resources.token_held import COMMAND
from provisioner.resources.vault_roles import operator_roles
from provisioner.spec.model import Spec


def hand_over(spec: Spec, known: Known) -> str:
    """Who signs in, with which commands, and what whoever runs them needs. The pipeline gets nothing of theirs."""
    account = spec.consent.account or "an account that may use Partner Center"
    federated = spec.application.credential.type == "federated"
    return (
        f"To be signed in by {account}, with MFA. {_where(spec) if federated else _on_a_laptop()}\n"
        f"{_commands(spec, device=federated)}\n{_needs(spec, known)}"
    )


def with_the_right_mode(spec: Spec, advice: str) -> str:
    """Advice to sign in as it works for the spec: where a token is trusted, only a code carries the sign-in away."""
    if spec.application.credential.type != "federated":
        return advice
    return re.sub(rf"{COMMAND}\b(?! --mode)", f"{COMMAND} --mode device", advice)


def _on_a_laptop() -> str:
    return "Whoever does it needs the spec, a machine of their own, and no access to this pipeline:"


def _where(spec: Spec) -> str:
    """A federated credential works where its token is, and nowhere else: a code carries the sign-in to the person."""
    credential = spec.application.credential
    return f"The application is trusted only as {credential.subject} ({credential.issuer}), so have that run:"


def _commands(spec: Spec, *, device: bool) -> str:
    consent = with_the_right_mode(spec, COMMAND)
    if device or spec.cloud == "emulator":
        return f"\n    {consent}\n"
    lines = [*endpoints(spec.cloud).az_commands, f"az login --tenant {spec.tenant}", consent]
    return "\n" + "".join(f"    {line}\n" for line in lines)


def _needs(spec: Spec, known: Known) -> str:
    kind = spec.application.credential.type
    vault = known.fact(Address(spec.name, "vault"))
    if vault is not None and keeps_policies(vault, model_stays=spec.vault.mode != "create"):
        told = by_policies(vault, spec.name, spec.consent.operators, kind, known)
        return f"{told[:1].upper()}{told[1:]}"
    roles = ", ".join(operator_roles(kind))
    named = ", ".join(spec.consent.operators)
    given = (
        f"apply has given them to consent.operators ({named})"
        if named
        else "consent.operators names nobody yet: add the object id of whoever does it (az ad signed-in-user show "
        "--query id) and apply gives them"
    )
    return f"Roles needed on vault {spec.vault.name}: {roles}; {given}."
