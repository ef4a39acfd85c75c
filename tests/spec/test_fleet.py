"""Merge patches, variables, and that every value keeps the place where somebody wrote it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from provisioner.core.errors import Problem, SpecError
from provisioner.spec.fleet import merge
from provisioner.spec.fleet_schema import fleet_schema
from provisioner.spec.load import parse_document
from provisioner.spec.nodes import Node, plain
from provisioner.spec.read import MissingPathError, read, spec_files
from provisioner.spec.schema import check_shape, schema_text
from tests.spec.base import GOOD, load, problems_of

FLEET = """\
version: 1
variables: {region: westeurope}
defaults:
  cloud: public
  subscription: c4a81f3e-26d9-4b57-8e0a-9f13d5b7c620
  application:
    displayName: ${name} in ${tenant}
    signInAudience: AzureADMultipleOrgs
    permissions:
      - {api: Microsoft Partner Center, delegated: [user_impersonation]}
    credential: {type: secret, lifetime: 365d}
  vault:
    name: kv-${name}
    resourceGroup: rg-${short}
    location: ${region}
tenants:
  - name: adatum
    tenant: adatum.com
    variables: {short: ada}
  - name: ${short}-corp
    tenant: fabrikam.com
    variables: {short: fab, region: northeurope}
    application:
      displayName: costs $${5}
      signInAudience: null
      credential: {lifetime: 90d}
