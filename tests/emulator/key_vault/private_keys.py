"""The search that proves a private key never left its vault.

`private_marks` of the emulator names the bytes; here they are looked for in any blob (requests, answers, files), in
the forms in which a key could travel: raw, hex, base64 and base64url, at every alignment, across line ends. The
emulator's own SQLite file holds the keys, so it is not among the blobs.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import unquote_to_bytes

from provisioner.emulator.store import Store

_WRAPPING = re.compile(rb"\\r|\\n|\s")  # a line's end, as it is and as JSON writes it


@dataclass(frozen=True)
class Leak:
    """Which blob (by its place in the order given) held which mark (by its place), in which form."""

    blob: int
    mark: int
    form: str


def find_leaks(blobs: Iterable[bytes], marks: Iterable[bytes]) -> list[Leak]:
    """Every mark found in a blob."""
    wanted = [(number, form, text) for number, mark in enumerate(marks) for form, text in _forms(mark)]
    return [
        Leak(index, number, form)
        for index, blob in enumerate(blobs)
        for number, form, text in wanted
        if any(text in variant for variant in _variants(blob))
    ]


def recorded(store: Store) -> list[bytes]:
    """Every request the emulator recorded, with its answer."""
    with store.transaction() as tx:
        rows = tx.sql.execute("SELECT url, detail FROM requests ORDER BY seq").fetchall()
    return [f"{url}\n{detail}".encode() for url, detail in rows]


def _variants(blob: bytes) -> list[bytes]:
    """The blob, without line ends, and with URL escapes taken back."""
    unwrapped = _WRAPPING.sub(b"", blob)
    return [blob, unwrapped, unquote_to_bytes(unwrapped)]


def _forms(mark: bytes) -> Iterable[tuple[str, bytes]]:
    yield "raw", mark
    yield "hex", mark.hex().encode()
    yield "HEX", mark.hex().upper().encode()
    for offset in range(3):
        yield f"base64 at {offset}", _inside(base64.b64encode(bytes(offset) + mark), offset, len(mark))
        yield f"base64url at {offset}", _inside(base64.urlsafe_b64encode(bytes(offset) + mark), offset, len(mark))


def _inside(encoded: bytes, offset: int, length: int) -> bytes:
    """The characters that the mark alone decides, whatever stands before and after it."""
    return encoded[-(-offset * 8 // 6) : (offset + length) * 8 // 6]
