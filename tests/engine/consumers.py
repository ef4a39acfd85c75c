"""Programs that use the application's credential, in raw HTTP: what design section 6 tells them to do, and no more.

A consumer signs in to the vault as itself, takes whatever is in force there, and asks Entra for a token with it: a
certificate is the newest version tagged `state=current`, whose key signs in the vault; a secret is the value of its
name. Nothing here goes through our own clients.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import threading
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import requests
from aiohttp import ClientHandlerType, ClientRequest, ClientResponse

from provisioner.clients.clouds import endpoints
from tests.rehearsal import Cloud
from tests.trial import CREDENTIAL, NAME, Trial

_SECRETS_USER = "4633458b-17de-408a-b874-0445c86b69e6"
_CRYPTO_USER = "12338af0-0e69-4776-bea7-57ae8d297424"
_READER = "21090545-7ca7-4776-b22c-e363652d74d2"  # finds the version in force by its tag; reads no value
_ARM = endpoints("public").arm
_ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


@dataclass(frozen=True)
class Workload:
    """Whom a consumer runs as: a principal of its own, with the vault roles it needs and no other right."""

    app_id: str
    secret: str

    @classmethod
    def in_place(cls, trial: Trial) -> Workload:
        """Made by an administrator."""
        application = trial.graph("POST", "applications", {"displayName": "A consumer"})
        principal = trial.graph("POST", "servicePrincipals", {"appId": application["appId"]})
        body = {"passwordCredential": {"displayName": "its own"}}
        secret = trial.graph("POST", f"applications/{application['id']}/addPassword", body)
        definitions = f"/subscriptions/{trial.tenant.subscription}/providers/Microsoft.Authorization/roleDefinitions"
        for role in (_SECRETS_USER, _CRYPTO_USER, _READER):
            properties = {
                "roleDefinitionId": f"{definitions}/{role}",
                "principalId": principal["id"],
                "principalType": "ServicePrincipal",
            }
            path = f"{trial.vault_path}/providers/Microsoft.Authorization/roleAssignments/{uuid.uuid4()}"
            trial.arm("PUT", path, {"properties": properties}, "2022-04-01")
        return cls(application["appId"], secret["secretText"])


@dataclass
class Consumer:
    """minted: how often with which credential, by the name of its kind and its version."""

    trial: Trial
    workload: Workload
    minted: Counter[str] = field(default_factory=Counter)
    failed: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._http = Cloud(self.trial.cloud.description).http  # a session of its own: it may run in a thread
        self._cloud = endpoints(self.trial.tenant.cloud)
        self._app_id = self.trial.application()["appId"]

    def mints(self) -> None:
        """One token, with what is in force at this moment."""
        vault = self._vault_token()
        found = self._certificate(vault) or self._secret(vault)
        if found is None:
            self.failed.append("the vault has nothing in force")
            return
        label, proof = found
        answer = self._token(self._app_id, f"{self._cloud.graph}/.default", proof)
        if answer.ok:
            self.minted[label] += 1
        else:
            self.failed.append(f"{label}: {answer.json()['error_description']}")

    def sees(self, path: str) -> dict[str, Any]:
        """What the vault shows it; {} for what is not there."""
        return self._get(self._vault_token(), path) or {}

    def _certificate(self, vault: str) -> tuple[str, dict[str, str]] | None:
        for name in (CREDENTIAL, f"{CREDENTIAL}-certificate"):
            listed = self._get(vault, f"certificates/{name}/versions")
            current = [
                each
                for each in (listed or {}).get("value", [])
                if each["attributes"]["enabled"] and each.get("tags", {}).get("state") == "current"
            ]
            if current:
                newest = max(current, key=lambda each: each["attributes"]["created"])
                version = newest["id"].rsplit("/", 1)[-1]
                return f"certificate {version}", self._assertion(vault, name, version)
        return None

    def _secret(self, vault: str) -> tuple[str, dict[str, str]] | None:
        listed = (self._get(vault, "secrets") or {})["value"]
        usable = {
            each["id"].rsplit("/", 1)[-1]
            for each in listed
            if each["attributes"]["enabled"] and not each.get("managed")
        }
        for name in (f"{CREDENTIAL}-secret", CREDENTIAL):
            if name in usable:
                held = self._get(vault, f"secrets/{name}")
                if held is not None:
                    return f"secret {held['tags']['keyId']}", {"client_secret": held["value"]}
        return None

    def _assertion(self, vault: str, name: str, version: str) -> dict[str, str]:
        """PS256, signed in the vault (sam-facts 3.3, 6.4)."""
        certificate = self._get(vault, f"certificates/{name}/{version}")
        assert certificate is not None
        now = time.time() + self.trial.cloud.control("GET", "clock")["offset"]
        header = {
            "alg": "PS256",
            "typ": "JWT",
            "x5t#S256": _b64(hashlib.sha256(base64.b64decode(certificate["cer"])).digest()),
        }
        claims = {
            "aud": f"{self._cloud.authority}/{self.trial.tenant.id}/oauth2/v2.0/token",
            "iss": self._app_id,
            "sub": self._app_id,
            "jti": str(uuid.uuid4()),
            "nbf": int(now) - 60,
            "exp": int(now) + 300,
        }
        signed = ".".join(_b64(json.dumps(part).encode()) for part in (header, claims))
        body = {"alg": "PS256", "value": _b64(hashlib.sha256(signed.encode()).digest())}
        answer = self._http.post(self._url(f"keys/{name}/{version}/sign"), json=body, headers=_bearer(vault))
        assert answer.ok, answer.text
        return {"client_assertion_type": _ASSERTION_TYPE, "client_assertion": f"{signed}.{answer.json()['value']}"}

    def _vault_token(self) -> str:
        scope = f"{self._cloud.vault_audience}/.default"
        answer = self._token(self.workload.app_id, scope, {"client_secret": self.workload.secret})
        token: str = answer.json()["access_token"]
        return token

    def _token(self, client_id: str, scope: str, proof: dict[str, str]) -> requests.Response:
        form = {"grant_type": "client_credentials", "client_id": client_id, "scope": scope, **proof}
        url = f"{self._cloud.authority}/{self.trial.tenant.id}/oauth2/v2.0/token"
        return self._http.post(url, data=form)

    def _get(self, vault: str, path: str) -> dict[str, Any] | None:
        answer = self._http.get(self._url(path), headers=_bearer(vault))
        if answer.status_code == 404:
            return None
        assert answer.ok, f"{path}: {answer.text}"
        found: dict[str, Any] = answer.json()
        return found

    def _url(self, path: str) -> str:
        return f"{self._cloud.vault_url(self.trial.vault)}/{path}?api-version=7.5"


@dataclass
class Interleaved:
    """A consumer that mints before each request of somebody else leaves: the innermost middleware of that session.

    phases: how often it minted after which write, and before any (""). A phase is where a kill would leave the cloud.
    """

    consumer: Consumer
    phases: Counter[str] = field(default_factory=Counter)
    _phase: str = ""

    async def __call__(self, request: ClientRequest, handler: ClientHandlerType) -> ClientResponse:
        await asyncio.to_thread(self.consumer.mints)
        self.phases[self._phase] += 1
        response = await handler(request)
        if is_write(request):
            self._phase = _named(request)
        return response


def is_write(request: ClientRequest) -> bool:
    """Of a credential: no read, no token request, no signature, and nothing of the roles, which ARM keeps."""
    changes = request.method not in ("GET", "HEAD") and not request.url.path.endswith(("/token", "/$batch", "/sign"))
    return changes and not str(request.url).startswith(_ARM)


def _named(request: ClientRequest) -> str:
    """`METHOD kind` without ids: `PATCH certificates`, `POST addPassword`, `PUT trial-credential-next`."""
    parts = [part for part in request.url.path.split("/") if part]
    if "secrets" in parts:
        return f"{request.method} {parts[1]}"
    if "certificates" in parts:
        return f"{request.method} certificates{'/create' if parts[-1] == 'create' else ''}"
    return f"{request.method} {parts[-1] if request.method == 'POST' else parts[1]}"


@contextmanager
def minting_all_the_time(consumer: Consumer) -> Iterator[None]:
    """The consumer in a thread of its own, as fast as it can."""
    over = threading.Event()

    def run() -> None:
        while not over.is_set():
            consumer.mints()

    thread = threading.Thread(target=run, name=f"consumer of {NAME}")
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def _b64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
