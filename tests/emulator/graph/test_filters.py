"""$filter: the grammar, its meaning against plain Python, and what each type allows."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioner.emulator.graph.filters import Both, Comparison, Either, FilterSyntaxError, Negation, matches, parse

from .world import Graph

_TEXTS = st.text(alphabet=st.characters(min_codepoint=32, max_codepoint=0x2FF), max_size=12)
_DOCUMENTS = st.fixed_dictionaries({"a": st.none() | _TEXTS, "b": st.booleans(), "c": st.lists(_TEXTS, max_size=3)})


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


@given(_DOCUMENTS, _TEXTS)
def test_eq_startswith_and_any_mean_what_python_says(document: dict[str, Any], text: str) -> None:
    found, folded = document["a"], text.casefold()
    assert matches(parse(f"a eq {_quoted(text)}"), document) == (found is not None and found.casefold() == folded)
    assert matches(parse(f"a ne {_quoted(text)}"), document) != matches(parse(f"a eq {_quoted(text)}"), document)
    starts = found is not None and found.casefold().startswith(folded)
    assert matches(parse(f"startswith(a,{_quoted(text)})"), document) == starts
    listed = folded in [item.casefold() for item in document["c"]]
    assert matches(parse(f"c/any(x:x eq {_quoted(text)})"), document) == listed
    assert matches(parse("c/any()"), document) == bool(document["c"])


_TERMS = st.sampled_from(["a eq 'x'", "b eq true", "c/any(v:v eq 'y')", "a in ('x','z')", "a eq null"])
_FILTERS = st.recursive(
    _TERMS,
    lambda inner: st.one_of(
        st.tuples(inner, inner).map(lambda pair: f"({pair[0]}) and ({pair[1]})"),
        st.tuples(inner, inner).map(lambda pair: f"({pair[0]}) or ({pair[1]})"),
        inner.map(lambda term: f"not ({term})"),
    ),
    max_leaves=6,
)


@given(_FILTERS, _FILTERS, _DOCUMENTS)
def test_logic_obeys_de_morgan(left: str, right: str, document: dict[str, Any]) -> None:
    neither = parse(f"not (({left}) or ({right}))")
    both_not = parse(f"not ({left}) and not ({right})")
    assert matches(neither, document) == matches(both_not, document)


@given(st.text(max_size=40))
def test_any_text_parses_or_is_a_syntax_error_with_a_place(text: str) -> None:
    try:
        parse(text)
    except FilterSyntaxError as error:
        assert error.column >= 0


def test_and_binds_stronger_than_or_and_not_strongest() -> None:
    a, b, c = (Comparison((name,), "eq", True) for name in "abc")
    assert parse("a eq true or not b eq true and c eq true") == Either(a, Both(Negation(b), c))


def test_names_may_begin_with_an_operator() -> None:
    parsed = parse("order eq 'x' and notes eq 'y' and inner eq true")
    assert parsed == Both(
        Both(Comparison(("order",), "eq", "x"), Comparison(("notes",), "eq", "y")), Comparison(("inner",), "eq", True)
    )


@pytest.mark.parametrize("text", ["", "a", "a eq", "a eq 'x", "a eq 'x' and", "(a eq 'x'", "a == 'x'", "(" * 5000])
def test_broken_text_is_refused(text: str) -> None:
    with pytest.raises(FilterSyntaxError):
        parse(text)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        pytest.param("nothing eq 'x'", "BadRequest", id="no such property"),
        pytest.param("displayName eq", "BadRequest", id="syntax"),
        pytest.param("notes eq 'x'", "Request_UnsupportedQuery", id="a property that cannot be filtered by"),
        pytest.param("displayName ne 'x'", "Request_UnsupportedQuery", id="ne needs an advanced query"),
        pytest.param("not startswith(displayName,'x')", "Request_UnsupportedQuery", id="so does not"),
        pytest.param("endswith(displayName,'x')", "Request_UnsupportedQuery", id="and endswith"),
        pytest.param("contains(displayName,'x')", "Request_UnsupportedQuery", id="contains never works"),
    ],
)
def test_a_filter_the_service_does_not_take_is_refused(graph: Graph, text: str, code: str) -> None:
    reply = graph.send("GET", "/applications", query={"$filter": text})
    assert (reply.status, reply.body["error"]["code"]) == (400, code)


def test_advanced_operators_need_both_the_header_and_the_count(graph: Graph) -> None:
    graph.create_application("one")
    query, eventual = {"$filter": "displayName ne 'one'"}, {"ConsistencyLevel": "eventual"}
    assert graph.send("GET", "/applications", query=query, headers=eventual).status == 400
    reply = graph.send("GET", "/applications", query=query | {"$count": "true"}, headers=eventual)
    assert reply.status == 200
    assert "one" not in {item["displayName"] for item in reply.body["value"]}
