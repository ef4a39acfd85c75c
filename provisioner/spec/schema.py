"""The published JSON Schemas, and their verdicts in words: one finding for each, never "not valid under any schema".

The files lie in `schemas/` at the top of the repository, for editors; a wheel carries them as `provisioner/schemas`.
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path as FilePath
from typing import Any, Literal

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

from provisioner.spec.findings import Finding, nearest, suggestion
from provisioner.spec.literal_secrets import names_a_secret, shown
from provisioner.spec.nodes import Path

SchemaName = Literal["spec", "fleet"]

_TYPE_WORDS = {
    "string": "text",
    "integer": "a whole number",
    "boolean": "true or false",
    "object": "a mapping",
    "array": "a list",
}

_REFUSED_VALUES: dict[tuple[str, object], tuple[str, str]] = {
    ("platform", "spa"): (
        "a single-page application gets refresh tokens of 24 hours, too short for unattended work",
        "use web (default) or publicClient",
    ),
    ("signInAudience", "AzureADandPersonalMicrosoftAccount"): (
        "personal Microsoft accounts have no place in Partner Center, and no national cloud supports them",
        "use AzureADMyOrg or AzureADMultipleOrgs",
    ),
    ("signInAudience", "PersonalMicrosoftAccount"): (
        "personal Microsoft accounts have no place in Partner Center, and no national cloud supports them",
        "use AzureADMyOrg or AzureADMultipleOrgs",
    ),
    ("purgeProtection", False): (
        "Key Vault does not accept false: purge protection can only be switched on",
        "leave the key out",
    ),
}
"""Values people do write, refused with the reason. Sources: sam-facts 3.4, 5.1, 6.1."""

_VAULT_NAME_LENGTH = 24

_ONLY_WITH = {
    "appId": "only with mode: adopt or mode: use",
    "trust": "only with type: federated",
    "issuer": "only with type: federated",
    "subject": "only with type: federated",
    "audience": "only with type: federated",
    "exportable": "only with type: certificate",
}


def schema_text(name: SchemaName) -> str:
    """The schema file: from the installed package, or from the repository in an editable install."""
    package = FilePath(__file__).parents[1]
    folders = (package / "schemas", package.parent / "schemas")
    file = next(folder / f"{name}.schema.json" for folder in folders if folder.is_dir())
    return file.read_text(encoding="utf-8")


@functools.cache
def _validator(name: SchemaName) -> Draft202012Validator:
    return Draft202012Validator(json.loads(schema_text(name)))


@dataclass(frozen=True, slots=True)
class _Broken:
    """A rule of the schema that does not hold: its keyword, its limit, the sub-schema it stands in."""

    path: Path
    keyword: str
    limit: Any
    schema: Any
    value: Any
    message: str


def _broken(error: ValidationError) -> _Broken:
    return _Broken(
        tuple(error.absolute_path),
        str(error.validator),
        error.validator_value,
        error.schema,
        error.instance,
        error.message,
    )


def check_shape(name: SchemaName, plain: Any) -> list[Finding]:
    """What the schema has against the document. Values it condemns are taken out of `plain` (a list entry becomes
    None), so that the rules after it see only what has the right type.
    """
    findings: list[Finding] = []
    condemned: list[Path] = []
    for broken in map(_broken, _validator(name).iter_errors(plain)):
        describe = _DESCRIPTIONS[broken.keyword]
        findings.extend(describe(broken))
        if broken.keyword not in _ABOUT_CONTENTS and broken.path:
            condemned.append(broken.path)
    for path in condemned:
        _take_out(plain, path)
    return findings


_ABOUT_CONTENTS = ("additionalProperties", "required", "uniqueItems", "maxItems", "minItems", "maxProperties")
"""Keywords that speak of a container's contents: the container itself is good enough for other rules."""


def _take_out(plain: Any, path: Path) -> None:
    *parents, last = path
    for step in parents:
        plain = plain[step] if not isinstance(plain, Mapping) else plain.get(step)
        if plain is None:
            return
    if isinstance(plain, dict):
        plain.pop(last, None)
    elif isinstance(plain, list):
        plain[int(last)] = None


def _unknown_keys(broken: _Broken) -> Iterator[Finding]:
    known = list(broken.schema["properties"])
    for key in broken.value:
        if key in known:
            continue
        if names_a_secret(key):
            what, next_step = (
                "secrets do not belong in a spec",
                "remove it, and replace the secret: it is no longer one",
            )
        else:
            what, next_step = "unknown key", suggestion(key, known, f"known here: {', '.join(sorted(known))}")
        yield Finding((*broken.path, key), what, key, next_step, at_key=True)


def _missing_key(broken: _Broken) -> Iterator[Finding]:
    key = next(key for key in broken.limit if f"'{key}' is a required property" == broken.message)
    yield Finding(broken.path, f"the key {key} is missing", next_step=f"add {key}: …")


def _wrong_type(broken: _Broken) -> Iterator[Finding]:
    wanted = broken.limit
    words = " or ".join(_TYPE_WORDS[word] for word in ([wanted] if isinstance(wanted, str) else wanted))
    value = broken.value
    if value is None:
        yield Finding(
            broken.path, f"no value; {words} is expected", next_step="write a value or leave the key out", value="null"
        )
    else:
        scalar = None if isinstance(value, Mapping | list) else value
        yield Finding(broken.path, f"{words} is expected, not {_word(value)}", scalar, _as_wanted(broken))


def _word(value: object) -> str:
    if isinstance(value, Mapping | list):
        return "a mapping" if isinstance(value, Mapping) else "a list"
    if isinstance(value, bool):
        return "true or false"
    return "text" if isinstance(value, str) else "a number"


