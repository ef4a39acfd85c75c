"""Files made to hurt: each is refused with a place, quickly enough that nobody waits (the caps are the reason)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from provisioner.spec.load import MAX_NODES, MAX_PROBLEMS, parse_document, read_document
from provisioner.spec.nodes import plain
from tests.spec.base import GOOD, load, problems_of

BOMB = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{chr(98 + level)}: &{chr(98 + level)} [{', '.join([f'*{chr(97 + level)}'] * 9)}]\n" for level in range(9)
)

HOSTILE: dict[str, tuple[Callable[[], str | bytes], tuple[int, int], str]] = {
    "50 MB": (lambda: b"a: " + b"x" * 50_000_000, (1, 1), "larger than 4 MiB"),
    "deep list": (lambda: "[" * 200_000, (1, 33), "nested deeper than 32 levels"),
    "deep mapping": (lambda: "{a: " * 50_000, (1, 129), "nested deeper than 32 levels"),
    "deep by indicators": (lambda: "- " * 100_000, (1, 65), "nested deeper than 32 levels"),
    "alias bomb": (lambda: BOMB, (6, 12), "aliases expanded"),
    "alias of itself": (lambda: "a: &a [*a]\n", (1, 8), "contains itself"),
    "alias of nothing": (lambda: "a: *b\n", (1, 4), "not defined above it"),
    "many values": (lambda: "[" + "a," * MAX_NODES * 2, (1, MAX_NODES * 2), "values, aliases expanded"),
    "one long value": (lambda: "a: " + "${" * 500_000, (1, 4), "longer than 10,000 characters"),
    "tag directives": (lambda: "".join(f"%TAG !a{at}! b\n" for at in range(100_000)) + "--- a", (1, 1), "directive"),
    "binary": (lambda: bytes(range(256)) * 10, (2, 118), "byte 0x80 is not UTF-8"),
    "UTF-16": (lambda: GOOD.encode("utf-16"), (1, 1), "UTF-16"),
    "UTF-16 without a mark": (lambda: GOOD.encode("utf-16-be"), (1, 1), "UTF-16"),
    "Latin-1": (lambda: "name: a\ntags: {x: café}\n".encode("latin-1"), (2, 14), "byte 0xe9 is not UTF-8"),
    "NUL": (lambda: b"name: a\nna\x00me: b\n", (2, 3), "U+0000"),
    "escape sequence": (lambda: "name: a\x1b[31m\n", (1, 8), "U+001B"),
    "two documents": (lambda: GOOD + "---\n" + GOOD, (32, 1), "a second YAML document"),
    "list as key": (lambda: "[a]: b\n", (1, 1), "a key must be text, not a list"),
    "open quote": (lambda: 'name: a\nb: "x\n', (3, 1), "not valid YAML"),
    "half a surrogate": (lambda: 'name: "\\ud800"\n', (1, 10), "not valid YAML"),
    "empty": (lambda: "# nothing\n", (1, 1), "the file is empty"),
    "no mapping": (lambda: "hello", (1, 1), "a mapping is expected, not text"),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_a_hostile_file_is_refused_at_a_place(tmp_path: Path, case: str) -> None:
    content, place, what = HOSTILE[case]
    (problem,) = problems_of(tmp_path, content())
    assert (problem.line, problem.column) == place
    assert what in problem.what


def test_duplicate_keys_without_end_are_cut_off(tmp_path: Path) -> None:
    problems = problems_of(tmp_path, "a: 1\n" * 100_000)
    assert len(problems) == MAX_PROBLEMS + 1
    assert any("the rest of the file was not read" in problem.what for problem in problems)


def test_a_device_without_end_is_read_no_further_than_the_cap() -> None:
    (problem,) = read_document(Path("/dev/zero")).problems
    assert "larger than" in problem.what


def test_a_byte_order_mark_as_windows_editors_write_it_is_no_mistake(tmp_path: Path) -> None:
    (tmp_path / "bom.yaml").write_bytes(b"\xef\xbb\xbf" + GOOD.encode())
    assert load(tmp_path, GOOD).specs[0].spec.name == "contoso-sam"
    problems = problems_of(tmp_path, b"\xef\xbb\xbf" + GOOD.replace("version: 1", "version: 2").encode())
    assert (problems[0].line, problems[0].column) == (1, 10), "columns do not count the mark"


def test_ordinary_aliases_work(tmp_path: Path) -> None:
    text = GOOD.replace("renewAfter: 7d", "renewAfter: &week 7d").replace("warnBefore: 14d", "warnBefore: *week")
    assert load(tmp_path, text).specs[0].spec.consent.warn_before.text == "7d"


CORE_SCALARS = [
    ("~", None), ("null", None), ("", None), ("true", True), ("False", False), ("yes", "yes"), ("on", "on"),
    ("Off", "Off"), ("0o17", 15), ("0x1F", 31), ("-12", -12), ("+3", 3), ("017", 17), ("1_000", "1_000"),
    ("22:22", "22:22"), ("1.5", 1.5), ("1e3", 1000.0), (".5", 0.5), ("-.inf", float("-inf")),
    ("2026-11-23", "2026-11-23"), ("'1'", "1"), ('"true"', "true"), ("0b11", "0b11"), ("=", "="), ("9" * 50, "9" * 50),
]  # fmt: skip


@pytest.mark.parametrize(("written", "value"), CORE_SCALARS)
def test_scalars_follow_the_core_schema_of_yaml_1_2(written: str, value: object) -> None:
    root = parse_document(f"a: {written}\n", "text").root
    assert root is not None
    found = plain(root)["a"]
    assert found == value
    assert type(found) is type(value)
