"""One good spec, and a way to break it: `§` marks where the problem must be reported."""

from __future__ import annotations

from pathlib import Path

import pytest

from provisioner.core.errors import Problem, SpecError
from provisioner.spec.read import Loaded, read

GOOD = """\
version: 1
name: contoso-sam
cloud: public
tenant: 5e0c9b1d-7a42-4f68-9d3b-c81f2e6a7054
subscription: c4a81f3e-26d9-4b57-8e0a-9f13d5b7c620
application:
  displayName: Contoso Partner Integration
  signInAudience: AzureADMultipleOrgs
  homePageUrl: https://localhost:44395/
  replyUrls: [https://localhost:44395/, http://localhost:8400/]
  permissions:
    - {api: Microsoft Partner Center, delegated: [user_impersonation]}
    - {api: Microsoft Graph, delegated: [User.Read], application: [Domain.Read.All]}
  credential: {type: secret, lifetime: 365d, rotateBefore: 30d, overlap: 7d}
vault:
  name: kv-contoso-sam
  resourceGroup: rg-contoso-sam
  location: westeurope
  network: {defaultAction: Deny, allowedIps: [203.0.113.7]}
  access:
    - {principal: 0b7d52c9-e1f4-4836-a05c-6d9e83b1f274, role: Key Vault Secrets User}
  runner: 2a6e84d0-b35f-49c7-8f1e-d07c5b92e6a3
  tags: {team: partners}
consent:
  account: sam-service@contoso.onmicrosoft.com
  operators: [7fc03e5b-98a1-4d26-b4e7-05d2c9f8a61b]
  secretName: partner-refresh-token
  renewAfter: 7d
  warnBefore: 14d
exact: [replyUrls]
safety: {maxRemovals: 0}
"""


def broken(old: str, new: str) -> tuple[str, int, int]:
    """The good spec with `old` replaced, and the line and column of the mark in `new`."""
    assert GOOD.count(old) == 1, f"{old!r} must be in the good spec once"
    text = GOOD.replace(old, new)
    before, _, _ = text.partition("§")
    return text.replace("§", ""), before.count("\n") + 1, len(before) - before.rfind("\n")


def load(folder: Path, text: str, name: str = "spec.yaml") -> Loaded:
    file = folder / name
    file.write_text(text, encoding="utf-8")
    return read([file])


def problems_of(folder: Path, text: str | bytes, name: str = "spec.yaml") -> tuple[Problem, ...]:
    file = folder / name
    file.write_bytes(text.encode() if isinstance(text, str) else text)
    with pytest.raises(SpecError) as caught:
        read([file])
    return caught.value.problems
