"""What ends everything a person's earlier sign-ins gave: refresh tokens, and codes that nobody has redeemed yet."""

from __future__ import annotations

from datetime import UTC, datetime

from ..kernel import Call
from . import grant_errors
from .directory import Platform
from .tokens import SignedIn


def check(call: Call, who: SignedIn, platform: Platform) -> None:
    """The table of sam-facts 3.4, by two moments of the user's document (epoch seconds).

    `_tokensValidFrom`: sessions were revoked, or an administrator reset the password in the Entra admin center. It ends
    every grant. `_passwordChanged`: the person changed the password, or it was reset otherwise. A confidential client
    keeps its grant then. An expired password ends nothing.
    """
    moments = [float(who.person.get("_tokensValidFrom", 0))]
    if platform != "web":
        moments.append(float(who.person.get("_passwordChanged", 0)))
    if who.auth_time < int(max(moments)):
        raise grant_errors.grant_revoked(call, moment(who.auth_time), moment(max(moments)))


def moment(seconds: float) -> str:
    """As the service writes a time into its texts."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.0000000Z")
