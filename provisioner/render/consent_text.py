"""What came of a sign-in, as text."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol, runtime_checkable

from rich.text import Text

from provisioner.render.layout import Lines, paragraph
from provisioner.render.values import moment


@runtime_checkable
class Stored(Protocol):
    """Who signed in, and where the token is."""

    @property
    def account(self) -> str: ...
    @property
    def vault(self) -> str: ...
    @property
    def secret_name(self) -> str: ...
    @property
    def expires_at(self) -> datetime: ...


def consent_lines(stored: object, width: int = 80) -> Lines:
    """One sentence: the account, the place, the end of the token's life."""
    return paragraph(consent_sentence(stored).plain, width, rest="  ", style="green")


def consent_sentence(stored: object) -> Text:
    """The same in one line; anything but a stored token means that none was needed."""
    if not isinstance(stored, Stored):
        return Text("no sign-in needed: a refresh token is stored")
    return Text(
        f"{stored.account} signed in with MFA; the refresh token is in vault {stored.vault} as {stored.secret_name} "
        f"and lives until {moment(stored.expires_at)} unless it is renewed"
    )
