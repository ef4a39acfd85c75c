"""A vault with access policies that was there before us: they stay, and what they lack is a person's to give."""

from __future__ import annotations

import asyncio
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from provisioner.clients.arm_facts import AccessPolicyFacts
from provisioner.core.errors import ConsentError
from provisioner.core.plan import Cause, Plan
from provisioner.core.step import Action, Step
from provisioner.emulator.kinds import GROUP as KIND
from provisioner.emulator.seed.directory import CONTOSO
from provisioner.emulator.store import Store
from provisioner.operations.consent import ConsentOptions, ConsentResult, consent
from provisioner.operations.hand_over import hand_over
from provisioner.operations.plan import Seen, look
from provisioner.resources.access_policies import Asked, PolicyGap, PolicyVault, permissions_of
from provisioner.resources.vault_roles import VAULT_ROLES, operator_roles
from provisioner.spec.model import Spec
from tests.conftest import REPLY_URLS
from tests.consent.player import Player
from tests.inherited import Inherited
from tests.rehearsal import served
from tests.trial import failures

FAMILIES = {"--secret-permissions": "secrets", "--certificate-permissions": "certificates", "--key-permissions": "keys"}
CERTIFICATE = {"type": "certificate", "lifetime": "365d", "rotateBefore": "30d", "overlap": "7d"}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Inherited]:
    with served(tmp_path_factory.mktemp("cloud")) as cloud:
        tenant = Inherited(cloud, CONTOSO, REPLY_URLS, rbac=False)
        tenant.make()
        cloud.control("POST", "snapshot", {"name": "found"})
        yield tenant


@pytest.fixture(params=["adopt", "use"])
def tenant(made: Inherited, request: pytest.FixtureRequest) -> Inherited:
    made.mode = request.param
    made.back_to("found")
    return made


def _items(plan: Plan) -> list[Step]:
    return [step for step in plan.steps if step.address.kind == "role_assignment" and step.action is not Action.NONE]


def _run(tenant: Inherited, command: str) -> None:
    """As `az keyvault set-policy` does: the families named are replaced, the others stay."""
    words = shlex.split(command.splitlines()[-1])
    assert words[:5] == ["az", "keyvault", "set-policy", "--name", tenant.vault]
    principal, options = words[6], words[7:]
    policies = {each["objectId"]: each for each in tenant.the_vault()["properties"]["accessPolicies"]}
    permissions = dict(policies.get(principal, {}).get("permissions", {}))
    family = ""
    for word in options:
        if word in FAMILIES:
            family = FAMILIES[word]
            permissions[family] = []
        else:
            permissions[family] = [*permissions[family], word]
    body = {"properties": {"accessPolicies": [_entry(tenant, principal, **permissions)]}}
    tenant.arm("PUT", f"{tenant.vault_path}/accessPolicies/replace", body)


def _entry(tenant: Inherited, object_id: str, **permissions: list[str]) -> dict[str, Any]:
    return {"tenantId": tenant.tenant.id, "objectId": object_id, "permissions": permissions}


def _allow(tenant: Inherited, object_id: str, **permissions: list[str]) -> None:
    body = {"properties": {"accessPolicies": [_entry(tenant, object_id, **permissions)]}}
    tenant.arm("PUT", f"{tenant.vault_path}/accessPolicies/add", body)


@pytest.mark.parametrize("credential", ["secret", "certificate"])
def test_the_commands_shown_are_all_it_takes(tenant: Inherited, credential: str) -> None:
    spec = tenant.spec(application__credential=CERTIFICATE) if credential == "certificate" else tenant.spec()
    _allow(tenant, tenant.tenant.operator_id, secrets=["backup"], keys=["list"])
    first = tenant.apply(spec)
    assert first.exit_code() == 4, "what is in the vault could not be read"
    assert not [write for write in tenant.writes() if "role_assignments" in write or "addPassword" in write]
    items = _items(tenant.plan(spec))
    assert {step.action for step in items} == {Action.PERSON}
    for step in items:
        _run(tenant, step.todo)
    result = tenant.apply(spec)
    assert result.exit_code() == 3, failures(result)
    assert _items(tenant.plan(spec)) == []
    assert tenant.the_vault()["properties"]["enableRbacAuthorization"] is False
    held = {each["objectId"]: each["permissions"] for each in tenant.the_vault()["properties"]["accessPolicies"]}
    assert "backup" in held[tenant.tenant.operator_id]["secrets"], "what a principal has already stays"
    assert held[tenant.tenant.operator_id]["keys"][0] == "list"
    tenant.forget()
    assert tenant.apply(spec).exit_code() == 3
    assert tenant.writes() == []


def test_a_policy_that_vanished_is_drift_and_one_that_was_not_given_yet_is_none(made: Inherited) -> None:
    made.mode = "adopt"
    made.back_to("found")
    for step in _items(made.plan()):
        if step.address.key.split("/")[-1] != made.tenant.colleague_id:
            _run(made, step.todo)
    assert made.apply().exit_code() == 3
    open_yet = made.plan()
    assert (open_yet.cause, len(_items(open_yet))) == (Cause.NONE, 1)
    for step in _items(open_yet):
        _run(made, step.todo)
    assert made.apply().exit_code() == 3
    given = made.plan()
    assert (given.cause, _items(given), given.pending) == (Cause.NONE, [], ())
    theirs = [
        each
        for each in made.the_vault()["properties"]["accessPolicies"]
        if each["objectId"] == made.tenant.colleague_id
    ]
    made.arm("PUT", f"{made.vault_path}/accessPolicies/remove", {"properties": {"accessPolicies": theirs}})
    plan = made.plan()
    assert (plan.cause, len(_items(plan)), plan.pending) == (Cause.DRIFT, 1, ())


