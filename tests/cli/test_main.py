"""The outside of the program: names, flags and exit codes that pipelines depend on."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import click
import pytest

from provisioner.cli.main import BUILT, cli, run
from provisioner.cli.terminal import Terminal
from provisioner.core import exit_codes

PROGRAM = Path(sys.executable).with_name("provisioner")
HEAVY = ("aiohttp", "asyncio", "azure", "jsonschema", "msal", "msgraph", "msgspec", "rich", "uvicorn", "yaml")
SPEC = "configs/emulator.yaml"
REFUSED = (
    ["plan", SPEC, "--shard", "1/4"],
    ["apply", SPEC, "--report", "report.html"],
    ["verify", SPEC, "--evidence", "evidence"],
    ["verify", SPEC, "--resume", "report.json"],
)
MISUSED = (
    ["apply", SPEC, "--auto-approve", "--wait-consent", "soon"],
    ["apply", SPEC, "--auto-approve", "--wait-consent", "0"],
    ["apply", SPEC, "--auto-approve", "--wait-consent", "30m", "--no-consent"],
    ["apply", SPEC, "--auto-approve", "--allow-removal", "grant"],
    ["consent", "configs/fleet.yaml", "--mode", "import"],
    ["emulator", "start", "--state", f"{SPEC}/state"],
    ["apply", "--plan", "there/is/no/such/plan.json", "--auto-approve"],
    ["apply", "--plan", "configs", "--auto-approve"],
    ["apply", "--plan", SPEC],  # a question, and no terminal to ask it on
    ["plan"],
    ["plan", SPEC, "--out", "there/is/no/such/folder/plan.json"],
    ["plan", SPEC, "--out", "plan.json", "--probe"],
    ["plan", "there/is/no/such/file.yaml"],
    ["plan", SPEC, "--no-such-flag"],
    ["plan", SPEC, "--concurrency", "0"],
    ["plan", SPEC, "--format", "xml"],
    ["apply"],
    ["no-such-command"],
    ["explain", "configs/fleet.yaml"],
    ["apply", SPEC],  # a question, and no terminal to ask it on
    ["consent", SPEC, "--mode", "paste"],
    ["import", "--tenant", "contoso.onmicrosoft.com"],  # neither --app nor --all
    ["import", "--all", "--app", "x", "--tenant", "contoso.onmicrosoft.com"],
    ["import", "--all", "--tenant", "contoso"],
    ["import", "--all", "--tenant", "contoso.onmicrosoft.com", "--out", "x.yaml"],
    ["import", "--app", "x", "--tenant", "contoso.onmicrosoft.com"],  # no --subscription
    ["import", "--app", "x", "--tenant", "contoso.onmicrosoft.com", "--subscription", "12"],
    ["completion", "tcsh"],
    ["plan", SPEC, "--json-log", "there/is/no/such/folder/log.jsonl"],
)


@pytest.fixture(autouse=True)
def emulator_nobody_serves(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Whoever sends a request after all fails for another reason, and writes nowhere but here."""
    monkeypatch.setenv("PROVISIONER_EMULATOR", str(tmp_path / "no-note.json"))
    monkeypatch.chdir(Path(__file__).parents[2])


def all_commands() -> list[tuple[str, ...]]:
    context = click.Context(cli)
    found: list[tuple[str, ...]] = []
    for name in cli.list_commands(context):
        found.append((name,))
        command = cli.get_command(context, name)
        if isinstance(command, click.Group):
            found.extend((name, inner) for inner in command.list_commands(context))
    return found


