"""The specs we write: they read back as what was meant, whatever is said in their comments."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from syrupy.assertion import SnapshotAssertion

from provisioner.render.spec_yaml import spec_text
from provisioner.spec.draft import Draft
from provisioner.spec.load import parse_document
from provisioner.spec.nodes import Path, plain

CLIENT_SECRET = (
    "abc8Q~" + "Zx9_kLmN3pQrStUvWxYzAbCdEfGhIjKlMn"
)  # made up, and in two parts so that no scanner takes it for one
SEEN = st.characters(exclude_categories=("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"))
KEYS = st.text(SEEN, max_size=20)
LOOKALIKES = st.sampled_from(
    ["yes", "no", "on", "~", "null", "4711", "0x1f", "0o17", "017", "1e3", ".5", ".inf", "1_000", "22:22", "2020-01-01",
     "<<", "a: b", "a #b", "#", "- a", "%x", "@x", "`", "!t", "&a", "*a", "?", "{", "[a]", "'", '"', "\\", ",", " a ",
     "=", "---", "...", "", "true", "False", "NULL", "|", ">", "a:", ":a", "?a", "-a", "a?", "1:", "x: [", "}"]
)  # fmt: skip
SCALARS = st.one_of(st.text(SEEN, max_size=120), LOOKALIKES, st.booleans(), st.integers(-(10**6), 10**6))
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(st.one_of(KEYS, LOOKALIKES), inner, max_size=4)
    ),
    max_leaves=12,
)
ANYTHING = st.lists(st.text(st.characters(exclude_categories=("Cs",)), max_size=100), max_size=3).map(tuple)


def paths(value: Any, path: Path = ()) -> list[Path]:
    """Of everything in the document."""
    if isinstance(value, dict):
        return [path, *(found for key, member in value.items() for found in paths(member, (*path, key)))]
    if isinstance(value, list):
        return [path, *(found for at, item in enumerate(value) for found in paths(item, (*path, at)))]
    return [path]


@st.composite
def drafts(draw: st.DrawFn) -> Draft:
    document = draw(st.dictionaries(st.sampled_from(["name", "vault", "tags", "exact"]), VALUES, min_size=1))
    somewhere = st.sampled_from(paths(document))
    return Draft(
        document,
        head=draw(ANYTHING),
        remarks=draw(st.dictionaries(somewhere, ANYTHING, max_size=5)),
        omitted=draw(st.dictionaries(somewhere, ANYTHING, max_size=5)),
    )


@settings(max_examples=120, deadline=None)
@given(drafts())
def test_a_draft_reads_back_as_its_document_whatever_its_comments_say(draft: Draft) -> None:
    read = parse_document(spec_text(draft, "spec.schema.json"), "spec.yaml")
    assert not read.problems
    assert read.root is not None
    assert plain(read.root) == draft.document


def test_a_comment_never_shows_what_looks_like_a_secret() -> None:
    said = (f"described as {CLIENT_SECRET}",)
    draft = Draft({"name": "contoso", "vault": {"name": "kv"}}, said, {("name",): said}, {("vault",): said, (): said})
    text = spec_text(draft, "spec.schema.json")
    assert CLIENT_SECRET not in text
    assert text.count("(hidden: it looks like a secret)") == 4


def test_a_spec_reads_as_reviewed(text_file: SnapshotAssertion) -> None:
    permissions = [
        {"api": "Microsoft Graph", "delegated": ["User.Read"]},
        {"api": "Other", "delegated": ["Long." * 9] * 3},
    ]
    document = {
        "version": 1,
        "name": "contoso-sam",
        "application": {"replyUrls": ["https://localhost/"], "permissions": permissions},
        "vault": {"name": "kv-contoso", "tags": {"team": "4711"}},
        "exact": ["tags"],
    }
    remarks: dict[Path, tuple[str, ...]] = {
        ("name",): ("short",),
        ("application",): ("A sentence about the application that is so long that it has to be wrapped in two lines.",),
        ("application", "permissions", 0): ("the first",),
        ("application", "permissions", 1): ("one line", "and one more"),
        ("vault", "tags", "team"): ("theirs",),
    }
    omitted = {("application", "permissions"): ("- {api: Left out}",), ("vault",): ("sku: premium",), (): ("the end",)}
    text = spec_text(Draft(document, ("What this is.",), remarks, omitted), "spec.schema.json")
    assert text == text_file
