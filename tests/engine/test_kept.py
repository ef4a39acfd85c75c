"""What others put into an object of ours is shown as kept, and goes only where the spec says that a list is exact."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from provisioner.core.plan import Cause
from provisioner.emulator.seed.directory import RUNNER_SECRET
from provisioner.spec.model import Spec
from tests.engine.convergence.estate import Estate
from tests.engine.convergence.others import others
from tests.resources.cases import CASES, USER_READ_ALL
from tests.resources.cases import GRAPH as MICROSOFT_GRAPH
from tests.trial import GROUP, Trial

SERVICE_MANAGEMENT = "797f4846-ba00-4fd7-ba43-dac1f8f63013"
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
    "tag of the vault": Row(_tag_vault, "tag cost: 42", "tags"),
    "secret of unknown origin": Row(CASES["credential"].adds, "secret another team's of unknown origin"),  # type: ignore[arg-type]
    "trust of unknown origin": Row(_trust, "trust in job of https://oidc.contoso.com of unknown origin"),
    "a person's own grant": Row(_grant_to_one_person, ""),
    "owner": Row(_own, ""),
}


def _delegated_only(trial: Trial, **changed: Any) -> Spec:
    permissions = [{"api": "Microsoft Graph", "delegated": ["User.Read", "Directory.AccessAsUser.All"]}]
    return trial.spec(application__permissions=permissions, **changed)


def _without_any(trial: Trial, **changed: Any) -> Spec:
    return trial.spec(application__permissions=[], **changed)


@pytest.mark.parametrize("spec", [_delegated_only, _without_any])
def test_what_others_granted_shows_though_the_spec_asks_for_nothing_of_the_kind(
    trial: Trial, spec: Callable[..., Spec]
) -> None:
    """An application permission, and a delegated one of an API that the spec does not name."""
    trial.apply(spec(trial))
    CASES["app_role_assignment"].adds(trial)  # type: ignore[misc]  # this case has one
    _grant_another_api(trial)
    plan = trial.plan(spec(trial))
    assert (plan.cause, plan.pending) == (Cause.NONE, ())
    kept = {step.address.key: step.kept for step in plan.steps if step.kept}
    assert kept == {
        "Microsoft Graph/User.Read.All": ("granted application permission",),
        "Azure Service Management": ("grant of user_impersonation",),
    }
    rows = {(row.api, row.value): (row.declared, row.requested, row.granted) for row in plan.permissions}
    assert rows["Microsoft Graph", "User.Read.All"] == (False, False, True)
    assert rows["Azure Service Management", "user_impersonation"] == (False, False, True)
    trial.forget()
    trial.plan(spec(trial))
    sent = [each["operation"] for each in trial.requests() if not each["inner"]]
    assert len(sent) <= 10, sent
    exact = spec(trial, exact=["grants"], safety={"maxRemovals": 2})
    assert len(trial.plan(exact).removals) == 2
    assert trial.apply(exact).exit_code() == 3
    assert trial.plan(exact).pending == ()
    assert not [step for step in trial.plan(spec(trial)).steps if step.kept]


@pytest.mark.parametrize("declared", [["User.Read"], ["email"]], ids=["some declared", "none declared"])
def test_without_admin_consent_an_exact_list_only_takes_away(applied: Trial, declared: list[str]) -> None:
    permissions = [{"api": "Microsoft Graph", "delegated": declared}]
    spec = applied.spec(
        application__permissions=permissions,
        application__adminConsent=False,
        exact=["grants"],
        safety={"maxRemovals": 4},
    )
    gone = {each.fields for each in applied.plan(spec).removals if each.address.kind == "grant"}
    assert {change.before for fields in gone for change in fields} == {
        "user_impersonation",
        *({"User.Read", "Directory.AccessAsUser.All"} - set(declared)),
    }
    assert applied.apply(spec).exit_code() == 3
    assert [grant["scope"] for grant in applied.grants()] == [scope for scope in declared if scope == "User.Read"]
    assert applied.plan(spec).pending == ()


def _grant_another_api(trial: Trial) -> None:
    principal = trial.principal(trial.application()["appId"])["id"]
    body = {"clientId": principal, "resourceId": trial.principal(SERVICE_MANAGEMENT)["id"]}
    trial.graph(
        "POST", "oauth2PermissionGrants", body | {"consentType": "AllPrincipals", "scope": "user_impersonation"}
    )


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


def test_one_address_shows_as_people_write_it(applied: Trial) -> None:
    """The service answers with /32; written so in the spec it is the same address."""
    acls = applied.arm("GET", applied.vault_path)["properties"]["networkAcls"]
    rules = [{"value": "198.51.100.9"}]
    applied.arm("PATCH", applied.vault_path, {"properties": {"networkAcls": {**acls, "ipRules": rules}}})
    written = applied.spec(vault__network={"allowedIps": ["203.0.113.7/32"]})
    for spec in (applied.spec(), written):
        (step,) = [step for step in applied.plan(spec).steps if step.address.kind == "vault"]
        assert [(change.before, change.after) for change in step.fields] == [(None, "203.0.113.7")]
        assert step.kept == ("198.51.100.9",)
    (exact,) = applied.plan(applied.spec(exact=["allowedIps"])).removals
    assert ("198.51.100.9", None) in [(change.before, change.after) for change in exact.fields]
    assert applied.apply().exit_code() == 3
    assert applied.plan().pending == ()


def test_of_tags_that_the_spec_leaves_out_nothing_is_said(applied: Trial) -> None:
    _tag_vault(applied)
    assert not [entry for step in applied.plan(applied.spec(vault__tags=None)).steps for entry in step.kept]


def _others(trial: Trial) -> frozenset[tuple[str, str]]:
    runner = (trial.tenant.runner.client_id, RUNNER_SECRET)
    return others(Estate(trial.cloud, trial.tenant, (), vault_name=trial.vault, group=GROUP, admin=runner)).entries
