"""consent by an operator at a laptop: exactly the roles apply gives suffice, and what is missing is told beforehand."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from provisioner.core.errors import ConsentError, CredentialMissingError
from provisioner.emulator.seed.directory import CONTOSO, OPERATOR_OTP, OPERATOR_PASSWORD
from provisioner.operations.apply import ApplyOptions, ApplyResult, carry_out
from provisioner.operations.consent import ConsentOptions, Mode, consent
from provisioner.operations.consent_store import ConsentResult
from provisioner.operations.plan import look
from provisioner.resources.vault_roles import operator_roles
from provisioner.spec.model import Spec
from provisioner.spec.vault_roles import VAULT_ROLES
from tests.consent.elsewhere import DevicePlayer, Elsewhere
from tests.consent.player import Player
from tests.laptop import Laptop, laptop_of
from tests.platforms import GITHUB, GITHUB_SUBJECT, forget_identities, start_job
from tests.rehearsal import served
from tests.robot import Person
from tests.trial import CREDENTIAL

REPLY_URLS = ("http://localhost:8400/",)
READER = "acdd72a7-3385-48ef-bd42-f606fba81ae7"
FEDERATED = {"type": "federated", "issuer": GITHUB, "subject": GITHUB_SUBJECT}
CREDENTIALS: dict[str, dict[str, Any]] = {
    "certificate": {"type": "certificate"},
    "secret": {"type": "secret"},
    "federated": FEDERATED,
}


@dataclass
class Estate:
    """One cloud with everything in place for one type of credential; the colleague runs `consent`."""

    trial: Elsewhere
    credential: str
    laptop: Laptop = field(init=False)

    def __post_init__(self) -> None:
        self.trial.cloud.control("POST", "snapshot", {"name": "new"})
        assert self.trial.apply(self.spec).exit_code() == 3
        self.at_a_laptop_again()
        self.trial.cloud.control("POST", "snapshot", {"name": self.credential})

    @property
    def spec(self) -> Spec:
        operators = [self.trial.tenant.colleague_id]
        return self.trial.spec(
            application__credential=CREDENTIALS[self.credential], consent__operators=operators, vault__access=None
        )

    def consent(self, player: Player, mode: Mode = "paste") -> ConsentResult:
        """By the colleague, at their own machine."""

        async def run() -> ConsentResult:
            async with self.laptop.opened(self.spec) as tenant:
                return await consent(tenant.clients, self.spec, player, ConsentOptions(mode))

        return asyncio.run(run())

    def player(self) -> Player:
        return Player(self.trial.cloud.robot, self.trial.operator)

    def roles(self) -> dict[str, str]:
        """The colleague's roles on the vault: name → address of the assignment."""
        names = {role_id: name for name, role_id in VAULT_ROLES.items()}
        listed = self.trial.arm(
            "GET", f"{self.trial.vault_path}/providers/Microsoft.Authorization/roleAssignments", version="2022-04-01"
        )["value"]
        found = [(each["properties"]["roleDefinitionId"].rpartition("/")[2], each) for each in listed]
        mine = self.trial.tenant.colleague_id
        return {
            names[role]: each["id"]
            for role, each in found
            if role in names and each["properties"]["principalId"] == mine
        }

    def take(self, role: str) -> None:
        self.trial.arm("DELETE", self.roles()[role], version="2022-04-01")
        self.trial.forget()

    def at_a_laptop_again(self) -> None:
        """Signed in anew: the sign-in before is of another time, or of a cloud that was restored."""
        self.laptop = laptop_of(self.trial, Person(self.trial.tenant.colleague, OPERATOR_PASSWORD, OPERATOR_OTP))

    def fails_before_the_sign_in(self, error: type[ConsentError]) -> ConsentError:
        self.trial.forget()
        player = self.player()
        with pytest.raises(error) as raised:
            self.consent(player)
        assert not any("https://" in text for text in player.said), "no page was shown"
        assert not any(each["operation"] == "entra.authorize.v2" for each in self.trial.requests())
        assert self.trial.written() == []
        found: ConsentError = raised.value
        return found


def _estates(folder: Any, kind: str) -> Iterator[Estate]:
    with served(folder) as cloud:
        yield Estate(Elsewhere(cloud, CONTOSO, REPLY_URLS), kind)


@pytest.fixture(scope="module")
def certificate_estate(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Estate]:
    yield from _estates(tmp_path_factory.mktemp("cloud"), "certificate")


@pytest.fixture
def certificate(certificate_estate: Estate) -> Estate:
    certificate_estate.trial.back_to("certificate")
    certificate_estate.at_a_laptop_again()
    certificate_estate.trial.forget()
    return certificate_estate


@pytest.fixture(scope="module")
def federated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Estate]:
    yield from _estates(tmp_path_factory.mktemp("cloud"), "federated")


def test_apply_s_roles_are_enough_to_sign_with_the_vault_s_key_and_store(certificate: Estate) -> None:
    assert set(certificate.roles()) == set(operator_roles("certificate"))
    certificate.trial.forget()
    result = certificate.consent(certificate.player())
    assert result.account == certificate.trial.tenant.operator
    assert set(certificate.trial.written()) == {"PUT key_vault.secrets.set"}
    assert any(each["operation"] == "key_vault.keys.sign" for each in certificate.trial.requests())


def test_apply_s_role_is_enough_with_a_secret(tmp_path: Any) -> None:
    for estate in _estates(tmp_path, "secret"):
        assert set(estate.roles()) == set(operator_roles("secret"))
        assert estate.consent(estate.player()).account == estate.trial.tenant.operator


