"""The certificate: which steps it needs, that they always end well, and what happens to what is not ours."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from provisioner.clients.graph_facts import KeyCredential
from provisioner.clients.vault_certificates import CertificateFacts
from provisioner.core.address import Address
from provisioner.core.errors import ForeignResourceError
from provisioner.core.step import Action, Step
from provisioner.resources.credential.certificate_steps import (
    CertificateFact,
    certificate_fact,
    certificate_steps,
    leaving_certificates,
    others,
    usable,
)
from provisioner.resources.credential.place import CredentialPlace, version_in_force
from provisioner.resources.credential.wanted import CredentialWanted
from provisioner.spec.whole_months import months
from tests.trial import CREDENTIAL, NAME

DAY = timedelta(days=1)
START = datetime(2026, 3, 1, 12, tzinfo=UTC)
ADDRESS = Address(NAME, "credential", CREDENTIAL)
MARK = f"provisioner:{NAME}"
WANTED = CredentialWanted(
    place=CredentialPlace("certificate", "kv", CREDENTIAL, NAME),
    mark=MARK,
    lifetime=90 * DAY,
    rotate_before=30 * DAY,
    overlap=7 * DAY,
    application=Address(NAME, "application"),
    service_principal=Address(NAME, "service_principal"),
    vault=Address(NAME, "vault"),
    runner_roles=(Address(NAME, "role_assignment", "runner"),),
)


def version(
    name: str,
    ends_in_days: float = 60,
    *,
    age_days: float = 1,
    current_for_days: float | None = None,
    enabled: bool = True,
    mark: str | None = NAME,
) -> CertificateFacts:
    """A version whose id and thumbprint are its name. current_for_days: since when it carries `state=current`."""
    made = START - age_days * DAY
    tags = {} if mark is None else {"provisioner": mark, "exportable": "false"}
    if current_for_days is not None:
        tags |= {"state": "current", "since": (START - current_for_days * DAY).isoformat()}
    return CertificateFacts(CREDENTIAL, name, name, enabled, made, made, START + ends_in_days * DAY, tags)


def on_application(name: str, mark: str = MARK, starts_days_ago: float = 1) -> KeyCredential:
    return KeyCredential(f"key-{name}", mark, name, START - starts_days_ago * DAY, START + 60 * DAY, {})


GOOD = version("a", current_for_days=20, age_days=20)
DUE = version("a", 30, current_for_days=30, age_days=30)
TABLE = [
    ("nothing yet", (), (), ["create"]),
    ("good", (GOOD,), ("a",), []),
    ("made, and never put on the application", (version("a"),), (), ["create"]),
    ("put on the application, never promoted", (version("a"),), ("a",), ["create"]),
    ("taken off the application", (GOOD,), (), ["register"]),
    ("expired", (replace(GOOD, expires_at=START),), ("a",), ["create"]),
    ("due", (DUE,), ("a",), ["stage", "promote"]),
    ("due tomorrow", (replace(DUE, expires_at=START + 31 * DAY),), ("a",), []),
    (
        "its key may leave the vault",
        (replace(GOOD, tags=GOOD.tags | {"exportable": "true"}),),
        ("a",),
        ["stage", "promote"],
    ),
    ("staged in the vault only", (DUE, version("b", age_days=0)), ("a",), ["register", "promote"]),
    ("staged, and almost as old", (DUE, version("b", 30, age_days=0)), ("a",), ["stage", "promote", "retire"]),
    (
        "staged, with a key of the other kind than is wanted by now",
        (GOOD, replace(version("b", age_days=0), tags={"provisioner": NAME, "exportable": "true"})),
        ("a", "b"),
        ["retire"],
    ),
    ("staged and on the application", (DUE, version("b", age_days=0)), ("a", "b"), ["promote"]),
    (
        "promoted, overlap not over",
        (version("a", 20, age_days=40), version("b", current_for_days=6, age_days=6)),
        ("a", "b"),
        ["retire later"],
    ),
    (
        "promoted, the older one still tagged",
        (version("a", 20, age_days=40, current_for_days=40), version("b", current_for_days=0, age_days=1)),
        ("a", "b"),
        ["retire later"],
    ),
    (
        "promoted, overlap over",
        (version("a", 20, age_days=40), version("b", current_for_days=7, age_days=7)),
        ("a", "b"),
        ["retire"],
    ),
    (
        "disabled, still on the application",
        (version("a", 20, age_days=40, enabled=False), version("b", current_for_days=7, age_days=7)),
        ("a", "b"),
        ["retire"],
    ),
    (
        "retired",
        (version("a", 20, age_days=40, enabled=False), version("b", current_for_days=9, age_days=9)),
        ("b",),
        [],
    ),
    (
        "two runs made one each, the other came into force",
        (version("a", age_days=9), version("b", current_for_days=9, age_days=9)),
        ("b",),
        ["retire"],
    ),
    ("somebody disabled the one in force", (replace(GOOD, enabled=False),), ("a",), ["enable"]),
    ("disabled, and expired anyway", (replace(GOOD, enabled=False, expires_at=START),), ("a",), ["create"]),
    ("not valid yet", (replace(GOOD, not_before=START + DAY),), ("a",), ["create"]),
    ("renewed behind our back", (GOOD, version("x", age_days=0, mark=None)), ("a",), []),
    ("brought, not on the application", (version("x", mark=None),), (), ["register"]),
    ("brought, in use", (version("x", mark=None),), ("x",), []),
    (
        "brought, renewed by its owner",
        (version("x", mark=None), version("y", age_days=0, mark=None)),
        ("x",),
        ["register"],
    ),
    (
        "brought, the renewed one in force",
        (version("x", age_days=50, mark=None), version("y", age_days=9, mark=None)),
        ("x", "y"),
        ["retire later"],
    ),
    ("brought, expires soon", (version("x", 29, mark=None),), ("x",), ["renew"]),
    ("brought, expired", (version("x", 0, mark=None),), ("x",), ["renew"]),
]


def _fact(versions: tuple[CertificateFacts, ...], registered: tuple[str, ...]) -> CertificateFact:
    return certificate_fact(WANTED, CREDENTIAL, versions, [on_application(name) for name in registered])


@pytest.mark.parametrize(
    ("versions", "registered", "expected"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE]
)
def test_steps_follow_from_what_is_there(
    versions: tuple[CertificateFacts, ...], registered: tuple[str, ...], expected: list[str]
) -> None:
    steps = certificate_steps(ADDRESS, WANTED, _fact(versions, registered), START)
    waiting = [step.action.writes and not step.pending(START) for step in steps]
    assert [
        f"{step.operation}{' later' if late else ''}" for step, late in zip(steps, waiting, strict=True)
    ] == expected


def test_the_certificate_of_another_spec_is_refused() -> None:
    with pytest.raises(ForeignResourceError, match="another-spec"):
        certificate_steps(ADDRESS, WANTED, _fact((version("a", mark="another-spec"),), ()), START)


def test_certificates_of_unknown_origin_are_shown_and_nothing_else() -> None:
    theirs = [on_application("x", "another team's"), on_application("y", "")]
    strange = version("z", mark=None)
    fact = certificate_fact(WANTED, CREDENTIAL, (GOOD, strange), [*theirs, on_application("a")])
    assert (certificate_steps(ADDRESS, WANTED, fact, START), len(others(WANTED, fact))) == ([], 3)


def test_a_brought_certificate_leaves_the_application_after_the_overlap_and_stays_as_it_is_in_the_vault() -> None:
    wanted = replace(WANTED, place=replace(WANTED.place, type="secret"))
    [step] = leaving_certificates(ADDRESS, wanted, _fact((version("x", mark=None),), ("x",)), START - 7 * DAY)
    assert step.pending(START)
    assert "not ours" in step.reason


@pytest.mark.parametrize(("days", "expected"), [(365, 12), (90, 2), (30, 1), (730, 24)])
def test_a_life_is_counted_in_whole_months(days: int, expected: int) -> None:
    assert months(days * DAY) == expected


# that they always end well: the steps against a model of Graph and the vault


class Life(RuleBasedStateMachine):
    """Time passes, runs are cut short anywhere, others add and take away; `apply` puts it right each time."""

    @initialize()
    def begin(self) -> None:
        self.now = START
        self.versions: list[CertificateFacts] = []
        self.keys: dict[str, KeyCredential] = {}
        self.theirs: set[str] = set()
        self.numbers = count()

    def fact(self) -> CertificateFact:
        return certificate_fact(WANTED, CREDENTIAL, self.versions, self.keys.values())

    def everything(self) -> list[Step]:
        return certificate_steps(ADDRESS, WANTED, self.fact(), self.now)

    def steps(self) -> list[Step]:
        return [step for step in self.everything() if step.pending(self.now)]

    def working(self) -> bool:
        """Consumers, who take the newest enabled version that carries the tag, can sign in with it."""
        held = version_in_force(WANTED.place, self.versions)
        return held is not None and usable(held, self.now) and held.thumbprint in self.keys

    @rule(days=st.integers(0, 100))
    def time_passes(self, days: int) -> None:
        self.now += days * DAY

    @rule()
    def another_team_adds_a_certificate(self) -> None:
        name = f"theirs-{next(self.numbers)}"
        self.keys[name] = KeyCredential(f"key-{name}", "another team's", name, self.now, self.now + DAY, {})
        self.theirs.add(name)

    @rule(data=st.data())
    def somebody_takes_one_of_ours_off_the_application(self, data: st.DataObject) -> None:
        if ours := sorted(self.keys.keys() - self.theirs):
            del self.keys[data.draw(st.sampled_from(ours))]

    @rule()
    def the_vault_renews_behind_our_back(self) -> None:
        if self.versions:
            name = f"strange-{next(self.numbers)}"
            self.versions.append(self._made(name, {}))

    @rule()
    def somebody_purges_the_certificate(self) -> None:
        self.versions = []

    @rule()
    def another_run_makes_a_version_and_dies(self) -> None:
        if self.fact().versions and not self.fact().is_brought:
            self._make()

    @rule()
    def apply(self) -> None:
        self._run(cut_after=1000)
        assert self.working()
        assert self.steps() == []
        leaving = {change.before for step in self.everything() for change in step.fields}
        assert len(self.keys.keys() - self.theirs - leaving) == 1, "one in force; what it replaced is on its way out"
        enabled = {each.thumbprint for each in self.fact().versions if each.enabled}
        assert len(enabled - leaving) == 1, "and no version is left that nobody uses"

    @rule(cut_after=st.integers(0, 6))
    def apply_cut_short(self, cut_after: int) -> None:
        self._run(cut_after)

    def _run(self, cut_after: int) -> None:
        was_working = self.working()
        planned = self.steps()
        before, adds = (
            len(self.keys),
            len([step for step in planned if step.operation in ("create", "stage", "register")]),
        )
        writes = (write for step in planned for write in self._writes(step))
        for _ in zip(range(cut_after), writes, strict=False):
            assert self.working() or not was_working, "consumers were cut off by a write of ours"
            assert len(self.keys) <= before + adds, "more than the plan showed"

    def _writes(self, step: Step) -> Iterator[None]:
        """Carries a step out, pausing after each write, as resources/credential/certificate_writes.py does."""
        if step.action is Action.PERSON:
            return
        fact = self.fact()
        if step.operation == "retire":
            yield from self._retire(step)
            return
        if step.operation == "register":
            [change] = step.fields
            self._register(change.after)
            yield
            return
        staged = fact.staged(self.now)
        if staged is None:
            staged = self._make()
            yield
        self._register(staged.thumbprint)
        yield
        if step.operation != "stage":
            yield from self._promote(staged)

    def _promote(self, staged: CertificateFacts) -> Iterator[None]:
        tagged = [each for each in self.versions if each.tags.get("state") and each.thumbprint != staged.thumbprint]
        self._change(staged.thumbprint, staged.tags | {"state": "current", "since": self.now.isoformat()})
        yield
        for each in tagged:
            self._change(each.thumbprint, {name: tag for name, tag in each.tags.items() if name != "state"})
            yield

    def _retire(self, step: Step) -> Iterator[None]:
        shown = {change.before for change in step.fields}
        for each in self.fact().versions:
            if each.thumbprint in shown and each.enabled:
                self._change(each.thumbprint, {n: tag for n, tag in each.tags.items() if n != "state"}, enabled=False)
                yield
        for name in shown:
            self.keys.pop(name, None)
        yield

    def _make(self) -> CertificateFacts:
        made = self._made(f"ours-{next(self.numbers)}", {"provisioner": NAME, "exportable": "false"})
        self.versions.append(made)
        return made

    def _made(self, name: str, tags: dict[str, str]) -> CertificateFacts:
        return CertificateFacts(CREDENTIAL, name, name, True, self.now, self.now, self.now + 60 * DAY, tags)

    def _register(self, name: str) -> None:
        self.keys.setdefault(name, KeyCredential(f"key-{name}", MARK, name, self.now, None, {}))

    def _change(self, name: str, tags: dict[str, str], *, enabled: bool = True) -> None:
        self.versions = [
            replace(each, tags=tags, enabled=enabled) if each.thumbprint == name else each for each in self.versions
        ]

    @invariant()
    def others_keep_what_is_theirs(self) -> None:
        assert self.theirs <= self.keys.keys()


Life.TestCase.settings = settings(
    max_examples=150, stateful_step_count=25, deadline=None, database=None, derandomize=True
)
TestLife = Life.TestCase
