"""All paths of a vault's host."""

from __future__ import annotations

from ..kernel import Router
from . import certificate_routes, key_routes, secret_routes

ROUTER = Router([*secret_routes.ROUTES, *key_routes.ROUTES, *certificate_routes.ROUTES], ignore_case=True)
