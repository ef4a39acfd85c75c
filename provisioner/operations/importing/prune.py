"""What is there and no spec may say (a retired API, a secret in a tag) is left out, with the reason. Pure."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from provisioner.core.errors import Problem, SpecError
from provisioner.spec.draft import Draft, Lines
from provisioner.spec.nodes import NOWHERE, Path, node_of, parse_path
from provisioner.spec.validate import check

_KEPT: tuple[Path, ...] = (
    *(("version",), ("name",), ("cloud",), ("tenant",), ("subscription",)),
    *(("application",), ("application", "mode"), ("application", "appId"), ("application", "credential")),
    *(("vault",), ("vault", "mode"), ("vault", "name"), ("vault", "resourceGroup"), ("vault", "location")),
)
"""Without these it is no spec of the thing."""


_MAKES_THE_ENTRY = ("api", "uri", "principal", "role")
"""Keys of a list's entry that is nothing without them."""


def pruned(draft: Draft) -> Draft:
    """A draft that is valid. Raises SpecError when what is wrong is not what can be left out."""
    document: dict[str, Any] = copy.deepcopy(dict(draft.document))
    omitted = dict(draft.omitted)
    while problems := check(node_of(document, NOWHERE)).problems:
        paths = {_whole(parse_path(problem.path)): problem for problem in problems}
        if any(path in _KEPT or not _is_there(document, path) for path in paths):
            raise SpecError(problems)
        outermost = [path for path in paths if not any(path[:end] in paths for end in range(1, len(path)))]
        for path in sorted(outermost, key=_last_entries_first):
            _take_out(document, path)
            holder = _holder(path)
            omitted[holder] = (*omitted.get(holder, ()), _told(paths[path]))
    remarks: Mapping[Path, Lines] = {path: said for path, said in draft.remarks.items() if _is_there(document, path)}
    return Draft(document, draft.head, remarks, omitted)


def _whole(path: Path) -> Path:
    return path[:-1] if len(path) > 1 and isinstance(path[-2], int) and path[-1] in _MAKES_THE_ENTRY else path


def _told(problem: Problem) -> str:
    value = "" if problem.value is None else f" {problem.value}"
    return f"left out: {problem.path}{value}: {problem.what}"


def _last_entries_first(path: Path) -> tuple[tuple[bool, str, int], ...]:
    """So that the positions of the others in a list still hold."""
    return tuple((True, "", -step) if isinstance(step, int) else (False, step, 0) for step in path)


def _take_out(document: Any, path: Path) -> None:
    *parents, last = path
    for step in parents:
        document = document[step]
    del document[last]


def _is_there(document: Any, path: Path) -> bool:
    for step in path:
        inside = (isinstance(document, Mapping) and step in document) or (
            isinstance(document, list) and isinstance(step, int) and step < len(document)
        )
        if not inside:
            return False
        document = document[step]
    return True


def _holder(path: Path) -> Path:
    """The mapping of a section's own lines, where a comment can stand: `application`, `vault`."""
    return path[:1]
