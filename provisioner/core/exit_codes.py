"""What the process answers, one meaning each (design section 3)."""

from __future__ import annotations

from collections.abc import Iterable

DONE = 0
FAILED = 1
CHANGES_PENDING = 2
PERSON_MUST_ACT = 3
COULD_NOT_TELL = 4
CHECK_FAILED = 5
WRONG_USAGE = 64
INTERRUPTED = 130
READER_LEFT = 141
"""Of a pipe (`| head -1`): what a shell makes of SIGPIPE, which Python turns into an error."""

_FIRST_WINS = (FAILED, CHECK_FAILED, COULD_NOT_TELL, CHANGES_PENDING, PERSON_MUST_ACT)


def combine(codes: Iterable[int]) -> int:
    """The code of several results: the first of 1, 5, 4, 2, 3 that is among them, else 0.

    Wrong usage that only one tenant's run could find (a question without a terminal) is a failure among several.
    """
    present = {FAILED if code == WRONG_USAGE else code for code in codes}
    return next((code for code in _FIRST_WINS if code in present), DONE)
