"""What Graph answers out of its documented shape is an error of the service, never a traceback."""

from __future__ import annotations

import asyncio

import pytest

from provisioner.core.errors import ApiReplyError
from tests.clients.answering import Answering
from tests.trial import NAME, Trial


@pytest.mark.parametrize(
    "body",
    [
        b"<html>",
        b"[]",
        b"{}",
        b'{"id": "a", "appId": "b", "requiredResourceAccess": ["c"]}',
        b'{"id": "a", "appId": "b", "passwordCredentials": [{"keyId": "c", "endDateTime": "soon"}]}',
    ],
)
def test_an_application_out_of_shape_is_no_defect_of_ours(applied: Trial, body: bytes) -> None:
    async def run() -> None:
        async with applied.opened(Answering(f"/applications(uniqueName='{NAME}')", body)) as tenant:
            await tenant.clients.graph.find_application(NAME)

    with pytest.raises(ApiReplyError):
        asyncio.run(run())


@pytest.mark.parametrize("body", [b'{"responses": 1}', b'{"responses": [{"id": "0", "status": 200, "body": "text"}]}'])
def test_no_plan_is_clean_when_a_batch_is_out_of_shape(applied: Trial, body: bytes) -> None:
    assert applied.plan(None, Answering("/$batch", body)).exit_code() == 4
