"""The JSON Schema of a plan, generated from the classes that make the JSON.

`python -m provisioner.render.plan_schema` prints `schemas/plan.schema.json`; a test compares the file with the code.
"""

from __future__ import annotations

import json
import sys
from typing import Any

import msgspec

from provisioner.render.plan_json import FORMAT_VERSION, FailedTenant, SavedPlan, TenantPlan


def plan_schema() -> dict[str, Any]:
    """Draft 2020-12. A tenant is its plan, or the error that kept it from having one; a saved plan has only plans."""
    (planned, failed, saved), parts = msgspec.json.schema_components(
        (TenantPlan, FailedTenant, SavedPlan), ref_template="#/$defs/{name}"
    )
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "The plan of provisioner",
        "description": "What `provisioner plan --format json` prints: for each tenant what would change, and why. "
        "With `integrity`, what `provisioner plan --out` saves.",
        "type": "object",
        "if": {"required": ["integrity"]},
        "then": saved,
        "else": {
            "properties": {
                "formatVersion": {"const": FORMAT_VERSION},
                "tenants": {"type": "array", "items": {"anyOf": [planned, failed]}},
            },
            "required": ["formatVersion", "tenants"],
            "additionalProperties": False,
        },
        "$defs": parts,
    }


def schema_text() -> str:
    """The file's text."""
    return json.dumps(plan_schema(), indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    sys.stdout.write(schema_text())
