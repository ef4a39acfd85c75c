"""Each rotation of a credential, and a tenant in which each is due and a consumer depends on it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from provisioner.spec.model import Spec
from tests.engine.consumers import Consumer, Workload
from tests.trial import Trial

DAY_S = 86400
LAG = {"secret": {"min": 4, "max": 18, "flapping": 18}}
TERMS = {"lifetime": "90d", "rotateBefore": "30d", "overlap": "7d"}
SECRET: dict[str, Any] = {"type": "secret", **TERMS}
CERTIFICATE: dict[str, Any] = {"type": "certificate", **TERMS}


@dataclass(frozen=True)
class Rotation:
    """before and after: the credential in the spec. days: until it is due.

    phases and retirement: the writes it consists of, and those once the overlap is over; "" is before the first.
    """

    before: dict[str, Any]
    after: dict[str, Any]
    days: int
    phases: tuple[str, ...]
    retirement: tuple[str, ...]

    @property
    def kinds(self) -> list[str]:
        return [str(self.before["type"]), str(self.after["type"])]


ROTATIONS = {
    "secret to secret": Rotation(
        SECRET,
        SECRET,
        61,
        ("", "POST addPassword", "PUT trial-credential-next", "PUT trial-credential"),
        ("", "POST removePassword"),
    ),
    "certificate to certificate": Rotation(
        CERTIFICATE,
        CERTIFICATE,
        40,
        ("", "POST certificates/create", "PATCH applications", "PATCH certificates"),
        ("", "PATCH certificates", "PATCH applications"),
    ),
    "secret to certificate": Rotation(
        SECRET,
        CERTIFICATE,
        1,
        ("", "POST certificates/create", "PATCH applications", "PATCH certificates"),
        ("", "PATCH trial-credential", "POST removePassword"),
    ),
    "certificate to secret": Rotation(
        CERTIFICATE,
        SECRET,
        1,
        ("", "POST addPassword", "PUT trial-credential-secret-next", "PUT trial-credential-secret"),
        ("", "PATCH certificates", "PATCH applications"),
    ),
}


@dataclass
class Loaded:
    """A tenant in which each type of credential is in place, with a consumer of its own."""

    trial: Trial
    workloads: dict[str, Workload]

    def before(self, rotation: Rotation) -> Consumer:
        """The rotation is due, nobody has begun it."""
        kind = str(rotation.before["type"])
        self.trial.back_to(kind)
        self.trial.cloud.control("PUT", "lag", LAG)
        advance(self.trial, rotation.days)
        return Consumer(self.trial, self.workloads[kind])

    def spec(self, credential: dict[str, Any]) -> Spec:
        """Operators need fewer roles without a certificate; to take those back is a removal."""
        return self.trial.spec(application__credential=credential, safety={"maxRemovals": 2})


def advance(trial: Trial, days: float) -> None:
    trial.cloud.control("POST", "clock", {"advanceSeconds": days * DAY_S})


def shown(trial: Trial, spec: Spec) -> list[str]:
    """The credential's steps, those that wait marked so."""
    plan = trial.plan(spec)
    return [
        f"{step.operation}{'' if step.pending(plan.made_at) else ' later'}"
        for step in plan.steps
        if step.address.kind == "credential"
    ]
