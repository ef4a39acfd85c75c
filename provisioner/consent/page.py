"""The page a person sees in the browser after the sign-in: in plain words, what happened."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from jinja2 import Environment, PackageLoader, Template


@dataclass(frozen=True)
class Page:
    """good: the colour of its edge; the words say the rest."""

    good: bool
    title: str
    text: str
    next_step: str = ""


NOT_HERE = Page(False, "Nothing is here", "This address takes the answer of a sign-in, at one path only.")
NOT_THIS_SIGN_IN = Page(
    False,
    "This answer belongs to another sign-in",
    "Nothing was changed. The program is still waiting for the answer to the sign-in it began.",
    "Use the page of the newest sign-in, or start again.",
)
ALREADY_ANSWERED = Page(False, "This sign-in was answered before", "Nothing was changed by opening it again.")
STOPPED = Page(
    False,
    "The sign-in was not finished",
    "The program stopped before it could use the answer. Nothing was stored.",
    "Its window says why.",
)


def html(page: Page) -> str:
    """The page as HTML; all text is escaped."""
    return _template().render(page=page)


@cache
def _template() -> Template:
    return Environment(loader=PackageLoader("provisioner.consent", "pages"), autoescape=True).get_template(
        "outcome.html"
    )
