"""A cloud for the rotations: one tenant, with each type of credential in place in a snapshot of its own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from provisioner.emulator.seed.directory import CONTOSO
from tests.conftest import REPLY_URLS
from tests.engine.consumers import Workload
from tests.engine.rotations import CERTIFICATE, SECRET, Loaded
from tests.rehearsal import served
from tests.trial import Trial, failures


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Loaded]:
    with served(tmp_path_factory.mktemp("cloud")) as cloud:
        trial = Trial(cloud, CONTOSO, REPLY_URLS)
        cloud.control("POST", "snapshot", {"name": "new"})
        workloads = {}
        for credential in (SECRET, CERTIFICATE):
            trial.back_to("new")
            result = trial.apply(trial.spec(application__credential=credential))
            assert result.exit_code() == 3, failures(result)
            kind = str(credential["type"])
            workloads[kind] = Workload.in_place(trial)
            cloud.control("POST", "snapshot", {"name": kind})
        yield Loaded(trial, workloads)
