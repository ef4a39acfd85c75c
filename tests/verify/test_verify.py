"""verify against the emulator: each thing that can be wrong shows as its own check, with the exit code it means."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from provisioner.core.address import Address
from provisioner.core.plan import Life, Mortal
from provisioner.emulator.seed.directory import CONTOSO
from provisioner.operations.consent import ConsentOptions, consent
from provisioner.operations.verify import verify
from provisioner.verify.checks import Check, Status, exit_code, expiry
from tests.consent.conftest import free_port
from tests.consent.player import Player
from tests.rehearsal import NAME, SECRET, Rehearsal, clients_of, served

CUSTOMERS = "partner_center.customers"
ALL = ["refreshToken", "tenant", "account", "application", "audience", "organization", "mfa", "customers"]
EXPIRY = ["credentialExpiry", "refreshTokenExpiry"]


@pytest.fixture(scope="module")
def contoso(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rehearsal]:
    """Somebody signed in; each test restores this."""
    with served(tmp_path_factory.mktemp("cloud")) as cloud:
        made = Rehearsal(cloud, CONTOSO, (f"http://localhost:{free_port()}/",))
        made.prepare()
        cloud.control("POST", "snapshot", {"name": "before"})
        asyncio.run(_sign_in(made))
        cloud.control("POST", "snapshot", {"name": "signed in"})
        yield made


@pytest.fixture(autouse=True)
def _as_signed_in(contoso: Rehearsal) -> Iterator[None]:
    yield
    contoso.cloud.control("POST", "restore", {"name": "signed in"})


async def _sign_in(rehearsal: Rehearsal) -> None:
    async with clients_of(rehearsal) as clients:
        player = Player(rehearsal.cloud.robot, rehearsal.operator)
        await consent(clients, rehearsal.spec(), player, ConsentOptions(timeout_s=20))


def _verify(rehearsal: Rehearsal, **changed: str) -> dict[str, Check]:
    async def run() -> tuple[Check, ...]:
        async with clients_of(rehearsal, "verify") as clients:
            clients.clock.offset = timedelta(seconds=rehearsal.cloud.control("GET", "clock")["offset"])
            return await verify(clients, rehearsal.spec(**changed))

    checks = asyncio.run(run())
    assert [check.name for check in checks] == [*ALL, "customerUsers", *EXPIRY]
    return {check.name: check for check in checks}


def test_a_good_token_passes_every_check(contoso: Rehearsal) -> None:
    checks = _verify(contoso)
    assert {check.status for check in checks.values()} == {Status.PASS}
    assert "3 customers" in checks["customers"].text
    assert exit_code(checks.values()) == 0


def test_a_missing_sign_in_is_for_a_person_not_a_riddle(contoso: Rehearsal) -> None:
    contoso.cloud.control("POST", "restore", {"name": "before"})
    checks = _verify(contoso)
    assert {check.status for check in checks.values()} == {Status.UNKNOWN}
    assert checks["refreshToken"].next_step == "provisioner consent SPEC"
    assert exit_code(checks.values()) == 3


def test_a_token_that_entra_refuses_fails_and_the_rest_is_not_tried(contoso: Rehearsal) -> None:
    contoso.put_secret(SECRET, "not-a-refresh-token")
    checks = _verify(contoso)
    assert checks["refreshToken"].status is Status.FAIL
    assert checks["organization"].text.startswith("not tried")
    assert exit_code(checks.values()) == 5


def test_a_token_of_somebody_else_fails_one_check(contoso: Rehearsal) -> None:
    checks = _verify(contoso, account=contoso.tenant.colleague)
    assert [name for name, check in checks.items() if check.status is Status.FAIL] == ["account"]


def test_a_wrong_credential_in_the_vault_fails(contoso: Rehearsal) -> None:
    contoso.put_secret(f"{NAME}-credential", "not-the-secret")
    check = _verify(contoso)["refreshToken"]
    assert (check.status, "AADSTS7000215" in check.text) == (Status.FAIL, True)


@pytest.mark.parametrize(
    ("fault", "name", "status", "code"),
    [
        ({"operation": "key_vault.secrets.*", "action": "deny"}, "refreshToken", Status.UNKNOWN, 4),
        ({"operation": "graph.*", "action": "status", "status": 500}, "refreshToken", Status.UNKNOWN, 4),
        (
            {"operation": "partner_center.customers.list", "action": "status", "status": 500},
            "customers",
            Status.UNKNOWN,
            4,
        ),
        ({"operation": "partner_center.customers.list", "action": "deny"}, "customers", Status.FAIL, 5),
        ({"operation": f"{CUSTOMERS}.users", "action": "deny"}, "customerUsers", Status.FAIL, 5),
    ],
    ids=["vault forbidden", "graph down", "partner center down", "customers refused", "users refused"],
)
def test_could_not_look_is_never_a_failed_check_and_a_refusal_always_is(
    contoso: Rehearsal, fault: dict[str, object], name: str, status: Status, code: int
) -> None:
    contoso.cloud.control("POST", "faults", {**fault, "count": None})
    checks = _verify(contoso)
    assert checks[name].status is status
    assert exit_code(checks.values()) == code


def test_a_refused_customer_lists_what_it_may_be(contoso: Rehearsal) -> None:
    contoso.cloud.control("POST", "faults", {"operation": f"{CUSTOMERS}.users", "action": "deny"})
    causes = _verify(contoso)["customerUsers"].next_step
    assert all(word in causes for word in ("Admin agent", "GDAP", "registered"))


def _later(rehearsal: Rehearsal, days: float) -> None:
    rehearsal.cloud.control("POST", "clock", {"advanceSeconds": days * 86400})


def test_an_expiring_token_still_passes_and_warns_ahead(contoso: Rehearsal) -> None:
    _later(contoso, 80)
    checks = _verify(contoso)
    assert checks["refreshTokenExpiry"].status is Status.PASS
    assert "days left" in checks["refreshTokenExpiry"].text
    assert checks["refreshTokenExpiry"].next_step == "provisioner renew SPEC"
    assert exit_code(checks.values()) == 0


def test_an_expired_token_fails_for_its_age_too_and_says_who_mends_it(contoso: Rehearsal) -> None:
    _later(contoso, 91)
    checks = _verify(contoso)
    assert "AADSTS700082" in checks["refreshToken"].text
    assert checks["refreshTokenExpiry"].status is Status.FAIL
    assert checks["refreshTokenExpiry"].next_step == "provisioner consent SPEC"
    assert checks["credentialExpiry"].status is Status.PASS
    assert exit_code(checks.values()) == 5


def test_a_credential_that_ends_soon_says_what_rotates_it() -> None:
    now = datetime(2026, 3, 1, tzinfo=UTC)
    address = Address(NAME, "credential")
    due = expiry(Life(address, Mortal.CREDENTIAL, "due", "cred", "secret", now + timedelta(days=12.5)), now)
    assert (due.status, due.text) == (Status.PASS, "cred expires on 2026-03-13, 12.5 days left")
    assert due.next_step == "provisioner apply SPEC   # it rotates it"
    assert exit_code([due]) == 0


def test_what_only_its_owner_can_renew_passes_and_waits_for_a_person() -> None:
    now = datetime(2026, 3, 1, tzinfo=UTC)
    life = Life(Address(NAME, "credential"), Mortal.CREDENTIAL, "due", "cred", "certificate", now + timedelta(days=12))
    check = expiry(replace(life, for_a_person=True), now)
    assert (check.status, exit_code([check])) == (Status.PASS, 3)


def test_an_end_that_nobody_could_read_is_unknown() -> None:
    life = Life(Address(NAME, "credential"), Mortal.CREDENTIAL, "unknown", type="secret")
    assert exit_code([expiry(life, datetime(2026, 3, 1, tzinfo=UTC))]) == 4
