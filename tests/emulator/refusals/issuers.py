"""A request for each refusal of the issuers: (refusal, source, request, status, code)."""

from __future__ import annotations

from collections.abc import Callable

from provisioner.emulator.dispatch import handle
from provisioner.emulator.issuers.jobs import start_job
from provisioner.emulator.kernel import Reply
from provisioner.emulator.store import Store

Provoke = Callable[[Store], Reply]
GITHUB = "repo:contoso/infra:ref:refs/heads/main"
CONNECTION = "sc://contoso/infra/production"


def get(url: str) -> Provoke:
    return lambda store: handle(store, "GET", url)


def other_jobs_token(store: Store) -> Reply:
    with store.transaction() as tx:
        one, other = (start_job(tx, "github", GITHUB) for _ in range(2))
    headers = {"Authorization": f"Bearer {other['ACTIONS_ID_TOKEN_REQUEST_TOKEN']}"}
    return handle(store, "GET", one["ACTIONS_ID_TOKEN_REQUEST_URL"], headers)


def no_token(store: Store) -> Reply:
    with store.transaction() as tx:
        job = start_job(tx, "azure-devops", CONNECTION)
    return handle(store, "POST", f"{job['SYSTEM_OIDCREQUESTURI']}?api-version=7.1")


def job_over(store: Store) -> Reply:
    with store.transaction() as tx:
        job = start_job(tx, "github", GITHUB)
        tx.advance_clock(7 * 3600)
    headers = {"Authorization": f"Bearer {job['ACTIONS_ID_TOKEN_REQUEST_TOKEN']}"}
    return handle(store, "GET", job["ACTIONS_ID_TOKEN_REQUEST_URL"], headers)


def connection(query: str) -> Provoke:
    def provoke(store: Store) -> Reply:
        with store.transaction() as tx:
            job = start_job(tx, "azure-devops", CONNECTION)
        headers = {"Authorization": f"Bearer {job['SYSTEM_ACCESSTOKEN']}"}
        return handle(store, "POST", f"{job['SYSTEM_OIDCREQUESTURI']}?{query}", headers)

    return provoke


ROWS: tuple[tuple[str, str, Provoke, int, str], ...] = (
    ("issuers.not_found", "assumed", get("https://vstoken.dev.azure.com/.well-known/jwks"), 404, "NotFound"),
    ("issuers.not_found", "assumed", get("https://dev.azure.com/.well-known/jwks"), 404, "NotFound"),
    ("issuers.not_authorized", "assumed", other_jobs_token, 401, "TF400813"),
    ("issuers.not_authorized", "assumed", no_token, 401, "TF400813"),
    ("issuers.not_authorized", "assumed", job_over, 401, "TF400813"),
    ("issuers.no_api_version", "assumed", connection("serviceConnectionId=x"), 400, "VersionNotSpecified"),
    ("issuers.unknown_connection", "assumed", connection("api-version=7.1&serviceConnectionId=x"), 404, "connection"),
)
