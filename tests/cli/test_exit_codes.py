"""README's table of exit codes, row by row: each code provoked for real, by a second process on the emulator.

The rows are read from README, so that one without a case here fails, and so does a case without a row.
"""

from __future__ import annotations

import json
import re
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from provisioner.core import exit_codes
from provisioner.emulator.seed.directory import CONTOSO, FABRIKAM, TAILSPIN, Tenant
from tests.cli.test_on_the_emulator import PROGRAM, ROOT, environment_of, typed
from tests.conftest import REPLY_URLS
from tests.consent.conftest import free_port
from tests.inherited import GRAPH
from tests.kept import Kept
from tests.newcomer import give_role, newcomer
from tests.rehearsal import REGIONS, served
from tests.trial import Trial

README = (ROOT / "README.md").read_text(encoding="utf-8").split("### Exit codes")[1].split("\n## ")[0]
ROW = re.compile(r"^\| (\d+) \| (.+?) \| (.+?) \|$", re.MULTILINE)
EVERY = ("plan", "apply", "verify")  # by which "every command" is tried
DETAILED = "plan --detailed-exitcode"
NOBODY_S_TENANT = "5b7f3c1e-2d49-4a86-9f0b-c83d1e6a7245"
NOBODY_S_CUSTOMER = "9e6c1f52-70b8-4d3e-8a14-2f5d6b90c7e3"
Document = dict[str, Any]


@dataclass(frozen=True)
class World:
    """The tenant of one case, and the folder of its specs."""

    kept: Kept
    folder: Path

    @property
    def trial(self) -> Trial:
        return self.kept.trial

    @property
    def environment(self) -> dict[str, str]:
        return environment_of(self.trial.cloud)

    def spec(self, name: str = "trial", change: Callable[[Document], object] = lambda document: None) -> Path:
        """A spec file; JSON is YAML."""
        document = self.kept.document()
        change(document)
        return self.write(name, document)

    def write(self, name: str, document: Document) -> Path:
        path = self.folder / f"{name}.yaml"
        path.write_text(json.dumps(document), encoding="utf-8")
        return path

    def run(self, command: str, *more: str | Path) -> int:
        """The exit code of a process that nobody is in front of."""
        words = [PROGRAM, *_words(command), *more, "--emulator"]
        ended = subprocess.run(words, env=self.environment, cwd=ROOT, capture_output=True, stdin=subprocess.DEVNULL)
        assert b"Traceback" not in ended.stderr
        return ended.returncode

    def interrupted(self, command: str, at: str, *more: str | Path) -> int:
        """The exit code of a process that gets Ctrl-C while it waits for an answer to this operation."""
        self.trial.fault(at, "hold")
        words = [PROGRAM, *_words(command), *more, "--emulator"]
        with subprocess.Popen(words, env=self.environment, cwd=ROOT, stderr=subprocess.PIPE) as process:
            while not any(each["operation"] == at for each in self.trial.requests()):
                assert process.poll() is None, f"it ended before {at}"
                time.sleep(0.05)
            process.send_signal(signal.SIGINT)
            _, said = process.communicate(timeout=30)
        assert b"the same command goes on from there" in said
        return process.returncode


@dataclass(frozen=True)
class Case:
    """code, command: as README's row has them. snapshot: what is in place. provoke: gives the exit code."""

    code: int
    command: str
    why: str
    provoke: Callable[[World, str], int]
    snapshot: str = "signed in"


def _words(command: str) -> list[str]:
    return [*command.split(), *(["--auto-approve"] if command in ("apply", "rotate", "destroy") else [])]


def _as_it_is(world: World, command: str) -> int:
    more = ("--resource", "graph") if command == "token" else ()
    return world.run(command, world.spec(), *more)


def _broken_spec(world: World, command: str) -> int:
    code = world.run(command, world.spec(change=lambda document: document.update(cloud="moon")))
    assert not world.trial.requests()
    return code


def _no_such_tenant(world: World, command: str) -> int:
    return world.run(command, world.spec(change=lambda document: document.update(tenant=NOBODY_S_TENANT)))


