"""An access token for another program: the shapes are a contract (README, "Tokens for other programs")."""

from __future__ import annotations

import json
import shlex
from datetime import datetime
from typing import Protocol

from rich.text import Text

from provisioner.core.secret import Secret
from provisioner.render.values import timestamp

TOKEN_TYPE = "Bearer"  # noqa: S105  # the scheme's name, not a secret

NOTE = Text("an access token: whoever has it acts as the account until it ends; keep it off screens and logs", "yellow")


class Shown(Protocol):
    """A token, when it ends, who issued it for what."""

    @property
    def value(self) -> Secret: ...
    @property
    def expires_at(self) -> datetime: ...
    @property
    def tenant_id(self) -> str: ...
    @property
    def subscription(self) -> str: ...
    @property
    def scope(self) -> str: ...


def token_raw(token: Shown) -> str:
    """Nothing but the token."""
    return token.value.reveal()


def token_json(token: Shown) -> str:
    """Our own shape. expiresOn: UTC; expires_on: the same in seconds since 1970."""
    return json.dumps(
        {
            "formatVersion": 1,
            "accessToken": token.value.reveal(),
            "tokenType": TOKEN_TYPE,
            "expiresOn": timestamp(token.expires_at),
            "expires_on": int(token.expires_at.timestamp()),
            "tenant": token.tenant_id,
            "scope": token.scope,
        },
        indent=2,
    )


def token_az(token: Shown) -> str:
    """As `az account get-access-token --output json` prints it, which azure-identity's AzureCliCredential reads.

    expiresOn is local time without a zone there; expires_on, which readers prefer, is seconds since 1970
    (azure-identity, `_credentials/azure_cli.py`, `parse_token`).
    """
    local = token.expires_at.astimezone().replace(tzinfo=None)
    return json.dumps(
        {
            "accessToken": token.value.reveal(),
            "expiresOn": local.strftime("%Y-%m-%d %H:%M:%S.%f"),
            "expires_on": int(token.expires_at.timestamp()),
            "subscription": token.subscription,
            "tenant": token.tenant_id,
            "tokenType": TOKEN_TYPE,
        },
        indent=2,
    )


def token_env(token: Shown) -> str:
    """Lines for `eval "$(…)"`."""
    values = {
        "ACCESS_TOKEN": token.value.reveal(),
        "ACCESS_TOKEN_EXPIRES_ON": str(int(token.expires_at.timestamp())),
        "ACCESS_TOKEN_TENANT": token.tenant_id,
    }
    return "\n".join(f"export {name}={shlex.quote(value)}" for name, value in values.items())
