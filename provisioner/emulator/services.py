"""The services of the cloud and their routers, by the names clouds.locate gives."""

from __future__ import annotations

from .arm import routes as arm
from .control import routes as control
from .entra import routes as entra
from .graph import routes as graph
from .issuers import routes as issuers
from .kernel import Router
from .key_vault import routes as key_vault
from .partner_center import routes as partner_center

ROUTERS: dict[str, Router] = {
    "entra": entra.ROUTER,
    "graph": graph.ROUTER,
    "arm": arm.ROUTER,
    "key_vault": key_vault.ROUTER,
    "partner_center": partner_center.ROUTER,
    "issuers": issuers.ROUTER,
    "control": control.ROUTER,
}
