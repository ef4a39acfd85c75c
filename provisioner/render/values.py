"""How values of the spec look to a reader, and as JSON."""

from __future__ import annotations

import json
import re
from datetime import datetime
from typing import Any

from provisioner.core.address import Ref

_CONTROL = r"\x00-\x09\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff"
_FORMAT = r"\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff"
_UNSEEN = re.compile(f"[{_CONTROL}{_FORMAT}]")


def shown(value: Any) -> str:
    """A value in a line of a plan. A Ref says where the value will come from."""
    if isinstance(value, Ref):
        return f"{_wire_name(value.field)} of {value.address} (known after apply)"
    if isinstance(value, datetime):
        return moment(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None:
        return "nothing"
    if isinstance(value, str):
        return value if value and value == value.strip() else json.dumps(value)
    if isinstance(value, list | tuple) and not any(isinstance(entry, dict | list | tuple) for entry in value):
        return ", ".join(shown(entry) for entry in value) or "nothing"
    return json.dumps(as_json(value), ensure_ascii=False, sort_keys=True)


def _wire_name(field: str) -> str:
    """A fact's field as Microsoft calls it: `appId`, not `app_id`."""
    first, *rest = field.split("_")
    return first + "".join(word.capitalize() for word in rest)


def moment(value: datetime) -> str:
    """A time to the minute, UTC."""
    return value.strftime("%Y-%m-%d %H:%M UTC")


def timestamp(value: datetime) -> str:
    """A time as JSON has it: ISO 8601 with Z."""
    return value.strftime("%Y-%m-%dT%H:%M:%SZ")


def as_json(value: Any) -> Any:
    """Plain JSON data. A value known only at apply is {"ref": ADDRESS, "field": …} (design section 4).

    Raises TypeError for anything that has no business in a plan, a Secret above all.
    """
    if isinstance(value, Ref):
        return {"ref": str(value.address), "field": _wire_name(value.field)}
    if isinstance(value, datetime):
        return timestamp(value)
    if isinstance(value, dict):
        return {str(key): as_json(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [as_json(entry) for entry in value]
    if isinstance(value, set | frozenset):
        return sorted(as_json(entry) for entry in value)
    if value is None or isinstance(value, str | int | float):
        return value
    raise TypeError(f"a {type(value).__name__} cannot be shown")


def visible(text: str, *, lines: bool = False) -> str:
    """What a reader cannot see, and what would turn the text around or move the cursor, as `\\u202e`.

    lines: line ends stay; else they become blanks.
    """
    told = text.replace("\r\n", "\n").replace("\t", " ") if lines else " ".join(text.split())
    return _UNSEEN.sub(lambda found: f"\\u{ord(found[0]):04x}", told)


def clipped(text: str, most: int) -> str:
    """The text, or its beginning and how much is left out."""
    return text if len(text) <= most else f"{text[:most]}… ({len(text) - most} more characters)"


def words(kind: str) -> str:
    """A kind's name as words: `resource_group` and `resourceGroup` are `resource group`."""
    return re.sub(r"[_-]|(?<=[a-z])(?=[A-Z])", " ", kind).lower()
