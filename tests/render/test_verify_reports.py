from __future__ import annotations

from xml.etree import ElementTree

from syrupy.assertion import SnapshotAssertion

from provisioner.render.markdown import ROOM, size
from provisioner.render.verify_reports import Verified, junit, verify_markdown
from provisioner.verify.checks import Check, Status
from tests.render.plans import REFUSED_SIGN_IN
from tests.render.test_verify_text import CHECKS, NO_TOKEN

TENANTS = (
    Verified("adatum-sam", CHECKS[:1], None, "specs/adatum.yaml"),
    Verified("contoso-sam", CHECKS, None, "specs/contoso.yaml"),
    Verified("fabrikam-sam", NO_TOKEN, None, "specs/fabrikam.yaml"),
    Verified("northwind-sam", (), REFUSED_SIGN_IN, "specs/northwind.yaml"),
)


def test_the_checks_of_several_tenants_read_as_reviewed_in_a_comment(markdown_file: SnapshotAssertion) -> None:
    assert verify_markdown(TENANTS) == markdown_file


def test_a_build_server_sees_a_case_for_each_check_and_none_passed_that_did_not() -> None:
    suites = ElementTree.fromstring(junit(TENANTS))
    assert (suites.get("tests"), suites.get("failures"), suites.get("errors")) == ("14", "1", "11")
    cases = suites.iter("testcase")
    passed = [case.get("name") for case in cases if {part.tag for part in case} == {"system-out"}]
    assert passed == ["refresh token", "refresh token"]
    [failed] = [suite for suite in suites if suite.get("name") == "northwind-sam"]
    assert "AADSTS7000215" in (failed.findtext("testcase/error") or "")
    assert "provisioner plan specs/northwind.yaml" in (failed.findtext("testcase/error") or "")


def test_whatever_a_service_answered_the_report_stays_well_formed() -> None:
    evil = "]]></failure><x> \x00\x1b & \"'\ufffe\ud800 | `` @octocat </details>"
    told = (Verified("t|<x>", (Check(evil, Status.FAIL, evil, evil),)),)
    assert "octocat" in (ElementTree.fromstring(junit(told)).findtext("testsuite/testcase/failure") or "")
    page = verify_markdown(told)
    assert "@octocat" not in page
    assert "</details>" not in page


def test_a_comment_on_many_tenants_fits_and_counts_what_it_leaves_out() -> None:
    page = verify_markdown([Verified(f"tenant-{number}", CHECKS) for number in range(2_000)])
    assert size(page) <= ROOM
    assert "more tenants with something to do, for which there is no room here" in page
    rows = page.count("| tenant-")
    assert f"and {2_000 - rows} more tenants, for which" in page