def _as_wanted(broken: _Broken) -> str:
    """How the value would be written in the type that is wanted; what the key holds where that is all one can say."""
    value, text = broken.value, shown(broken.value) if not isinstance(broken.value, Mapping | list) else ""
    key = str(broken.path[-1]) if broken.path else ""
    if not broken.path:
        return "a spec is a mapping: `provisioner init` writes a first one"
    if broken.limit == "array":
        return f"write a list: {key}: [{text}]" if text else "write a list: an entry a line, each after a dash"
    if broken.limit == "object":
        keys = ", ".join(broken.schema.get("properties", {}))
        return f"write its keys below it, indented: {keys}" if keys else "write keys and values below it, indented"
    if "string" in broken.limit:
        if not text:
            return f"write one value: {key}: …"
        in_days = f"{text}d"
        fits = re.fullmatch(broken.schema.get("pattern", ""), in_days) is not None
        return f"write {in_days} for days" if fits else f'put it in quotes: "{text}"'
    if "boolean" in broken.limit:
        meant = {"yes": "true", "on": "true", "true": "true", "no": "false", "off": "false", "false": "false"}
        return f"write {meant.get(str(value).casefold(), 'true or false')}, without quotes"
    return f"write {text}, without quotes" if text.isdigit() else "write a whole number"


def _not_allowed(broken: _Broken) -> Iterator[Finding]:
    choices = [broken.limit] if broken.keyword == "const" else list(broken.limit)
    value = broken.value
    refused = _refusal(broken.path, value)
    if refused is not None:
        yield Finding(broken.path, refused[0], value, refused[1])
        return
    allowed = ", ".join(shown(choice) for choice in choices)
    if isinstance(value, str) and not any(isinstance(choice, str) for choice in choices):
        yield Finding(broken.path, f"{allowed} is expected, not text", value, f"write {allowed}, without quotes")
        return
    near = nearest(value, [choice for choice in choices if isinstance(choice, str)]) if isinstance(value, str) else None
    next_step = f"the nearest one is {near}; allowed: {allowed}" if near is not None else f"allowed: {allowed}"
    scalar = "null" if value is None else "…" if isinstance(value, Mapping | list) else value
    yield Finding(broken.path, "not an allowed value", scalar, next_step)


def _refusal(path: Path, value: object) -> tuple[str, str] | None:
    if not path or not isinstance(value, str | bool):
        return None
    written = value.casefold() if isinstance(value, str) and path[-1] == "platform" else value
    return _REFUSED_VALUES.get((str(path[-1]), written))


def _wrong_pattern(broken: _Broken) -> Iterator[Finding]:
    title = broken.schema.get("title", "in the allowed form")
    key = str(broken.path[-1]) if broken.path else ""
    repair = _as_duration if title.startswith("a duration") else _REPAIRS.get(key)
    repaired = repair(broken.value) if repair is not None else ""
    candidates = (repaired, repaired[:_VAULT_NAME_LENGTH].strip("-"))
    fit = next((text for text in candidates if re.search(broken.limit, text) is not None), None)
    yield Finding(
        broken.path, f"not {title}", broken.value, f"the nearest correct one is {fit}" if fit is not None else None
    )


def _too_much(broken: _Broken) -> Iterator[Finding]:
    limit = broken.limit
    words = {
        "maxLength": f"longer than {limit} characters",
        "minLength": "empty",
        "maxItems": f"more than {limit} entries",
        "minItems": "an empty list",
        "maxProperties": f"more than {limit} entries",
        "minimum": f"less than {limit}",
        "maximum": f"more than {limit}",
    }
    value = broken.value
    scalar = value if isinstance(value, str | int | float) else f"{len(value)} entries"
    yield Finding(broken.path, words[broken.keyword], scalar, f"the limit is {limit}")


def _repeated(broken: _Broken) -> Iterator[Finding]:
    seen: list[object] = []
    for index, value in enumerate(broken.value):
        if value in seen:
            yield Finding((*broken.path, index), "the entry is here twice", value, "keep one of them")
        seen.append(value)


def _misplaced(broken: _Broken) -> Iterator[Finding]:
    """`not: {}`: the key is known but has no meaning beside the others."""
    key = str(broken.path[-1])
    yield Finding(broken.path, f"{key} has no meaning here", key, _ONLY_WITH.get(key), at_key=True)


_DESCRIPTIONS: dict[str, Callable[[_Broken], Iterator[Finding]]] = {
    "additionalProperties": _unknown_keys,
    "required": _missing_key,
    "type": _wrong_type,
    "enum": _not_allowed,
    "const": _not_allowed,
    "pattern": _wrong_pattern,
    "uniqueItems": _repeated,
    "not": _misplaced,
    **dict.fromkeys(
        ("maxLength", "minLength", "maxItems", "minItems", "maxProperties", "minimum", "maximum"), _too_much
    ),
}


def _object_name(text: str) -> str:
    return re.sub(r"-{2,}", "-", re.sub(r"[^0-9A-Za-z]+", "-", text)).strip("-")


def _as_duration(text: str) -> str:
    """`7 days` is `7d`, `2 weeks` is `14d`; "" for what is no time."""
    found = re.fullmatch(r"(\d+)\s*(d|h|m|w|days?|hours?|min(?:ute)?s?|weeks?)?", text.strip().casefold())
    if found is None:
        return ""
    number, unit = int(found.group(1)), (found.group(2) or "d")[0]
    return f"{number * 7}d" if unit == "w" else f"{number}{unit}"


_REPAIRS: dict[str, Callable[[str], str]] = {
    "name": _object_name,
    "secretName": _object_name,
    "location": lambda text: re.sub(r"[^0-9a-z]", "", text.casefold()),
}
"""From what was written to what was likely meant; only offered when the result fits the pattern."""
