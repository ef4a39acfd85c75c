"""What vouches for a runner, and whom it may vouch for: started and trusted through the emulator, as an admin would."""

from __future__ import annotations

import asyncio
import base64
import os
import sys
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientHandlerType, ClientMiddlewareType, ClientRequest, ClientResponse, ClientSession, web
from aiohttp.test_utils import TestServer
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from provisioner.clients.clouds import endpoints
from provisioner.emulator.seed.directory import RUNNER_SECRET
from tests.trial import Trial

AUDIENCE = "api://AzureADTokenExchange"
GITHUB = "https://token.actions.githubusercontent.com"
GITHUB_SUBJECT = "repo:contoso/sam:environment:prod"
DEVOPS_SUBJECT = "sc://contoso/sam/production"
CLUSTER = "https://oidc.example.com/cluster/"
POD_SUBJECT = "system:serviceaccount:sam:provisioner"
_OF_AN_IDENTITY = ("AZURE_", "ACTIONS_ID_TOKEN_", "GITHUB_", "SYSTEM_", "IDENTITY_", "MSI_")


def forget_identities(monkeypatch: pytest.MonkeyPatch) -> None:
    """An environment that says nothing of who runs this, whatever machine the tests run on."""
    for name in [name for name in os.environ if name.startswith(_OF_AN_IDENTITY)]:
        monkeypatch.delenv(name)


def start_job(trial: Trial, platform: str, subject: str) -> dict[str, str]:
    """The environment of a new job."""
    started = trial.cloud.control("POST", "jobs", {"platform": platform, "subject": subject})
    variables: dict[str, str] = started["variables"]
    return variables


def pod_token(trial: Trial, subject: str = POD_SUBJECT, audience: str = AUDIENCE) -> str:
    """A service account's token of a cluster, of an hour."""
    trial.cloud.control("POST", "issuers", {"issuer": CLUSTER})
    claims = {"sub": subject, "aud": audience}
    minted = trial.cloud.control("POST", "tokens", {"issuer": CLUSTER, "claims": claims, "lifeSeconds": 3600})
    token: str = minted["token"]
    return token


def trust(trial: Trial, issuer: str, subject: str, app_id: str | None = None, *, name: str = "a-test") -> None:
    """Have an application (the seeded runner's, when none is named) take such tokens."""
    application = app_id or trial.tenant.runner.client_id
    body = {"name": name, "issuer": issuer, "subject": subject, "audiences": [AUDIENCE]}
    trial.graph("POST", f"applications(appId='{application}')/federatedIdentityCredentials", body)


def register_certificate(trial: Trial, path: Path, password: bytes | None = None) -> None:
    """A self-made certificate of the seeded runner, its key and itself in the file."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "a runner")])
    now = datetime.now(UTC)
    ends = now + timedelta(days=30)
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), now, ends)
    made = builder.sign(key, hashes.SHA256())
    closed = serialization.BestAvailableEncryption(password) if password else serialization.NoEncryption()
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, closed)
    path.write_bytes(pem + made.public_bytes(serialization.Encoding.PEM))
    der = base64.b64encode(made.public_bytes(serialization.Encoding.DER)).decode()
    credential = {"type": "AsymmetricX509Cert", "usage": "Verify", "key": der}
    runner = f"applications(appId='{trial.tenant.runner.client_id}')"
    trial.graph("PATCH", runner, {"keyCredentials": [credential]})


def runner_token(trial: Trial, audience: str) -> dict[str, Any]:
    """What the token endpoint answers to the seeded runner."""
    form = {
        "grant_type": "client_credentials",
        "client_id": trial.tenant.runner.client_id,
        "client_secret": RUNNER_SECRET,
        "scope": f"{audience}/.default",
    }
    authority = endpoints(trial.tenant.cloud).authority
    answer: dict[str, Any] = trial.cloud.http.post(f"{authority}/{trial.tenant.id}/oauth2/v2.0/token", data=form).json()
    return answer


@asynccontextmanager
async def metadata_service(
    trial: Trial, client_id: str | None = None, vouching: Mapping[str, str] | None = None
) -> AsyncIterator[ClientMiddlewareType]:
    """A stand-in for the metadata service of a virtual machine; the middleware takes its requests there.

    Its machine has one identity, the seeded runner, user-assigned under `client_id` when that is given. vouching: the
    token, by resource, that it gives instead of the runner's.
    """

    async def token(request: web.Request) -> web.Response:
        if request.headers.get("Metadata") != "true":
            return web.json_response({"error": "invalid_request"}, status=400)
        if request.query.get("client_id") != client_id:
            return web.json_response({"error_description": "Identity not found"}, status=400)
        resource = request.query["resource"]
        if vouching is None:
            found = await asyncio.to_thread(runner_token, trial, resource)
        else:
            found = {"token_type": "Bearer", "access_token": vouching[resource], "expires_in": 3600}
        moment = {"expires_on": str(int(time.time()) + found["expires_in"]), "resource": resource}
        return web.json_response(found | moment)

    application = web.Application()
    application.router.add_get("/metadata/identity/oauth2/token", token)
    async with TestServer(application) as server, ClientSession() as session:

        async def taken_there(request: ClientRequest, handler: ClientHandlerType) -> ClientResponse:
            if request.url.host != "169.254.169.254":
                return await handler(request)
            return await session.get(server.make_url(str(request.url.relative())), headers=request.headers)

        yield taken_there


def signed_in_with_az(trial: Trial, folder: Path) -> None:
    """A stand-in for az in a folder, with what azure-identity calls of it: it prints the seeded runner's tokens."""
    settings = {
        "url": f"{endpoints(trial.tenant.cloud).authority}/{trial.tenant.id}/oauth2/v2.0/token",
        "proxy": trial.cloud.description["proxy"],
        "ca": trial.cloud.description["ca"],
        "client_id": trial.tenant.runner.client_id,
        "client_secret": RUNNER_SECRET,
    }
    _write_az(folder, f"settings = {settings!r}\n{_AZ}")


def signed_out_of_az(folder: Path) -> None:
    """A stand-in for az with which nobody is signed in."""
    _write_az(folder, "import sys\nsys.exit(\"ERROR: Please run 'az login' to setup account.\")\n")


def _write_az(folder: Path, program: str) -> None:
    folder.mkdir()
    file = folder / "az"
    file.write_text(f"#!{sys.executable}\n{program}", encoding="utf-8")
    file.chmod(0o700)


_AZ = """
import json, sys, time, requests
arguments = sys.argv[1:]
assert arguments[:2] == ["account", "get-access-token"], arguments
named = dict(zip(arguments[2::2], arguments[3::2]))
assert named["--tenant"] in settings["url"], named
form = {name: settings[name] for name in ("client_id", "client_secret")}
form |= {"grant_type": "client_credentials", "scope": named["--resource"] + "/.default"}
session = requests.Session()
session.trust_env = False
answer = session.post(settings["url"], data=form, proxies={"https": settings["proxy"]}, verify=settings["ca"]).json()
print(json.dumps({"accessToken": answer["access_token"], "expires_on": int(time.time()) + answer["expires_in"]}))
"""
