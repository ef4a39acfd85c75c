"""A program's side of ../program.py: a line of JSON out, a line of JSON in."""

from __future__ import annotations

import json
import sys
from typing import Any


def say(what: Any) -> None:
    print(json.dumps(what), flush=True)


def hear() -> Any:
    return json.loads(sys.stdin.readline())
