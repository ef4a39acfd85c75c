"""`make demo`: the whole way on a fresh emulator, each command as a user types it and sees it.

A robot plays the person at the sign-in page. Exit 0 only if every command ended as it should: the last plan is clean.
"""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
PROGRAM = Path(sys.executable).with_name("provisioner")
SPEC = "configs/emulator.yaml"

# the command, what it is for, and the exit code it must end with
STEPS = (
    (f"validate {SPEC}", "offline: is the spec right?", 0),
    (f"plan {SPEC} --detailed-exitcode", "what would be done; 2: changes are pending", 2),
    (f"apply {SPEC} --auto-approve --no-consent", "do it; 3: only the person's sign-in is missing", 3),
    (f"consent {SPEC}", "a robot signs in on the real page, with MFA", 0),
    (f"verify {SPEC}", "does Partner Center answer?", 0),
    (f"plan {SPEC} --detailed-exitcode", "is anything left? 0: nothing", 0),
)


def main() -> int:
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="provisioner-demo-") as folder:
        environment = _environment(Path(folder))
        _program(["emulator", "start", "--detach", "--state", f"{folder}/cloud"], environment)
        try:
            failures = [failure for step in STEPS if (failure := _step(*step, environment))]
        finally:
            _program(["emulator", "stop", "--state", f"{folder}/cloud"], environment)
    print()
    for failure in failures:
        print(_bold(failure))
    if not failures:
        print(_bold(f"All of it held, in {time.monotonic() - started:.0f} seconds."))
    return 1 if failures else 0


def _environment(folder: Path) -> dict[str, str]:
    """This one, with nothing in it that could reach another emulator, a real tenant or this user's folders."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AZURE_", "PROVISIONER_"))}
    return kept | {
        "HOME": str(folder),
        "XDG_STATE_HOME": str(folder / "state"),
        "XDG_DATA_HOME": str(folder / "data"),
        "PROVISIONER_EMULATOR": str(folder / "cloud" / "endpoint.json"),
        "BROWSER": f"{shlex.quote(sys.executable)} -m tests.browser %s &",
    }


def _step(command: str, purpose: str, expected: int, environment: dict[str, str]) -> str:
    """Show and run one command; what went wrong, or ""."""
    print(f"\n{_bold(f'$ provisioner {command}')}    # {purpose}\n", flush=True)
    ended = subprocess.run(
        [PROGRAM, *shlex.split(command)], cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, check=False
    )
    if ended.returncode == expected:
        return ""
    return f"provisioner {command} ended with {ended.returncode}, not {expected}"


def _program(arguments: list[str], environment: dict[str, str]) -> None:
    subprocess.run([PROGRAM, *arguments], cwd=ROOT, env=environment, capture_output=True, check=True)


def _bold(text: str) -> str:
    return f"\x1b[1m{text}\x1b[0m" if sys.stdout.isatty() and not os.environ.get("NO_COLOR") else text


if __name__ == "__main__":
    sys.exit(main())
