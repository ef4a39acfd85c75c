"""Whatever stands in a file, validation answers with problems; it never falls over."""

from __future__ import annotations

import copy
import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from provisioner.spec.fleet import expand
from provisioner.spec.load import parse_document
from provisioner.spec.nodes import plain
from provisioner.spec.validate import check
from tests.spec.base import GOOD

GOOD_ROOT = parse_document(GOOD, "good").root
assert GOOD_ROOT is not None
GOOD_DOCUMENT = plain(GOOD_ROOT)

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


def paths_of(value: Any) -> list[tuple[Any, ...]]:
    steps = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [(), *((step, *rest) for step, inner in steps for rest in paths_of(inner))]


@settings(max_examples=300)
@given(st.sampled_from(paths_of(GOOD_DOCUMENT)[1:]), json_values)
def test_any_value_anywhere_is_judged(path: tuple[Any, ...], value: Any) -> None:
    document = copy.deepcopy(GOOD_DOCUMENT)
    owner = document
    for step in path[:-1]:
        owner = owner[step]
    owner[path[-1]] = value
    root = parse_document(json.dumps(document), "mutated").root
    if root is None:
        return
    for spec in expand(root).specs:
        checked = check(spec)
        assert (checked.spec is None) == bool(checked.problems)


@settings(max_examples=300)
@given(st.text(alphabet=st.sampled_from("ab:-[]{}&*!|>'\"%#,? \n\t<~$1"), max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    document = parse_document(text, "text")
    if document.root is None:
        assert document.problems
    else:
        expand(document.root)
        check(document.root)


@settings(max_examples=300)
@given(st.text(alphabet=st.sampled_from("htps:/localhost.com@?#[]{}*%$ 0189\\"), min_size=1, max_size=30))
def test_any_reply_url_is_judged(uri: str) -> None:
    document = {
        **GOOD_DOCUMENT,
        "application": {**GOOD_DOCUMENT["application"], "replyUrls": [uri], "homePageUrl": uri},
    }
    root = parse_document(json.dumps(document), "text").root
    assert root is not None
    check(root)