@pytest.mark.parametrize("command", [(), *all_commands()], ids=" ".join)
def test_every_command_has_help(command: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    assert run([*command, "--help"]) == exit_codes.DONE
    assert "Usage: provisioner" in capsys.readouterr().out


@pytest.mark.parametrize("name", BUILT)
def test_the_line_in_the_list_is_the_command_s_own(name: str) -> None:
    command = cli.get_command(click.Context(cli), name)
    assert command is not None
    assert (command.help or "").splitlines()[0] == BUILT[name]


@pytest.mark.parametrize("arguments", REFUSED, ids=" ".join)
def test_what_is_not_built_is_refused_before_any_request(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(arguments) == exit_codes.FAILED
    shown = capsys.readouterr()
    assert "is not built yet" in shown.err
    assert shown.out == ""


@pytest.mark.parametrize("arguments", MISUSED, ids=" ".join)
def test_wrong_usage_is_64(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(arguments) == exit_codes.WRONG_USAGE
    assert "rror" in capsys.readouterr().err


def test_the_first_of_1_5_4_2_3_wins() -> None:
    assert exit_codes.combine([]) == 0
    assert exit_codes.combine([0, 3, 2]) == 2
    assert exit_codes.combine([3, 2, 4]) == 4
    assert exit_codes.combine([4, 5]) == 5
    assert exit_codes.combine([5, 1, 4]) == 1
    assert exit_codes.combine([0, 64]) == 1


def test_version_and_help_load_nothing_heavy() -> None:
    script = (
        "import sys; from provisioner.cli.main import run; run(['--version']); run(['--help']);"
        f"loaded = sorted(set(sys.modules) & set({HEAVY!r})); sys.exit(repr(loaded) if loaded else 0)"
    )
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr


@pytest.mark.parametrize(
    "command",
    [
        ["validate", "configs"],
        ["plan", "configs", "--emulator", "--format", "json"],
        ["--help"],
        ["emulator", "status", "--state", "there/is/no/such/folder"],
    ],
    ids=" ".join,
)
def test_results_that_cannot_be_written_are_an_error_in_words(command: list[str]) -> None:
    with Path("/dev/full").open("w") as full:
        ended = subprocess.run([PROGRAM, *command], stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert ended.returncode == exit_codes.FAILED
    assert "Traceback" not in ended.stderr
    assert "error: the results cannot be written: No space left on device" in ended.stderr


@pytest.mark.parametrize("command", [["validate", "configs"], ["--help"]], ids=" ".join)
def test_a_reader_that_leaves_ends_it_without_a_word_and_as_shells_say_it(command: list[str]) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    ended = subprocess.run([PROGRAM, *command], stdout=writing, stderr=subprocess.PIPE, check=False)
    os.close(writing)
    assert (ended.returncode, ended.stderr) == (exit_codes.READER_LEFT, b"")


def test_a_closed_stdout_is_nobody_s_to_read() -> None:
    ended = subprocess.run(
        ["sh", "-c", f"'{PROGRAM}' validate configs >&-"], stderr=subprocess.PIPE, text=True, check=False
    )
    assert (ended.returncode, ended.stderr) == (exit_codes.DONE, "")


@pytest.mark.parametrize(
    "command",
    [f"apply {SPEC}", f"rotate {SPEC}", f"destroy {SPEC}", f"consent --mode paste {SPEC}", "init new.yaml"],
)
def test_a_closed_stdin_is_nobody_to_ask(command: str, tmp_path: Path) -> None:
    (tmp_path / "configs").symlink_to(Path("configs").resolve())
    ended = subprocess.run(
        ["sh", "-c", f"'{PROGRAM}' {command} <&-"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert ended.returncode == exit_codes.WRONG_USAGE, ended.stderr
    assert "terminal" in ended.stderr
    assert "next:" in ended.stderr


SLIPS = (
    (["plna", SPEC], "plan"),
    (["apply", "--plan", "no-such-plan.json"], "there is no such file"),
    (["apply", SPEC, "--auto-approve", "--wait-consent", "30"], "30m or 30s"),
    (["consent", SPEC, "--mode", "paste"], "--mode device"),
)


@pytest.mark.parametrize(("arguments", "told"), SLIPS)
def test_a_slip_is_told_with_what_would_be_right(
    arguments: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(arguments) == exit_codes.WRONG_USAGE
    assert told in capsys.readouterr().err


def test_validate_offers_nothing_that_would_do_nothing_and_takes_it_all_the_same(
    capsys: pytest.CaptureFixture[str],
) -> None:
    run(["validate", "--help"])
    assert "--emulator" not in capsys.readouterr().out
    assert run(["validate", SPEC, "--emulator", "--concurrency", "2", "-v"]) == exit_codes.DONE


def test_a_count_that_goes_on_is_no_line_each_in_a_log(capsys: pytest.CaptureFixture[str]) -> None:
    terminal = Terminal()
    for said in ("proving (0 of 20 s)", "proving (2 of 20 s)", "looking", "proving (4 of 20 s)", "looking"):
        terminal.progress(said)
    assert capsys.readouterr().err.splitlines() == ["proving (0 of 20 s)", "looking", "looking"]


def test_a_problem_in_a_spec_is_exit_1_and_all_are_shown(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    broken = tmp_path / "broken.yaml"
    broken.write_text("version: 1\nname: Not A Name\ncloud: moon\n", encoding="utf-8")
    assert run(["validate", str(broken)]) == exit_codes.FAILED
    shown = capsys.readouterr().out
    assert f"{broken}:2:7:" in shown
    assert f"{broken}:3:8:" in shown


@pytest.mark.parametrize("variables", [{}, {"NO_COLOR": "1"}, {"FORCE_COLOR": "1"}], ids=str)
def test_a_pipe_gets_no_colour(variables: dict[str, str]) -> None:
    ended = subprocess.run(
        [PROGRAM, "validate", "configs"], capture_output=True, text=True, check=True, env=variables | {"PATH": ""}
    )
    assert "\x1b" not in ended.stdout + ended.stderr


def test_advice_names_the_file_of_its_tenant_unless_two_have_its_name() -> None:
    terminal = Terminal()
    terminal.files = [("contoso-sam", "one", "contoso.yaml"), ("adatum-sam", "two", "fleet.yaml")]
    assert terminal.file_of("adatum-sam") == "fleet.yaml"
    assert terminal.file_of("") == "SPEC"
    terminal.files = [("contoso-sam", "one", "contoso.yaml"), ("contoso-sam", "two", "a copy.yaml")]
    assert terminal.file_of("contoso-sam") == "SPEC"
    assert terminal.file_of("contoso-sam", "two") == "'a copy.yaml'"
