"""What `init` asks, and what it proposes. Nothing here validates, so that completing its flags loads no validation."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from provisioner.spec.nodes import Path

Answers = Mapping[str, str]
"""By the question's key; one that is left out has no answer yet, "" is the answer of who wants none."""

LONGEST_VAULT_NAME = 24
_LONGEST_OBJECT_NAME = 127 - len("-next")
CLOUDS = ("public", "usgov", "china", "emulator")
_CLOUDS_BY_DOMAIN = {".onmicrosoft.us": "usgov", ".partner.onmschina.cn": "china"}
_LOCATIONS = {"usgov": "usgovvirginia", "china": "chinanorth3"}
_LOCATION = "westeurope"


@dataclass(frozen=True)
class Question:
    """key: of the answers, and the flag's name. path: where the answer stands in the spec.

    words: for the prompt and the flag's help. proposal: the answer of who has none; "" where there is nothing to
    propose. choices: where there are few. optional: "" is an answer.
    """

    key: str
    path: Path
    words: str
    proposal: Callable[[Answers], str] = lambda _: ""
    choices: tuple[str, ...] = ()
    optional: bool = False


def proposed_cloud(answers: Answers) -> str:
    """By the tenant's first domain; the public one for all others."""
    domain = answers["tenant"].lower()
    return next((cloud for ending, cloud in _CLOUDS_BY_DOMAIN.items() if domain.endswith(ending)), "public")


def proposed_name(answers: Answers) -> str:
    """`contoso-sam` for contoso.onmicrosoft.com; "" for a tenant that is named by its id."""
    label, dot, _ = answers["tenant"].partition(".")
    return f"{_word(label)}-sam" if dot else ""


def proposed_vault(answers: Answers) -> str:
    """A name that Key Vault takes: letters, digits and single hyphens, 24 at most. Whether it is free, plan says."""
    word = re.sub(r"-{2,}", "-", re.sub(r"[^0-9a-z]", "-", answers["name"].lower()))
    return f"kv-{word}"[:LONGEST_VAULT_NAME].rstrip("-")


def proposed_location(answers: Answers) -> str:
    """A region of the cloud."""
    return _LOCATIONS.get(answers.get("cloud", ""), _LOCATION)


def credential_object(name: str, ending: str = "credential") -> str:
    """What the vault can call the credential of a spec of this name, with room for the successor's -next."""
    word = re.sub(r"[^0-9A-Za-z-]+", "-", name).strip("-")
    return f"{word}-{ending}"[:_LONGEST_OBJECT_NAME]


QUESTIONS = (
    Question("tenant", ("tenant",), "The partner tenant: its id, or a verified domain"),
    Question("cloud", ("cloud",), "Its cloud", proposed_cloud, CLOUDS),
    Question("subscription", ("subscription",), "The Azure subscription (id) for the vault"),
    Question("name", ("name",), "A name for the set-up, which never changes", proposed_name),
    Question("vault", ("vault", "name"), "The vault's name, unique in the world", proposed_vault),
    Question("location", ("vault", "location"), "The vault's region", proposed_location),
    Question("account", ("consent", "account"), "Who will sign in (left out: anybody may)", optional=True),
)


def _word(label: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", label.lower()).strip("-") or "partner"
