"""Of a vault that is only used, what an apply notes of the spec lies on the refresh token."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from provisioner.core.plan import Cause
from provisioner.resources.marks import APPLIED_TAG, NOTES
from provisioner.spec.model import Spec, parse
from tests.kept import Kept
from tests.rehearsal import SECRET
from tests.trial import Trial


def _tags(trial: Trial) -> dict[str, str]:
    tags: dict[str, str] = trial.arm("GET", trial.vault_path)["tags"]
    return tags


def _using(kept: Kept, **changed: Any) -> Spec:
    document = kept.document()
    document["vault"] |= {"mode": "use"}
    document["application"] |= changed
    return parse(document)


@pytest.fixture
def using(kept_by_secret: Kept) -> Kept:
    """A tenant in which everything is in place and somebody signed in, noted on nothing."""
    trial = kept_by_secret.trial
    tags = {name: tag for name, tag in _tags(trial).items() if name not in NOTES}
    trial.arm("PATCH", trial.vault_path, {"tags": tags})
    return kept_by_secret


def test_of_a_vault_that_is_only_used_the_notes_lie_on_the_token_and_are_no_news(using: Kept) -> None:
    trial, spec = using.trial, _using(using)
    before = trial.plan(spec)
    assert (before.cause, before.exit_code()) == (Cause.FIRST, 0)
    assert [step.address.kind for step in before.pending] == ["spec_digest"]
    version = using.token()["id"]
    assert trial.apply(spec).exit_code() == 0
    token = using.token()
    assert token["id"] == version, "no new version for a note"
    assert set(NOTES) <= set(token["tags"])
    assert not set(NOTES) & set(_tags(trial)), "the vault is not written"
    after = trial.plan(spec)
    assert (after.cause, after.since) == (Cause.NONE, datetime.fromisoformat(token["tags"][APPLIED_TAG]))
    assert not after.pending
    trial.change_application(displayName="Renamed")
    assert trial.plan(spec).cause is Cause.DRIFT
    assert trial.plan(_using(using, signInAudience="AzureADMyOrg")).cause is Cause.CHANGE


def test_a_renewed_token_carries_the_notes(using: Kept) -> None:
    trial, spec = using.trial, _using(using)
    trial.apply(spec)
    before = using.token()["tags"]
    using.advance(timedelta(days=8))
    using.renew()
    after = using.token()["tags"]
    assert {name: after[name] for name in NOTES} == {name: before[name] for name in NOTES}
    assert after["issued"] != before["issued"]
    assert trial.plan(spec).cause is Cause.NONE


def test_without_a_token_there_is_nothing_to_note_on(using: Kept) -> None:
    using.trial.secrets("DELETE", f"secrets/{SECRET}")
    deleted = using.trial.plan(_using(using))
    assert [(step.address.kind, step.operation) for step in deleted.pending] == [("refresh_token", "recover")]
    using.trial.secrets("DELETE", f"deletedsecrets/{SECRET}")
    plan = using.trial.plan(_using(using))
    assert plan.cause is Cause.FIRST
    assert not plan.pending


def test_a_token_that_somebody_else_wrote_is_not_written_on(using: Kept) -> None:
    using.trial.put_secret(SECRET, "theirs")
    assert not using.trial.plan(_using(using)).pending
