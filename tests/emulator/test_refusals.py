"""Every refusal the emulator can make is provoked by a request, with the status and code the facts give."""

from __future__ import annotations

import importlib
import pkgutil
from typing import Any

import pytest

from provisioner.emulator.refusals import REFUSALS
from provisioner.emulator.services import ROUTERS
from provisioner.emulator.store import Store
from tests.emulator import refusals

_MODULES = [
    importlib.import_module(f"{refusals.__name__}.{module.name}") for module in pkgutil.iter_modules(refusals.__path__)
]
ROWS: list[tuple[Any, ...]] = [row for module in _MODULES for row in module.ROWS]


@pytest.mark.parametrize("service", ROUTERS)
def test_every_refusal_of_the_service_has_a_row(service: str) -> None:
    registered = {name for name in REFUSALS if name.split(".")[0] == service}
    assert registered - {row[0] for row in ROWS} == set()


def test_every_row_names_a_registered_refusal_and_its_source() -> None:
    assert {row[0] for row in ROWS} - REFUSALS.keys() == set()
    assert {row[1] for row in ROWS if refusals.SOURCE.fullmatch(row[1]) is None} == set()


@pytest.mark.parametrize(("name", "section", "provoke", "status", "code"), ROWS, ids=[f"{r[0]}-{r[4]}" for r in ROWS])
def test_refused_with_status_and_code(
    store: Store, name: str, section: str, provoke: Any, status: int, code: str
) -> None:
    reply = provoke(store)
    text = reply.encoded()[0].decode("utf-8-sig") + reply.headers.get("Location", "")
    assert (reply.status, code in text) == (status, True), f"{name} ({section}): {reply.status} {text[:2000]}"
