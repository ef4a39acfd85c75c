"""What a program that uses the set-up is told."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from provisioner.clients.key_vault import SecretFacts
from provisioner.operations.outputs import version_in_force

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def _held(version: str, key_id: str | None, created_at: datetime = NOW) -> SecretFacts:
    tags = {"provisioner": "trial"} | ({"keyId": key_id} if key_id else {})
    return SecretFacts("trial-credential", version, True, created_at, None, "", tags)


@pytest.mark.parametrize(
    ("versions", "expected"),
    [
        pytest.param((), None, id="the vault lists nothing yet"),
        pytest.param((_held("v1", "old", NOW - SECOND), _held("v2", "new")), "v2", id="the newest"),
        pytest.param((_held("v2", "new"), _held("v1", "old")), "v2", id="two of one second, listed in any order"),
        pytest.param((_held("v1", "old"),), None, id="a replica that does not list the new one yet"),
        pytest.param((_held("v1", "new"), _held("v2", "new", NOW + SECOND)), "v2", id="written twice"),
    ],
)
def test_the_version_told_is_the_one_in_force(versions: tuple[SecretFacts, ...], expected: str | None) -> None:
    assert version_in_force(versions, _held("", "new")) == expected