def _declined(world: World, command: str) -> int:
    """The question stands on a terminal, and somebody types n."""
    world.trial.change_application(web={"homePageUrl": "https://localhost:1/"})
    world.trial.forget()
    code, seen = typed(world.environment, "n\n", command, world.spec(), "--emulator")
    assert "declined: nothing was written" in seen
    assert not world.trial.writes()
    return code


def _write_refused(world: World, command: str) -> int:
    world.trial.change_application(web={"homePageUrl": "https://localhost:1/"})
    world.trial.fault("graph.applications.update", "deny")
    return _as_it_is(world, command)


def _drifted(world: World, command: str) -> int:
    world.trial.change_application(web={"homePageUrl": "https://localhost:1/"})
    return _as_it_is(world, command)


def _more_to_do_than_was_saved(world: World, command: str) -> int:
    """A vault that comes back shows only then what was changed on it before; the runner's role comes from above."""
    runner, subscription = CONTOSO.runner.object_id, f"/subscriptions/{CONTOSO.subscription}"
    give_role(world.trial, "Key Vault Secrets Officer", subscription, runner, "ServicePrincipal")
    tags = world.trial.arm("GET", world.trial.vault_path)["tags"]
    world.trial.arm("PATCH", world.trial.vault_path, {"tags": {**tags, "team": "another"}})
    world.trial.arm("DELETE", world.trial.vault_path)
    spec, saved = world.spec(), world.folder / "plan.json"
    assert world.run(f"plan --out {saved}", spec) == exit_codes.DONE
    return world.run(command, saved, "--auto-approve")


def _read_denied(operation: str) -> Callable[[World, str], int]:
    def provoke(world: World, command: str) -> int:
        world.trial.fault(operation, "deny", count=None)
        return _as_it_is(world, command)

    return provoke


def _may_only_read_applications(world: World, command: str) -> int:
    """Somebody else has to delete it."""
    runner = world.trial.principal(CONTOSO.runner.client_id)["id"]
    graph = world.trial.principal(GRAPH)
    ids = {each["value"]: each["id"] for each in graph["appRoles"]}
    path = f"servicePrincipals/{runner}/appRoleAssignments"
    reader = {"principalId": runner, "resourceId": graph["id"], "appRoleId": ids["Directory.Read.All"]}
    held = world.trial.graph("GET", path)["value"]
    if all(each["appRoleId"] != reader["appRoleId"] for each in held):
        world.trial.graph("POST", path, reader)
    writers = {
        role_id for value, role_id in ids.items() if value.startswith(("Application.ReadWrite", "Directory.ReadW"))
    }
    for each in held:
        if each["appRoleId"] in writers:
            world.trial.graph("DELETE", f"{path}/{each['id']}")
    return _as_it_is(world, command)


def _no_more_secrets(world: World, command: str) -> int:
    """Whoever keeps the policies has to decide."""
    keeper = newcomer(world.trial, "Policy.ReadWrite.ApplicationConfiguration", "Application.Read.All")
    since = "2019-10-19T10:37:00Z"
    rule = {"restrictionType": "passwordAddition", "state": "enabled", "restrictForAppsCreatedAfterDateTime": since}
    body = {"isEnabled": True, "applicationRestrictions": {"passwordCredentials": [rule]}}
    keeper.graph("PATCH", "policies/defaultAppManagementPolicy", body)
    return _as_it_is(world, command)


def _imported_unread(world: World, command: str) -> int:
    """It names no spec: what it is to describe stands in its flags."""
    trial = world.trial
    trial.fault("arm.role_assignments.list*", "deny", count=None)
    app_id, tenant = trial.application()["appId"], trial.tenant
    words = ("--app", app_id, "--tenant", tenant.id, "--subscription", tenant.subscription, "--vault", trial.vault)
    return world.run(command, *words)


def _failing_check(world: World, command: str) -> int:
    """verify reads the users of a customer that the partner does not have."""
    return world.run(command, world.spec(change=lambda document: document["verify"].update(customer=NOBODY_S_CUSTOMER)))


def _sessions_revoked(world: World, command: str) -> int:
    world.trial.cloud.control("PATCH", f"users?id={CONTOSO.operator_id}", {"revokeSessions": True})
    return _as_it_is(world, command)


def _wrong_flag(world: World, command: str) -> int:
    code = world.run(command, world.spec(), "--no-such-flag")
    assert not world.trial.requests()
    return code


