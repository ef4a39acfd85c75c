"""How an application proves itself: what goes into the form, afresh for each request, and shows nowhere else."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

import pytest

from provisioner.clients.guard import signatures_allowed
from provisioner.clients.proof import ASSERTION_TYPE, CertificateProof, ClientProof, FederatedProof, SecretProof
from provisioner.core.errors import WriteRefusedError
from provisioner.core.secret import Secret
from provisioner.operations.tenant import OpenTenant
from provisioner.resources.credential.place import place_of
from provisioner.resources.credential.proof import proof_in_force
from tests.engine.rotations import CERTIFICATE
from tests.trial import CREDENTIAL, Trial

ENDPOINT = "https://login.microsoftonline.com/11111111-1111-1111-1111-111111111111/oauth2/v2.0/token"
Result = TypeVar("Result")


def _decoded(part: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return found


def _fields(proof: ClientProof) -> dict[str, str]:
    return {name: value.reveal() for name, value in asyncio.run(proof.fields("app", ENDPOINT)).items()}


def _with_certificate(
    trial: Trial, call: Callable[[OpenTenant, CertificateProof], Coroutine[Any, Any, Result]]
) -> Result:
    """What `call` gives with the proof of a certificate that is in force."""
    spec = trial.spec(application__credential=CERTIFICATE)
    assert trial.apply(spec).exit_code() == 3

    async def run() -> Result:
        async with trial.opened(spec=spec) as tenant:
            proof = await proof_in_force(tenant.clients, place_of(spec))
            assert isinstance(proof, CertificateProof)
            return await call(tenant, proof)

    return asyncio.run(run())


def test_an_assertion_is_as_entra_documents_it_and_never_the_same_twice(trial: Trial) -> None:
    async def two(tenant: OpenTenant, proof: CertificateProof) -> tuple[list[dict[str, Secret]], float]:
        with signatures_allowed():
            return [await proof.fields("app", ENDPOINT) for _ in range(2)], tenant.clients.clock.now().timestamp()

    fields, now = _with_certificate(trial, two)
    certificate = base64.b64decode(trial.secrets("GET", f"certificates/{CREDENTIAL}/")["cer"])
    said = []
    for each in fields:
        assert each["client_assertion_type"].reveal() == ASSERTION_TYPE
        header, claims, _ = each["client_assertion"].reveal().split(".")
        x5t = base64.urlsafe_b64encode(hashlib.sha256(certificate).digest()).rstrip(b"=").decode()
        assert _decoded(header) == {"alg": "PS256", "typ": "JWT", "x5t#S256": x5t}
        said.append(_decoded(claims))
        assert (said[-1]["iss"], said[-1]["sub"], said[-1]["aud"]) == ("app", "app", ENDPOINT)
        assert said[-1]["nbf"] <= now < said[-1]["exp"]
        assert said[-1]["exp"] - said[-1]["nbf"] <= 600
    assert said[0]["jti"] != said[1]["jti"]


def test_a_command_that_only_reads_has_nothing_signed_unless_it_says_so(trial: Trial) -> None:
    async def unasked(tenant: OpenTenant, proof: CertificateProof) -> None:
        await proof.fields("app", ENDPOINT)

    with pytest.raises(WriteRefusedError, match="/sign"):
        _with_certificate(trial, unasked)


def test_a_trusted_token_is_asked_for_each_request() -> None:
    tokens = iter(("first", "second"))

    async def ask() -> Secret:
        return Secret(next(tokens))

    proof = FederatedProof(ask)
    assert [_fields(proof)["client_assertion"] for _ in range(2)] == ["first", "second"]


def test_a_secret_goes_into_the_form_and_into_no_repr() -> None:
    proof = SecretProof(Secret("hunter2-hunter2"))
    assert _fields(proof) == {"client_secret": "hunter2-hunter2"}
    assert "hunter2" not in f"{proof!r} {asyncio.run(proof.fields('app', ENDPOINT))!r}"
