"""What `explain` found, as text. Knows of it only what it shows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from itertools import groupby
from typing import Protocol

from rich.text import Text

from provisioner.core.overview import PermissionRow
from provisioner.render.layout import BLANK, Lines, beside, paragraph
from provisioner.render.permissions_text import permission_lines
from provisioner.render.values import words

_WHO = {
    "runner": "The runner (plans and applies) needs",
    "operator": "The operators (run consent; consent.operators names them) need",
    "consumer": "The programs that use the token (vault.access names them) need",
    "account": "The account (signs in) needs",
}
_SERVICES = {
    "graph": "Microsoft Graph",
    "arm": "Azure",
    "key_vault": "Key Vault",
    "partner_center": "Partner Center",
    "entra": "Entra",
    "gdap": "GDAP",
    "platform": "Trust",
}


class Needed(Protocol):
    """Any one of `names` will do."""

    @property
    def who(self) -> str: ...
    @property
    def service(self) -> str: ...
    @property
    def names(self) -> Sequence[str]: ...
    @property
    def scope(self) -> str: ...
    @property
    def why(self) -> str: ...
    @property
    def by_apply(self) -> bool: ...


class Done(Protocol):
    """What somebody does once; commands to be copied."""

    @property
    def who(self) -> str: ...
    @property
    def what(self) -> str: ...
    @property
    def commands(self) -> Sequence[str]: ...


class SignsIn(Protocol):
    """How a pipeline signs in; trust: a command, or ""."""

    @property
    def platform(self) -> str: ...
    @property
    def lines(self) -> Sequence[str]: ...
    @property
    def trust(self) -> str: ...


class Explained(Protocol):
    """unknown: addresses that could not be read, each with the reason."""

    @property
    def name(self) -> str: ...
    @property
    def permissions(self) -> Sequence[PermissionRow]: ...
    @property
    def needs(self) -> Sequence[Needed]: ...
    @property
    def once(self) -> Sequence[Done]: ...
    @property
    def pipelines(self) -> Sequence[SignsIn]: ...
    @property
    def outputs(self) -> Mapping[str, object]: ...
    @property
    def unknown(self) -> Sequence[tuple[str, str]]: ...


def explanation_lines(explained: Explained, width: int = 80) -> Lines:
    """The permissions with their risk, who needs which role, what is done once and by whom, how a pipeline signs in,
    the outputs, and what could not be read.
    """
    lines: Lines = [Text(f"Permissions of {explained.name}", "bold")]
    lines += permission_lines(explained.permissions, width)
    for who, needs in groupby(explained.needs, key=lambda need: need.who):
        lines += [BLANK, Text(_WHO[who], "bold")]
        for need in needs:
            lines += _need(need, width)
    lines += [BLANK, Text("Once, before the first apply (again does no harm)", "bold")]
    for done in explained.once:
        lines += paragraph(f"{done.who} {done.what}{':' if done.commands else ''}", width, first="  - ")
        lines += [Text(f"      {command}", "cyan") for command in done.commands]
    if explained.pipelines:
        lines += [BLANK, Text("A pipeline signs in as the runner without a secret", "bold")]
        for pipeline in explained.pipelines:
            lines += _pipeline(pipeline)
    lines += [BLANK, Text("Outputs", "bold"), *_outputs(explained.outputs, width)]
    if explained.unknown:
        lines += [BLANK, Text("Could not be read", "bold cyan")]
        for address, reason in explained.unknown:
            lines += paragraph(f"{address}: {reason}", width, first="  ? ")
    return lines


def _need(need: Needed, width: int) -> Lines:
    scope = need.scope if " " in need.scope else f"the {need.scope}"  # a name of its own, or a kind of thing
    where = f" on {scope}" if need.scope else ""
    service = _SERVICES.get(need.service, words(need.service))
    least, *wider = need.names
    given = "; apply assigns it" if need.by_apply else ""
    lines = paragraph(f"{service}: {least}{where} ({need.why}{given})", width, first="  - ")
    if wider:
        lines += paragraph(f"or: {', '.join(wider)}", width, first="    ", style="dim")
    return lines


def _pipeline(pipeline: SignsIn) -> Lines:
    trust = [Text(f"      {pipeline.trust}", "cyan")] if pipeline.trust else []
    return [Text(f"  - {pipeline.platform}"), *(Text(f"      {line}") for line in pipeline.lines), *trust]


def _outputs(outputs: Mapping[str, object], width: int) -> Lines:
    flat: dict[str, object] = {}
    for name, value in outputs.items():
        if isinstance(value, Mapping):
            never = () if value.get("type") == "certificate" else ("thumbprint",)
            flat |= {f"{name}.{inner}": entry for inner, entry in value.items() if inner not in never}
        else:
            flat[name] = value
    label_width = max(map(len, flat), default=0) + 2
    lines: Lines = []
    for name, value in flat.items():
        text = partial(paragraph, "not yet known" if value is None else str(value))
        lines += beside(name, text, label_width, width, "  ", label_style="")
    return lines
