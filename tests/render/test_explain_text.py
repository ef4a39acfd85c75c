from __future__ import annotations

from syrupy.assertion import SnapshotAssertion

from provisioner.core.overview import PermissionRow
from provisioner.operations.explain import Explanation
from provisioner.operations.explain_needs import Need, Once
from provisioner.operations.pipelines import Pipeline
from provisioner.render.explain_text import explanation_lines
from provisioner.render.layout import plain

SECRET: dict[str, object] = {"type": "secret", "name": "contoso-sam-credential", "version": "e9bf", "thumbprint": None}
EXPLANATION = Explanation(
    "contoso-sam",
    permissions=(
        PermissionRow(
            "Microsoft Partner Center",
            "user_impersonation",
            "delegated",
            declared=True,
            requested=True,
            granted=False,
            risk="high",
            sentence="Acts in Partner Center as the person who signed in: customers, orders, subscriptions.",
        ),
        PermissionRow(
            "Microsoft Graph",
            "Directory.AccessAsUser.All",
            "delegated",
            declared=False,
            requested=True,
            granted=None,
            risk="critical",
            sentence="Does in the directory whatever the person who signed in may do.",
        ),
    ),
    needs=(
        Need("runner", "arm", ("Reader", "Contributor", "Owner"), "subscription", "plan"),
        Need("runner", "graph", ("Directory.Read.All",), "", "plan"),
        Need(
            "operator",
            "key_vault",
            ("Key Vault Secrets Officer",),
            "vault kv-contoso-sam",
            "stores the refresh token",
            by_apply=True,
        ),
        Need("account", "entra", ("MFA registered",), "", "Partner Center takes no token without MFA"),
    ),
    once=(
        Once(
            "an Owner of the subscription",
            "registers the provider, makes the resource group, and gives the runner its roles",
            ("az provider register --namespace Microsoft.KeyVault --subscription 2222",),
        ),
        Once("a Privileged Role Administrator", "gives the runner a directory role", ()),
    ),
    pipelines=(
        Pipeline(
            "GitHub Actions",
            ("permissions: {id-token: write, contents: read}", "env:", "  AZURE_CLIENT_ID: c11e"),
            "az ad app federated-credential create --id c11e --parameters '{}'",
        ),
    ),
    outputs={
        "tenantId": "7d1a0f3c-95b1-4f0e-8a39-3a3d6f2f6f10",
        "servicePrincipalObjectId": None,
        "credential": SECRET,
    },
    unknown=(("contoso-sam/grant/Microsoft Graph", "Graph answered 403 Authorization_RequestDenied: Insufficient"),),
)


def test_an_explanation_reads_as_reviewed(text_file: SnapshotAssertion) -> None:
    assert plain(explanation_lines(EXPLANATION, 80)) == text_file


def test_a_secret_has_no_thumbprint_to_wait_for() -> None:
    assert "thumbprint" not in plain(explanation_lines(EXPLANATION, 80))
