"""Two specs that would undo each other's work: one vault, one application, one secret that both call their own.

Several may share a vault, or an application, if all of them only use it (design section 2).
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from provisioner.core.errors import Problem
from provisioner.spec.findings import Finding
from provisioner.spec.model import Spec
from provisioner.spec.nodes import Node, Path, Place, path_text


class Written(Protocol):
    """A spec, and where it is written."""

    @property
    def spec(self) -> Spec: ...
    @property
    def root(self) -> Node: ...
    def place(self, path: str) -> Place: ...


@dataclass(frozen=True)
class _Claim:
    """What a spec calls its own, by a name at a path. shared: it only uses it."""

    by: Written
    path: Path
    name: str
    shared: bool = False

    @property
    def place(self) -> Place:
        return self.by.place(path_text(self.path))

    def problem(self, other: _Claim, what: str, next_step: str) -> Problem:
        """Tells of the other one; where both stand at one place (a fleet's defaults), at the tenant's name."""
        told = f"{what} {self.name} is in the spec {other.by.spec.name} too ({other.place})"
        path: Path = ("name",) if self.place == other.place else self.path
        return Finding(path, told, self.name, next_step).problem(self.by.root)


def clashes(specs: Sequence[Written]) -> Iterator[Problem]:
    """Every clash, told at each of the places that make it."""
    vaults = _by(specs, lambda spec: (spec.cloud, spec.vault.name.lower()))
    for sharing in vaults:
        claims = [
            _Claim(each, ("vault", "name"), each.spec.vault.name, each.spec.vault.mode == "use") for each in sharing
        ]
        step = "give each spec a vault of its own, or write mode: use for it in all: none of them changes it then"
        found = list(_of_one_thing(claims, "the vault", step))
        yield from found or _in_one_vault(sharing)
    for named in _by(specs, lambda spec: (spec.cloud, spec.tenant.lower(), spec.name.lower())):
        claims = [_Claim(each, ("name",), each.spec.name) for each in named]
        yield from _of_one_thing(claims, "the application", "give each application of a tenant its own name")
    with_id = [each for each in specs if each.spec.application.app_id]
    for taken in _by(with_id, lambda spec: (spec.cloud, spec.application.app_id)):
        claims = [
            _Claim(each, ("application", "appId"), str(each.spec.application.app_id), _uses(each.spec))
            for each in taken
        ]
        step = "let one spec adopt it, alone; or write mode: use for it in all: none of them changes it then"
        yield from _of_one_thing(claims, "the application", step)


def _uses(spec: Spec) -> bool:
    return spec.application.mode == "use"


def _by(specs: Iterable[Written], key: Callable[[Spec], Hashable]) -> list[list[Written]]:
    """The specs that agree in something, two or more of them."""
    groups: dict[Hashable, list[Written]] = {}
    for each in specs:
        groups.setdefault(key(each.spec), []).append(each)
    return [group for group in groups.values() if len(group) > 1]


def _of_one_thing(claims: Sequence[_Claim], what: str, next_step: str) -> Iterator[Problem]:
    if all(claim.shared for claim in claims):
        return
    for claim in claims:
        other = next(each for each in claims if each is not claim)
        yield claim.problem(other, what, next_step)


def _in_one_vault(sharing: Sequence[Written]) -> Iterator[Problem]:
    """Specs that may share a vault still each need their own objects in it, and a name to mark them with.

    Key Vault's names are case-insensitive (sam-facts 6.3); a rotation stages the new secret as NAME-next.
    """
    claims: dict[tuple[str, str], _Claim] = {}
    for each in sharing:
        told: set[Path] = set()
        for what, claim in (("the name", _Claim(each, ("name",), each.spec.name)), *_secrets(each)):
            other = claims.setdefault((what, claim.name.lower()), claim)
            if other.by is not each and claim.path not in told:
                told.add(claim.path)
                yield claim.problem(other, what, f"in the vault {each.spec.vault.name} each spec needs its own")


def _secrets(written: Written) -> Iterator[tuple[str, _Claim]]:
    spec, what = written.spec, "the secret"
    yield what, _Claim(written, ("consent", "secretName"), spec.consent.secret_name)
    credential = spec.application.credential
    if credential.type != "federated":
        path: Path = ("application", "credential", "name")
        yield what, _Claim(written, path, credential.name)
        yield what, _Claim(written, path, f"{credential.name}-next")
