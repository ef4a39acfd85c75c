"""What docs/ci.md has an administrator do once, by az as it stands there."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

from tests.foreign.cloud import Cloud

from .conftest import Az

DOCUMENT = Path(__file__).parents[3] / "docs" / "ci.md"
BLOCKS = re.findall(r"^```bash\n(.*?)^```$", DOCUMENT.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
REPOSITORY = "contoso/partner"
READS = {"Directory.Read.All", "Policy.Read.All"}


def test_the_commands_of_the_ci_document_make_both_identities_and_what_trusts_them(
    az: Az, program: Path, cloud: Cloud, tmp_path: Path
) -> None:
    script = tmp_path / "once.sh"
    script.write_text("\n".join([*BLOCKS, 'echo "ids $APPLY $PLAN $PLANNER"']), encoding="utf-8")
    given = {"REPOSITORY": REPOSITORY, "PROJECT": REPOSITORY, "SUBSCRIPTION": cloud.tenant["subscription"]}
    path = f"{program.parent}{os.pathsep}{az.environment['PATH']}"
    done = subprocess.run(
        ["bash", "-euo", "pipefail", script],
        env=az.environment | given | {"PATH": path},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    _, apply, plan, planner = done.stdout.splitlines()[-1].split()

    def trusted(application: str) -> set[str]:
        return {each["subject"] for each in az("ad app federated-credential list", id=application)}

    assert trusted(plan) == {f"repo:{REPOSITORY}:pull_request"}
    assert trusted(apply) == {
        f"repo:{REPOSITORY}:ref:refs/heads/main",
        f"repo:{REPOSITORY}:environment:production",
        f"project_path:{REPOSITORY}:ref_type:branch:ref:main",
    }
    url = f"https://graph.microsoft.com/v1.0/servicePrincipals/{planner}/appRoleAssignments"
    graph = az("ad sp show", id="00000003-0000-0000-c000-000000000000")
    names = {role["id"]: role["value"] for role in graph["appRoles"]}
    assert {names[each["appRoleId"]] for each in az("rest", method="get", url=url)["value"]} == READS
    roles = az("role assignment list", assignee=planner, scope=f"/subscriptions/{cloud.tenant['subscription']}")
    assert [each["roleDefinitionName"] for each in roles] == ["Reader"]
