"""A browser with a robot at it: `python -m tests.browser URL` signs in as the emulator's operator of that tenant.

The demo and the tests name it in BROWSER; where the emulator is comes from PROVISIONER_EMULATOR, as for everybody.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import requests

from tests.robot import Person, Robot


def main(url: str) -> None:
    note = json.loads(Path(os.environ["PROVISIONER_EMULATOR"]).read_text(encoding="utf-8"))
    operator = next(tenant["operator"] for tenant in _tenants(note) if tenant["id"] in url)
    person = Person(operator["username"], operator["password"], operator["otp"])
    ending = Robot(note["proxy"], note["ca"]).sign_in(url, person)
    sys.exit(0 if ending.status == 200 else f"the sign-in ended with {ending.status} at {ending.address}")


def _tenants(note: dict[str, Any]) -> list[dict[str, Any]]:
    session = requests.Session()
    session.trust_env = False  # a proxy of this machine has no business with the loopback
    answer = session.get(
        f"{note['control']['url']}state",
        headers={"Authorization": f"Bearer {note['control']['token']}"},
        verify=note["ca"],
        timeout=30,
    )
    answer.raise_for_status()
    tenants: list[dict[str, Any]] = answer.json()["tenants"]
    return tenants


if __name__ == "__main__":
    main(sys.argv[1])
