"""Every verb works on an application and a vault of others: found by appId, their uniqueName being another."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import timedelta

import pytest

from provisioner.core.step import Action
from provisioner.emulator.seed.directory import CONTOSO
from provisioner.operations.apply import ApplyOptions
from provisioner.operations.explain import explain
from provisioner.operations.plan import plan
from provisioner.operations.rotate import carry_out_rotation, look_to_rotate
from provisioner.operations.token import scope_of, token
from provisioner.operations.verify import verify
from provisioner.verify.checks import Status
from tests.consent.conftest import free_port
from tests.inherited import Inherited
from tests.kept import Kept
from tests.rehearsal import served
from tests.trial import Onlooker, failures

THEIR_NAME = "their-name"
CASES = (("adopt", "certificate"), ("adopt", "secret"), ("use", "certificate"), ("use", "secret"))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Inherited]:
    with served(tmp_path_factory.mktemp("cloud")) as cloud:
        tenant = Inherited(cloud, CONTOSO, (f"http://localhost:{free_port()}/", "https://localhost:44395/"))
        tenant.make(uniqueName=THEIR_NAME)
        cloud.control("POST", "snapshot", {"name": "found"})
        tenant.bring_to_the_spec()
        cloud.control("POST", "snapshot", {"name": "managed"})
        yield tenant


@pytest.mark.parametrize(("mode", "credential"), CASES)
def test_every_verb_finds_the_application_by_its_app_id(made: Inherited, mode: str, credential: str) -> None:
    made.back_to("managed" if mode == "use" else "found")
    made.mode = mode
    kept = Kept(made, credential)
    kept.apply()
    kept.sign_in()
    kept.apply()

    async def run() -> None:
        spec = kept.spec()
        async with kept.opened() as tenant:
            seen = await plan(tenant, spec, probing=True)
            assert [step for step in seen.steps if step.action is not Action.NONE] == []
            assert {check.status for check in await verify(tenant.clients, spec)} == {Status.PASS}
            found = await token(tenant.clients, spec, scope_of("graph", tenant.clients.cloud))
            assert found.tenant_id == made.tenant.id
            rotation = await look_to_rotate(tenant, spec)
            rotated = await carry_out_rotation(tenant, spec, rotation, Onlooker(), ApplyOptions())
            assert not failures(rotated), failures(rotated)
            assert rotated.outputs["applicationId"] == made.app_id
            told = await explain(tenant, spec)
            assert all(row.granted and row.requested for row in told.permissions if row.declared)

    asyncio.run(run())
    kept.advance(timedelta(days=1))
    assert kept.renew().account == made.tenant.operator
    assert made.application()["uniqueName"] == THEIR_NAME
    made.forget()
    assert kept.apply().exit_code() == 0
    assert [write for write in made.writes() if not write.endswith("keys.sign")] == []
