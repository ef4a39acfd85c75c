"""Chromium at the emulated cloud: through its proxy, trusting its authority in this one browser."""

from __future__ import annotations

import base64
import hashlib
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from selenium import webdriver

_CHROMIUM = shutil.which("chromium") or ""
_DRIVER = shutil.which("chromedriver") or ""
_QUIET = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
)
_BLOCK = 2  # Chromium's word for "no" in its content settings


@contextmanager
def offline_chromium(profile: Path) -> Iterator[webdriver.Chrome]:
    """A browser for files: whatever a page would fetch goes to a proxy that is not there, and into its log."""
    with _browser((*_QUIET, f"--user-data-dir={profile}", "--proxy-server=127.0.0.1:9"), scripts=True) as driver:
        yield driver


@contextmanager
def chromium(description: dict[str, Any], profile: Path, *, scripts: bool = True) -> Iterator[webdriver.Chrome]:
    """A browser with an empty profile at the cloud that `emulator start` describes so; localhost it reaches itself."""
    proxy = f"--proxy-server={description['proxy']}"
    pin = f"--ignore-certificate-errors-spki-list={_key_pin(Path(description['ca']))}"
    with _browser((*_QUIET, f"--user-data-dir={profile}", proxy, pin), scripts=scripts) as driver:
        yield driver


@contextmanager
def _browser(arguments: Sequence[str], *, scripts: bool) -> Iterator[webdriver.Chrome]:
    options = webdriver.ChromeOptions()
    options.binary_location = _CHROMIUM
    for argument in arguments:
        options.add_argument(argument)
    if not scripts:
        setting = {"profile.managed_default_content_settings.javascript": _BLOCK}
        options.add_experimental_option("prefs", setting)
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(_DRIVER))
    try:
        yield driver
    finally:
        driver.quit()


def _key_pin(ca: Path) -> str:
    """The CA's key as --ignore-certificate-errors-spki-list wants it."""
    key = x509.load_pem_x509_certificate(ca.read_bytes()).public_key()
    digest = hashlib.sha256(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).digest()
    return base64.b64encode(digest).decode()
