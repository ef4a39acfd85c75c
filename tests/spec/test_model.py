"""The typed spec and its plain form say the same; shipped examples load; the published schema stays in step."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioner.spec import model
from provisioner.spec.read import read
from provisioner.spec.rules.not_built import NOT_BUILT_KEYS
from provisioner.spec.schema import check_shape, schema_text
from tests.spec.base import GOOD, load

CONFIGS = Path(__file__).parents[2] / "configs"

guids = st.uuids(version=4).map(str)
words = st.from_regex(r"[a-z][a-z0-9]{2,11}", fullmatch=True)
durations = st.builds(
    lambda number, unit: model.Duration(f"{number}{unit}"), st.integers(1, 999), st.sampled_from("dhm")
)


def some(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.none() | strategy


def several(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.lists(strategy, max_size=3).map(tuple)


permissions = st.builds(
    model.ApiPermissions, api=st.sampled_from(["Microsoft Graph"]), delegated=several(words), application=several(words)
)
reply_urls = st.builds(
    model.ReplyUrl,
    uri=words.map(lambda word: f"https://{word}.example/"),
    platform=st.sampled_from(["web", "publicClient"]),
)
applications = st.builds(
    model.Application,
    display_name=some(words),
    mode=st.just("create"),
    sign_in_audience=some(st.sampled_from(["AzureADMyOrg", "AzureADMultipleOrgs"])),
    home_page_url=some(st.just("https://a.example/")),
    reply_urls=some(several(reply_urls)),
    enable_id_token_issuance=some(st.booleans()),
    permissions=some(several(permissions)),
    admin_consent=st.booleans(),
    credential=st.builds(
        model.Credential,
        name=words,
        type=st.just("secret"),
        lifetime=durations,
        rotate_before=durations,
        overlap=durations,
    ),
)
networks = st.builds(
    model.Network,
    public_network_access=some(st.sampled_from(["Enabled", "Disabled"])),
    default_action=some(st.sampled_from(["Allow", "Deny"])),
    allowed_ips=some(several(st.just("203.0.113.7"))),
)
vaults = st.builds(
    model.Vault,
    name=words,
    resource_group=words,
    location=words,
    mode=st.just("create"),
    sku=some(st.sampled_from(["standard", "premium"])),
    purge_protection=some(st.just(True)),
    soft_delete_retention_days=some(st.integers(7, 90)),
    network=some(networks),
    access=some(several(st.builds(model.Access, principal=guids, role=st.just("Key Vault Reader")))),
    runner=some(guids),
    tags=some(st.dictionaries(words, words, max_size=3)),
)
specs = st.builds(
    model.Spec,
    name=words,
    cloud=st.sampled_from(["public", "usgov", "china", "emulator"]),
    tenant=guids,
    subscription=guids,
    application=applications,
    vault=vaults,
    consent=st.builds(model.Consent, operators=several(guids), renew_after=durations, warn_before=durations),
    verify=st.builds(model.Verify, customer=some(guids)),
    exact=several(st.sampled_from(["replyUrls", "tags"])).map(lambda names: tuple(dict.fromkeys(names))),
    safety=st.builds(model.Safety, max_removals=st.integers(0, 9)),
)


@given(specs)
def test_the_plain_form_of_a_spec_is_the_same_spec_and_fits_the_schema(spec: model.Spec) -> None:
    plain = json.loads(json.dumps(model.document(spec)))
    assert model.parse(plain) == spec
    assert check_shape("spec", {"version": 1, **plain}) == []


@given(specs)
def test_the_digest_is_of_what_is_applied(spec: model.Spec) -> None:
    assert model.digest(msgspec.structs.replace(spec, verify=model.Verify(customer="x"))) == model.digest(spec)
    assert model.digest(msgspec.structs.replace(spec, name=f"{spec.name}x")) != model.digest(spec)


def test_defaults_are_those_of_the_design(tmp_path: Path) -> None:
    (loaded,) = load(tmp_path, GOOD.replace(", lifetime: 365d, rotateBefore: 30d, overlap: 7d", "")).specs
    credential = loaded.spec.application.credential
    assert (credential.name, credential.lifetime.text) == ("contoso-sam-credential", "365d")
    assert (credential.rotate_before.text, credential.overlap.text) == ("30d", "7d")
    assert loaded.spec.application.admin_consent is True


def _struct_keys(struct: type[msgspec.Struct]) -> set[str]:
    return set(struct.__struct_encode_fields__)


def test_every_published_key_is_either_in_the_model_or_refused() -> None:
    schema = json.loads(schema_text("spec"))
    parts: dict[tuple[str, ...], type[msgspec.Struct]] = {
        (): model.Spec,
        ("application",): model.Application,
        ("application", "credential"): model.Credential,
        ("vault",): model.Vault,
        ("consent",): model.Consent,
    }
    for path, struct in parts.items():
        published = set((schema["$defs"][path[-1]] if path else schema)["properties"])
        refused = {str(key[-1]) for key in NOT_BUILT_KEYS if key[:-1] == path}
        assert published - refused - _struct_keys(struct) == _NOT_MODELLED.get(path, set())
        assert _struct_keys(struct) <= published


_NOT_MODELLED = {
    (): {"version"},
    ("application", "credential"): {"trust"},  # written out as issuer, subject and audience
    ("vault",): {"tenant"},  # only when it says the same as the spec's own
}


@pytest.mark.parametrize("name", ["emulator", "minimal", "full", "adopt", "fleet"])
def test_shipped_examples_are_valid(name: str) -> None:
    assert read([CONFIGS / f"{name}.yaml"]).specs


def test_the_whole_folder_of_examples_is_valid() -> None:
    assert read([CONFIGS]).specs


def test_the_full_example_shows_every_supported_key() -> None:
    (loaded,) = read([CONFIGS / "full.yaml"]).specs
    shown = model.document(loaded.spec)
    elsewhere = {"purgeProtection", "appId", *(str(key[-1]) for key in NOT_BUILT_KEYS)}  # appId: see adopt.yaml
    for part, struct in (("application", model.Application), ("vault", model.Vault), ("consent", model.Consent)):
        assert _struct_keys(struct) - set(shown[part]) <= elsewhere


@pytest.mark.parametrize(
    ("trust", "issuer", "subject"),
    [
        (
            {"github": {"repository": "contoso/sam", "environment": "prod"}},
            "https://token.actions.githubusercontent.com",
            "repo:contoso/sam:environment:prod",
        ),
        (
            {"github": {"repository": "contoso/sam", "branch": "main"}},
            "https://token.actions.githubusercontent.com",
            "repo:contoso/sam:ref:refs/heads/main",
        ),
        (
            {"github": {"repository": "contoso/sam", "pullRequest": True}},
            "https://token.actions.githubusercontent.com",
            "repo:contoso/sam:pull_request",
        ),
        (
            {
                "azureDevOps": {
                    "organization": "contoso",
                    "organizationId": "9c5f0d7e-2b64-4d8a-b1c3-5e70f9a8d246",
                    "project": "Partner",
                    "serviceConnection": "sam",
                }
            },
            "https://vstoken.dev.azure.com/9c5f0d7e-2b64-4d8a-b1c3-5e70f9a8d246",
            "sc://contoso/Partner/sam",
        ),
        (
            {"kubernetes": {"issuer": "https://cluster.example/", "namespace": "sam", "serviceAccount": "renewer"}},
            "https://cluster.example/",
            "system:serviceaccount:sam:renewer",
        ),
    ],
)
def test_a_platforms_own_words_become_what_entra_compares(
    tmp_path: Path, trust: dict[str, Any], issuer: str, subject: str
) -> None:
    credential = json.dumps({"type": "federated", "trust": trust})
    text = GOOD.replace("{type: secret, lifetime: 365d, rotateBefore: 30d, overlap: 7d}", credential)
    (loaded,) = load(tmp_path, text).specs
    found = loaded.spec.application.credential
    assert (found.issuer, found.subject, found.audience) == (issuer, subject, "api://AzureADTokenExchange")
