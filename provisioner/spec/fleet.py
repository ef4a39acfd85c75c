"""Fleet files: many specs as merge patches over shared defaults, with variables; every value keeps its place."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from provisioner.core.errors import Problem
from provisioner.spec.findings import Finding, suggestion
from provisioner.spec.nodes import Node, Path, mapping, place_of, plain
from provisioner.spec.schema import check_shape

_VARIABLE = re.compile(r"\$(\$\{|\{([^}]*)\}?)")


@dataclass(frozen=True, slots=True)
class Expanded:
    """The specs of one file, not checked yet, and what is wrong with the file itself."""

    specs: tuple[Node, ...]
    problems: tuple[Problem, ...]


def is_fleet(root: Node) -> bool:
    """True when the document has the form of a fleet; a spec has neither key."""
    return "tenants" in root.members or "defaults" in root.members


def expand(root: Node) -> Expanded:
    """The specs of a file: itself, or a fleet's tenants, with variables substituted."""
    if not is_fleet(root):
        spec, findings = substitute(root, {})
        return Expanded((spec,), tuple(finding.problem(spec) for finding in findings))
    findings = check_shape("fleet", plain(root))
    problems = [finding.problem(root) for finding in findings]
    if problems:
        return Expanded((), tuple(problems))
    specs = []
    for entry in root.members["tenants"].items:
        spec, findings = substitute(_merged(root, entry), _variables(root, entry))
        specs.append(spec)
        problems.extend(finding.problem(spec) for finding in findings)
    return Expanded(tuple(specs), tuple(problems))


def merge(target: Node | None, patch: Node) -> Node:
    """JSON merge patch (RFC 7396) over nodes. A mapping of the result stands where the patch stands."""
    if not isinstance(patch.value, dict):
        return patch
    members = dict(target.members) if target is not None else {}
    places = dict(target.keys) if target is not None else {}
    for key, value in patch.members.items():
        if value.value is None:
            members.pop(key, None)
            continue
        members[key] = merge(members.get(key), value)
        places[key] = patch.keys.get(key, value.place)
    return mapping(members, patch.place, places)


def substitute(spec: Node, variables: Mapping[str, str]) -> tuple[Node, list[Finding]]:
    """Fill `${x}` into every string value. `name` and `tenant` are filled in first and then stand for themselves."""
    findings: list[Finding] = []
    known = dict(variables)
    members = dict(spec.members)
    for key in ("name", "tenant"):
        if key in members:
            members[key] = _filled(members[key], known, (key,), findings)
            value = members[key].value
            if isinstance(value, str):
                known[key] = value
    for key, node in members.items():
        if key not in ("name", "tenant"):
            members[key] = _filled(node, known, (key,), findings)
    return (mapping(members, spec.place, spec.keys) if members else spec), findings


def _merged(root: Node, entry: Node) -> Node:
    """One tenant's document: its patch over the defaults, the fleet's `version` where neither has one."""
    own = mapping({key: node for key, node in entry.members.items() if key != "variables"}, entry.place, entry.keys)
    merged = merge(root.members.get("defaults"), own)
    if "version" in merged.members or "version" not in root.members:
        return merged
    version, place = root.members["version"], place_of(root, ("version",), at_key=True)
    return mapping({"version": version, **merged.members}, merged.place, {"version": place, **merged.keys})


def _variables(root: Node, entry: Node) -> dict[str, str]:
    """The fleet's variables, the tenant's over them."""
    found: dict[str, str] = {}
    for owner in (root, entry):
        if "variables" in owner.members:
            found.update((name, str(node.value)) for name, node in owner.members["variables"].members.items())
    return found


def _filled(node: Node, variables: Mapping[str, str], path: Path, findings: list[Finding]) -> Node:
    if isinstance(node.value, str):
        return _filled_text(node, node.value, variables, path, findings)
    if isinstance(node.value, dict):
        members = {key: _filled(member, variables, (*path, key), findings) for key, member in node.value.items()}
        return Node(members, node.place, node.keys)
    if node.items:
        return Node([_filled(item, variables, (*path, at), findings) for at, item in enumerate(node.items)], node.place)
    return node


def _filled_text(node: Node, text: str, variables: Mapping[str, str], path: Path, findings: list[Finding]) -> Node:
    if "${" not in text:
        return node

    def value(found: re.Match[str]) -> str:
        if found.group(1) == "${":
            return "${"
        name = found.group(2)
        if name not in variables or not found.group().endswith("}"):
            next_step = suggestion(
                name, variables, f"known here: {', '.join(sorted(variables))}; $${{ writes ${{ itself"
            )
            findings.append(Finding(path, "no variable of this name", found.group(), next_step))
            return ""
        return variables[name]

    return Node(_VARIABLE.sub(value, text), node.place)
