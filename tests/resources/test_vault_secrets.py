"""Secrets in the vault: what is waited for and what is not, and whose deleted secret is brought back."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

import pytest

from provisioner.clients.guard import writes_allowed
from provisioner.core.errors import ApiError, ForbiddenError, ForeignResourceError, UnreachableError
from provisioner.core.secret import Secret
from provisioner.resources.contract import Writer
from provisioner.resources.vault_secrets import VaultSecrets
from tests.trial import NAME, Trial

Result = TypeVar("Result")
TOKEN = "partner-refresh-token"
OURS = {"provisioner": NAME}


def _run(
    trial: Trial, call: Callable[[VaultSecrets], Awaitable[Result]], *, role_held: bool, vault_is_new: bool = False
) -> tuple[Result | ApiError, float]:
    """What the call gave or raised, and how many seconds the cloud's clock was waited through."""

    async def run() -> tuple[Result | ApiError, float]:
        async with trial.opened() as tenant:
            clock = tenant.clients.clock
            write = Writer(tenant.clients, tenant.runner, clock, lambda text: None)
            before = clock.offset
            try:
                with writes_allowed():
                    given: Result | ApiError = await call(
                        VaultSecrets(trial.vault, NAME, write, role_held, vault_is_new)
                    )
            except ApiError as error:
                given = error
            return given, (clock.offset - before).total_seconds()

    return asyncio.run(run())


async def _put(secrets: VaultSecrets) -> str:
    written = await secrets.put(TOKEN, Secret("new"), content_type="text/plain", expires_at=None, tags={"account": "a"})
    return written.version


def test_a_missing_role_is_waited_for_only_by_who_is_known_to_hold_it(applied: Trial) -> None:
    applied.fault("key_vault.secrets.set", "deny", code="ForbiddenByRbac", count=4)
    given, waited_s = _run(applied, _put, role_held=False)
    assert isinstance(given, ForbiddenError)
    assert waited_s == 0
    given, waited_s = _run(applied, _put, role_held=True)
    assert isinstance(given, str)
    assert waited_s > 0


def test_a_vault_that_does_not_answer_is_given_up_soon_unless_its_name_is_new(applied: Trial) -> None:
    applied.fault("key_vault.secrets.list", "reset", count=None)
    given, waited_s = _run(applied, VaultSecrets.list, role_held=True)
    assert isinstance(given, UnreachableError)
    assert waited_s < 90
    _, waited_s = _run(applied, VaultSecrets.list, role_held=True, vault_is_new=True)
    assert waited_s > 300


def test_a_deleted_secret_of_ours_comes_back_and_is_written_once_the_vault_lets_go(applied: Trial) -> None:
    applied.secrets("PUT", f"secrets/{TOKEN}", {"value": "old", "tags": OURS})
    applied.secrets("DELETE", f"secrets/{TOKEN}")
    applied.fault("key_vault.secrets.set", "status", status=409, code="ObjectIsBeingDeleted")
    applied.fault("key_vault.secrets.set", "status", status=409, code="ObjectIsDeletedButRecoverable")
    applied.fault("key_vault.secrets.set", "status", status=409, code="ObjectIsBeingRecovered", count=2)
    version, _ = _run(applied, _put, role_held=True)
    assert isinstance(version, str)
    versions = applied.secrets("GET", f"secrets/{TOKEN}/versions")["value"]
    assert len(versions) == 2
    assert applied.secrets("GET", f"secrets/{TOKEN}/{version}")["tags"] == {"account": "a"} | OURS


def test_a_deleted_secret_that_is_not_ours_is_never_written_over(applied: Trial) -> None:
    applied.secrets("PUT", f"secrets/{TOKEN}", {"value": "theirs", "tags": {"provisioner": "neighbour"}})
    applied.secrets("DELETE", f"secrets/{TOKEN}")
    with pytest.raises(ForeignResourceError):
        _run(applied, _put, role_held=True)
    applied.secrets("POST", f"deletedsecrets/{TOKEN}/recover")  # nobody had
    assert applied.secrets("GET", f"secrets/{TOKEN}")["value"] == "theirs"
