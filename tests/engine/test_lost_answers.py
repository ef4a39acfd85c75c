"""Cuts, broken bodies and passing faults: one apply lives through them, and what was done unheard is not done twice."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from provisioner.resources.marks import TAG
from tests.engine.in_place import is_in_place_once
from tests.trial import CREDENTIAL, NAME, Trial, failures

WAYS: dict[str, dict[str, Any]] = {
    "cut before it is done": {"action": "reset", "when": "before"},
    "cut after it is done": {"action": "reset", "when": "after"},
    "cut in the body": {"action": "truncate", "how": "cut"},
    "half a body": {"action": "truncate", "how": "short"},
    "a passing fault": {"action": "status", "status": 503},
}
WRITES = (
    "arm.providers.register",
    "arm.resource_groups.put",
    "arm.vaults.put",
    "arm.vaults.patch",
    "arm.role_assignments.put",
    "graph.applications.create",
    "graph.applications.addPassword",
    "graph.servicePrincipals.create",
    "graph.appRoleAssignments.create",
    "graph.oauth2PermissionGrants.create",
    "key_vault.secrets.set",
)
OF_A_CERTIFICATE = ("graph.applications.update", "key_vault.certificates.create", "key_vault.certificates.update")
MOST_RUNS = 2
LAG = {"graph": 2, "rbac": 3, "secret": 2}
each_way = pytest.mark.parametrize("way", WAYS)


def _strike_each(trial: Trial, operations: tuple[str, ...], way: str, **more: Any) -> None:
    """The first request of each operation is struck."""
    for operation in operations:
        trial.fault(operation, **WAYS[way], **more)


def _all_struck(trial: Trial) -> None:
    faults = trial.cloud.control("GET", "faults")["faults"]
    assert [fault["operation"] for fault in faults if not fault["struck"]] == []


@each_way
def test_every_write_that_is_not_heard_of_is_looked_for_and_done_once(trial: Trial, way: str) -> None:
    trial.cloud.control("PUT", "lag", LAG)
    _strike_each(trial, WRITES, way)
    result = trial.apply()
    assert result.exit_code() == 3, failures(result)
    _all_struck(trial)
    is_in_place_once(trial, way)
    assert len(trial.secrets("GET", f"secrets/{CREDENTIAL}/versions")["value"]) == 1
    creations = Counter(each["url"] for each in trial.requests() if each["operation"] == "arm.vaults.put")
    assert max(creations.values()) == (2 if way in ("cut before it is done", "a passing fault") else 1)


@each_way
def test_a_certificate_that_is_made_unheard_is_made_once(trial: Trial, way: str) -> None:
    spec = trial.spec(application__credential={"type": "certificate"})
    _strike_each(trial, OF_A_CERTIFICATE, way)
    result = trial.apply(spec)
    assert result.exit_code() == 3, failures(result)
    _all_struck(trial)
    assert [step.address.kind for step in trial.plan(spec).steps] == ["refresh_token"]
    (key,) = trial.application()["keyCredentials"]
    (version,) = trial.secrets("GET", f"certificates/{CREDENTIAL}/versions")["value"]
    assert version["tags"] | {"state": "current", TAG: NAME} == version["tags"]
    assert key["displayName"].startswith(f"{TAG}:{NAME}")


@each_way
def test_every_read_is_repeated_until_its_answer_comes_whole(trial: Trial, way: str) -> None:
    for service in ("arm.*", "graph.*", "key_vault.*"):
        _strike_each(trial, (service,), way, method="GET", count=4, probability=0.5, seed=4)
    _strike_each(trial, ("graph.batch", "entra.token.*"), way)
    result = trial.apply()
    assert result.exit_code() == 3, failures(result)
    _all_struck(trial)
    is_in_place_once(trial, way)


def test_a_first_apply_lives_through_the_bad_day_that_is_shipped(trial: Trial) -> None:
    trial.cloud.control("POST", "scenario", {"name": "bad-day", "reset": True})
    codes = []
    while codes[-1:] != [3]:
        assert len(codes) < MOST_RUNS, codes
        result = trial.apply()
        codes.append(result.exit_code())
    _all_struck(trial)
    trial.cloud.control("DELETE", "faults")
    is_in_place_once(trial, "a bad day")


def test_a_signature_is_asked_for_again_after_a_passing_fault(trial: Trial) -> None:
    spec = trial.spec(application__credential={"type": "certificate"})
    for way in WAYS:
        _strike_each(trial, ("key_vault.keys.sign",), way)
    result = trial.apply(spec)
    assert result.exit_code() == 3, failures(result)
    _all_struck(trial)
