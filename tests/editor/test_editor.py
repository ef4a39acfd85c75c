"""Writing a spec in an editor: keys and values are offered, keys explain themselves, mistakes are underlined."""

from __future__ import annotations

from itertools import count
from pathlib import Path

import pytest

from provisioner.cli.main import run
from provisioner.core import exit_codes
from provisioner.spec import catalogue
from provisioner.spec.vault_roles import VAULT_ROLES

from .language_server import Editor, Opened

CONFIGS = Path(__file__).parents[2] / "configs"
SPEC = "# yaml-language-server: $schema=spec.schema.json\n"
FLEET = "# yaml-language-server: $schema=fleet.schema.json\n"
TABS = count()


class Window:
    def __init__(self, editor: Editor, folder: Path) -> None:
        self._editor = editor
        self._folder = folder

    def open(self, text: str) -> Opened:
        return self._editor.open(text, self._folder / f"tab-{next(TABS)}.yaml")


@pytest.fixture
def tab(window: Editor, folder: Path) -> Window:
    return Window(window, folder)


OFFERED = (
    (f"{SPEC}version: 1\n§", {"name", "cloud", "tenant", "subscription", "application", "vault", "consent", "exact"}),
    (f"{SPEC}application:\n  §", {"displayName", "replyUrls", "permissions", "credential", "mode", "appId"}),
    (f"{SPEC}cloud: §", {"public", "usgov", "china", "emulator"}),
    (f"{SPEC}application:\n  signInAudience: §", {"AzureADMyOrg", "AzureADMultipleOrgs"}),
    (f"{SPEC}application:\n  permissions:\n    - api: §", set(catalogue.api_names())),
    (f"{SPEC}vault:\n  access:\n    - role: §", set(VAULT_ROLES)),
    (f"{SPEC}exact:\n  - §", {"replyUrls", "permissions", "grants", "access", "allowedIps", "tags"}),
    (f"{FLEET}defaults:\n  vault:\n    §", {"name", "location", "access", "tags"}),
    (f"{FLEET}tenants:\n  - name: contoso\n    cloud: §", {"public", "usgov", "china", "emulator"}),
)


@pytest.mark.parametrize(("text", "labels"), OFFERED, ids=[text.partition("\n")[2] for text, _ in OFFERED])
def test_the_keys_and_values_of_a_place_are_offered(tab: Window, text: str, labels: set[str]) -> None:
    assert labels - set(tab.open(text).completions()) == set()


def test_a_key_is_completed_to_what_can_be_typed_on(tab: Window) -> None:
    offered = tab.open(f"{SPEC}version: 1\n§").completions()
    assert offered["tenant"]["insertText"] == "tenant: "
    assert offered["tenant"]["documentation"] == "Id or verified domain of the partner tenant."
    assert offered["vault"]["insertText"] == "vault:\n  name: $1\n  resourceGroup: $2\n  location: $3"


def test_a_permission_comes_ready_to_use(tab: Window) -> None:
    offered = tab.open(f"{SPEC}application:\n  permissions:\n    - §").completions()
    ready = "api: Microsoft Partner Center\n  delegated:\n    - user_impersonation"
    assert offered["Microsoft Partner Center"]["insertText"] == ready


EXPLAINED = (
    (f"{SPEC}na§me: contoso\n", "Never change it once applied."),
    (f"{SPEC}vault:\n  purge§Protection: true\n", "Irreversible."),
    (f"{SPEC}application:\n  credential:\n    ty§pe: secret\n", "`federated`"),
    (f"{SPEC}application:\n  permissions:\n    - a§pi: Microsoft Graph\n", "Name in our catalogue"),
    (f"{FLEET}defaults:\n  application:\n    display§Name: Contoso\n", "Shown to people who sign in."),
)


@pytest.mark.parametrize(("text", "told"), EXPLAINED, ids=[told for _, told in EXPLAINED])
def test_a_key_explains_itself(tab: Window, text: str, told: str) -> None:
    assert told in tab.open(text).hover()


MISTAKES = (
    ("cloud: public", "cloud: publik", 'Valid values: "public", "usgov", "china", "emulator"'),
    ("name: kv-contoso-sam", "name: kv--contoso", "not a vault name: 3 to 24 letters"),
    ("tenant: contoso.onmicrosoft.com", "tenant: contoso", "not a tenant id (GUID) or a verified domain"),
    ("displayName:", "displayname:", "Property displayname is not allowed."),
    ("  location: westeurope\n", "", 'Missing property "location".'),
)


@pytest.mark.parametrize(("good", "bad", "told"), MISTAKES, ids=[told for _, _, told in MISTAKES])
def test_a_mistake_is_underlined_where_it_stands(tab: Window, good: str, bad: str, told: str) -> None:
    text = SPEC + (CONFIGS / "minimal.yaml").read_text(encoding="utf-8").partition("\n")[2]
    assert text.count(good) == 1
    line = text[: text.index(good)].count("\n") + 1
    if not bad:
        line = text[: text.index("vault:")].count("\n") + 1  # what is missing is underlined at what lacks it
    (found,) = tab.open(text.replace(good, bad)).mistakes()
    assert found.startswith(f"{line}: ")
    assert told in found


@pytest.mark.parametrize("name", ["minimal", "full", "emulator", "fleet"])
def test_nothing_is_underlined_in_the_examples(tab: Window, name: str) -> None:
    text = (CONFIGS / f"{name}.yaml").read_text(encoding="utf-8")
    schema = SPEC if "spec.schema.json" in text.partition("\n")[0] else FLEET
    assert tab.open(schema + text.partition("\n")[2]).mistakes() == []


def test_what_init_writes_is_understood_where_it_lies(
    window: Editor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    answers = ["--tenant", "contoso.onmicrosoft.com", "--subscription", "6f2b8e57-9c1d-4a3e-b0f4-2d7c85e1a963"]
    assert run(["init", *answers]) == exit_codes.DONE
    file = tmp_path / "contoso-sam.yaml"
    written = file.read_text(encoding="utf-8").replace("name: kv", "na§me: kv")
    opened = window.open(written, file)
    assert opened.mistakes() == []
    assert "Globally unique." in opened.hover()