"""

# The test cases of RFC 7396, appendix A: target, patch, result.
RFC_7396 = [
    ({"a": "b"}, {"a": "c"}, {"a": "c"}),
    ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
    ({"a": "b"}, {"a": None}, {}),
    ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
    ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
    ({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
    ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
    ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
    (["a", "b"], ["c", "d"], ["c", "d"]),
    ({"a": "b"}, ["c"], ["c"]),
    ({"a": "foo"}, None, None),
    ({"a": "foo"}, "bar", "bar"),
    ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
    ([1, 2], {"a": "b", "c": None}, {"a": "b"}),
    ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
]


def node(value: Any, file: str) -> Node:
    root = parse_document(json.dumps(value), file).root
    assert root is not None
    return root


@pytest.mark.parametrize(("target", "patch", "result"), RFC_7396)
def test_merge_is_rfc_7396(target: Any, patch: Any, result: Any) -> None:
    assert plain(merge(node(target, "target"), node(patch, "patch"))) == result


def test_merged_values_keep_file_and_place() -> None:
    merged = merge(node({"a": {"x": 1, "y": 2}}, "defaults"), node({"a": {"y": 3}}, "patch"))
    inner = merged.members["a"]
    assert [inner.members[key].place.file for key in "xy"] == ["defaults", "patch"]
    assert [inner.keys[key].file for key in "xy"] == ["defaults", "patch"]


def test_a_fleet_is_its_tenants(tmp_path: Path) -> None:
    adatum, fabrikam = (loaded.spec for loaded in load(tmp_path, FLEET).specs)
    assert (adatum.application.display_name, adatum.vault.name) == ("adatum in adatum.com", "kv-adatum")
    assert (adatum.vault.resource_group, adatum.vault.location) == ("rg-ada", "westeurope")
    assert (fabrikam.name, fabrikam.vault.location) == ("fab-corp", "northeurope")
    assert fabrikam.application.display_name == "costs ${5}"
    assert fabrikam.application.sign_in_audience is None
    assert fabrikam.application.credential.lifetime.text == "90d"
    assert fabrikam.application.credential.type == "secret"


def test_places_survive_merge_and_substitution(tmp_path: Path) -> None:
    adatum, fabrikam = load(tmp_path, FLEET).specs
    assert str(adatum.place("vault.location")).endswith("spec.yaml:15:15")
    assert str(fabrikam.place("application.credential.lifetime")).endswith("spec.yaml:26:30")
    assert str(fabrikam.place("application.credential.type")).endswith("spec.yaml:11:24")
    assert str(fabrikam.place("vault.sku")).endswith("spec.yaml:13:5"), "the vault of the defaults"


def test_a_mistake_of_the_defaults_is_reported_once(tmp_path: Path) -> None:
    (problem,) = problems_of(tmp_path, FLEET.replace("lifetime: 365d", "lifetyme: 365d"))
    assert (problem.line, problem.value) == (11, "lifetyme")


def test_a_mistake_that_substitution_makes_stands_where_the_text_stands(tmp_path: Path) -> None:
    (problem,) = problems_of(tmp_path, FLEET.replace("{short: ada}", "{short: ada, region: West Europe}"))
    assert (problem.line, problem.column, problem.value) == (15, 15, "West Europe")
    assert problem.next_step == "the nearest correct one is westeurope"


FLEET_MISTAKES = [
    ("location: ${region}", "location: ${regoin}", (15, 15), "no variable of this name", "region"),
    ("location: ${region}", "location: ${region", (15, 15), "no variable of this name", "region"),
    ("variables: {region: westeurope}", "variables: {region: 1}", (2, 21), "text is expected", 'put it in quotes: "1"'),
    ("variables: {region: westeurope}", "variables: {a-b: x}", (2, 12), "not a variable name", ""),
    (
        "  - name: adatum\n    tenant: adatum.com",
        "  - tenant: adatum.com",
        (17, 5),
        "the key name is missing",
        "add name",
    ),
    ("    tenant: adatum.com\n", "", (17, 5), "the key tenant is missing", "add tenant"),
    ("version: 1", "version: 1\nspecs: []", (2, 1), "unknown key", "known here"),
    ("${short}-corp", "adatum", (20, 11), "is in the spec adatum too", "a vault of its own"),
]


@pytest.mark.parametrize(("old", "new", "place", "what", "next_step"), FLEET_MISTAKES)
def test_a_mistake_in_a_fleet_has_its_place(
    tmp_path: Path, old: str, new: str, place: tuple[int, int], what: str, next_step: str
) -> None:
    problems = problems_of(tmp_path, FLEET.replace(old, new))
    found = [problem for problem in problems if (problem.line, problem.column) == place]
    assert [what in problem.what and next_step in (problem.next_step or "") for problem in found] == [True], problems


def test_a_secret_in_a_variable_nobody_uses_is_found(tmp_path: Path) -> None:
    secret = "eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCJ9.eyJhdWQiOiJodHRwczovL2dyYXBoIn0.c2ln"
    problems = problems_of(tmp_path, FLEET.replace("{short: ada}", f"{{short: ada, unused: {secret}}}"))
    assert [(problem.line, problem.path) for problem in problems] == [(19, "tenants[0].variables.unused")]
    assert secret not in repr(problems)


APP_ID = "9d1f5c3a-6e27-4b80-a4d9-3f0c8e5b7126"
USES = "vault:\n  mode: use"
OTHER = {"name: contoso-sam\n": "name: other\n", "secretName: partner-refresh-token": "secretName: other-token"}
DISPLAYED = "  displayName: Contoso Partner Integration"
ADOPTS, USES_IT = (f"{DISPLAYED}\n  mode: {mode}\n  appId: {APP_ID}" for mode in ("adopt", "use"))


@pytest.mark.parametrize(
    ("changes", "others", "told"),
    [
        ({}, {}, [("vault.name", 16, "b.yaml:16:9"), ("vault.name", 16, "a.yaml:16:9")]),
        ({"vault:": USES}, {}, [("vault.name", 17, "b.yaml:16:9"), ("vault.name", 16, "a.yaml:17:9")]),
        ({}, {"kv-contoso-sam": "KV-Contoso-SAM"}, [("vault.name", 16, "b.yaml"), ("vault.name", 16, "a.yaml")]),
        ({"vault:": USES}, {"vault:": USES}, []),
        ({"vault:": USES}, {"vault:": USES, "other-token": "Partner-Refresh-Token"},
         [("consent.secretName", 28, "a.yaml:28:15")]),
        (
            {"vault:": USES},
            {"vault:": USES, "{type: secret, ": "{type: secret, name: contoso-sam-credential-next, "},
            [("application.credential.name", 14, "a.yaml")],
        ),
        (
            {"vault:": USES},
            {"vault:": USES, "name: other\n": "name: contoso-sam\n", "tenant: 5e0c9b1d-7a42": "tenant: 6f0c9b1d-7a42"},
            [("name", 2, "a.yaml:2:7"), ("application.credential.name", 14, "a.yaml")],
        ),
        ({"vault:": USES}, {"kv-contoso-sam": "kv-other", "name: other\n": "name: contoso-sam\n"},
         [("name", 2, "b.yaml:2:7"), ("name", 2, "a.yaml:2:7")]),
        ({DISPLAYED: ADOPTS}, {"kv-contoso-sam": "kv-other", DISPLAYED: USES_IT},
         [("application.appId", 9, "b.yaml:9:10"), ("application.appId", 9, "a.yaml:9:10")]),
        ({DISPLAYED: USES_IT}, {"kv-contoso-sam": "kv-other", DISPLAYED: USES_IT}, []),
    ],
)  # fmt: skip
def test_what_two_specs_call_their_own_is_told_at_both_places(
    tmp_path: Path, changes: dict[str, str], others: dict[str, str], told: list[tuple[str, int, str]]
) -> None:
    for file, replaced in (("a.yaml", changes), ("b.yaml", OTHER | others)):
        text = GOOD
        for old, new in replaced.items():
            assert text.count(old) == 1, old
            text = text.replace(old, new)
        (tmp_path / file).write_text(text)
    try:
        problems: tuple[Problem, ...] = ()
        read([tmp_path])
    except SpecError as error:
        problems = error.problems
    assert [(problem.path, problem.line) for problem in problems] == [(path, line) for path, line, _ in told]
    assert [place in problem.what for problem, (_, _, place) in zip(problems, told, strict=True)] == [True] * len(told)


def test_folders_are_read_sorted_recursive_and_without_hidden_files(tmp_path: Path) -> None:
    for name in ("b.yaml", "a.yml", "sub/c.yaml", ".hidden.yaml", ".git/d.yaml", "notes.txt"):
        file = tmp_path / name
        file.parent.mkdir(exist_ok=True)
        file.write_text("x")
    names = [file.relative_to(tmp_path).as_posix() for file in spec_files([tmp_path, tmp_path / "b.yaml"])]
    assert names == ["a.yml", "b.yaml", "sub/c.yaml"], "each file once, however often it is named"


@pytest.mark.parametrize("make", [lambda path: None, lambda path: path.mkdir()], ids=["missing", "empty folder"])
def test_a_path_without_a_spec_is_wrong_usage(tmp_path: Path, make: Any) -> None:
    path = tmp_path / "specs"
    make(path)
    with pytest.raises(MissingPathError) as caught:
        read([path])
    assert caught.value.exit_code == 64


def test_problems_of_all_files_come_together(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(GOOD.replace("cloud: public", "cloud: pubic"))
    (tmp_path / "b.yaml").write_text("[")
    with pytest.raises(SpecError) as caught:
        read([tmp_path])
    assert [Path(problem.file).name for problem in caught.value.problems] == ["a.yaml", "b.yaml"]


def test_the_published_schema_is_made_of_the_spec_s() -> None:
    made = json.dumps(fleet_schema(), indent=2, ensure_ascii=False) + "\n"
    assert schema_text("fleet") == made, "run: python -m provisioner.spec.fleet_schema > schemas/fleet.schema.json"


def patches(properties: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """A document for each key, however deep it lies, with each kind of value."""
    for name, schema in properties.items():
        yield from ({name: value} for value in (None, True, 1, 1.5, "${x}", [], {}, ["x"], {"x": "y"}))
        yield from ({name: inner} for inner in patches(schema.get("properties", {})))
        yield from ({name: [inner]} for inner in patches(schema.get("items", {}).get("properties", {})))


def test_the_schema_offers_below_the_top_and_refuses_nothing_there() -> None:
    """What is wrong in there is said with everything else, once the tenants are merged."""
    documents = list(patches(fleet_schema()["$defs"]["patch"]["properties"]))
    assert len(documents) > 500
    assert check_shape("fleet", {"tenants": [{**patch, "name": "a"} for patch in documents]}) == []
