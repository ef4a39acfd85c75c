"""Shows a page to the person: in their browser, or, for the emulator, in one that can reach nothing else.

The standard BROWSER variable wins. Without it the emulator's pages are shown in a Chromium with a profile of its own
behind the emulator's proxy: in the usual browser the same address would be the real Microsoft.
"""

from __future__ import annotations

import base64
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import webbrowser
from collections.abc import Callable
from functools import partial
from pathlib import Path

from provisioner.emulator.note import VARIABLE, Note, folder_note

_CHROMIUMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "microsoft-edge")


def opener(note: Note | None) -> Callable[[str], bool]:
    """What opens a page: of Microsoft, or of the emulator of this note. It answers False when there is no browser."""
    return _open if note is None else partial(_open_emulated, note)


def how_to_reach(note: Note | None) -> str:
    """For a person who opens the page by hand: without the proxy the same address is the real Microsoft."""
    if note is None:
        return ""
    return f"This is the emulator: only a browser with the proxy {note.proxy} that trusts the CA {note.ca} gets there."


def _open(url: str) -> bool:
    return (bool(os.environ.get("BROWSER")) or _has_screen()) and webbrowser.open(url)


def _open_emulated(note: Note, url: str) -> bool:
    if os.environ.get("BROWSER"):
        os.environ.setdefault(VARIABLE, str(folder_note(Path(note.state))))  # for the command BROWSER names
        return webbrowser.open(url)
    program = next((found for name in _CHROMIUMS if (found := shutil.which(name))), None)
    if program is None or not _has_screen():
        return False
    options = (
        f"--proxy-server={note.proxy}",
        f"--ignore-certificate-errors-spki-list={_pin(Path(note.ca))}",
        f"--user-data-dir={tempfile.mkdtemp(prefix='provisioner-browser-')}",
        "--no-first-run",
    )
    quiet = subprocess.DEVNULL
    subprocess.Popen([program, *options, url], stdout=quiet, stderr=quiet)  # noqa: S603  found on the PATH, no shell
    return True


def _has_screen() -> bool:
    """Without one webbrowser would find a browser in text mode, which takes the terminal away from us."""
    return not sys.platform.startswith("linux") or any(map(os.environ.get, ("DISPLAY", "WAYLAND_DISPLAY")))


def _pin(ca_file: Path) -> str:
    """SHA-256 of the CA's public key, base64: Chromium then trusts what it signed, and nothing else changes."""
    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    key = x509.load_pem_x509_certificate(ca_file.read_bytes()).public_key()
    return base64.b64encode(
        hashlib.sha256(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).digest()
    ).decode()
