from __future__ import annotations

import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from provisioner.core.errors import ApiError, PlanError
from provisioner.core.secret import Secret
from provisioner.render.plan_json import document, failed_json, tenant_json, with_commands_ready
from provisioner.render.plan_schema import plan_schema, schema_text
from provisioner.render.values import as_json
from tests.render.plans import ALL, FIRST

SCHEMA = Path(__file__).parents[2] / "schemas" / "plan.schema.json"


def test_the_schema_file_is_what_the_code_makes() -> None:
    assert SCHEMA.read_text(encoding="utf-8") == schema_text(), "run: python -m provisioner.render.plan_schema"


def test_every_plan_obeys_the_schema() -> None:
    refused = ApiError("Azure Resource Manager", "GET vault", 500, "InternalServerError", "try later")
    text = document([*map(tenant_json, ALL.values()), failed_json("fabrikam-sam", refused, emulator=False)])
    Draft202012Validator.check_schema(plan_schema())
    Draft202012Validator(plan_schema()).validate(json.loads(text))


def test_a_value_known_only_at_apply_is_a_reference() -> None:
    (grant,) = [entry for entry in tenant_json(FIRST)["entries"] if entry["address"].startswith("contoso-sam/grant/")]
    assert grant["fields"][0]["after"] == {"ref": "contoso-sam/application", "field": "principalId"}


def test_the_key_status_is_for_checks_only() -> None:
    assert '"status"' not in document([tenant_json(plan) for plan in ALL.values()])


def test_advice_in_json_names_the_file_as_text_does() -> None:
    refused = PlanError("nobody signed in yet", where="SPEC", next_step="provisioner consent SPEC")
    told = with_commands_ready({"tenants": [failed_json("fabrikam-sam", refused, emulator=False)]}, "fabrikam.yaml")
    error = {"what": "nobody signed in yet", "where": "SPEC", "next": "provisioner consent fabrikam.yaml"}
    assert told == {"tenants": [{"name": "fabrikam-sam", "emulator": False, "error": error}]}


def test_a_secret_cannot_be_rendered() -> None:
    with pytest.raises(TypeError):
        as_json({"value": Secret("canary")})
