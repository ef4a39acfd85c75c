"""The count of what reading commands sent tells a write when it sees one."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.reads_only import ReadsOnly, WroteError

PLAN = {"user-agent": "azsdk-python-keyvault-secrets/4.12.0 provisioner/0.1.0 (plan)"}
READ, WRITE = ({"requests": [{"id": "1", "method": method, "url": "/applications"}]} for method in ("GET", "POST"))


@pytest.mark.parametrize(
    ("operation", "method", "body"),
    [
        ("arm.vaults.get", "GET", b""),
        ("entra.token.v2", "POST", b"grant_type=client_credentials"),
        ("graph.batch", "POST", json.dumps(READ).encode()),
        ("graph.batch", "POST", READ),
        ("key_vault.keys.sign", "POST", b"{}"),
    ],
)
def test_a_read_is_counted(operation: str, method: str, body: Any) -> None:
    reads = ReadsOnly()
    reads.note(operation, method, "/path", PLAN, body)
    reads.settle()
    assert reads.line() == "reading commands: plan 1 requests, 0 writes"


@pytest.mark.parametrize(
    ("operation", "method", "body"),
    [
        ("arm.vaults.patch", "PATCH", b"{}"),
        ("graph.applications.create", "POST", b"{}"),
        ("graph.batch", "POST", json.dumps(WRITE).encode()),
        ("key_vault.secrets.set", "PUT", b"{}"),
        ("", "DELETE", b""),
    ],
)
def test_a_write_is_told_once_and_stays_in_the_figures(operation: str, method: str, body: Any) -> None:
    reads = ReadsOnly()
    reads.note(operation, method, "/path", PLAN, body)
    with pytest.raises(WroteError, match=f"plan: {method} /path"):
        reads.settle()
    reads.settle()
    elsewhere = ReadsOnly()
    elsewhere.add(reads.figures())
    assert elsewhere.line() == "reading commands: plan 1 requests, 1 writes"


@pytest.mark.parametrize("agent", ["provisioner/0.1.0 (apply)", "provisioner/0.1.0", "python-requests/2.32"])
def test_what_may_write_is_not_counted(agent: str) -> None:
    reads = ReadsOnly()
    reads.note("arm.vaults.patch", "PATCH", "/path", {"user-agent": agent}, b"{}")
    reads.settle()
    assert not reads.requests