def test_a_policy_for_a_group_counts_for_its_members(tenant: Inherited) -> None:
    group, colleague = "7a0d8a0d-1c61-4a50-9df8-4a0a0c6c7c11", tenant.tenant.colleague_id
    store = Store(Path(tenant.cloud.description["state"]))
    with store.transaction() as tx:
        tx.put(KIND, tenant.tenant.id, group, {"id": group, "displayName": "Keepers", "_members": [colleague]})
    store.close()
    before = [step.address.key for step in _items(tenant.plan())]
    _allow(tenant, group, secrets=["get", "list"])
    after = [step.address.key for step in _items(tenant.plan())]
    assert set(before) - set(after) == {f"Key Vault Secrets User/{colleague}"}
    tenant.fault("graph.directoryObjects.transitiveMemberOf", "deny", count=20)
    (item,) = [step for step in _items(tenant.plan()) if step.address.key.endswith(colleague)]
    assert "whether a group it is in has them could not be read" in item.reason


def test_what_others_were_given_stays_and_is_a_persons_where_access_is_exact(tenant: Inherited) -> None:
    other = "0b7d52c9-e1f4-4836-a05c-6d9e83b1f274"
    _allow(tenant, other, secrets=["get"])
    (kept,) = [step for step in tenant.plan().steps if step.address.key == f"access policy/{other}"]
    assert (kept.action, kept.kept) == (Action.NONE, ("access policy: secrets get",))
    exact = tenant.plan(tenant.spec(exact=["access"]))
    (item,) = [step for step in exact.steps if step.address.key == f"access policy/{other}"]
    assert item.action is Action.PERSON
    assert item.todo.endswith(f"\n  az keyvault delete-policy --name {tenant.vault} --object-id {other}")


def _let_the_runner_in(tenant: Inherited, spec: Spec) -> None:
    for step in _items(tenant.plan(spec)):
        if tenant.tenant.runner.object_id in step.todo:
            _run(tenant, step.todo)


def test_whoever_signs_in_is_told_of_the_policy_and_of_no_role(tenant: Inherited) -> None:
    """Roles give nothing in such a vault, and apply assigns none."""
    nobody, somebody = tenant.spec(consent__operators=[]), tenant.spec()
    _let_the_runner_in(tenant, nobody)
    (operator,) = somebody.consent.operators

    def told(spec: Spec) -> list[str]:
        async def run() -> Seen:
            async with tenant.opened() as opened:
                return await look(opened, spec)

        seen = asyncio.run(run())
        (step,) = [step for step in seen.plan.for_a_person if step.address.kind == "refresh_token"]
        both = [step.todo, hand_over(spec, seen.known)]
        assert not [text for text in both for role in operator_roles("certificate") if role in text]
        assert not [text for text in both if "apply" in text]
        return both

    for text in told(nobody):
        command = text.splitlines()[-1].strip()
        assert command.startswith(f"az keyvault set-policy --name {tenant.vault} --object-id OPERATOR_OBJECT_ID --sec")
        assert "az ad signed-in-user show --query id" in text
    for text in told(somebody):
        assert f"--object-id {operator} " in text.splitlines()[-1]
    _run(tenant, told(somebody)[0])
    for text in told(somebody):
        assert "let consent.operators in" in text


ROLES_OF_THE_DATA = [role for role in VAULT_ROLES if permissions_of(role, consumer=True)]


@pytest.mark.parametrize("role", ROLES_OF_THE_DATA)
@pytest.mark.parametrize("consumer", [True, False])
def test_all_covers_every_role_and_a_command_lists_what_is_missing(role: str, consumer: bool) -> None:
    permissions = permissions_of(role, consumer=consumer)
    assert permissions
    everything = {family: frozenset({"all"}) for family in FAMILIES.values()}
    asked = Asked("p", "User", permissions)
    assert PolicyVault("kv", [AccessPolicyFacts("p", "", everything)]).lacks("p", permissions) == ()
    for_an_application = AccessPolicyFacts("p", "an-application", everything)
    gap = PolicyVault("kv", [for_an_application]).look(asked, [permissions])
    assert isinstance(gap.remains, PolicyGap)
    missing = {family: tuple(name for kind, name in gap.remains.lacks if kind == family) for family in permissions}
    assert missing == dict(permissions)
    for family, names in permissions.items():
        option = next(option for option, known in FAMILIES.items() if known == family)
        assert f"{option} {' '.join(names)}" in gap.remains.command


def test_only_roles_of_the_vault_itself_have_no_permissions() -> None:
    assert set(VAULT_ROLES) - set(ROLES_OF_THE_DATA) == {
        "Key Vault Purge Operator",
        "Key Vault Data Access Administrator",
        "Key Vault Contributor",
    }


def test_a_sign_in_that_could_not_be_stored_is_refused_before_it_with_the_command(made: Inherited) -> None:
    tenant = made
    tenant.mode = "adopt"
    tenant.back_to("found")

    def consents() -> ConsentResult:
        async def run() -> ConsentResult:
            async with tenant.opened() as opened:
                player = Player(tenant.cloud.robot, tenant.operator)
                return await consent(opened.clients, tenant.spec(), player, ConsentOptions(mode="paste"))

        return asyncio.run(run())

    runner = tenant.tenant.runner.object_id
    policies: dict[str, Any] = {"properties": {"accessPolicies": [_entry(tenant, runner, secrets=["get", "list"])]}}
    for step in _items(tenant.plan()):
        _run(tenant, step.todo)
    assert tenant.apply().exit_code() == 3
    tenant.arm("PATCH", tenant.vault_path, policies)
    with pytest.raises(ConsentError) as refused:
        consents()
    assert "do not let" in refused.value.what
    _run(tenant, refused.value.next_step)
    assert consents().account == tenant.tenant.operator
