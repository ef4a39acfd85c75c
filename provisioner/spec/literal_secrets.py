"""What looks like a secret: refused wherever it stands in a spec, and never repeated in a message.

Better one value too many hidden than one shown. The shapes: a client secret as Entra makes them today (observed:
three characters, a digit, `Q~`, then 31 to 37 more), base64 of 32 bytes as Azure's keys and Entra's older secrets are,
JWTs, Entra's refresh tokens and codes (`0.A…`, `1.A…`), PEM blocks, connection strings and signed URLs.
"""

from __future__ import annotations

import re

HIDDEN = "(hidden: it looks like a secret)"
_LONGEST_SHOWN = 100

_SHORTEST = 10
"""Nothing shorter fits any of the shapes."""

_SHAPES = {
    "a private key or certificate (PEM)": re.compile(r"-----BEGIN [A-Z ]+-----"),
    "a signed token (JWT)": re.compile(r"\beyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}"),
    "a refresh token or authorization code": re.compile(r"(?<![A-Za-z0-9._-])[01]\.A[A-Za-z0-9_-]{30,}"),
    "a client secret": re.compile(
        r"(?<![A-Za-z0-9_~.-])[A-Za-z0-9_~.-]{3}[0-9]Q~[A-Za-z0-9_~.-]{31,37}(?![A-Za-z0-9_~-])"
    ),
    "a connection string": re.compile(
        r"\b(AccountKey|SharedAccessKey|SharedAccessSignature|Password|Pwd)\s*=\s*[^\s;]{6,}", re.IGNORECASE
    ),
    "a signed URL": re.compile(
        r"[?&](sig|client_secret|password|code|refresh_token|access_token)=[^&\s]{8,}", re.IGNORECASE
    ),
    "a key in base64": re.compile(r"(?<![A-Za-z0-9+/=])(?:[A-Za-z0-9+/]{43}=|[A-Za-z0-9+/]{86}==)(?![A-Za-z0-9+/=])"),
}

_SECRET_KEY = re.compile(
    r"(client|app|application)?_?-?(secret(value|text)?|password|passwd|pwd)|(refresh|access|id)_?-?token|"
    r"connection_?-?string|private_?-?key|api_?-?key",
    re.IGNORECASE,
)


def kind_of_secret(text: str) -> str | None:
    """What the text looks like, for people ("a client secret"), or None when it looks harmless."""
    if len(text) < _SHORTEST:
        return None
    for kind, shape in _SHAPES.items():
        if shape.search(text):
            return kind
    return None


def names_a_secret(key: str) -> bool:
    """True for a key such as `clientSecret` or `password`, whose value must not be in a spec whatever it looks like."""
    return _SECRET_KEY.fullmatch(key) is not None


def shown(value: object) -> str:
    """The value as a message may show it: hidden if it looks like a secret, cut if it is long."""
    text = str(value).lower() if isinstance(value, bool) else str(value)
    if kind_of_secret(text) is not None:
        return HIDDEN
    return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}…"
