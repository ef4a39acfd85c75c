"""What Key Vault and ARM answer through Microsoft's SDKs: no value in an error, no redirect followed."""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import Awaitable, Callable

import pytest

from provisioner.clients.guard import writes_allowed
from provisioner.clients.retry import MAX_BODY_BYTES
from provisioner.core.errors import AnswerLostError, ApiError, ApiReplyError, UnreachableError
from provisioner.core.secret import Secret
from provisioner.operations.tenant import OpenTenant
from tests.clients.answering import Answering
from tests.trial import CREDENTIAL, GROUP, Trial

CANARY = "canary-93be11"
JSON = {"Content-Type": "application/json"}
Call = Callable[[Trial, OpenTenant], Awaitable[object]]
READS: dict[str, Call] = {
    f"/secrets/{CREDENTIAL}/": lambda trial, tenant: tenant.clients.vault(trial.vault).find_secret(CREDENTIAL),
    "/secrets": lambda trial, tenant: tenant.clients.vault(trial.vault).list_secrets(),
    "/roleAssignments": lambda trial, tenant: tenant.clients.arm.list_role_assignments(trial.vault_path),
    "/vaults/{vault}": lambda trial, tenant: tenant.clients.arm.find_vault(GROUP, trial.vault),
}


def _error_of(trial: Trial, answering: Answering, call: Call) -> ApiError:
    answering.path = answering.path.format(vault=trial.vault)

    async def run() -> None:
        async with trial.opened(answering) as tenant:
            answering.sent.clear()
            with writes_allowed():
                await call(trial, tenant)

    with pytest.raises(ApiError) as failed:
        asyncio.run(run())
    return failed.value


@pytest.mark.parametrize(
    ("status", "body"),
    [(200, f'{{"value": "{CANARY}"'), (400, f'{{"value": "{CANARY}"}}'), (500, CANARY)],
    ids=["cut short", "no envelope", "no JSON"],
)
@pytest.mark.parametrize("path", [*READS, "set"])
def test_no_error_quotes_an_answer(applied: Trial, path: str, status: int, body: str) -> None:
    async def write(trial: Trial, tenant: OpenTenant) -> None:
        value = Secret("value")
        vault = tenant.clients.vault(trial.vault)
        await vault.set_secret(CREDENTIAL, value, content_type="text/plain", expires_at=None, tags={})

    answering = Answering(f"/secrets/{CREDENTIAL}" if path == "set" else path, body.encode(), status, JSON)
    error = _error_of(applied, answering, READS.get(path, write))
    assert isinstance(error, AnswerLostError) == (path == "set" and status != 400)  # half an answer: it may be done
    assert isinstance(error, ApiReplyError) == (path != "set" and status == 200)
    assert CANARY not in "".join(traceback.format_exception(error))


@pytest.mark.parametrize("status", [302, 307, 308])
@pytest.mark.parametrize("path", READS)
def test_no_redirect_is_followed(applied: Trial, path: str, status: int) -> None:
    answering = Answering(path, b"", status, {"Location": "https://elsewhere.vault.azure.net/secrets/x"})
    assert isinstance(_error_of(applied, answering, READS[path]), ApiReplyError)
    assert len(answering.sent) == 1


def test_an_answer_beyond_all_bounds_is_not_read_to_its_end_nor_asked_for_again(applied: Trial) -> None:
    answering = Answering("/secrets", b" " * (MAX_BODY_BYTES + 1), 200, JSON)
    assert isinstance(_error_of(applied, answering, READS["/secrets"]), UnreachableError)
    assert len(answering.sent) == 1
