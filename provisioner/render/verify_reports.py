"""What `verify` found, for others' eyes: JUnit for a build server, Markdown for a comment. Every tenant is in both."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from xml.etree import ElementTree

from provisioner.core.errors import ProvisionerError
from provisioner.render.layout import ANY_FILE, count, placed, ready
from provisioner.render.markdown import ROOM, Listed, Room, inline, more, row, size, table
from provisioner.render.values import visible, words
from provisioner.render.verify_text import Shown

_FOR_NOTES = 400
_TABLE = table("spec", "passed", "failed", "unknown")


@dataclass(frozen=True)
class Verified:
    """One tenant: its checks, or the error that ended it before it had any. file: where the spec is.

    emulator: it was verified there, a rehearsal.
    """

    name: str
    checks: Sequence[Shown] = ()
    error: ProvisionerError | None = None
    file: str = ANY_FILE
    emulator: bool = False

    @property
    def title(self) -> str:
        """What a reader calls it; programs tell tenants by name."""
        return placed(self.name, emulator=self.emulator)


def junit(tenants: Sequence[Verified]) -> str:
    """A suite each, a case each check. What could not be found out is an error: a build must not take it for passed."""
    suites = ElementTree.Element("testsuites", name="provisioner verify")
    for tenant in tenants:
        suites.append(_suite(tenant))
    for name in ("tests", "failures", "errors"):
        suites.set(name, str(sum(int(suite.get(name, "0")) for suite in suites)))
    ElementTree.indent(suites)
    return ElementTree.tostring(suites, encoding="unicode", xml_declaration=True)


def verify_markdown(tenants: Sequence[Verified], room: int = ROOM) -> str:
    """A table of the tenants, then what does not hold of each; what has no room is counted."""
    counts = Counter(status for tenant in tenants for status in _of(tenant))
    failed = sum(tenant.error is not None for tenant in tenants)
    told = [f"{counts['pass']} passed", f"{counts['fail']} failed", f"{counts['unknown']} unknown"]
    told += [f"{count(failed, 'tenant')} could not be verified"] if failed else []
    head = f"## provisioner verify · {', '.join(told)}\n\n"
    worst = sorted(tenants, key=lambda tenant: (tenant.error is None, "fail" not in _of(tenant), not _open(tenant)))
    left = Room(room - _FOR_NOTES - size(head) - size(_TABLE))
    rows = Listed([_row(tenant) for tenant in worst])
    open_ones = [tenant for tenant in worst if _open(tenant) or tenant.error is not None]
    sections = Listed([_section(tenant) for tenant in open_ones])
    for listed, share in ((rows, 0.6), (sections, 1.0), (rows, 1.0)):
        listed.fill(left, share)
    without_rows = more(rows.left_out, "more tenant", "more tenants")
    without_details = more(sections.left_out, "more tenant with something to do", "more tenants with something to do")
    parts = (head, f"{_TABLE}{rows.text}\n", without_rows, sections.text, without_details)
    return "\n\n".join(part.rstrip("\n") for part in parts if part) + "\n"


def _of(tenant: Verified) -> list[str]:
    return [str(check.status) for check in tenant.checks]


def _open(tenant: Verified) -> list[Shown]:
    """What does not hold, or not for long."""
    return [check for check in tenant.checks if check.status != "pass" or check.next_step]


def _suite(tenant: Verified) -> ElementTree.Element:
    statuses = Counter(_of(tenant))
    errors = statuses["unknown"] + (tenant.error is not None)
    tests = len(tenant.checks) + (tenant.error is not None)
    suite = ElementTree.Element("testsuite", name=visible(tenant.name))
    for key, number in (("tests", tests), ("failures", statuses["fail"]), ("errors", errors)):
        suite.set(key, str(number))
    if tenant.error is not None:
        _case(suite, tenant, "verify", "error", tenant.error.what, tenant.error.next_step)
    for check in tenant.checks:
        kind = {"fail": "failure", "unknown": "error", "pass": ""}[check.status]
        _case(suite, tenant, check.name, kind, check.text, check.next_step)
    return suite


def _case(suite: ElementTree.Element, tenant: Verified, name: str, kind: str, text: str, next_step: str) -> None:
    case = ElementTree.SubElement(suite, "testcase", classname=visible(tenant.name), name=visible(words(name)))
    advice = f"\nnext: {ready(next_step, tenant.file)}" if next_step else ""
    if kind:
        told = ElementTree.SubElement(case, kind, message=visible(text))
        told.text = visible(text + advice, lines=True)
    else:
        ElementTree.SubElement(case, "system-out").text = visible(text + advice, lines=True)


def _row(tenant: Verified) -> str:
    statuses = Counter(_of(tenant))
    if tenant.error is not None:
        return row(inline(tenant.title), "", "**could not be verified**", "")
    return row(inline(tenant.title), str(statuses["pass"]), str(statuses["fail"] or ""), str(statuses["unknown"] or ""))


def _section(tenant: Verified) -> str:
    heading = f"### {inline(tenant.title)}\n\n"
    if tenant.error is not None:
        advice = (
            f"<br>next: {inline(ready(tenant.error.next_step, tenant.file), 1000)}" if tenant.error.next_step else ""
        )
        return f"{heading}- **error**: {inline(str(tenant.error.what), 1000)}{advice}\n\n"
    rows = "".join(
        row(
            inline(words(check.name)),
            f"**{check.status}**",
            inline(check.text, 1000),
            inline(ready(check.next_step, tenant.file), 1000),
        )
        for check in _open(tenant)
    )
    return f"{heading}{table('check', 'status', 'what was found', 'next')}{rows}\n"
