"""What Key Vault and ARM answer through Microsoft's SDKs: no value in an error, no redirect followed."""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import Awaitable, Callable

import pytest

from provisioner.clients import arm
from provisioner.clients.guard import writes_allowed
from provisioner.clients.retry import MAX_BODY_BYTES
from provisioner.core.errors import AnswerLostError, ApiError, ApiReplyError, NotFoundError, UnreachableError
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


OTHER_SHAPES = [
    "",
    "5",
    "[]",
    "{}",
    '{"value": {}}',
    '{"value": [5]}',
    '{"value": [], "nextLink": []}',
    '{"value": [], "nextLink": "https://elsewhere.azure.com/next"}',  # no token goes there
]


@pytest.mark.parametrize("body", OTHER_SHAPES)
def test_a_list_of_another_shape_is_not_an_empty_one(applied: Trial, body: str) -> None:
    answering = Answering("/roleAssignments", body.encode(), 200, JSON)
    assert isinstance(_error_of(applied, answering, READS["/roleAssignments"]), ApiReplyError)
    assert all("elsewhere" not in url for url in answering.sent)


@pytest.mark.parametrize(
    "properties",
    [
        "5",
        "null",
        '{"tenantId": 5, "sku": {"name": "standard"}}',
        '{"tenantId": "x", "sku": "standard"}',
        '{"tenantId": "x", "sku": {"name": "standard"}, "accessPolicies": {}}',
        '{"tenantId": "x", "sku": {"name": "standard"}, "networkAcls": {"ipRules": [{}]}}',
        '{"tenantId": "x", "sku": {"name": "standard"}, "softDeleteRetentionInDays": "many"}',
    ],
)
def test_a_vault_of_another_shape_is_no_vault(applied: Trial, properties: str) -> None:
    body = f'{{"id": "/x", "name": "x", "properties": {properties}}}'
    answering = Answering("/vaults/{vault}", body.encode(), 200, JSON)
    assert isinstance(_error_of(applied, answering, READS["/vaults/{vault}"]), ApiReplyError)


@pytest.mark.parametrize("path", ["/roleAssignments", "/vaults/{vault}"])
@pytest.mark.parametrize(
    "body",
    [
        "",
        "{}",
        '{"error": "ResourceNotFound"}',
        '{"error": {"code": "SubscriptionNotFound", "message": "ResourceNotFound"}}',
        '{"error": {"code": ["ResourceNotFound"], "message": ["not here"]}}',
    ],
)
def test_a_404_in_other_words_is_no_absence(applied: Trial, path: str, body: str) -> None:
    assert isinstance(_error_of(applied, Answering(path, body.encode(), 404, JSON), READS[path]), NotFoundError)


def test_reads_ask_in_the_version_in_which_the_sdk_writes(applied: Trial) -> None:
    async def versions() -> tuple[str, str]:
        async with applied.opened() as tenant:
            arm = tenant.clients.arm
            return arm._vaults._config.api_version, arm._roles._config.api_version

    assert asyncio.run(versions()) == (arm._VAULTS, arm._ASSIGNMENTS)
