"""`init`: questions at a terminal or flags in a pipeline, and a spec that is valid and readable at the end."""

from __future__ import annotations

import os
import pty
import re
import stat
import subprocess
import sys
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.provisional import domains

from provisioner.cli.main import run
from provisioner.core import exit_codes
from provisioner.operations.author import written
from provisioner.spec.first import draft, mistake
from provisioner.spec.model import Cloud
from provisioner.spec.questions import CLOUDS, QUESTIONS
from provisioner.spec.read import read
from provisioner.spec.schema import schema_text

PROGRAM = Path(sys.executable).with_name("provisioner")
TENANT = "contoso.onmicrosoft.com"
SUBSCRIPTION = "6f2b8e57-9c1d-4a3e-b0f4-2d7c85e1a963"
ANSWERED = ("--tenant", TENANT, "--subscription", SUBSCRIPTION)
NEEDS_NO_NETWORK = ("aiohttp", "azure", "msal", "msgraph", "requests", "uvicorn")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@settings(max_examples=40, deadline=None)
@given(domain=st.one_of(domains(), st.sampled_from([TENANT, "a.onmicrosoft.us", "b.partner.onmschina.cn"])))
def test_what_is_proposed_for_a_domain_is_valid(domain: str) -> None:
    """Nothing is asked that has no good answer yet: every proposal is one."""
    given = {"tenant": domain, "subscription": SUBSCRIPTION}
    if mistake(QUESTIONS[0], given) is not None:
        return  # not a domain for us: an IDN ending, say
    answers: dict[str, str] = {}
    for question in QUESTIONS:
        answers[question.key] = given.get(question.key) or question.proposal(answers)
    spec = written(draft(answers), "spec.yaml").spec
    assert (spec.tenant, spec.application.mode) == (domain, "create")


def test_flags_answer_everything_in_a_pipeline(folder: Path) -> None:
    assert run(["init", "sam.yaml", *ANSWERED, "--name", "sam-1", "--account", f"sam@{TENANT}"]) == exit_codes.DONE
    (loaded,) = read([folder / "sam.yaml"]).specs
    assert loaded.warnings == ()
    assert (loaded.spec.name, loaded.spec.consent.account) == ("sam-1", f"sam@{TENANT}")
    assert loaded.spec.vault.name == "kv-sam-1"
    assert loaded.spec.application.credential.type == "certificate"
    assert stat.S_IMODE((folder / "sam.yaml").stat().st_mode) == 0o600


@pytest.mark.parametrize("name", ["nul.l_", "a.b", "x_" * 50, "sam-"])
def test_a_name_that_the_vault_does_not_take_names_the_credential_another_way(folder: Path, name: str) -> None:
    assert run(["init", "sam.yaml", *ANSWERED, "--name", name, "--vault", "kv-sam"]) == exit_codes.DONE
    (loaded,) = read([folder / "sam.yaml"]).specs
    assert loaded.spec.name == name
    assert re.fullmatch("[0-9A-Za-z-]{1,122}", loaded.spec.application.credential.name)


def test_an_editor_finds_the_schema_that_the_first_line_names(folder: Path) -> None:
    assert run(["init", *ANSWERED]) == exit_codes.DONE
    first = (folder / "contoso-sam.yaml").read_text(encoding="utf-8").splitlines()[0]
    named = folder / first.removeprefix("# yaml-language-server: $schema=")
    assert named.read_text(encoding="utf-8") == schema_text("spec")


def test_a_schema_of_another_version_stays_and_is_named(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "spec.schema.json").write_text("{}", encoding="utf-8")
    assert run(["init", *ANSWERED]) == exit_codes.DONE
    assert "provisioner init --schema spec > spec.schema.json" in capsys.readouterr().err
    assert (folder / "spec.schema.json").read_text(encoding="utf-8") == "{}"


@pytest.mark.parametrize("name", ["spec", "fleet"])
def test_the_schemas_are_printed_as_they_are(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["init", "--schema", name]) == exit_codes.DONE
    assert capsys.readouterr().out == schema_text("fleet" if name == "fleet" else "spec")


