from __future__ import annotations

from rich.text import Text
from syrupy.assertion import SnapshotAssertion

from provisioner.core import exit_codes
from provisioner.core.errors import ForbiddenError, ProvisionerError
from provisioner.core.report import Outcome, Report, StepResult
from provisioner.render.fleet_text import Outcome as TenantOutcome
from provisioner.render.fleet_text import summary_lines, tenant_line
from provisioner.render.layout import plain
from provisioner.render.report_text import report_summary, result_lines
from tests.render.plans import FIRST

REFUSED = ForbiddenError("Microsoft Graph", "POST /applications", 403, "Authorization_RequestDenied", "Insufficient")


def test_what_was_not_done_says_why(text_file: SnapshotAssertion) -> None:
    group, vault, application, grant, _ = FIRST.steps
    report = Report(
        (
            StepResult(group, Outcome.DONE),
            StepResult(vault, Outcome.DONE),
            StepResult(application, Outcome.FAILED, REFUSED),
            StepResult(grant, Outcome.SKIPPED, because="contoso-sam/application"),
        )
    )
    lines = [line for result in report.results for line in result_lines(result, 80)]
    assert plain([*lines, report_summary(report)]) == text_file


def test_every_way_a_tenant_can_end_has_its_word() -> None:
    raised, left = set[int](), [ProvisionerError]
    while left:
        kind = left.pop()
        raised.add(kind.exit_code)
        left += kind.__subclasses__()
    for code in raised | {0, 1, 2, 3, 4, 5}:
        assert plain([tenant_line("contoso-sam", code, Text("…"))]).endswith("contoso-sam  …\n")
        assert exit_codes.combine([code]) == (exit_codes.FAILED if code == exit_codes.WRONG_USAGE else code)


def test_many_tenants_are_summed_up_by_outcome_and_cause(text_file: SnapshotAssertion) -> None:
    outcomes = [
        TenantOutcome("adatum-sam", 0),
        TenantOutcome("contoso-sam", 2),
        TenantOutcome("fabrikam-sam", 1, REFUSED),
        TenantOutcome("northwind-sam", 1, REFUSED),
        TenantOutcome("tailspin-sam", 1, ProvisionerError("the emulator has no tenant tailspin")),
    ]
    lines = [tenant_line(outcome.name, outcome.code, Text("…")) for outcome in outcomes]
    assert plain([*lines, *summary_lines(outcomes, 80)]) == text_file
