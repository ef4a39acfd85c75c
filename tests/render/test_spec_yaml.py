"""The specs we write: they read back as what was meant, whatever is said in their comments."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
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


TRUTHS = ("y", "n", "yes", "no", "on", "off", "true", "false", "null")
MORE_THAN_TEXT = (*TRUTHS, *(each.title() for each in TRUTHS), *(each.upper() for each in TRUTHS), "017", "1_000",
                  "22:22", "2020-01-01", "1e3", "0x1f")  # fmt: skip


@pytest.mark.parametrize("value", MORE_THAN_TEXT)
def test_what_an_older_reader_of_yaml_takes_for_more_than_text_is_in_quotes(value: str) -> None:
    """Kubernetes, Ansible, PyYAML: a tag `team: on` is a truth to them."""
    text = spec_text(Draft({"tags": {"team": value, value: "key"}, "list": [value, "word"]}), "spec.schema.json")
    assert f"team: '{value}'" in text
    assert yaml.safe_load(text) == {"tags": {"team": value, value: "key"}, "list": [value, "word"]}
    assert text.count(f"'{value}'") == 3


def test_what_is_text_to_all_stays_without_quotes() -> None:
    guid = "11111111-1111-1111-1111-111111111111"
    values = {"tenant": guid, "url": "https://localhost:44395/", "lifetime": "365d", "team": "nobody", "name": "onion"}
    assert "'" not in spec_text(Draft(values), "spec.schema.json")


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
