"""Operations that run on after their answer, and where they can be asked for.

An operation's name in its URL is its description in base64, as Azure's own are; nothing else is kept of it.
"""

from __future__ import annotations

import base64
import binascii
import json

from ..kernel import Reply
from . import errors
from .entry import Session

_AGAIN_S = "1"  # Azure says 15; a rehearsal need not wait


def accepted(current: Session, prefix: str, kind: str, name: str) -> Reply:
    """202 of an operation ("group" or "vault" being deleted) below a path."""
    token = base64.urlsafe_b64encode(json.dumps({"job": kind, "name": name}).encode()).rstrip(b"=").decode()
    version = current.call.query["api-version"]
    location = f"https://{current.call.host}{prefix}/{token}?api-version={version}"
    return Reply(202, None, {"Location": location, "Retry-After": _AGAIN_S})


def described(token: str) -> tuple[str, str]:
    """(kind, name) of an operation by its name in the URL; raises OperationNotFound."""
    try:
        found = json.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
        return str(found["job"]), str(found["name"])
    except (binascii.Error, ValueError, TypeError, KeyError) as error:
        raise errors.operation_not_found(token) from error
