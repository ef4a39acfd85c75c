from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from provisioner.emulator.seed.directory import CONTOSO, FABRIKAM
from tests.rehearsal import Cloud, Rehearsal, served

NATIVE_CLIENT = "https://login.microsoftonline.com/common/oauth2/nativeclient"
OUT_OF_BAND = "urn:ietf:wg:oauth:2.0:oob"


def free_port() -> int:
    """A port nothing listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    with served(tmp_path_factory.mktemp("cloud")) as cloud:
        yield cloud


@pytest.fixture(scope="module")
def contoso(cloud: Cloud) -> Rehearsal:
    """Partner Center asks for MFA here."""
    made = Rehearsal(cloud, CONTOSO, (f"http://localhost:{free_port()}/", NATIVE_CLIENT))
    made.prepare()
    return made


@pytest.fixture(scope="module")
def fabrikam(cloud: Cloud) -> Rehearsal:
    """No policy asks for MFA here; the reply URL is https, so the listener speaks TLS."""
    made = Rehearsal(cloud, FABRIKAM, (f"https://localhost:{free_port()}/", OUT_OF_BAND))
    made.prepare()
    return made
