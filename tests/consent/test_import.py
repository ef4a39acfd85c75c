"""consent --mode import: a refresh token from elsewhere is checked like a sign-in's, and shown nowhere."""

from __future__ import annotations

import json
import logging
import os
import pty
import subprocess
import sys
import termios
import traceback
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from provisioner.clients.clouds import endpoints
from provisioner.consent.brought import MOST_BYTES, read_brought
from provisioner.core.errors import ConsentError, ProvisionerError, SignInError
from provisioner.emulator.seed.directory import CONTOSO, FABRIKAM, OPERATOR_OTP, OPERATOR_PASSWORD
from provisioner.resources.token_checks import MfaMissingError, WrongAccountError
from tests.consent.elsewhere import Elsewhere
from tests.consent.player import Player
from tests.rehearsal import served
from tests.robot import Person
from tests.trial import CREDENTIAL

REPLY_URL = "http://localhost:8400/"
PROGRAM = Path(sys.executable).with_name("provisioner")
ROOT = Path(__file__).parents[2]
GARBAGE = "0.AXcanary" + "Zq7x" * 60


@pytest.fixture(scope="module")
def in_place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Elsewhere]]:
    with served(tmp_path_factory.mktemp("cloud")) as cloud:
        both = {tenant.id: Elsewhere(cloud, tenant, (REPLY_URL,)) for tenant in (CONTOSO, FABRIKAM)}
        for trial in both.values():
            trial.put_in_place()
        cloud.control("POST", "snapshot", {"name": "in place"})
        yield both


@pytest.fixture
def contoso(in_place: dict[str, Elsewhere]) -> Elsewhere:
    in_place[CONTOSO.id].back_to("in place")
    return in_place[CONTOSO.id]


@pytest.fixture
def fabrikam(in_place: dict[str, Elsewhere]) -> Elsewhere:
    in_place[FABRIKAM.id].back_to("in place")
    return in_place[FABRIKAM.id]


def _token(
    trial: Elsewhere,
    person: Person | None = None,
    *,
    app_id: str = "",
    secret: str | None = "",
    reply_url: str = REPLY_URL,
) -> str:
    """A refresh token as another program of the same (or another) application would have got it, by raw HTTP."""
    app_id = app_id or trial.application()["appId"]
    credential = (
        {} if secret is None else {"client_secret": secret or trial.secrets("GET", f"secrets/{CREDENTIAL}")["value"]}
    )
    cloud = endpoints(trial.tenant.cloud)
    origin = f"{cloud.authority}/{trial.tenant.id}/oauth2/v2.0"
    scope = f"{cloud.partner_center_scope} offline_access"
    ask = {"client_id": app_id, "redirect_uri": reply_url, "scope": scope}
    url = f"{origin}/authorize?{urlencode({**ask, 'response_type': 'code'})}"
    ending = trial.cloud.robot().sign_in(url, person or trial.operator, deliver=False)
    form = {**ask, "grant_type": "authorization_code", "code": ending.fields["code"], **credential}
    answer = trial.cloud.http.post(f"{origin}/token", data=form)
    assert answer.ok, answer.text
    found: str = answer.json()["refresh_token"]
    return found


def _of_another_application(trial: Elsewhere) -> str:
    access = trial.application()["requiredResourceAccess"]
    web = {"redirectUris": [REPLY_URL]}
    made = trial.graph("POST", "applications", {"displayName": "Other", "web": web, "requiredResourceAccess": access})
    trial.graph("POST", "servicePrincipals", {"appId": made["appId"]})
    secret = trial.graph("POST", f"applications/{made['id']}/addPassword", {"passwordCredential": {}})
    return _token(trial, app_id=made["appId"], secret=secret["secretText"])


def _revoked(trial: Elsewhere) -> str:
    token = _token(trial)
    trial.cloud.control("POST", "clock", {"advanceSeconds": 60})
    trial.cloud.control("PATCH", f"users?id={trial.tenant.operator_id}", {"revokeSessions": True})
    return token


def _old(trial: Elsewhere) -> str:
    token = _token(trial)
    trial.cloud.control("POST", "clock", {"advanceSeconds": 91 * 86400})
    assert trial.apply().exit_code() == 3  # the application's own secret was over, too
    return token


def _of_a_public_client(trial: Elsewhere) -> str:
    """Of the same application, by a reply URL on its other platform."""
    trial.change_application(publicClient={"redirectUris": ["http://127.0.0.1/"]})
    return _token(trial, reply_url="http://127.0.0.1/", secret=None)


def _player(trial: Elsewhere, brings: str) -> Player:
    return Player(trial.cloud.robot, trial.operator, brings=brings)


def test_a_brought_token_is_redeemed_checked_and_stored(contoso: Elsewhere) -> None:
    brought = _token(contoso)
    result = contoso.consent(_player(contoso, f"{brought}\r\n"), "import")
    stored = contoso.token()
    assert stored is not None
    assert stored["id"].endswith(result.version)
    assert stored["value"] != brought
    assert (stored["tags"]["account"], stored["tags"]["mfa"]) == (contoso.tenant.operator, "true")
    assert contoso.plan().exit_code() == 0


def _refused(
    trial: Elsewhere, brought: str, error: type[ProvisionerError], caplog: pytest.LogCaptureFixture
) -> ProvisionerError:
    """Nothing is stored, and nothing told holds the token."""
    caplog.set_level(logging.DEBUG)
    trial.forget()
    player = _player(trial, brought)
    with pytest.raises(error) as raised:
        trial.consent(player, "import")
    assert trial.token() is None
    assert trial.written() == []
    shown = [*player.said, caplog.text, repr(vars(raised.value)), *traceback.format_exception(raised.value)]
    assert not any(brought.strip() in text for text in shown)
    found: ProvisionerError = raised.value
    return found


