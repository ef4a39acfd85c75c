"""Paths into specs: files, folders and fleets in any mix, every problem of all of them at once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from provisioner.core.errors import Problem, SpecError, UsageError
from provisioner.spec.clashes import clashes
from provisioner.spec.fleet import expand, is_fleet
from provisioner.spec.load import read_document
from provisioner.spec.model import Spec, document
from provisioner.spec.nodes import Node, Place, node_of, parse_path, place_of
from provisioner.spec.rules.credential import IDLE_IN_A_TRUST
from provisioner.spec.validate import check, check_text

_PATTERNS = ("*.yaml", "*.yml")


class MissingPathError(UsageError):
    """A path given on the command line is not there, or holds no spec."""


@dataclass(frozen=True, slots=True)
class LoadedSpec:
    """One valid spec and where it came from. `file` is the file as the user named it (a fleet has many specs)."""

    spec: Spec
    file: str
    warnings: tuple[Problem, ...]
    root: Node

    def place(self, path: str) -> Place:
        """Where `application.replyUrls[1]` is written; what is not written answers with its nearest parent."""
        return place_of(self.root, parse_path(path))


@dataclass(frozen=True, slots=True)
class Loaded:
    """Every spec of the given paths, in their order."""

    specs: tuple[LoadedSpec, ...]

    @property
    def warnings(self) -> tuple[Problem, ...]:
        """All warnings, each once (a fleet's defaults would repeat theirs for every tenant)."""
        return _once(warning for loaded in self.specs for warning in loaded.warnings)


def read(paths: Sequence[Path]) -> Loaded:
    """Read and check everything offline.

    Raises: SpecError with all problems of all files, in the order of files and lines; MissingPathError.
    """
    specs: list[LoadedSpec] = []
    problems: list[Problem] = []
    warnings: list[Problem] = []
    for file in spec_files(paths):
        found, wrong, doubtful = _read_file(file)
        specs.extend(found)
        problems.extend(wrong)
        warnings.extend(doubtful)
    problems.extend(clashes(specs))
    if problems:
        raise SpecError(_once(problems), _once(warnings))
    return Loaded(tuple(specs))


def written_out(spec: Spec) -> dict[str, Any]:
    """The spec as a document with every default in it, from which `read_plain` makes it again."""
    plain = {"version": 1, **document(spec)}
    if spec.application.credential.type == "federated":
        for key in IDLE_IN_A_TRUST:
            del plain["application"]["credential"][key]
    return plain


def read_plain(documents: Mapping[str, Any]) -> tuple[Spec, ...]:
    """Specs that are plain data already, by the name of the place they are from; checked as those of files are.

    Raises: SpecError; a problem's file is the name, and it has no line.
    """
    specs: list[LoadedSpec] = []
    problems: list[Problem] = []
    for name, plain in documents.items():
        root = node_of(plain, Place(name, 0, 0))
        checked = check(root)
        problems.extend(checked.problems)
        if checked.spec is not None:
            specs.append(LoadedSpec(checked.spec, name, checked.warnings, root))
    problems.extend(clashes(specs))
    if problems:
        raise SpecError(_once(problems))
    return tuple(loaded.spec for loaded in specs)


def spec_files(paths: Sequence[Path]) -> list[Path]:
    """The files meant: a folder stands for its `*.yaml` and `*.yml`, recursive, sorted, not hidden; each file once.

    Raises: MissingPathError.
    """
    files: dict[Path, Path] = {}
    for path in paths:
        if path.is_dir():
            inside = sorted(_files_in(path))
            if not inside:
                raise MissingPathError(f"the folder {path} holds no *.yaml or *.yml file", next_step="name a spec file")
        elif path.exists():
            inside = [path]
        else:
            raise MissingPathError(f"there is no file or folder {path}", next_step="check the path")
        for file in inside:
            files.setdefault(file.resolve(), file)
    return list(files.values())


def _files_in(folder: Path) -> Iterator[Path]:
    for pattern in _PATTERNS:
        for file in folder.rglob(pattern):
            is_hidden = any(step.startswith(".") for step in file.relative_to(folder).parts)
            if file.is_file() and not is_hidden:
                yield file


def _read_file(file: Path) -> tuple[list[LoadedSpec], list[Problem], list[Problem]]:
    """Its valid specs, its problems and its warnings."""
    try:
        document = read_document(file)
    except OSError as error:
        raise MissingPathError(f"cannot read {file}: {error.strerror}", next_step="check its permissions") from error
    problems = list(document.problems)
    if document.root is None:
        return [], problems, []
    if is_fleet(document.root):
        # As written, too: a secret may stand in a variable or a default that no tenant uses.
        problems.extend(finding.problem(document.root) for finding in check_text(document.root))
    expanded = expand(document.root)
    problems.extend(expanded.problems)
    # A value with an unknown variable in it has been reported; what else is wrong with it follows from that.
    reported = {(problem.line, problem.column) for problem in expanded.problems}
    specs = []
    warnings: list[Problem] = []
    for root in expanded.specs:
        checked = check(root)
        warnings.extend(checked.warnings)
        problems.extend(problem for problem in checked.problems if (problem.line, problem.column) not in reported)
        if checked.spec is not None:
            specs.append(LoadedSpec(checked.spec, str(file), checked.warnings, root))
    return specs, problems, warnings


def _once(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """Each problem once, by file, line and column: the same defaults are checked for every tenant of a fleet."""
    by_place: dict[tuple[str, int, int, str], Problem] = {}
    for problem in problems:
        by_place.setdefault((problem.file, problem.line, problem.column, problem.what), problem)
    distinct = by_place.values()
    files = {name: order for order, name in enumerate(dict.fromkeys(problem.file for problem in distinct))}
    return tuple(sorted(distinct, key=lambda found: (files[found.file], found.line, found.column, found.what)))
