"""What Microsoft's libraries log goes nowhere: they quote answers they cannot read, tokens and all.

Without a handler of ours Python would print their warnings on stderr. What a user needs to know is in our errors, and
in the request log.
"""

from __future__ import annotations

import logging

_LIBRARIES = ("azure", "msal")
_NOTHING = logging.CRITICAL + 1


def silence_sdks() -> None:
    """Once for the process; again changes nothing. By level: a handler that somebody adds would still print."""
    for name in _LIBRARIES:
        logging.getLogger(name).setLevel(_NOTHING)