@pytest.mark.parametrize(
    ("make", "code"),
    [
        (lambda trial: GARBAGE, "AADSTS9002313"),
        (_of_another_application, "AADSTS70000"),
        (_revoked, "AADSTS50173"),
        (_old, "AADSTS700082"),
        (_of_a_public_client, "AADSTS700025"),
    ],
    ids=["garbage", "of another application", "revoked", "91 days old", "of a public client"],
)
def test_a_token_that_entra_refuses_is_told_why(
    contoso: Elsewhere, caplog: pytest.LogCaptureFixture, make: Any, code: str
) -> None:
    error = _refused(contoso, make(contoso), SignInError, caplog)
    assert isinstance(error, SignInError)
    assert error.code == code
    assert "bring one that this application got with its credential" in error.next_step
    assert "provisioner consent SPEC" in error.next_step


def test_a_token_of_somebody_else_is_refused(contoso: Elsewhere, caplog: pytest.LogCaptureFixture) -> None:
    contoso.cloud.control("PATCH", f"tenants?id={contoso.tenant.id}", {"mfa": {"requireForApps": []}})
    colleague = Person(contoso.tenant.colleague, OPERATOR_PASSWORD, OPERATOR_OTP)
    _refused(contoso, _token(contoso, colleague), WrongAccountError, caplog)


def test_a_token_of_another_tenant_is_refused(
    contoso: Elsewhere, fabrikam: Elsewhere, caplog: pytest.LogCaptureFixture
) -> None:
    _refused(contoso, _token(fabrikam), SignInError, caplog)


def test_a_token_without_mfa_is_refused(fabrikam: Elsewhere, caplog: pytest.LogCaptureFixture) -> None:
    error = _refused(fabrikam, _token(fabrikam), MfaMissingError, caplog)
    assert "a sign-in with MFA" in error.next_step


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "no token"),
        ("\n", "no token"),
        ('{"refresh_token": "0.AX"}', "JSON"),
        ("0.AXab cd", "blanks"),
        ("0.AXab\ncd\n", "line breaks"),
        ("0.AX\x1b[2Jabcd", "strange characters"),
        ("0.AXé", "strange characters"),
        ("x" * (MOST_BYTES + 1), "longer than"),
        ("eyJhbGciOiJub25lIn0.e30.c2ln", "access token"),
    ],
)
def test_what_can_be_no_refresh_token_is_refused_before_it_is_sent(text: str, why: str) -> None:
    with pytest.raises(ConsentError, match=why) as raised:
        read_brought(text)
    assert "nothing was stored" in raised.value.what


@pytest.mark.parametrize("ending", ["", "\n", "\r\n"])
def test_one_newline_at_the_end_is_no_part_of_the_token(ending: str) -> None:
    assert read_brought(f"0.AXabc{ending}").reveal() == "0.AXabc"


def _environment(trial: Elsewhere, home: Path) -> dict[str, str]:
    state = trial.cloud.description["state"]
    return {
        "PROVISIONER_EMULATOR": f"{state}/endpoint.json",
        "HOME": str(home),
        "XDG_STATE_HOME": str(home / "state"),
        "XDG_DATA_HOME": str(home / "data"),
        "PATH": os.environ["PATH"],
        "TERM": "dumb",
    }


def test_a_piped_token_is_in_no_output_log_or_file(contoso: Elsewhere, tmp_path: Path) -> None:
    spec, brought = _spec_file(contoso, tmp_path), _token(contoso)
    for given, expected in ((f"{brought}\n", 0), (f"{GARBAGE}\n", 1)):
        ended = subprocess.run(
            [PROGRAM, "consent", spec, "--emulator", "--mode", "import", "--json-log", tmp_path / "log.json"],
            env=_environment(contoso, tmp_path),
            cwd=ROOT,
            input=given,
            capture_output=True,
            text=True,
            check=False,
        )
        assert ended.returncode == expected, ended.stderr
        written = [path.read_text(errors="replace") for path in tmp_path.rglob("*") if path.is_file()]
        assert not any(given.strip() in text for text in (ended.stdout, ended.stderr, *written))


def test_a_typed_token_is_not_echoed(contoso: Elsewhere, tmp_path: Path) -> None:
    spec, brought = _spec_file(contoso, tmp_path), _token(contoso)
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (50, 200))
    command: list[str | Path] = [PROGRAM, "consent", spec, "--emulator", "--mode", "import"]
    seen = bytearray()
    with subprocess.Popen(
        command, env=_environment(contoso, tmp_path), cwd=ROOT, stdin=theirs, stdout=theirs, stderr=theirs
    ) as process:
        os.close(theirs)
        with suppress(OSError):  # the terminal's way of saying that nobody writes any more
            while read := os.read(ours, 4096):
                seen += read
                if b"not shown as you paste" in seen and brought:
                    os.write(ours, f"{brought}\n".encode())
                    brought, typed = "", brought
    os.close(ours)
    assert process.returncode == 0, seen.decode()
    assert typed not in seen.decode()
    assert "signed in with MFA" in seen.decode()


def _spec_file(trial: Elsewhere, folder: Path) -> Path:
    path = folder / "trial.yaml"
    path.write_text(json.dumps(trial.document()))
    return path