def _missing_path(world: World, command: str) -> int:
    code = world.run(command, world.folder / "there-is-no-such.yaml")
    assert not world.trial.requests()
    return code


def _no_terminal(world: World, command: str) -> int:
    words = [PROGRAM, command, world.spec(), "--emulator"]
    ended = subprocess.run(words, env=world.environment, cwd=ROOT, capture_output=True, stdin=subprocess.DEVNULL)
    assert not world.trial.requests()
    return ended.returncode


def _stopped_at(operation: str) -> Callable[[World, str], int]:
    return lambda world, command: world.interrupted(command, operation, world.spec())


def _stopped_while_writing(world: World, command: str) -> int:
    """What was done stays, and the same command goes on from there."""
    world.trial.change_application(web={"homePageUrl": "https://localhost:1/"})
    world.trial.forget()
    code = world.interrupted(command, "graph.applications.update", world.spec())
    assert world.run(command, world.spec()) == exit_codes.DONE
    return code


CASES = (
    Case(0, "plan", "nothing to do", _as_it_is),
    Case(0, "plan", "changes are no news without the flag", _drifted),
    Case(0, "plan", "nor is a missing sign-in", _as_it_is, "applied"),
    Case(0, DETAILED, "nothing to do", _as_it_is),
    Case(0, "apply", "nothing to do, and verify passes", _as_it_is),
    Case(0, "apply", "drift mended, and verify passes", _drifted),
    Case(0, "verify", "every check passes", _as_it_is),
    Case(1, "plan", "invalid spec", _broken_spec),
    Case(1, "plan", "failed", _no_such_tenant),
    Case(1, "apply", "invalid spec", _broken_spec),
    Case(1, "apply", "a write was refused", _write_refused),
    Case(1, "apply", "declined", _declined),
    Case(1, "verify", "invalid spec", _broken_spec),
    Case(1, "verify", "failed", _no_such_tenant),
    Case(2, DETAILED, "somebody changed the home page", _drifted),
    Case(2, "apply --plan", "more is to be done than was saved", _more_to_do_than_was_saved),
    Case(3, DETAILED, "nobody has signed in", _as_it_is, "applied"),
    Case(3, "apply", "all is written, nobody has signed in", _as_it_is, "applied"),
    Case(3, "rotate", "the tenant's policy allows no new secret", _no_more_secrets),
    Case(3, "destroy", "the runner may not delete the application", _may_only_read_applications),
    Case(3, "verify", "nobody has signed in", _as_it_is, "applied"),
    Case(3, "renew", "the account's sessions were revoked", _sessions_revoked),
    Case(3, "token", "nobody has signed in", _as_it_is, "applied"),
    Case(4, "plan", "the role assignments cannot be read", _read_denied("arm.role_assignments.list*")),
    Case(4, DETAILED, "the role assignments cannot be read", _read_denied("arm.role_assignments.list*")),
    Case(4, "apply", "the role assignments cannot be read", _read_denied("arm.role_assignments.list*")),
    Case(4, "rotate", "the vault cannot be read", _read_denied("arm.vaults.get")),
    Case(4, "destroy", "the vault cannot be read", _read_denied("arm.vaults.get")),
    Case(4, "verify", "the token cannot be read", _read_denied("key_vault.secrets.get")),
    Case(4, "explain", "the role assignments cannot be read", _read_denied("arm.role_assignments.list*")),
    Case(4, "doctor", "the role assignments cannot be read", _read_denied("arm.role_assignments.list*")),
    Case(4, "import", "the role assignments cannot be read", _imported_unread),
    Case(5, "apply", "its verify finds a customer that is none", _failing_check),
    Case(5, "rotate", "its verify finds a customer that is none", _failing_check),
    Case(5, "verify", "a customer that is none", _failing_check),
    Case(5, "verify", "the account's sessions were revoked", _sessions_revoked),
    *(Case(64, command, "wrong flag", _wrong_flag) for command in EVERY),
    *(Case(64, command, "missing path", _missing_path) for command in EVERY),
    Case(64, "apply", "a question, and no terminal to ask it on", _no_terminal),
    Case(130, "plan", "while it reads", _stopped_at("graph.batch")),
    Case(130, "apply", "while it writes", _stopped_while_writing),
    Case(130, "verify", "while it asks Partner Center", _stopped_at("partner_center.customers.list")),
)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kept]:
    """Snapshots: `applied`, and `signed in` with a token too; in another tenant nobody ever signed in."""
    with served(tmp_path_factory.mktemp("cloud")) as cloud:
        Trial(cloud, FABRIKAM, REPLY_URLS).put_in_place()
        trial = Trial(cloud, CONTOSO, (f"http://localhost:{free_port()}/", "https://localhost:44395/"))
        kept = Kept(trial, "secret")
        kept.apply()
        cloud.control("POST", "snapshot", {"name": "applied"})
        kept.sign_in()
        cloud.control("POST", "snapshot", {"name": "signed in"})
        yield kept


