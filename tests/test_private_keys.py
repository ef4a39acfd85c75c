"""With a certificate the application's private key never leaves the vault: not in an answer, not in a file of ours.

The emulator names the bytes of its private keys; they are looked for in everything it was sent and answered, and in
everything a whole life of the set-up printed, logged or wrote.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import pkcs12

from provisioner.emulator.key_vault.key_material import private_marks
from provisioner.emulator.seed.directory import CONTOSO
from provisioner.emulator.store import Store
from tests.conftest import REPLY_URLS
from tests.consent.conftest import free_port
from tests.emulator.key_vault.private_keys import Leak, find_leaks, recorded
from tests.rehearsal import served
from tests.test_secrets import Commands
from tests.trial import CREDENTIAL, Trial, failures

CERTIFICATE: dict[str, Any] = {"type": "certificate", "lifetime": "90d", "rotateBefore": "30d", "overlap": "7d"}
DAY_S = 86400
RSA_MARKS = 4  # the PKCS#8 form and three numbers of each key


@pytest.fixture
def commands(tmp_path: Path) -> Iterator[Commands]:
    home = tmp_path / "home"
    home.mkdir()
    with served(tmp_path / "cloud") as cloud:
        yield Commands(Trial(cloud, CONTOSO, (f"http://localhost:{free_port()}/", *REPLY_URLS[1:])), home)


def leaks(trial: Trial, blobs: list[bytes], *, keys: int) -> list[Leak]:
    """In the blobs, and in every request and answer of the cloud; it has made so many keys."""
    store = Store(Path(trial.cloud.description["state"]))
    with store.transaction() as tx:
        marks = private_marks(tx)
    assert len(marks) == keys * RSA_MARKS
    answers = recorded(store)
    assert any(b"/sign" in answer for answer in answers), "the vault has signed"
    return find_leaks([*answers, *blobs], marks)


def test_no_byte_of_a_private_key_leaves_the_vault_in_a_whole_life(commands: Commands, tmp_path: Path) -> None:
    trial, spec = commands.trial, tmp_path / "trial.yaml"
    document = trial.document()
    document["application"]["credential"] = CERTIFICATE
    spec.write_text(json.dumps(document))
    commands(f"plan {spec} --format json", 0)
    commands(f"apply {spec} --auto-approve --no-consent --format json", 3)
    commands(f"consent {spec}", 0)
    commands(f"verify {spec} --format json", 0)
    trial.cloud.control("POST", "clock", {"advanceSeconds": 40 * DAY_S})
    commands(f"plan {spec} --format json", 0)
    commands(f"apply {spec} --auto-approve --format json", 0)  # the token is renewed, the certificate rotated
    commands(f"verify {spec}", 0)
    trial.cloud.control("POST", "clock", {"advanceSeconds": 8 * DAY_S})
    commands(f"apply {spec} --auto-approve", 0)
    files = [text.encode("utf-8", "replace") for _, text in commands.everything()]
    files += [path.read_bytes() for path in commands.home.rglob("*") if path.is_file()]
    assert leaks(trial, files, keys=2) == []


@pytest.mark.parametrize("exportable", [True, False])
def test_only_an_exportable_certificate_gives_its_key_to_whoever_may_read_its_secret(
    trial: Trial, exportable: bool
) -> None:
    spec = trial.spec(application__credential={**CERTIFICATE, "exportable": exportable})
    result = trial.apply(spec)
    assert result.exit_code() == 3, failures(result)
    assert leaks(trial, [], keys=1) == [], "neither is asked for by us"
    value = trial.secrets("GET", f"secrets/{CREDENTIAL}")["value"]
    key, _, _ = pkcs12.load_key_and_certificates(base64.b64decode(value), None)
    assert isinstance(key, rsa.RSAPrivateKey) == exportable
    assert bool(leaks(trial, [value.encode()], keys=1)) == exportable, "the search would find one"
