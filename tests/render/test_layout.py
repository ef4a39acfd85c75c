"""Lines that fit a width, whatever stands in them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from rich.text import Text

from provisioner.render.fleet_text import BESIDE, tenant_line
from provisioner.render.layout import beside, hanging, paragraph, plain

GUID = "0f0f0f0f-1234-4c0c-a156-555ee0be95e3"


def test_a_tenants_line_goes_on_below_its_name() -> None:
    line = tenant_line("ghost-sam", 1, Text(f"Entra answered 400 unauthorized_client: no tenant {GUID}", "red"))
    first, second = hanging(line, 80, BESIDE)
    assert first.plain == "failed            ghost-sam  Entra answered 400 unauthorized_client: no tenant"
    assert second.plain == " " * BESIDE + GUID
    assert second.spans[-1].style == "red"


def test_a_value_stands_below_its_label_where_only_there_it_has_room() -> None:
    told = [
        beside("vault.resourceGroup", lambda room: paragraph(GUID, room), 22, width, "  ") for width in (80, 60, 40)
    ]
    assert [plain(lines) for lines in told] == [
        f"  vault.resourceGroup   {GUID}\n",
        f"  vault.resourceGroup   {GUID}\n",
        f"  vault.resourceGroup\n    {GUID}\n",
    ]


@given(st.text("ab -·", max_size=80), st.integers(24, 60))
def test_a_line_that_is_wrapped_says_the_same(text: str, width: int) -> None:
    lines = hanging(Text(text), width, 18)
    assert " ".join(line.plain for line in lines).split() == text.split()