def test_standard_output_gets_the_spec_alone(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["init", "-", *ANSWERED]) == exit_codes.DONE
    shown = capsys.readouterr()
    (folder / "out.yaml").write_text(shown.out, encoding="utf-8")
    assert read([folder / "out.yaml"]).specs[0].spec.name == "contoso-sam"
    assert [path.name for path in folder.iterdir()] == ["out.yaml"]


@pytest.mark.parametrize("there", ["contoso-sam.yaml", "other.yaml"])
def test_a_file_that_is_there_is_never_overwritten(there: str, folder: Path) -> None:
    (folder / there).write_text("mine", encoding="utf-8")
    named = [] if there == "contoso-sam.yaml" else [there]
    assert run(["init", *named, *ANSWERED]) == exit_codes.WRONG_USAGE
    assert {path.name: path.read_text(encoding="utf-8") for path in folder.iterdir()} == {there: "mine"}


WRONG = (
    ([], "--tenant"),  # a question, and no terminal to ask it on
    (["--tenant", TENANT], "--subscription"),
    (["--tenant", "9d3c1f0e-52b7-4f3a-9a4e-7c1d2b6e5f91", "--subscription", SUBSCRIPTION], "--name"),
    (["--tenant", "contoso"], "--tenant contoso: not a tenant id"),
    (["--tenant", TENANT, "--subscription", "12345678-1234-1234-1234-123456789012"], "a placeholder"),
    ([*ANSWERED, "--vault", "kv-" + "x" * 22], "--vault"),
    ([*ANSWERED, "--location", "West Europe"], "the nearest correct one is westeurope"),
    ([*ANSWERED, "--account", "sam#ext#@contoso.onmicrosoft.com"], "a guest account"),
    ([*ANSWERED, "--cloud", "germany"], "germany"),
    (["no/such/folder/sam.yaml", *ANSWERED], "no folder"),
)


@pytest.mark.parametrize(("arguments", "told"), WRONG, ids=[told for _, told in WRONG])
def test_a_wrong_or_missing_answer_is_wrong_usage(
    arguments: list[str], told: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["init", *arguments]) == exit_codes.WRONG_USAGE
    assert told in capsys.readouterr().err
    assert list(folder.iterdir()) == []


def test_a_person_is_asked_until_the_answer_is_right(folder: Path) -> None:
    leader, follower = pty.openpty()
    lines = [TENANT, "", "12", SUBSCRIPTION, "", "", "northeurope", ""]
    os.write(leader, "".join(f"{line}\n" for line in lines).encode())
    ended = subprocess.run([PROGRAM, "init"], stdin=follower, capture_output=True, text=True, timeout=60, check=False)
    os.close(leader)
    os.close(follower)
    assert ended.returncode == exit_codes.DONE, ended.stderr
    assert "[contoso-sam]:" in ended.stderr
    assert "not a GUID" in ended.stderr
    spec = read([folder / "contoso-sam.yaml"]).specs[0].spec
    assert (spec.vault.name, spec.vault.location) == ("kv-contoso-sam", "northeurope")


def test_it_loads_nothing_that_could_send_a_request(folder: Path) -> None:
    script = (
        f"import sys; from provisioner.cli.main import run; code = run(['init', *{ANSWERED!r}]);"
        f"loaded = sorted(set(sys.modules) & set({NEEDS_NO_NETWORK!r})); sys.exit(repr(loaded) if loaded else code)"
    )
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert ended.returncode == exit_codes.DONE, ended.stderr
    assert (folder / "contoso-sam.yaml").exists()


def test_the_commands_at_the_end_are_for_this_file(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["init", "my spec.yaml", *ANSWERED]) == exit_codes.DONE
    told = capsys.readouterr().err
    assert [f"provisioner {verb} 'my spec.yaml'" in told for verb in ("validate", "plan", "apply")] == [True] * 3


def test_the_clouds_it_knows_are_the_spec_s() -> None:
    assert get_args(Cloud) == CLOUDS
