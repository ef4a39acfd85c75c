"""What came of a renewal, as text and as JSON."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Protocol

from rich.text import Text

from provisioner.render.layout import Lines, paragraph
from provisioner.render.values import moment, timestamp


class Renewed(Protocol):
    """Whose the token is, where it is, when it was issued and when it ends. was: the state of the one before."""

    @property
    def name(self) -> str: ...
    @property
    def tenant(self) -> str: ...
    @property
    def account(self) -> str: ...
    @property
    def object_id(self) -> str: ...
    @property
    def vault(self) -> str: ...
    @property
    def secret_name(self) -> str: ...
    @property
    def version(self) -> str: ...
    @property
    def was(self) -> str: ...
    @property
    def issued_at(self) -> datetime: ...
    @property
    def expires_at(self) -> datetime: ...


def renewed_lines(renewed: Renewed, width: int = 80) -> Lines:
    """One sentence: the account, the place, the end of the token's life."""
    return paragraph(f"{renewed.name}: {renewed_sentence(renewed).plain}", width, rest="  ", style="green")


def renewed_sentence(renewed: Renewed) -> Text:
    """The same without the tenant's name, for a list of many."""
    return Text(
        f"renewed for {renewed.account}, with MFA; in vault {renewed.vault} as {renewed.secret_name}, lives until "
        f"{moment(renewed.expires_at)} unless it is renewed again"
    )


def renewed_json(renewed: Renewed) -> dict[str, Any]:
    """Keys are a contract. mfa is true: a token without it is never stored."""
    return {
        "name": renewed.name,
        "tenant": renewed.tenant,
        "account": renewed.account,
        "objectId": renewed.object_id,
        "mfa": True,
        "vault": renewed.vault,
        "secret": renewed.secret_name,
        "version": renewed.version,
        "was": renewed.was,
        "issuedAt": timestamp(renewed.issued_at),
        "expiresAt": timestamp(renewed.expires_at),
    }
