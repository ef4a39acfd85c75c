"""Plans as one HTML file that is complete in itself: it loads nothing, runs nothing, and can be read on a telephone, on
paper, in the dark, and by a screen reader.
"""

from __future__ import annotations

import base64
import hashlib
from collections import Counter
from collections.abc import Sequence
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from provisioner.core.plan import Plan
from provisioner.render import plan_view
from provisioner.render.checked import Checked, rehearsed
from provisioner.render.fleet_text import OUTCOMES
from provisioner.render.layout import count
from provisioner.render.plan_html_tenant import Context, at_a_glance, counted, tenant_context
from provisioner.render.standing import Mark, mark_of_code
from provisioner.render.values import moment, timestamp, visible

_CODES = tuple(OUTCOMES)


def plans_html(tenants: Sequence[Checked]) -> str:
    """The file. What could not be planned stands first, what is in order last."""
    tenants = sorted(tenants, key=lambda tenant: _CODES.index(tenant.code))
    style = _environment().get_template("plan_style.html").render(marks=[mark.value for mark in Mark])
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    page = _environment().get_template("plan.html")
    return page.render(page=_page(tenants), style=style, style_hash=f"sha256-{digest}")


@cache
def _environment() -> Environment:
    """What others wrote is escaped, and signs that cannot be seen are made visible."""

    def seen(value: Any) -> Any:
        return visible(value, lines=True) if type(value) is str else value  # markup of ours is a class of its own

    return Environment(
        loader=PackageLoader("provisioner.render", "pages"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=seen,
    )


def _page(tenants: Sequence[Checked]) -> Context:
    several = len(tenants) > 1
    codes = Counter(tenant.code for tenant in tenants)
    outcomes = ", ".join(f"{codes[code]} {word}" for code, (word, _) in OUTCOMES.items() if codes[code])
    plans = [tenant.plan for tenant in tenants if tenant.plan is not None]
    at = max(tenant.at for tenant in tenants)
    told = [tenant_context(tenant, number, 3 if several else 2) for number, tenant in enumerate(tenants, 1)]
    return {
        "title": f"Plan of {count(len(tenants), 'tenant')}" if several else f"Plan of {tenants[0].name}",
        "told": outcomes if several else OUTCOMES[tenants[0].code][0],
        "at": moment(at),
        "rehearsed": rehearsed(tenants),
        "at_iso": timestamp(at),
        "counts": _totals(plans),
        "special": _special(plans),
        "index": [_row(tenant, number) for number, tenant in enumerate(tenants, 1)] if several else [],
        "tasks": [task for tenant in told for task in (_of(tenant) if several else tenant["tasks"])],
        "tenants": told,
    }


def _of(tenant: Context) -> list[Context]:
    """The tasks of one tenant among several; the first is where its own counts lead."""
    return [
        task | {"of": tenant["id"], "name": tenant["name"], "anchor": "" if later else f"{tenant['id']}-todo"}
        for later, task in enumerate(tenant["tasks"])
    ]


def _totals(plans: Sequence[Plan]) -> list[Context]:
    """Of all tenants, in the order of a plan's own counts."""
    found: dict[str, Context] = {}
    for each in (each for plan in plans for each in counted(plan)):
        found.setdefault(each["words"], each | {"number": 0})["number"] += each["number"]
    order = [*plan_view.COUNTED.values(), "later"]
    return sorted(found.values(), key=lambda each: order.index(each["words"]))


def _special(plans: Sequence[Plan]) -> list[str]:
    removed = sum(plan.removed for plan in plans)
    final = sum(step.irreversible for plan in plans for step in plan.pending)
    return [
        *([count(removed, "removal")] if removed else []),
        *([f"{final} cannot be undone"] if final else []),
    ]


def _row(tenant: Checked, number: int) -> Context:
    plan = tenant.plan
    todo = [] if plan is None else [f"{each.number} {each.words}" for each in plan_view.counts(plan)]
    return {
        "id": f"t{number}",
        "name": tenant.name,
        "mark": mark_of_code(tenant.code),
        "outcome": OUTCOMES[tenant.code][0],
        "cause": "" if plan is None else plan_view.cause(plan),
        "todo": ", ".join(todo) if plan is not None else "no plan could be made",
        **at_a_glance(plan),
    }
