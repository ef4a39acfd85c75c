"""Runs a foreign client's program beside a person: what both say to each other is a line of JSON each.

A program prints {"open": URL} when somebody has to sign in there and reads the answer the browser brought back, or
{"open": URL, "type": CODE} when a code is to be typed there and nothing comes back. Its last line is its result.
"""

from __future__ import annotations

import json
import subprocess
import threading
from collections.abc import Mapping, Sequence
from typing import Any

from tests.robot import Robot, StuckError, through_proxy

from .cloud import Cloud

_LONGEST_S = 60


def run(command: Sequence[str], environment: Mapping[str, str], cloud: Cloud) -> Any:
    """The program's result; the operator of the cloud is the person. It must end well."""
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    )
    deadline = threading.Timer(_LONGEST_S, process.kill)
    deadline.start()
    assert process.stdin is not None
    assert process.stdout is not None
    said: Any = None
    for line in process.stdout:
        said = json.loads(line)
        if "type" in said:
            _type(cloud, said["open"], said["type"])
        elif "open" in said:
            ending = _browser(cloud).sign_in(said["open"], cloud.operator, deliver=False)
            process.stdin.write(json.dumps(ending.fields) + "\n")
            process.stdin.flush()
    _, complaint = process.communicate()
    deadline.cancel()
    assert process.returncode == 0, f"{' '.join(command)}: {complaint}"
    return said


def _browser(cloud: Cloud) -> Robot:
    return Robot(cloud.description["proxy"], cloud.description["ca"])


def _type(cloud: Cloud, address: str, code: str) -> None:
    """Type a code at the page a short address leads to, and sign in. It ends on a page with nothing to press."""
    with through_proxy(cloud.description["proxy"], cloud.description["ca"]) as http:
        page = http.get(address, timeout=30)
    try:
        _browser(cloud).sign_in(f"{page.url}?otc={code}", cloud.operator, deliver=False)
    except StuckError as end:
        assert "You are signed in" in str(end), end
