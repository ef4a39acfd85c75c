"""A saved plan holds only as long as what was seen: whatever moved since is named, and nothing is written."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest

from provisioner.core.errors import ProvisionerError, SavedPlanError, StalePlanError
from provisioner.core.report import Outcome
from provisioner.operations.apply import ApplyOptions, ApplyResult, carry_out
from provisioner.operations.plan import Seen
from provisioner.operations.plan_file import SavedTenant, plan_text, read_plan, saved_tenant
from provisioner.operations.rotate import carry_out_rotation, look_to_rotate
from provisioner.operations.saved import look_as_saved
from provisioner.spec.model import Spec, parse
from tests.kept import Kept
from tests.rehearsal import SECRET
from tests.resources.cases import CASES
from tests.trial import CREDENTIAL, Onlooker

DAY = timedelta(days=1)
FILE = "plan.json"
AGAIN = "provisioner plan SPEC --out plan.json"
TO_ROTATION = timedelta(days=150)  # the credential lives for 180 days, and is replaced 30 before


@pytest.fixture(scope="module")
def changed(every_type: dict[str, Kept]) -> Iterator[Kept]:
    """Everything in place, the day after, and a spec that now says a little more."""
    kept = every_type["secret"]
    kept.trial.back_to(kept.type)
    kept.advance(DAY)
    kept.trial.cloud.control("POST", "snapshot", {"name": "changed"})
    yield kept


@pytest.fixture
def kept(changed: Kept) -> Kept:
    changed.trial.back_to("changed")
    return changed


def spec_of(kept: Kept) -> Spec:
    document = kept.document()
    document["application"]["displayName"] = "Trial, renamed"
    document["vault"] |= {"sku": "standard", "tags": {"team": "another team"}}
    return parse(document)


def save(kept: Kept, spec: Spec) -> SavedTenant:
    """Through the file, as another process reads it."""
    made = kept.trial.plan(spec)
    (saved,) = read_plan(plan_text([saved_tenant(made, spec)]).encode(), FILE)
    kept.trial.forget()
    return saved


def look(kept: Kept, saved: SavedTenant) -> Seen:
    async def run() -> Seen:
        async with kept.opened() as tenant:
            return await look_as_saved(tenant, saved, FILE, AGAIN)

    return asyncio.run(run())


def refusal(kept: Kept, saved: SavedTenant, kind: type[ProvisionerError] = StalePlanError) -> ProvisionerError:
    kept.trial.forget()
    with pytest.raises(kind) as caught:
        look(kept, saved)
    assert kept.trial.writes() == []
    return caught.value


@dataclass(frozen=True)
class Move:
    """What happens to the tenant after the plan was saved, and what is said of it."""

    happens: Callable[[Kept], object]
    told: str


def _case(name: str) -> Callable[[Kept], object]:
    drifts = CASES[name].drifts
    assert drifts is not None
    return lambda kept: drifts(kept.trial)


def _one_more_reply_url(kept: Kept) -> None:
    urls = kept.trial.application()["web"]["redirectUris"]
    kept.trial.change_application(web={"redirectUris": [*urls, "https://app.contoso.com/"]})


def _vault(**properties: Any) -> Callable[[Kept], object]:
    return lambda kept: kept.trial.arm("PATCH", kept.trial.vault_path, {"properties": properties})


def _tag_the_vault(kept: Kept) -> None:
    tags = kept.trial.arm("GET", kept.trial.vault_path)["tags"]
    kept.trial.arm("PATCH", kept.trial.vault_path, {"tags": {**tags, "team": "x"}})


def _rotate(kept: Kept) -> None:
    async def run() -> None:
        async with kept.opened() as tenant:
            seen = await look_to_rotate(tenant, kept.spec())
            result = await carry_out_rotation(tenant, kept.spec(), seen, Onlooker(), ApplyOptions())
            assert result.report is not None
            assert not result.report.failed

    asyncio.run(run())


def _delete_the_vault(kept: Kept) -> None:
    kept.trial.arm("DELETE", kept.trial.vault_path)


MOVES = {
    "the application renamed": Move(
        lambda kept: kept.trial.change_application(displayName="Somebody's"),
        "trial/application: application.displayName: before was Trial, is now Somebody's",
    ),
    "the application as the spec wants it": Move(
        lambda kept: kept.trial.change_application(displayName="Trial, renamed"),
        "trial/application: the step is gone: update",
    ),
    "somebody's reply URL": Move(_one_more_reply_url, "trial/application: kept: https://app.contoso.com/ is new"),
    "a reply URL of ours taken out": Move(
        lambda kept: kept.trial.change_application(web={"redirectUris": list(kept.trial.reply_urls[:1])}),
        "trial/application: application.replyUrls: + https://localhost:44395/ is new",
    ),
    "the vault's sku": Move(
        _vault(sku={"family": "A", "name": "premium"}), "trial/vault: vault.sku: premium → standard is new"
    ),
    "the vault's tag": Move(
        _tag_the_vault,
        "trial/vault: vault.tags.team: before was partner-platform, is now x",
    ),
    "a role taken away": Move(
        _case("role_assignment"),
        "trial/role_assignment/Key Vault Secrets User/34aa6fab-0715-4daf-8136-10640bf0db56: a new step: assign",
    ),
    "a grant narrowed": Move(
        _case("grant"), "trial/grant/Microsoft Graph: a new step: update (application.permissions[Microsoft Graph]"
    ),
    "the credential withdrawn": Move(_case("credential"), f"trial/credential/{CREDENTIAL}: a new step: create"),
    "the credential rotated by somebody": Move(_rotate, f"trial/credential/{CREDENTIAL}: a new step: retire"),
    "the token renewed": Move(lambda kept: kept.renew(), f"trial/refresh_token/{SECRET}: seen was fresh: issued"),
    "the token written back by a consumer": Move(
        lambda kept: kept.trial.put_secret(SECRET, kept.token()["value"]),
        f"trial/refresh_token/{SECRET}: seen was fresh: issued",
    ),
    "the token disabled": Move(
        lambda kept: kept.trial.secrets("PATCH", f"secrets/{SECRET}", {"attributes": {"enabled": False}}),
        f"trial/refresh_token/{SECRET}: the step was none, is now consent",
    ),
    "the vault deleted": Move(_delete_the_vault, "trial/vault: the step was update, is now recover"),
    "the vault unreadable": Move(
        lambda kept: kept.trial.fault("arm.vaults.get", "deny", count=None),
        "trial/vault: the step was update, is now observe (it could not be read: Azure Resource Manager answered 403",
    ),
    "the token due": Move(
        lambda kept: kept.advance(timedelta(days=6, hours=1)),
        f"trial/refresh_token/{SECRET}: the step was none, is now renew",
    ),
}


@pytest.mark.parametrize("move", MOVES.values(), ids=MOVES)
def test_what_moved_since_is_named_and_nothing_is_written(kept: Kept, move: Move) -> None:
    saved = save(kept, spec_of(kept))
    move.happens(kept)
    error = refusal(kept, saved)
    assert f"trial is no longer as the saved plan shows it. {move.told}" in error.what
    assert AGAIN in error.next_step


def test_what_did_not_move_is_planned_again_and_the_same(kept: Kept) -> None:
    saved = save(kept, spec_of(kept))
    kept.trial.graph("POST", "applications", {"displayName": "another team's"})
    seen = look(kept, saved)
    assert [(str(step.address), step.operation) for step in seen.plan.pending] == [
        ("trial/vault", "update"),
        ("trial/application", "update"),
        ("trial/spec_digest", "record"),
    ]


def test_a_credential_that_comes_due_is_a_new_step(kept: Kept) -> None:
    kept.advance(TO_ROTATION - 3 * DAY)
    saved = save(kept, spec_of(kept))
    kept.advance(3 * DAY)
    assert "trial/credential/trial-credential: a new step: stage" in refusal(kept, saved).what


def test_a_credential_that_was_replaced_is_not_the_one_the_plan_would_replace(kept: Kept) -> None:
    kept.advance(TO_ROTATION)
    saved = save(kept, kept.spec())
    assert [step.operation for step in look(kept, saved).plan.pending] == ["stage", "promote"]
    _rotate(kept)
    assert "trial/credential/trial-credential: the step was stage, promote, is now retire" in refusal(kept, saved).what


def test_a_plan_from_nothing_holds_for_a_week_though_the_credential_would_end_later(kept: Kept) -> None:
    kept.trial.back_to("new")
    saved = save(kept, kept.spec())
    assert "application.credential.expires" in str(saved.plan.entries)
    kept.advance(7 * DAY - timedelta(minutes=5))
    assert look(kept, saved).plan.pending
    kept.advance(timedelta(minutes=10))
    error = refusal(kept, saved, SavedPlanError)
    assert error.what == "the plan is older than 7 days"
    assert error.where.startswith("plan.json, made at ")


def test_a_plan_from_the_future_is_refused(kept: Kept) -> None:
    saved = save(kept, kept.spec())
    assert look(kept, replace(saved, made_at=saved.made_at + timedelta(minutes=4)))
    error = refusal(kept, replace(saved, made_at=saved.made_at + timedelta(minutes=6)), SavedPlanError)
    assert "from the future" in error.what


def test_once_it_was_applied_it_says_so(kept: Kept) -> None:
    saved = save(kept, spec_of(kept))
    assert kept.trial.apply(saved.spec).exit_code() == 0
    assert "may have been applied already" in refusal(kept, saved).next_step


def test_what_moves_after_the_look_is_stale_as_in_any_apply(kept: Kept) -> None:
    saved = save(kept, spec_of(kept))

    async def run() -> ApplyResult:
        async with kept.opened() as tenant:
            seen = await look_as_saved(tenant, saved, FILE, AGAIN)
            await asyncio.to_thread(kept.trial.change_application, displayName="Somebody's")
            return await carry_out(tenant, saved.spec, seen, Onlooker(), ApplyOptions(with_consent=False))

    result = asyncio.run(run())
    assert result.report is not None
    outcomes = {str(one.step.address): one.outcome for one in result.report.results}
    assert outcomes == {
        "trial/application": Outcome.STALE,
        "trial/vault": Outcome.DONE,
        "trial/spec_digest": Outcome.SKIPPED,
    }
    assert kept.trial.application()["displayName"] == "Somebody's"
