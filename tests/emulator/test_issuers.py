"""Issuers of workload identities: their tokens are proved by the keys they publish."""

from __future__ import annotations

from typing import Any

import jwt
import pytest

from provisioner.emulator.dispatch import handle
from provisioner.emulator.issuers import keys
from provisioner.emulator.issuers.jobs import start_job
from provisioner.emulator.store import Store


def proved(store: Store, issuer: str, token: str, audience: str) -> dict[str, Any]:
    """The claims of a token, its signature checked with what the issuer's own host answers."""
    configuration = handle(store, "GET", f"{issuer}/.well-known/openid-configuration").body
    assert configuration["issuer"] == issuer
    found = jwt.PyJWKSet.from_dict(handle(store, "GET", configuration["jwks_uri"]).body)
    key = found[jwt.get_unverified_header(token)["kid"]]
    return jwt.decode(token, key, algorithms=["RS256"], audience=audience, issuer=issuer)


def test_a_job_of_github_gets_a_token_for_the_audience_it_names(store: Store) -> None:
    with store.transaction() as tx:
        job = start_job(tx, "github", "repo:contoso/infra:environment:production", workflow="deploy")
    headers = {"Authorization": f"bearer {job['ACTIONS_ID_TOKEN_REQUEST_TOKEN']}"}
    url = f"{job['ACTIONS_ID_TOKEN_REQUEST_URL']}&audience=api://AzureADTokenExchange"
    token = handle(store, "GET", url, headers).body["value"]
    claims = proved(store, keys.GITHUB, token, "api://AzureADTokenExchange")
    assert (claims["sub"], claims["environment"]) == ("repo:contoso/infra:environment:production", "production")
    assert (claims["repository"], claims["workflow"], claims["exp"] - claims["iat"]) == ("contoso/infra", "deploy", 300)
    unnamed = handle(store, "GET", job["ACTIONS_ID_TOKEN_REQUEST_URL"], headers).body["value"]
    assert proved(store, keys.GITHUB, unnamed, "https://github.com/contoso")


def test_a_job_of_azure_pipelines_gets_a_token_for_its_service_connection(store: Store) -> None:
    with store.transaction() as tx:
        job = start_job(tx, "azure-devops", "sc://contoso/infra/production")
    query = f"api-version=7.1&serviceConnectionId={job['AZURESUBSCRIPTION_SERVICE_CONNECTION_ID']}"
    headers = {"Authorization": f"Bearer {job['SYSTEM_ACCESSTOKEN']}"}
    token = handle(store, "POST", f"{job['SYSTEM_OIDCREQUESTURI']}?{query}", headers).body["oidcToken"]
    issuer = f"https://vstoken.dev.azure.com/{job['SYSTEM_COLLECTIONID']}"
    claims = proved(store, issuer, token, "api://AzureADTokenExchange")
    assert (claims["sub"], claims["exp"] - claims["iat"]) == ("sc://contoso/infra/production", 600)


def test_an_issuer_is_known_once_registered_and_keeps_its_key(store: Store) -> None:
    cluster = "https://oidc.example.com/cluster/"
    with store.transaction() as tx:
        assert keys.public_keys(tx, cluster) is None
        with pytest.raises(LookupError):
            keys.mint(tx, cluster, {"sub": "x"}, 60)
        keys.register(tx, cluster)
        first = keys.public_keys(tx, cluster)
        keys.register(tx, cluster)
        token = keys.mint(tx, cluster, {"sub": "system:serviceaccount:a:b", "aud": "x"}, 3600)
        assert first is not None
        assert first == keys.public_keys(tx, cluster)
        assert keys.public_keys(tx, cluster.rstrip("/")) is None
    [(kid, key)] = first.items()
    assert jwt.get_unverified_header(token)["kid"] == kid
    assert jwt.decode(token, key, algorithms=["RS256"], audience="x", issuer=cluster)["sub"].endswith("a:b")


@pytest.mark.parametrize("issuer", ["http://cluster.example.com", "https://", "https://a/b?c", "cluster"])
def test_an_issuer_must_be_an_https_address(store: Store, issuer: str) -> None:
    with store.transaction() as tx, pytest.raises(ValueError, match="https"):
        keys.register(tx, issuer)


@pytest.mark.parametrize(("platform", "subject"), [("github", "contoso/infra"), ("azure-devops", "sc://contoso")])
def test_a_subject_of_another_form_starts_no_job(store: Store, platform: Any, subject: str) -> None:
    with store.transaction() as tx, pytest.raises(ValueError, match="subject"):
        start_job(tx, platform, subject)


def test_the_request_token_is_not_in_the_store(store: Store) -> None:
    with store.transaction() as tx:
        token = start_job(tx, "github", "repo:contoso/infra:pull_request")["ACTIONS_ID_TOKEN_REQUEST_TOKEN"]
        rows = tx.sql.execute("SELECT body FROM documents WHERE instr(body, ?) OR id = ?", (token, token)).fetchall()
    assert rows == []
