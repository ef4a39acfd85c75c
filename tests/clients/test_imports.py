"""What a clean plan imports: Microsoft's SDKs take longer to import than it takes to plan."""

from __future__ import annotations

import subprocess
import sys

LOOK = """
import sys
import provisioner.cli.plan, provisioner.cli.run, provisioner.operations.plan
from provisioner.clients.tenant import load_sdks
load_sdks(certificates=True)
print(*sorted({".".join(name.split(".")[:2]) for name in sys.modules}))
"""


def test_what_only_writes_need_is_not_imported_to_plan() -> None:
    done = subprocess.run([sys.executable, "-c", LOOK], capture_output=True, text=True, check=True)
    imported = done.stdout.split()
    assert "azure.keyvault" in imported
    assert not {"msgraph", "kiota_abstractions.method", "azure.mgmt"} & {*imported}
