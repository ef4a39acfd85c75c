"""What a plan rests on, whether or not anything is to be done about it: each thing, and each permission three ways."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from provisioner.core.address import Address


class Presence(StrEnum):
    """What looking gave. unknown: could not look, which is never absence."""

    PRESENT = "present"
    ABSENT = "absent"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Resource:
    """One thing that was looked at. declared: the spec asks for it; others' things are seen beside ours.

    depends_on: the things of this plan that it cannot be without, met or not.
    """

    address: Address
    state: Presence
    declared: bool
    depends_on: tuple[Address, ...] = ()


@dataclass(frozen=True)
class PermissionRow:
    """A permission of an API: declared in the spec, requested on the application, granted for the whole tenant.

    kind: `delegated` or `application`. requested and granted: None when nobody could look, or nothing asked for a look
    (`adminConsent: false`). risk: one word; `unknown` where the catalogue does not rate it. sentence: why.
    """

    api: str
    value: str
    kind: Literal["delegated", "application"]
    declared: bool
    requested: bool | None
    granted: bool | None
    risk: str
    sentence: str

    @property
    def differs(self) -> bool:
        """Whether what is known of the three is not the same; what is not known says nothing."""
        return len({self.declared, self.requested, self.granted} - {None}) > 1
