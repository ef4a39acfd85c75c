"""mode: use: what differs in an object that is managed elsewhere is a person's item, never a write of ours."""

from __future__ import annotations

from dataclasses import replace

from provisioner.core.step import Action, Step
from provisioner.spec.model import Spec

APPLICATION = "the application"
VAULT = "the vault"


def application_is_elsewhere(spec: Spec) -> bool:
    """Its principal and what is granted to it are its manager's too; only our credentials in it are ours."""
    return spec.application.mode == "use"


def left_to_others(spec: Spec) -> frozenset[str]:
    """The kinds that the runner never writes: their steps are a person's."""
    application = ("application", "service_principal", "grant", "app_role_assignment")
    vault = ("vault", "spec_digest")
    return frozenset(
        (*(application if spec.application.mode == "use" else ()), *(vault if spec.vault.mode == "use" else ()))
    )


def by_its_manager(step: Step, what: str, todo: str = "") -> Step:
    """The same difference, for whoever manages `what`. todo "": the kind says what a person can do.

    An update leaves the thing in place meanwhile; what is yet to be made is waited for.
    """
    if not step.action.writes:
        return step
    return replace(
        step,
        action=Action.PERSON,
        removal=False,
        irreversible=False,
        in_place=step.action is not Action.CREATE,
        reason=f"mode: use: {what} is managed elsewhere",
        todo=todo,
    )
