"""What somebody is told to do holds in the cloud it is about."""

from __future__ import annotations

import re

import pytest

from provisioner.clients.clouds import endpoints
from provisioner.clients.sign_in_remedies import REMEDIES

SET = {"usgov": "az cloud set --name AzureUSGovernment", "china": "az cloud set --name AzureChinaCloud"}
ADVICE = (
    ("az lock delete --ids X", "{set} && az lock delete --ids X"),
    ("have its owner run: az rest --url U", "have its owner run: {set} && az rest --url U"),
    ("run `az login --tenant T`, or set AZURE_CLIENT_ID", "run `{set} && az login --tenant T`, or set AZURE_CLIENT_ID"),
    ("G=$(az ad sp show) az ad sp create", "G=$({set} && az ad sp show) az ad sp create"),
    ("{set} && az login", "{set} && az login"),
    ("provisioner consent SPEC", "provisioner consent SPEC"),
    ("az is not installed", "az is not installed"),
)


@pytest.mark.parametrize("cloud", SET)
@pytest.mark.parametrize(("text", "told"), ADVICE)
def test_azure_cli_is_told_the_cloud_before_its_first_command(cloud: str, text: str, told: str) -> None:
    assert endpoints(cloud).advice(text.format(set=SET[cloud])) == told.format(set=SET[cloud])


@pytest.mark.parametrize("cloud", ["public", "emulator"])
def test_the_public_cloud_is_the_one_azure_cli_is_in(cloud: str) -> None:
    for remedy in REMEDIES.values():
        assert endpoints(cloud).advice(remedy.told) == remedy.told


@pytest.mark.parametrize("cloud", SET)
def test_no_remedy_sends_anybody_to_another_cloud(cloud: str) -> None:
    for remedy in REMEDIES.values():
        told = endpoints(cloud).advice(remedy.told)
        assert "https://entra.microsoft.com" not in told
        assert not re.search(r"\baz (?!cloud)", told.partition("az cloud set")[0])
