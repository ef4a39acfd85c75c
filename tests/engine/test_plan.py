"""plan: reads only, few requests, side by side, and never "all is well" when it could not look."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import pytest
from aiohttp import ClientConnectionError, ClientHandlerType, ClientRequest, ClientResponse

from provisioner.clients.guard import writes_allowed
from provisioner.core.address import Address
from provisioner.core.errors import ProvisionerError, WriteRefusedError
from provisioner.core.plan import Cause, Plan
from provisioner.core.step import Action, Step
from provisioner.emulator.seed.directory import CONTOSO, FABRIKAM, TAILSPIN, WINGTIP, Tenant
from provisioner.operations.apply import ApplyResult
from provisioner.resources.role_assignment import runner_address
from tests.resources.cases import CASES
from tests.trial import NAME, Onlooker, Request, Trial, failures, rounds

ARM, GRAPH = "https://management.azure.com", "https://graph.microsoft.com"
SUBSCRIPTION = "/subscriptions/88529ac0-28a1-48e0-98f0-5bcf71a6a6f3"
OFFICER_ROLE = "b86a8fe4-44ce-4948-aee5-eccb2c155cd7"
SERVICE_MANAGEMENT = "797f4846-ba00-4fd7-ba43-dac1f8f63013"
BY_ADMINISTRATORS = "DelegatedPermissionGrant.ReadWrite.All"
OUTSIDE_CHANGES = {name: case.drifts for name, case in CASES.items() if case.drifts}


# what it sends


@pytest.mark.parametrize("state", ["new", "applied", *OUTSIDE_CHANGES])
def test_plan_sends_no_write(prepared: Trial, state: str) -> None:
    prepared.back_to(state if state in ("new", "applied") else "applied")
    if state in OUTSIDE_CHANGES:
        OUTSIDE_CHANGES[state](prepared)
        prepared.forget()
    prepared.plan()
    posts = {each["operation"] for each in prepared.requests() if each["method"] not in ("GET", "HEAD")}
    assert posts == {"entra.token.v2", "graph.batch"}
    assert {each["method"] for each in prepared.requests() if each["inner"]} == {"GET"}


def test_a_plan_with_everything_in_place_sends_at_most_ten_requests(applied: Trial) -> None:
    assert applied.plan().exit_code() == 3
    sent = [each["operation"] for each in applied.requests() if not each["inner"]]
    assert len(sent) <= 10, sent
    assert Counter(sent)["graph.batch"] == 2


@dataclass
class Together:
    """Lets no request of a group out before all of its group are about to leave."""

    groups: tuple[tuple[str, ...], ...]
    came: list[str] = field(default_factory=list)
    barriers: dict[int, asyncio.Barrier] = field(default_factory=dict)

    async def __call__(self, request: ClientRequest, handler: ClientHandlerType) -> ClientResponse:
        number = next(n for n, group in enumerate(self.groups) if any(self._is(part, request) for part in group))
        self.came.append(request.url.path)
        barrier = self.barriers.setdefault(number, asyncio.Barrier(len(self.groups[number])))
        async with asyncio.timeout(10):
            await barrier.wait()
        return await handler(request)

    def _is(self, part: str, request: ClientRequest) -> bool:
        path, _, nth = part.partition("#")
        return path in request.url.path and (not nth or self.came.count(request.url.path) == int(nth) - 1)


def test_reads_that_do_not_depend_on_each_other_run_at_the_same_time(applied: Trial) -> None:
    together = Together(
        (
            ("/oauth2/v2.0/token",) * 3,
            (f"/vaults/{applied.vault}/providers", "$batch#2", "/secrets"),
            ("/deletedsecrets/partner-refresh-token",),  # only because there is no token
            (f"/vaults/{applied.vault}", "$batch#1"),
        )
    )
    assert applied.plan(None, together).exit_code() == 3
    assert len(together.came) == 9


@pytest.mark.parametrize(
    ("method", "url", "body"),
    [
        ("PUT", f"{ARM}{SUBSCRIPTION}/resourceGroups/g?api-version=2022-09-01", {"location": "westeurope"}),
        ("PATCH", f"{GRAPH}/v1.0/applications/a", {"displayName": "x"}),
        ("DELETE", f"{GRAPH}/v1.0/applications/a", None),
        ("POST", f"{GRAPH}/v1.0/applications", {"displayName": "x"}),
        ("POST", f"{GRAPH}/v1.0/$batch", {"requests": [{"id": "1", "method": "POST", "url": "/applications"}]}),
        ("POST", f"{GRAPH}/v1.0/$batch", {"requests": []}),
        ("POST", f"{ARM}{SUBSCRIPTION}/providers/Microsoft.KeyVault/register?api-version=2022-09-01", None),
        ("PUT", "https://kv.vault.azure.net/secrets/s?api-version=7.5", {"value": "x"}),
        ("POST", "https://login.microsoftonline.com/common/login", None),
        ("POST", "https://api.partnercenter.microsoft.com/v1/token", None),  # a token path, but not Entra's host
    ],
)
def test_outside_an_apply_a_write_never_leaves(applied: Trial, method: str, url: str, body: object) -> None:
    async def send() -> None:
        async with applied.opened() as tenant:
            applied.forget()
            with pytest.raises(WriteRefusedError, match="read-only"):
                await tenant.clients.session.request(method, url, json=body)

    asyncio.run(send())
    assert applied.requests() == []


def test_what_one_task_may_write_another_may_not(applied: Trial) -> None:
    url = f"{GRAPH}/v1.0/applications/a"

    async def send() -> int:
        async with applied.opened() as tenant, tenant.clients.session.delete(url) as answer:
            return answer.status

    async def both() -> tuple[int | BaseException, ...]:
        with writes_allowed():
            writing = asyncio.create_task(send())
        return tuple(await asyncio.gather(writing, send(), return_exceptions=True))

    allowed, refused = asyncio.run(both())
    assert allowed == 401  # without a token it got that far
    assert isinstance(refused, WriteRefusedError)


# what it could not see


@dataclass
class Unreachable:
    """The n-th request (from 1), and every repetition of it, gets no answer."""

    at: int
    sent: int = 0
    lost: str = ""

    async def __call__(self, request: ClientRequest, handler: ClientHandlerType) -> ClientResponse:
        self.sent += 1
        if self.sent == self.at:
            self.lost = str(request.url)
        if str(request.url) == self.lost:
            raise ClientConnectionError("unreachable")
        return await handler(request)


def _code(trial: Trial, *innermost: Unreachable) -> int:
    try:
        return trial.plan(None, *innermost).exit_code()
    except ProvisionerError as error:
        return error.exit_code


@pytest.mark.parametrize("snapshot", ["new", "applied"])
def test_no_plan_is_clean_when_any_one_request_got_no_answer(prepared: Trial, snapshot: str) -> None:
    prepared.back_to(snapshot)
    prepared.plan()
    sent = len([each for each in prepared.requests() if not each["inner"]])
    codes = [_code(prepared, Unreachable(at)) for at in range(1, sent + 1)]
    assert set(codes[:3]) == {1}, "without the runner's tokens there is no plan"
    assert set(codes[3:]) == {4}


@pytest.mark.parametrize("snapshot", ["new", "applied"])
@pytest.mark.parametrize("fault", [{"action": "status", "status": 500}, {"action": "deny"}], ids=["500", "403"])
def test_no_plan_is_clean_when_any_one_read_failed(prepared: Trial, snapshot: str, fault: dict[str, object]) -> None:
    prepared.back_to(snapshot)
    prepared.plan()
    reads = sorted({each["operation"] for each in prepared.requests()} - {"entra.token.v2"})
    assert len(reads) >= 6
    codes = {}
    for operation in reads:
        prepared.cloud.control("POST", "faults", {"operation": operation, "count": None, **fault})
        codes[operation] = _code(prepared)
        prepared.cloud.control("DELETE", "faults")
    assert codes == dict.fromkeys(reads, 4)


@pytest.mark.parametrize("operation", ["arm.vaults.get", "arm.deleted_vaults.get", "arm.*"])
def test_only_the_service_s_word_for_absence_is_absence(trial: Trial, operation: str) -> None:
    trial.fault(operation, "status", status=404, code="SubscriptionNotFound", count=None)
    plan = trial.plan()
    assert (plan.exit_code(), plan.cause) == (4, Cause.UNKNOWN)
    assert {step.address.kind for step in plan.pending}.isdisjoint({"vault", "role_assignment"})


def test_a_wait_of_a_day_is_not_waited(applied: Trial) -> None:
    applied.fault("graph.applications.*", "status", status=429, retryAfter=86_400, count=None)
    before = applied.clock().now()
    assert applied.plan().exit_code() == 4
    assert applied.clock().now() - before < timedelta(minutes=2)


def test_a_firewall_is_not_taken_for_a_missing_role(applied: Trial) -> None:
    spec = applied.spec(vault__network=None)
    acls = {"bypass": "AzureServices", "defaultAction": "Deny", "ipRules": [], "virtualNetworkRules": []}
    applied.arm("PATCH", applied.vault_path, {"properties": {"networkAcls": acls}})
    unknown = applied.plan(spec).unknown
    assert {step.address.kind for step in unknown} == {"credential", "refresh_token"}
    assert not [step for step in unknown if "give the runner" in step.todo or step.needs]


# who does it


def test_grants_the_runner_may_not_write_are_a_persons_with_the_link(applied: Trial) -> None:
    CASES["grant"].drifts(applied)  # type: ignore[misc]  # this case has one
    applied.take_from_the_runner(BY_ADMINISTRATORS)
    plan = applied.plan()
    [step] = [step for step in plan.steps if step.address.kind == "grant"]
    assert step.action is Action.PERSON
    app_id = applied.application()["appId"]
    assert f"https://login.microsoftonline.com/{applied.tenant.id}/adminconsent?client_id={app_id}" in step.todo
    assert (plan.exit_code(), plan.pending) == (3, ())


def test_a_grant_the_runner_may_not_revoke_is_a_persons_with_the_command(applied: Trial) -> None:
    applied.take_from_the_runner(BY_ADMINISTRATORS)
    permissions = [{"api": "Microsoft Graph", "application": ["Organization.Read.All"]}]
    steps = applied.plan(applied.spec(application__permissions=permissions, exact=["grants"])).for_a_person
    asked = {step.todo.rpartition("/")[2] for step in steps if step.todo.startswith("az rest --method DELETE --url ")}
    assert asked == {grant["id"] for grant in applied.grants()}


def test_without_the_right_to_grant_everything_else_is_put_in_place(trial: Trial) -> None:
    trial.take_from_the_runner(BY_ADMINISTRATORS)
    result = trial.apply()
    assert result.exit_code() == 3
    assert {step.address.kind for step in result.after.steps} == {"grant", "refresh_token"}
    assert all("adminconsent?client_id=" in step.todo for step in result.after.steps if step.address.kind == "grant")


def test_a_runner_that_may_only_write_what_it_owns_is_enough(prepared: Trial) -> None:
    prepared.back_to("new")
    fabrikam = Trial(prepared.cloud, FABRIKAM, prepared.reply_urls)
    assert fabrikam.apply().exit_code() == 3
    assert [step.address.kind for step in fabrikam.plan().steps] == ["refresh_token"]


def test_the_runners_own_role_is_planned_only_while_a_pending_step_needs_it(applied: Trial) -> None:
    def planned() -> bool:
        return runner_address(NAME) in {step.address for step in applied.plan().pending}

    CASES["vault"].drifts(applied)  # type: ignore[misc]  # this case has one
    assert not planned()
    path = f"{applied.vault_path}/providers/Microsoft.Authorization/roleAssignments"
    for each in applied.arm("GET", path, version="2022-04-01")["value"]:
        properties = each["properties"]
        mine = properties["principalId"] == applied.tenant.runner.object_id
        if mine and properties["roleDefinitionId"].endswith(OFFICER_ROLE):
            applied.arm("DELETE", each["id"], version="2022-04-01")
    assert planned(), "the vault can no longer be looked into"
    assert applied.plan().exit_code() == 4
    assert applied.apply().exit_code() == 3
    assert not planned()


def test_a_role_that_the_runner_has_as_a_consumer_serves_it_when_the_spec_names_neither_any_more(trial: Trial) -> None:
    runner = trial.tenant.runner.object_id
    access = [{"principal": runner, "role": "Key Vault Crypto User"}]
    assert trial.apply(trial.spec(vault__access=access, vault__runner=runner)).exit_code() == 3
    by_certificate = trial.spec(vault__access=[], application__credential={"type": "certificate"})
    result = trial.apply(by_certificate)
    assert result.exit_code() == 3, failures(result)
    assert trial.plan(by_certificate).pending == ()


def test_of_a_thing_only_the_steps_wait_that_a_person_is_in_the_way_of() -> None:
    principal, credential, note = (Address(NAME, kind) for kind in ("service_principal", "credential", "spec_digest"))
    steps = (
        Step(principal, Action.PERSON, "enable"),
        Step(credential, Action.UPDATE, "stage"),
        Step(credential, Action.UPDATE, "promote", needs=(principal,)),
        Step(credential, Action.UPDATE, "retire"),
        Step(note, Action.UPDATE, "record", last=True),
    )
    plan = Plan(NAME, CONTOSO.id, "public", "somebody", "", datetime(2026, 11, 30, tzinfo=UTC), steps)
    assert [step.operation for step in plan.ready] == ["stage"]


# two at once


@pytest.mark.parametrize("lag", [{}, {"graph": 30, "rbac": 60, "secret": 18}], ids=["no lag", "lag"])
def test_two_first_applies_at_once_double_nothing_and_only_the_credential_may_be_anothers(
    trial: Trial, lag: dict[str, int]
) -> None:
    trial.cloud.control("PUT", "lag", lag)

    async def one() -> ApplyResult:
        async with trial.opened() as tenant:
            return await rounds(tenant, trial.spec(), Onlooker())

    async def both() -> list[ApplyResult]:
        return await asyncio.gather(one(), one())

    for result in asyncio.run(both()):
        assert all("trial/credential" in failure for failure in failures(result)), failures(result)
    trial.cloud.control("PUT", "lag", {"graph": 0, "rbac": 0, "secret": 0})
    assert trial.plan().pending == ()
    assert len(trial.grants()) == 2


# where it goes


@pytest.mark.parametrize(
    ("tenant", "hosts"),
    [
        (
            TAILSPIN,
            {
                "login.microsoftonline.us",
                "graph.microsoft.us",
                "management.usgovcloudapi.net",
                ".vault.usgovcloudapi.net",
            },
        ),
        (
            WINGTIP,
            {
                "login.partner.microsoftonline.cn",
                "microsoftgraph.chinacloudapi.cn",
                "management.chinacloudapi.cn",
                ".vault.azure.cn",
            },
        ),
    ],
    ids=["usgov", "china"],
)
def test_a_sovereign_cloud_is_reached_at_its_own_endpoints_only(
    prepared: Trial, tenant: Tenant, hosts: set[str]
) -> None:
    prepared.back_to("new")
    trial = Trial(prepared.cloud, tenant, prepared.reply_urls)
    assert trial.apply().exit_code() == 3
    assert {_host(each).removeprefix(trial.vault) for each in trial.requests()} == hosts


def _host(request: Request) -> str:
    return urlsplit(request["url"]).hostname or ""
