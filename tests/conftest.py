"""Fixtures that several suites share: a tenant for provisioner's own plan and apply."""

from __future__ import annotations

import os
import shutil
from collections import Counter
from collections.abc import Iterator

import pytest
from hypothesis import settings

from provisioner.emulator.seed.directory import CONTOSO
from tests.contract_report import ContractReport
from tests.rehearsal import served
from tests.trial import Trial

REPLY_URLS = ("http://localhost:8400/", "https://localhost:44395/", "urn:ietf:wg:oauth:2.0:oob")


def pytest_configure(config: pytest.Config) -> None:
    # machines are shared: how long one example takes says nothing
    settings.register_profile("unhurried", parent=settings.default, deadline=None)
    settings.load_profile("unhurried")
    config.pluginmanager.register(ContractReport(), "contracts")


# by marker
NEEDED = {"browser": ("chromium", "chromedriver"), "shellcheck": ("shellcheck",), "shells": ("bash", "zsh", "fish")}


def missing_programs(marker: str) -> list[str]:
    return [name for name in NEEDED[marker] if shutil.which(name) is None]


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """Two processes for each processor: much of the time is spent waiting, for programs, browsers and real seconds."""
    return 2 * (os.cpu_count() or 1)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """What needs a program that is not here is left out, and said so; a build machine must have all of them."""
    if os.environ.get("CI"):
        return
    lacking = [marker for marker in NEEDED if missing_programs(marker)]
    left_out = [item for item in items if any(item.get_closest_marker(marker) for marker in lacking)]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]


def pytest_report_header() -> list[str]:
    return [
        f"{marker} tests are left out: no {' and no '.join(missing)} on this machine"
        for marker in NEEDED
        if (missing := missing_programs(marker))
    ]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """What came of the generated cases of tests/engine/convergence, over all processes."""
    outcomes: Counter[str] = Counter()
    for report in terminalreporter.stats.get("passed", []):
        for name, figures in report.user_properties:
            outcomes.update(figures if name == "convergence" else {})
    if outcomes:
        told = ", ".join(f"{number} {outcome}" for outcome, number in sorted(outcomes.items()))
        terminalreporter.write_line(f"convergence: {outcomes.total()} cases: {told}")


@pytest.fixture(scope="session", autouse=True)
def emulators_of_other_processes(
    pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[None]:
    """Answers of emulators that ran as programs keep to the contracts too."""
    yield
    report: ContractReport = pytestconfig.pluginmanager.get_plugin("contracts")
    report.hear_other_processes(tmp_path_factory.getbasetemp())


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trial]:
    """A served cloud with two snapshots: `new`, and `applied` with everything in place but the refresh token."""
    with served(tmp_path_factory.mktemp("cloud")) as cloud:
        trial = Trial(cloud, CONTOSO, REPLY_URLS)
        cloud.control("POST", "snapshot", {"name": "new"})
        trial.put_in_place()
        cloud.control("POST", "snapshot", {"name": "applied"})
        yield trial


@pytest.fixture
def trial(prepared: Trial) -> Trial:
    """A tenant nobody has touched yet."""
    return prepared.back_to("new")


@pytest.fixture
def applied(prepared: Trial) -> Trial:
    """A tenant in which everything is in place but the refresh token."""
    return prepared.back_to("applied")
