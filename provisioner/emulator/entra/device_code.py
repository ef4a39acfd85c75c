"""The device code flow (sam-facts 3.5): a program shows a code, a person types it on the device page.

A DEVICE_CODE document lives 15 minutes under the SHA-256 of its device code: {key, userCode, version, alias (tenant id
or None), clientId, scope, resource, issued, polled (None before the first poll), state: "pending", "approved",
"declined" or "redeemed"}; approval adds {tenant, user, amr, authTime}.
"""

from __future__ import annotations

from typing import Any

from .. import kinds
from ..kernel import Call
from ..store import Document, Transaction
from .answers import Recipient
from .tokens import SignedIn

LIFE_S = 15 * 60


# --- the page where a person types the code ---


def find(tx: Transaction, user_code: str) -> Document | None:
    """The request a typed code belongs to, in any case, with or without dashes and spaces.

    None when the code was never given out, is over, or has been decided already.
    """
    wanted = "".join(letter for letter in user_code.upper() if letter.isalnum())
    for document in tx.find(kinds.DEVICE_CODE, "", "userCode", wanted):
        if document["state"] == "pending" and not is_over(tx, document):
            return document
    return None


def ask(_call: Call, document: Document) -> dict[str, Any]:
    """The sign-in of this request, as sign_in.begin takes it: kind "device", no one to answer to.

    `deviceCode` is the document's key: at the end the sign-in approves or declines the document under it.
    """
    return {
        "kind": "device",
        "deviceCode": document["key"],
        "version": document["version"],
        "alias": document["alias"],
        "clientId": document["clientId"],
        "platform": "publicClient",
        "recipient": Recipient("", "query", None).document(),
        "hybrid": False,
        "nonce": None,
        "codeChallenge": None,
        "codeChallengeMethod": None,
        "resource": document["resource"],
        "scope": document["scope"],
        "forceMfa": False,
        "prompt": "",
        "loginHint": "",
        "clientInfo": False,
    }


def approve(tx: Transaction, document: Document, signed_in: SignedIn) -> None:
    """The person signed in and consented: the program's next poll gets tokens."""
    who = {
        "tenant": signed_in.tenant["id"],
        "user": signed_in.person["id"],
        "amr": list(signed_in.amr),
        "authTime": signed_in.auth_time,
    }
    _keep(tx, document | who | {"state": "approved"})


def decline(tx: Transaction, document: Document) -> None:
    """The person pressed cancel: the program's next poll is told so."""
    _keep(tx, document | {"state": "declined"})


def is_over(tx: Transaction, document: Document) -> bool:
    return tx.now >= float(document["issued"]) + LIFE_S


def _keep(tx: Transaction, document: Document) -> Document:
    return tx.put(kinds.DEVICE_CODE, "", document["key"], document)
