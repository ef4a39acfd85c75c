"""What `doctor` found, as JSON: one tenant of the document that plan and verify have too."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from provisioner.render.doctor_text import Finding
from provisioner.spec.model import Spec


def doctor_json(spec: Spec, checks: Sequence[Finding]) -> dict[str, Any]:
    """`advisory` is there so that a reader can tell which unknown does not count for the exit code."""
    return {
        "name": spec.name,
        "tenant": spec.tenant,
        "cloud": spec.cloud,
        "checks": [
            {
                "name": check.name,
                "status": str(check.status),
                "text": check.text,
                "nextStep": check.next_step,
                "advisory": check.advisory,
            }
            for check in checks
        ],
    }
