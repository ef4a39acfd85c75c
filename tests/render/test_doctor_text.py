from __future__ import annotations

import pytest
from syrupy.assertion import SnapshotAssertion

from provisioner.operations.preflight.check import Check
from provisioner.render.doctor_text import doctor_lines
from provisioner.render.layout import plain
from provisioner.verify.checks import Status

COMMAND = 'az role assignment create --role "Key Vault Contributor" --scope /subscriptions/88529ac0-28a1-48e0-98f0'
CHECKS = (
    Check("identity", Status.PASS, "service principal 935a6615-de53-45af-8720-3c05df41217a, object id 891e08ab"),
    Check("clock", Status.PASS, "this machine's clock is right"),
    Check("partnerCenterHost", Status.FAIL, "api.partnercenter.microsoft.com does not answer", "curl -sv https://x/"),
    Check("vaultRight", Status.FAIL, "the runner may not make and change the vault in the subscription", COMMAND),
    Check(
        "appManagementPolicy",
        Status.FAIL,
        "the rule passwordLifetime of the policy 'Short lives' allows at most 90 days, this one lives 365",
        "write application.credential.lifetime: 90d into the spec, or ask whoever keeps the policy",
    ),
    Check(
        "conditionalAccess",
        Status.UNKNOWN,
        "Graph answered 403",
        "give the runner one of: Policy.Read.All",
        advisory=True,
    ),
    Check("vaultHost", Status.PASS, "the vault kv-contoso-sam is yet to be made: apply makes it"),
    Check("vaultAccess", Status.PASS, "the vault kv-contoso-sam is yet to be made: apply makes it"),
)


@pytest.mark.parametrize("width", [80, 120])
def test_the_checks_read_as_reviewed(text_file: SnapshotAssertion, width: int) -> None:
    lines = doctor_lines("contoso-sam", CHECKS, width, "contoso.yaml")
    assert plain(lines) == text_file
    assert max(line.cell_len for line in lines if COMMAND not in line.plain) <= width
    assert any(line.plain.strip() == COMMAND for line in lines)


def test_only_an_unknown_that_counts_goes_without_the_word_that_it_stops_nothing() -> None:
    counts = Check("locks", Status.UNKNOWN, "Azure answered 403", "give the runner one of: Reader")
    assert "stops nothing" in plain(doctor_lines("x", CHECKS))
    assert "stops nothing" not in plain(doctor_lines("x", (*CHECKS, counts)))