def test_every_row_of_the_readme_is_tried_and_every_case_has_its_row() -> None:
    tried = {(case.code, case.command) for case in CASES}
    promised = set()
    for code, _, commands in ROW.findall(README):
        named = EVERY if commands == "every command" else re.findall(r"`([^`]+)`", commands)
        assert named, f"row {code} names no command"
        promised |= {(int(code), command) for command in named}
    by_every = {(code, DETAILED) for code in (0, 4)}  # the flag adds 2 and 3, and takes nothing away
    assert tried - by_every == promised


def test_the_codes_of_the_readme_are_those_of_the_program() -> None:
    ours = {value for name, value in vars(exit_codes).items() if name.isupper() and not name.startswith("_")}
    assert {int(code) for code, _, _ in ROW.findall(README)} == ours - {exit_codes.READER_LEFT}  # of the shell's making


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.code} {case.command}: {case.why}")
def test_a_row_of_the_readme(made: Kept, tmp_path: Path, case: Case) -> None:
    made.trial.back_to(case.snapshot)
    assert case.provoke(World(made, tmp_path), case.command) == case.code


# several tenants


def _elsewhere(name: str, tenant: Tenant) -> Callable[[Document], object]:
    """The same in another tenant, where nothing is in place."""

    def change(document: Document) -> None:
        document.update(name=name, tenant=tenant.id, subscription=tenant.subscription, cloud=tenant.cloud)
        document["vault"] |= {"name": f"kv-{name}", "location": REGIONS[tenant.cloud]}

    return change


def _plans(world: World) -> dict[int, Path]:
    """A spec for each code that one of several tenants can have."""
    world.trial.back_to("applied")
    world.trial.fault("arm.*", "deny", count=None, tenant=TAILSPIN.id)
    return {
        1: world.spec("failed", lambda document: document.update(name="failed", tenant=NOBODY_S_TENANT)),
        4: world.spec("unread", _elsewhere("unread", TAILSPIN)),
        2: world.spec("pending", _elsewhere("pending", FABRIKAM)),
        3: world.spec("unsigned"),
    }


def _checks(world: World) -> dict[int, Path]:
    """The same for verify."""
    world.trial.back_to("signed in")
    world.trial.fault("key_vault.secrets.get", "deny", count=None, tenant=CONTOSO.id)
    return {
        1: world.spec("failed", lambda document: document.update(name="failed", tenant=NOBODY_S_TENANT)),
        5: world.spec("failing", _elsewhere("failing", TAILSPIN)),
        4: world.spec("unread"),
        3: world.write("unsigned", Trial(world.trial.cloud, FABRIKAM, world.trial.reply_urls).document()),
    }


@pytest.mark.parametrize(("command", "specs_of"), [(DETAILED, _plans), ("verify", _checks)])
def test_with_several_tenants_the_first_of_the_readme_s_order_wins(
    made: Kept, tmp_path: Path, command: str, specs_of: Callable[[World], dict[int, Path]]
) -> None:
    told = re.search(r"With several tenants the first of ([\d, ]+) wins", README)
    assert told is not None
    world = World(made, tmp_path)
    specs = specs_of(world)
    codes = [code for code in map(int, told[1].split(",")) if code in specs]
    assert len(codes) == len(specs)
    for position, code in enumerate(codes):
        assert world.run(command, *(specs[other] for other in codes[position:])) == code
