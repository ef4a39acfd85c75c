"""The services of the cloud and their routers, by the names clouds.locate gives."""

from __future__ import annotations

from . import control
from .entra import routes as entra
from .kernel import Router

ROUTERS: dict[str, Router] = {
    "entra": entra.ROUTER,
    "control": control.ROUTER,
}
