"""What others put into an object of ours is shown as kept, and goes only where the spec says that a list is exact."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from provisioner.emulator.seed.directory import RUNNER_SECRET
from tests.engine.convergence.estate import Estate
from tests.engine.convergence.others import others
from tests.resources.cases import CASES, USER_READ_ALL
from tests.resources.cases import GRAPH as MICROSOFT_GRAPH
from tests.trial import GROUP, Trial

EVERY_LIST = ["replyUrls", "permissions", "grants", "access", "allowedIps", "tags"]


def _add_reply_url(trial: Trial) -> None:
    uris = trial.application()["web"]["redirectUris"]
    trial.change_application(web={"redirectUris": [*uris, "https://other.contoso.com/"]})


def _ask_for_more(trial: Trial) -> None:
    asked = trial.application()["requiredResourceAccess"]
    entry = {"id": USER_READ_ALL, "type": "Role"}
    trial.change_application(
        requiredResourceAccess=[
            {**each, "resourceAccess": [*each["resourceAccess"], entry]}
            if each["resourceAppId"] == MICROSOFT_GRAPH
            else each
            for each in asked
        ]
    )


def _tag_vault(trial: Trial) -> None:
    trial.arm("PATCH", trial.vault_path, {"tags": {**trial.arm("GET", trial.vault_path)["tags"], "cost": "42"}})


def _admit_address(trial: Trial) -> None:
    acls = trial.arm("GET", trial.vault_path)["properties"]["networkAcls"]
    rules = [*acls["ipRules"], {"value": "198.51.100.0/24"}]
    trial.arm("PATCH", trial.vault_path, {"properties": {"networkAcls": {**acls, "ipRules": rules}}})


def _grant_to_one_person(trial: Trial) -> None:
    principal = trial.principal(trial.application()["appId"])["id"]
    body = {"clientId": principal, "resourceId": trial.principal(MICROSOFT_GRAPH)["id"], "scope": "email"}
    who = {"consentType": "Principal", "principalId": trial.tenant.colleague_id}
    trial.graph("POST", "oauth2PermissionGrants", body | who)


def _trust(trial: Trial) -> None:
    body = {"name": "theirs", "issuer": "https://oidc.contoso.com", "subject": "job", "audiences": ["api://theirs"]}
    trial.graph("POST", f"applications/{trial.application()['id']}/federatedIdentityCredentials", body)


def _own(trial: Trial) -> None:
    link = f"https://graph.microsoft.com/v1.0/directoryObjects/{trial.tenant.colleague_id}"
    trial.graph("POST", f"applications/{trial.application()['id']}/owners/$ref", {"@odata.id": link})


@dataclass(frozen=True)
class Row:
    """adds: an entry of others. shown: what the plan says of it; "" where it is nothing that a spec speaks of.

    exact: the list that it goes with; "" for what never goes.
    """

    adds: Callable[[Trial], object]
    shown: str
    exact: str = ""


ROWS = {
    "reply URL": Row(_add_reply_url, "https://other.contoso.com/", "replyUrls"),
    "requested permission": Row(_ask_for_more, "permission Microsoft Graph: User.Read.All", "permissions"),
    "scope of a grant": Row(CASES["grant"].adds, "grant of User.Read.All", "grants"),  # type: ignore[arg-type]
    "app role": Row(CASES["app_role_assignment"].adds, "granted application permission", "grants"),  # type: ignore[arg-type]
    "role on the vault": Row(CASES["role_assignment"].adds, "role of User", "access"),  # type: ignore[arg-type]
    "address in the firewall": Row(_admit_address, "198.51.100.0/24", "allowedIps"),
    "tag of the vault": Row(_tag_vault, "", "tags"),
    "secret of unknown origin": Row(CASES["credential"].adds, "secret another team's of unknown origin"),  # type: ignore[arg-type]
    "trust of unknown origin": Row(_trust, "trust in job of https://oidc.contoso.com of unknown origin"),
    "a person's own grant": Row(_grant_to_one_person, ""),
    "owner": Row(_own, ""),
}


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_an_entry_of_others_is_shown_and_stays_unless_its_list_is_exact(applied: Trial, row: Row) -> None:
    before = _others(applied)
    row.adds(applied)
    theirs = _others(applied) - before
    assert theirs
    plan = applied.plan()
    assert not plan.pending
    kept = [entry for step in plan.steps for entry in step.kept]
    assert [entry for entry in kept if entry.startswith(row.shown)] if row.shown else not kept
    applied.apply()
    assert theirs <= _others(applied)
    words = [word for word in EVERY_LIST if word != row.exact]
    spec = applied.spec(exact=words, safety={"maxRemovals": 0})
    applied.apply(spec)
    assert theirs <= _others(applied), "another list is exact"
    if row.exact:
        spec = applied.spec(exact=[row.exact], safety={"maxRemovals": 1})
        assert len(applied.plan(spec).removals) == 1
        assert applied.apply(spec).exit_code() == 3
        assert not theirs & _others(applied)


def _others(trial: Trial) -> frozenset[tuple[str, str]]:
    runner = (trial.tenant.runner.client_id, RUNNER_SECRET)
    return others(Estate(trial.cloud, trial.tenant, (), vault_name=trial.vault, group=GROUP, admin=runner)).entries