@pytest.mark.parametrize("role", operator_roles("certificate"))
def test_a_missing_role_is_told_before_anybody_signs_in(certificate: Estate, role: str) -> None:
    certificate.take(role)
    error = certificate.fails_before_the_sign_in(ConsentError)
    assert role in error.what
    assert certificate.trial.tenant.colleague_id in error.next_step


def test_roles_given_a_moment_ago_are_waited_for(certificate: Estate) -> None:
    _let_read_azure(certificate)
    _give_again(certificate)
    player = certificate.player()
    assert certificate.consent(player).account == certificate.trial.tenant.operator
    assert any("waiting for the runner's role" in text for text in player.said)


def test_roles_that_cannot_be_seen_yet_are_named_with_how_long_they_may_take(certificate: Estate) -> None:
    _give_again(certificate)
    error = certificate.fails_before_the_sign_in(ConsentError)
    assert all(role in error.next_step for role in operator_roles("certificate"))
    assert "10 minutes" in error.next_step


def _let_read_azure(estate: Estate) -> None:
    """Such a person sees role assignments before the vault heeds them."""
    reader = (
        f"/subscriptions/{estate.trial.tenant.subscription}/providers/Microsoft.Authorization/roleDefinitions/{READER}"
    )
    properties = {
        "roleDefinitionId": reader,
        "principalId": estate.trial.tenant.colleague_id,
        "principalType": "User",
    }
    path = f"{estate.trial.group_path}/providers/Microsoft.Authorization/roleAssignments/{uuid.uuid4()}"
    estate.trial.arm("PUT", path, {"properties": properties}, "2022-04-01")


def _give_again(estate: Estate) -> None:
    """Every role of the colleague's on the vault counts from five minutes on."""
    estate.trial.cloud.control("PUT", "lag", {"rbac": 300})
    for address in estate.roles().values():
        held = estate.trial.arm("GET", address, version="2022-04-01")
        estate.trial.arm("DELETE", address, version="2022-04-01")
        members = ("roleDefinitionId", "principalId", "principalType", "description")
        properties = {name: held["properties"][name] for name in members}
        estate.trial.arm("PUT", address, {"properties": properties}, "2022-04-01")


def _disable(estate: Estate) -> None:
    [version] = estate.trial.secrets("GET", f"certificates/{CREDENTIAL}/versions")["value"]
    path = f"certificates/{CREDENTIAL}/{version['id'].rpartition('/')[2]}"
    estate.trial.secrets("PATCH", path, {"attributes": {"enabled": False}})


def _outlive(estate: Estate) -> None:
    estate.trial.cloud.control("POST", "clock", {"advanceSeconds": 366 * 86400})


def _take_off(estate: Estate) -> None:
    estate.trial.change_application(keyCredentials=[])


@pytest.mark.parametrize(
    ("spoil", "why", "next_step"),
    [
        (_disable, "is disabled", "enables it"),
        (_outlive, "expired on", "makes a new one"),
        (_take_off, "AADSTS700027", ""),
    ],
    ids=["disabled", "expired", "not on the application"],
)
def test_a_certificate_that_does_not_work_is_told_before_anybody_signs_in(
    certificate: Estate, spoil: Callable[[Estate], None], why: str, next_step: str
) -> None:
    spoil(certificate)
    if spoil is _outlive:  # a laptop's own sign-in is over as well
        certificate.at_a_laptop_again()
    error = certificate.fails_before_the_sign_in(ConsentError)
    assert why in error.what
    assert next_step in error.next_step
    assert error.where == "application.credential"


def test_a_trusted_token_that_is_not_here_is_told_before_anybody_signs_in(
    federated: Estate, monkeypatch: pytest.MonkeyPatch
) -> None:
    forget_identities(monkeypatch)
    error = federated.fails_before_the_sign_in(CredentialMissingError)
    assert error.where == "application.credential"
    assert error.next_step


def test_apply_where_the_trusted_token_is_not_hands_the_sign_in_over(
    federated: Estate, monkeypatch: pytest.MonkeyPatch
) -> None:
    forget_identities(monkeypatch)
    player = federated.player()

    async def run() -> ApplyResult:
        async with federated.trial.opened(spec=federated.spec) as tenant:
            seen = await look(tenant, federated.spec)
            return await carry_out(tenant, federated.spec, seen, player, ApplyOptions())

    result = asyncio.run(run())
    assert result.exit_code() == 3
    assert " --mode device\nrun it where the trusted token is; " in result.after.for_a_person[0].todo
    assert player.endings == []
    told = next(text for text in player.said if "To be signed in by" in text)
    assert GITHUB_SUBJECT in told
    assert "    provisioner consent SPEC --mode device\n" in told


def test_where_the_trusted_token_is_a_device_code_carries_the_sign_in_out_of_the_job(
    federated: Estate, monkeypatch: pytest.MonkeyPatch
) -> None:
    forget_identities(monkeypatch)
    for name, value in start_job(federated.trial, "github", GITHUB_SUBJECT).items():
        monkeypatch.setenv(name, value)
    player = DevicePlayer(federated.trial.cloud.robot, federated.trial.operator)
    federated.trial.waits.clear()
    federated.trial.during[1] = player.sign_in
    result = federated.trial.consent(player, "device", federated.spec)
    assert result.account == federated.trial.tenant.operator
    stored = federated.trial.token()
    assert stored is not None
    assert stored["tags"]["clientType"] == "confidential"
