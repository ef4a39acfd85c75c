"""What a whole apply must leave, whatever happened on the way."""

from __future__ import annotations

from tests.trial import CREDENTIAL, Trial


def is_in_place_once(trial: Trial, what_happened: str) -> None:
    """Only the sign-in is left to do; nothing is there twice, and the secret in the vault works."""
    plan = trial.plan()
    assert [(step.address.kind, step.operation) for step in plan.steps] == [("refresh_token", "consent")], what_happened
    application = trial.application()
    applications = trial.graph("GET", "applications")["value"]
    assert [each["id"] for each in applications if each["displayName"] == "Trial"] == [application["id"]], what_happened
    principals = trial.graph("GET", "servicePrincipals")["value"]
    assert len([each for each in principals if each["appId"] == application["appId"]]) == 1, what_happened
    grants = trial.grants()
    assert len(grants) == len({grant["resourceId"] for grant in grants}) == 2, what_happened
    stored = trial.secrets("GET", f"secrets/{CREDENTIAL}")
    assert [each["keyId"] for each in application["passwordCredentials"]] == [stored["tags"]["keyId"]], what_happened
    assert trial.mints_a_token(stored["value"]), what_happened
    assert [each["id"].rsplit("/", 1)[-1] for each in trial.secrets("GET", "secrets")["value"]] == [CREDENTIAL]
