"""An update sends the members that differ and no other: what is sent as it was seen could undo another's write."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from aiohttp import ClientHandlerType, ClientRequest, ClientResponse

from tests.resources.cases import GRAPH, USER_READ_ALL
from tests.trial import Trial, failures

THEIR_URL = "https://their.contoso.com/signed-in"
WEB = "http://localhost:8400/"


def _web(trial: Trial, **members: Any) -> None:
    trial.change_application(web=members)


def _without(trial: Trial, uri: str) -> None:
    _web(trial, redirectUris=[each for each in trial.application()["web"]["redirectUris"] if each != uri])


def _move_to_spa(trial: Trial) -> None:
    uris = trial.application()["web"]["redirectUris"]
    trial.change_application(web={"redirectUris": [uri for uri in uris if uri != WEB]}, spa={"redirectUris": [WEB]})


@pytest.mark.parametrize(
    ("drifts", "sent"),
    [
        (lambda trial: trial.change_application(displayName="Renamed"), {"displayName"}),
        (lambda trial: trial.change_application(signInAudience="AzureADMyOrg"), {"signInAudience"}),
        (lambda trial: _web(trial, homePageUrl="https://x.contoso.com/"), {"web.homePageUrl"}),
        (
            lambda trial: _web(trial, implicitGrantSettings={"enableIdTokenIssuance": False}),
            {"web.implicitGrantSettings"},
        ),
        (lambda trial: _without(trial, WEB), {"web.redirectUris"}),
        (_move_to_spa, {"web.redirectUris", "spa.redirectUris"}),
        (lambda trial: trial.change_application(requiredResourceAccess=[]), {"requiredResourceAccess"}),
    ],
    ids=["name", "audience", "home page", "id tokens", "reply URL", "platform of a reply URL", "permissions"],
)
def test_of_the_application_only_what_differs_is_sent(
    applied: Trial, drifts: Callable[[Trial], object], sent: set[str]
) -> None:
    drifts(applied)
    applied.forget()
    assert applied.apply().exit_code() == 3
    (body,) = _bodies(applied, "graph.applications.update")
    assert _members(body) == sent
    assert applied.plan().pending == ()


def test_of_the_vault_only_what_differs_is_sent(applied: Trial) -> None:
    applied.arm("PATCH", applied.vault_path, {"tags": {**applied.arm("GET", applied.vault_path)["tags"], "team": "x"}})
    applied.forget()
    applied.apply()
    (body,) = _bodies(applied, "arm.vaults.patch")
    assert not body.get("properties")
    applied.arm("PATCH", applied.vault_path, {"properties": {"sku": {"family": "A", "name": "premium"}}})
    applied.forget()
    applied.apply(applied.spec(vault__sku="standard"))
    assert [set(each) for each in _bodies(applied, "arm.vaults.patch")] == [{"properties"}, {"tags"}], "and the note"


@dataclass
class Meanwhile:
    """Somebody else writes to the application between our last look and our PATCH."""

    trial: Trial
    act: Callable[[], object]
    acted: bool = False

    async def __call__(self, request: ClientRequest, handler: ClientHandlerType) -> ClientResponse:
        if request.method == "PATCH" and "/applications/" in request.url.path and not self.acted:
            self.acted = True
            await asyncio.to_thread(self.act)
        return await handler(request)


def test_what_others_add_while_the_name_is_put_right_stays(applied: Trial) -> None:
    def add() -> None:
        application = applied.application()
        asked = application["requiredResourceAccess"]
        graph = next(each for each in asked if each["resourceAppId"] == GRAPH)
        graph["resourceAccess"].append({"id": USER_READ_ALL, "type": "Role"})
        urls = [*application["web"]["redirectUris"], THEIR_URL]
        applied.change_application(requiredResourceAccess=asked, web={"redirectUris": urls})

    applied.change_application(displayName="Renamed")
    meanwhile = Meanwhile(applied, add)
    result = applied.apply(None, meanwhile)
    assert meanwhile.acted
    assert result.exit_code() == 3, failures(result)
    application = applied.application()
    assert application["displayName"] == "Trial"
    assert THEIR_URL in application["web"]["redirectUris"]
    assert USER_READ_ALL in [
        each["id"] for api in application["requiredResourceAccess"] for each in api["resourceAccess"]
    ]


def _bodies(trial: Trial, operation: str) -> list[dict[str, Any]]:
    return [each["request"]["body"] for each in trial.requests() if each["operation"] == operation]


def _members(body: dict[str, Any]) -> set[str]:
    """Those of web, publicClient and spa by themselves."""
    inner = {f"{name}.{member}" for name in ("web", "publicClient", "spa") for member in body.get(name, {})}
    return inner | (set(body) - {"web", "publicClient", "spa", "@odata.type"})
