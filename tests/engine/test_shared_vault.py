"""Two specs that use one vault: what one gave, the other may rely on, as Azure keeps one assignment for both."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from provisioner.core.step import Action
from provisioner.emulator.seed.directory import CONTOSO
from provisioner.spec.model import Spec
from tests.conftest import REPLY_URLS
from tests.inherited import Inherited
from tests.rehearsal import served
from tests.removal import destroy, plan_to_destroy
from tests.trial import failures

ANOTHER = "another"


@dataclass
class Shared(Inherited):
    """Both specs have been applied: this one first, so that the roles they share are its own."""

    def another(self) -> Spec:
        return self.spec(name=ANOTHER, consent__secretName="another-token")

    def principals(self) -> list[str]:
        """Who has a role on the vault itself."""
        path = f"{self.vault_path}/providers/Microsoft.Authorization/roleAssignments"
        listed = self.arm("GET", path, version="2022-04-01")["value"]
        own = [each for each in listed if each["properties"]["scope"].lower() == self.vault_path.lower()]
        return sorted({each["properties"]["principalId"] for each in own})


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shared]:
    with served(tmp_path_factory.mktemp("cloud")) as cloud:
        tenant = Shared(cloud, CONTOSO, REPLY_URLS, mode="use")
        tenant.make(web={"redirectUris": [*REPLY_URLS], "homePageUrl": "https://localhost:44395/"})
        for spec in (tenant.spec(), tenant.another()):
            result = tenant.apply(spec)
            assert not failures(result)
        cloud.control("POST", "snapshot", {"name": "shared"})
        yield tenant


@pytest.fixture
def shared(made: Shared) -> Shared:
    made.back_to("shared")
    return made


def test_roles_that_another_spec_may_rely_on_are_kept_and_told_with_the_command(shared: Shared) -> None:
    before = shared.principals()
    roles = [step for step in plan_to_destroy(shared, shared.spec()).steps if step.address.kind == "role_assignment"]
    assert len(roles) >= 3, "consumer, operator, runner"
    for step in roles:
        assert step.action is Action.NONE
        assert f"the spec {ANOTHER}" in step.reason
        assert f"az role assignment delete --ids {shared.vault_path.lower()}/" in step.reason
    result = destroy(shared, shared.spec())
    assert result.exit_code() == 0, failures(result)
    assert shared.principals() == before
    plan = shared.plan(shared.another())
    told = {step.address.kind for step in plan.steps if step.action is not Action.NONE}
    assert not told & {"role_assignment", "credential"}, "nothing that the other spec needs is gone"


def test_the_last_of_them_withdraws_its_own(shared: Shared) -> None:
    destroy(shared, shared.another())
    assert shared.principals()
    destroy(shared, shared.spec())
    assert shared.principals() == []


def test_what_another_spec_keeps_must_be_seen_before_a_role_is_withdrawn(shared: Shared) -> None:
    before = shared.principals()
    shared.fault("key_vault.secrets.list", "deny", count=None)
    unknown = {step.address.kind: step for step in plan_to_destroy(shared, shared.spec()).unknown}
    assert "whether another spec" in unknown["role_assignment"].reason
    assert "Key Vault Reader" in unknown["role_assignment"].todo
    assert destroy(shared, shared.spec()).exit_code() == 4
    assert shared.principals() == before


@pytest.mark.parametrize("exact", [[], ["access"]], ids=["left the spec", "exact"])
def test_apply_keeps_a_role_that_left_one_spec_for_the_other(shared: Shared, exact: list[str]) -> None:
    before = shared.principals()
    spec = shared.spec(vault__access=[], exact=exact, safety={"maxRemovals": 9})
    plan = shared.plan(spec)
    assert plan.removals == ()
    (kept,) = [step for step in plan.steps if step.address.key.endswith(shared.tenant.colleague_id)]
    assert (kept.action, f"the spec {ANOTHER}" in kept.reason) == (Action.NONE, True)
    assert not failures(shared.apply(spec))
    assert shared.principals() == before


def test_a_role_that_left_the_spec_stays_while_nobody_can_see_who_relies_on_it(shared: Shared) -> None:
    shared.fault("key_vault.secrets.list", "deny", count=None)
    plan = shared.plan(shared.spec(vault__access=[]))
    assert plan.removals == ()
    assert [step for step in plan.unknown if step.address.key.endswith(shared.tenant.colleague_id)]


def test_once_the_other_spec_is_gone_the_role_goes(shared: Shared) -> None:
    destroy(shared, shared.another())
    spec = shared.spec(vault__access=[], safety={"maxRemovals": 1})
    assert [step.operation for step in shared.plan(spec).removals] == ["withdraw"]
