"""What looking at a credential costs, and what it says when it may not look."""

from __future__ import annotations

from typing import Any

import pytest

from provisioner.core.step import Action
from tests.engine.rotations import CERTIFICATE, SECRET
from tests.engine.test_credential_federated import FEDERATED
from tests.trial import Trial, failures

MOST_REQUESTS = 10  # of a clean plan, everything counted (design section 12)


@pytest.mark.parametrize("credential", [SECRET, CERTIFICATE, FEDERATED], ids=lambda credential: credential["type"])
def test_a_clean_plan_sends_at_most_ten_requests_and_a_second_apply_no_write(
    trial: Trial, credential: dict[str, Any]
) -> None:
    spec = trial.spec(application__credential=credential)
    result = trial.apply(spec)
    assert result.exit_code() == 3, failures(result)
    trial.forget()
    assert trial.plan(spec).pending == ()
    sent = [each["operation"] for each in trial.requests() if not each.get("inner")]
    assert len(sent) <= MOST_REQUESTS, sent
    assert trial.apply(spec).exit_code() == 3
    assert trial.writes() == []


def test_a_runner_that_may_not_see_certificates_is_told_which_role_shows_them(trial: Trial) -> None:
    spec = trial.spec(application__credential=CERTIFICATE)
    assert trial.apply(spec).exit_code() == 3
    trial.fault("key_vault.certificates.list_versions", "deny", count=None)
    plan = trial.plan(spec)
    [step] = [step for step in plan.steps if step.address.kind == "credential"]
    assert (step.action, plan.exit_code()) == (Action.UNKNOWN, 4)
    assert "Key Vault Certificates Officer" in step.todo
