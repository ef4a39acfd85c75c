"""What `explain` says that people need is what the cloud really demands: enough, and nothing of it too much."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
from collections.abc import Iterable
from pathlib import Path

import pytest

from provisioner.clients.clouds import endpoints
from provisioner.clients.identity import RunnerFacts
from provisioner.core.errors import ProvisionerError
from provisioner.core.step import Action
from provisioner.emulator.graph.microsoft_apps import GRAPH
from provisioner.operations.apply import ApplyOptions, carry_out
from provisioner.operations.consent import ConsentOptions, consent
from provisioner.operations.explain_needs import Need, grant_command, needs_of, once, runner_needs, scope_path
from provisioner.operations.plan import look
from provisioner.spec import catalogue
from provisioner.spec.catalogue import PARTNER_CENTER
from provisioner.spec.model import CredentialType, Spec
from tests.consent.player import Player
from tests.engine.consumers import Consumer, Workload
from tests.inherited import Inherited
from tests.newcomer import Newcomer, newcomer, opened_as
from tests.rehearsal import SECRET
from tests.trial import CREDENTIAL, GROUP, MOST_ROUNDS, Onlooker, Trial

TYPES: tuple[CredentialType, ...] = ("certificate", "secret", "federated")
TRUST = {"issuer": "https://token.actions.githubusercontent.com", "subject": "repo:contoso/sam:environment:production"}


def _spec(trial: Trial, kind: CredentialType) -> Spec:
    return trial.spec(application__credential={"type": kind, **(TRUST if kind == "federated" else {})})


def _prepared_by_administrators(trial: Trial) -> None:
    """What `explain` says is done once: provider, group, service principals."""
    subscription = f"/subscriptions/{trial.tenant.subscription}"
    trial.arm("POST", f"{subscription}/providers/Microsoft.KeyVault/register", None, "2022-09-01")
    trial.arm("PUT", f"{subscription}/resourceGroups/{GROUP}", {"location": "westeurope"}, "2022-09-01")
    trial.graph("POST", "servicePrincipals", {"appId": PARTNER_CENTER})
    trial.cloud.control("POST", "clock", {"advanceSeconds": 300})  # a registration takes its time


def _hired(trial: Trial, spec: Spec, needs: list[Need]) -> Newcomer:
    """An identity with exactly these rights."""
    made = newcomer(trial, *(need.names[0] for need in needs if need.service == "graph"))
    for need in needs:
        if need.service == "arm":
            made.may(need.names[0], scope_path(need.scope, spec))
    return made


def _applies(runner: Newcomer, trial: Trial, spec: Spec, *, blind: tuple[str, ...] = ()) -> bool:
    """Whether it sees all, may do all of the plan itself, and brings it to where only the person's sign-in is left.

    blind: the kinds that it cannot see before it has its roles in a vault that is there already.
    """

    async def run() -> bool:
        async with opened_as(trial, runner, spec=spec) as tenant:
            for _ in range(MOST_ROUNDS):
                seen = await look(tenant, spec)
                others = [step for step in seen.plan.for_a_person if step.address.kind != "refresh_token"]
                if any(step.address.kind not in blind for step in seen.plan.unknown) or others or seen.plan.notices:
                    return False
                result = await carry_out(tenant, spec, seen, Onlooker(), ApplyOptions(with_consent=False))
                if not result.another_round:
                    break
        left = [step for step in result.after.steps if step.action is not Action.NONE]
        return [(step.address.kind, step.action) for step in left] == [("refresh_token", Action.PERSON)]

    return asyncio.run(run())


@pytest.mark.parametrize("kind", TYPES)
def test_the_printed_rights_of_the_runner_are_enough_and_each_is_needed(prepared: Trial, kind: CredentialType) -> None:
    trial = prepared.back_to("new")
    spec = _spec(trial, kind)
    _prepared_by_administrators(trial)
    trial.cloud.control("POST", "snapshot", {"name": f"ready-{kind}"})
    needs = [need for need in runner_needs(spec) if not need.by_apply]
    assert _applies(_hired(trial, spec, needs), trial, spec)
    enough_without = []
    for left_out in needs:
        trial.back_to(f"ready-{kind}")
        if _applies(_hired(trial, spec, [need for need in needs if need is not left_out]), trial, spec):
            enough_without.append(left_out.names[0])
    assert enough_without == []


def test_who_gives_no_application_permission_needs_no_right_to_and_sees_them_nevertheless(trial: Trial) -> None:
    permissions = [{"api": "Microsoft Graph", "delegated": ["User.Read"]}]
    spec = trial.spec(application__permissions=permissions)
    _prepared_by_administrators(trial)
    needs = [need for need in runner_needs(spec) if not need.by_apply]
    assert not [need for need in needs if "AppRoleAssignment.ReadWrite.All" in need.names[:1]]
    assert _applies(_hired(trial, spec, needs), trial, spec)
    exact = trial.spec(application__permissions=permissions, exact=["grants"])
    assert [need for need in runner_needs(exact) if "AppRoleAssignment.ReadWrite.All" in need.names[:1]]


@pytest.mark.parametrize("mode", ["adopt", "use"])
def test_where_others_made_application_and_vault_less_is_enough_and_each_is_needed(prepared: Trial, mode: str) -> None:
    inherited = Inherited(prepared.cloud, prepared.tenant, prepared.reply_urls)
    inherited.back_to("new")
    inherited.make()
    if mode == "use":  # its manager has brought both to what the spec says
        inherited.bring_to_the_spec()
    inherited.mode = mode
    spec = inherited.spec()
    if mode == "adopt":
        inherited.graph("POST", "servicePrincipals", {"appId": PARTNER_CENTER})
    inherited.cloud.control("POST", "snapshot", {"name": f"others-{mode}"})
    needs = [need for need in runner_needs(spec) if not need.by_apply]
    foreseeing = "Policy.Read.All"  # only tells ahead, and before it sees the vault there is no credential to tell of
    for left_out in (None, *(need for need in needs if need.names[0] != foreseeing)):
        inherited.back_to(f"others-{mode}")
        left = [need for need in needs if need is not left_out]
        runner = _hired(inherited, spec, left)
        if any(need.service == "entra" for need in left):
            done = [command for each in once(spec, _facts(runner), endpoints("public")) for command in each.commands]
            (command,) = [command for command in done if "owner add" in command]
            assert command == f"az ad app owner add --id {inherited.app_id} --owner-object-id {runner.object_id}"
            inherited.make_owner(runner.object_id)
        done = _applies(runner, inherited, spec, blind=("credential", "refresh_token", "spec_digest"))
        assert done == (left_out is None), left_out


def _facts(runner: Newcomer) -> RunnerFacts:
    return RunnerFacts("tenant", runner.object_id, runner.client_id, "", frozenset(), frozenset())


def _consents(operator: Newcomer, trial: Trial, spec: Spec) -> bool:
    async def run() -> None:
        player = Player(trial.cloud.robot, trial.operator)
        async with opened_as(trial, operator, spec=spec) as tenant:
            await consent(tenant.clients, spec, player, ConsentOptions(mode="paste"))

    try:
        asyncio.run(run())
    except ProvisionerError:
        return False
    return True


@pytest.mark.parametrize("kind", ["certificate", "secret"])
def test_the_printed_roles_of_an_operator_are_enough_to_consent_and_each_is_needed(
    prepared: Trial, kind: CredentialType
) -> None:
    trial = prepared.back_to("new")
    spec = _spec(trial, kind)
    assert trial.apply(spec).exit_code() == 3
    trial.cloud.control("POST", "snapshot", {"name": f"awaits-{kind}"})
    roles = [need.names[0] for need in needs_of(spec) if need.who == "operator" and need.service == "key_vault"]

    def hired(*given: str) -> Newcomer:
        """A person of the tenant can read applications; this one is no person and needs a permission for it."""
        made = newcomer(trial, "Application.Read.All", name="Operator")
        for role in given:
            made.may(role, trial.vault_path)
        return made

    assert _consents(hired(*roles), trial, spec)
    for left_out in roles:
        trial.back_to(f"awaits-{kind}")
        assert not _consents(hired(*(role for role in roles if role != left_out)), trial, spec), left_out


def _uses_it(program: Newcomer, trial: Trial, kind: CredentialType) -> bool:
    """Whether it can read the stored refresh token and prove itself as the application, by raw HTTP."""
    consumer = Consumer(trial, Workload(program.client_id, program.secret))
    try:
        if kind == "secret":
            proven = trial.mints_a_token(consumer.sees(f"secrets/{CREDENTIAL}")["value"])
        else:
            consumer.mints()
            proven = bool(consumer.minted)
        return proven and "value" in consumer.sees(f"secrets/{SECRET}")
    except AssertionError:  # the vault refused it something
        return False


@pytest.mark.parametrize("kind", ["certificate", "secret"])
def test_the_printed_roles_of_a_consumer_are_enough_and_each_is_needed(prepared: Trial, kind: CredentialType) -> None:
    trial = prepared.back_to("new")
    spec = _spec(trial, kind)
    assert trial.apply(spec).exit_code() == 3
    trial.secrets("PUT", f"secrets/{SECRET}", {"value": "play money"})
    trial.cloud.control("POST", "snapshot", {"name": f"used-{kind}"})
    roles = [need.names[0] for need in needs_of(spec) if need.who == "consumer"]
    for left_out in (None, *roles):
        trial.back_to(f"used-{kind}")
        program = newcomer(trial, name="Program")
        for role in roles:
            if role != left_out:
                program.may(role, trial.vault_path)
        assert _uses_it(program, trial, kind) == (left_out is None), left_out


AZ = r"""#!/bin/sh
case "$1 $2 $3" in
"ad sp show") echo 9a6b-graph ;;
*) { printf '%s\0' "$@"; echo; } >> "$CALLS" ;;
esac
"""


def _ran(folder: Path, commands: Iterable[str]) -> list[list[str]]:
    """What `az` is called with when a shell is given the commands."""
    log = folder / "calls"
    (folder / "az").write_text(AZ, encoding="utf-8")
    (folder / "az").chmod(0o700)
    environment = {"PATH": f"{folder}:{os.environ['PATH']}", "CALLS": str(log)}
    subprocess.run(["bash", "-eu", "-c", "\n".join(commands)], env=environment, check=True)
    return [line.split("\0")[:-1] for line in log.read_text(encoding="utf-8").splitlines()]


@pytest.mark.parametrize("kind", TYPES)
@pytest.mark.parametrize("mode", ["create", "adopt"])
def test_the_commands_for_the_runners_rights_run_as_printed(
    trial: Trial, kind: CredentialType, mode: str, tmp_path: Path
) -> None:
    app_id = "9d1f5c3a-6e27-4b80-a4d9-3f0c8e5b7126"
    spec = _spec(Inherited(trial.cloud, trial.tenant, trial.reply_urls, app_id, mode=mode), kind)
    runner = RunnerFacts(trial.tenant.id, "5e1d", "c11e", "", frozenset(), frozenset())
    commands = [command for done in once(spec, runner, endpoints("public")) for command in done.commands]
    calls = _ran(tmp_path, [*commands, grant_command(spec, runner, endpoints("public"), "Policy.Read.All")])
    roles = {(call[4], call[-1]) for call in calls if call[:3] == ["role", "assignment", "create"]}
    bodies = [json.loads(call[call.index("--body") + 1]) for call in calls if call[0] == "rest"]
    needs = [need for need in runner_needs(spec) if not need.by_apply]
    assert roles == {(need.names[0], scope_path(need.scope, spec)) for need in needs if need.service == "arm"}
    wanted = {catalogue.permission_id(GRAPH, "Role", need.names[0]) for need in needs if need.service == "graph"}
    assert {body["appRoleId"] for body in bodies[:-1]} == wanted
    owners = [call for call in calls if call[:4] == ["ad", "app", "owner", "add"]]
    added = [["ad", "app", "owner", "add", "--id", app_id, "--owner-object-id", "5e1d"]]
    assert owners == (added if mode == "adopt" else [])
    assert {body["principalId"] for body in bodies} == {"5e1d"}
    assert {body["resourceId"] for body in bodies} == {"9a6b-graph"}


def test_a_federated_credential_says_where_the_token_must_be(trial: Trial) -> None:
    told = [need for need in needs_of(_spec(trial, "federated")) if need.service == "platform"]
    assert {need.who for need in told} == {"operator", "consumer"}
    assert all(TRUST["subject"] in need.names[0] for need in told)
