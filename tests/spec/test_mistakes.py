"""Each mistake alone: one problem, at its place, with what to do."""

from __future__ import annotations

from pathlib import Path

import pytest

from provisioner.core.errors import SpecError
from tests.spec.base import GOOD, broken, load, problems_of

# what is replaced in the good spec, by what (the mark is where the problem must be reported), words of the problem
MISTAKES = [
    # shape
    ("version: 1", "version: §2", "not an allowed value", "allowed: 1"),
    ("cloud: public", "cloud: §pubic", "not an allowed value", "the nearest one is public"),
    ("cloud: public", "cloud: §on", "not an allowed value", "allowed: public"),  # YAML 1.2: text, not true
    ("safety: {", "§saftey: {", "unknown key", "the nearest known one is safety"),
    ("  replyUrls:", "  §replyURLs:", "unknown key", "the nearest known one is replyUrls"),
    ("name: contoso-sam\ncloud", "cloud", "the key name is missing", "add name"),
    ("displayName: Contoso Partner Integration", "displayName:§ ", "no value", "leave the key out"),
    ("displayName: Contoso Partner Integration", "displayName: §12", "text is expected", 'put it in quotes: "12"'),
    ("maxRemovals: 0", "maxRemovals: §-1", "less than 0", "the limit is 0"),
    ("exact: [replyUrls]", "exact: [replyUrls, §replyUrls]", "twice", "keep one"),
    ("exact: [replyUrls]", "exact: [§replyurls]", "not an allowed value", "the nearest one is replyUrls"),
    ("lifetime: 365d", "lifetime: §1y", "not a duration", ""),
    ("tenant: 5e0c9b1d-7a42-4f68-9d3b-c81f2e6a7054", "tenant: §contoso", "not a tenant id (GUID) or a verified", ""),
    ("account: sam-service@contoso.onmicrosoft.com", "account: §sam-service", "not a user principal name", ""),
    # identifiers
    ("c4a81f3e-26d9-4b57-8e0a-9f13d5b7c620", "§00001111-aaaa-2222-bbbb-3333cccc4444", "placeholder", "real id"),
    ("0b7d52c9-e1f4-4836-a05c-6d9e83b1f274", "§aaaaaaaa-0000-1111-2222-bbbbbbbbbbbb", "placeholder", "real id"),
    ("7fc03e5b-98a1-4d26-b4e7-05d2c9f8a61b", "§a0a0a0a0-bbbb-cccc-dddd-e1e1e1e1e1e1", "placeholder", "real id"),
    ("2a6e84d0-b35f-49c7-8f1e-d07c5b92e6a3", "§12345678-1234-1234-1234-123456789012", "placeholder", "real id"),
    (
        "name: contoso-sam\n",
        "name: §contoso.sam\n",
        "the credential's name in the vault",
        "application.credential.name",
    ),
    ("secretName: partner-refresh-token", "secretName: §Contoso-SAM-credential", "one object in the vault", "another"),
    ("secretName: partner-refresh-token", "secretName: §contoso-sam-credential-next", "one object", "another"),
    ("sam-service@contoso", "§x_y#EXT#@contoso", "guest account", "tenant's own"),
    # reply URLs
    ("http://localhost:8400/]", "§http://contoso.com/]", "http is allowed for localhost", "https://contoso.com/"),
    ("http://localhost:8400/]", "§http://localhost/a$b]", "allows no $", "another path"),
    (
        "http://localhost:8400/]",
        "§https://localhost/]",
        "differs from https://localhost:44395/ only in its port",
        "path",
    ),
    ("http://localhost:8400/]", "§https://LOCALHOST:44395]", "the same URL as replyUrls[0]", "keep one"),
    ("http://localhost:8400/]", "§'http://[::1]:8400/']", "does not support [::1]", "localhost"),
    ("http://localhost:8400/]", "§https://a.b/#x]", "no fragment", "https://a.b/"),
    ("http://localhost:8400/]", "§myapp://auth]", "the web platform takes https", "publicClient"),
    ("http://localhost:8400/]", "§contoso.com/x]", "not an absolute URL", "https://contoso.com/x"),
    ("http://localhost:8400/]", "{uri: https://a.b/, platform: §spa}]", "24 hours", "use web"),
    (
        "  replyUrls: [https://localhost:44395/, http://localhost:8400/]",
        "  §replyUrls: []",
        "would remove every reply URL",
        "http://localhost:8400/",
    ),
    (
        "[https://localhost:44395/, http://localhost:8400/]",
        "[{uri: §urn:ietf:wg:oauth:2.0:oob, platform: publicClient}]",
        "AADSTS700025",
        "web platform",
    ),
    ("http://localhost:8400/]", f"§https://a.b/{'x' * 250}]", "longer than 256", "256"),
    # application
    (
        "AzureADMultipleOrgs",
        "§AzureADandPersonalMicrosoftAccount",
        "personal Microsoft accounts",
        "AzureADMultipleOrgs",
    ),
    ("api: Microsoft Graph", "api: §Microsoft Grahp", "no API of this name", "Microsoft Graph"),
    ("api: Microsoft Graph", "api: §Windows Azure Active Directory", "retired", "User.Read of Microsoft Graph"),
    ("api: Microsoft Graph", "api: §00000002-0000-0000-c000-000000000000", "retired", "Microsoft Graph"),
    ("api: Microsoft Graph", "api: §SampleBECApp", "is here already, as permissions[0]", "one entry"),
    ("[User.Read]", "[§user.read]", "no delegated permission of this name", "User.Read"),
    ("[User.Read]", "[§UserRead]", "no delegated permission of this name", "User.Read"),
    ("[User.Read]", "[User.Read, §User.Read]", "here already, as delegated[0]", "keep one"),
    ("[User.Read]", "[§e1fe6dd8-ba31-4d61-89e7-88639da4683d]", "not by its id", "write User.Read"),
    ("[User.Read]", "[§Application.ReadWrite.OwnedBy]", "as application only", "move it to application"),
    # lifetimes
    ("lifetime: 365d", "lifetime: §731d", "longer than two years", "730d"),
    ("rotateBefore: 30d", "rotateBefore: §365d", "shorter than lifetime", "every run"),
    ("overlap: 7d", "overlap: §30d", "shorter than rotateBefore", "consumers"),
    ("renewAfter: 7d", "renewAfter: §90d", "shorter than the token's 90 days", ""),
    ("warnBefore: 14d", "warnBefore: §2160h", "shorter than the token's 90 days", ""),
    # credential
    (
        "{type: secret, lifetime: 365d, rotateBefore: 30d, overlap: 7d}",
        "{type: certificate, lifetime: §30d, rotateBefore: 9d, overlap: 7d}",
        "whole months",
        "31d",
    ),
    (
        "{type: secret, lifetime: 365d, rotateBefore: 30d, overlap: 7d}",
        "{type: certificate, lifetime: 31d, rotateBefore: §28d, overlap: 7d}",
        "as few as 28 days",
        "every run would rotate",
    ),
    (
        "{type: secret, lifetime: 365d, rotateBefore: 30d, overlap: 7d}",
        "§{type: federated, issuer: https://issuer.example}",
        "the key subject is missing",
        "add subject",
    ),
    (
        "{type: secret, lifetime: 365d, rotateBefore: 30d, overlap: 7d}",
        "{type: federated, issuer: §http://issuer.example, subject: x}",
        "an https URL",
        "iss claim",
    ),
    (
        "{type: secret, lifetime: 365d, rotateBefore: 30d, overlap: 7d}",
        "{type: federated, issuer: https://issuer.example, subject: §repo:contoso/*}",
        "no wildcard",
        "one environment",
    ),
    (
        "{type: secret, lifetime: 365d, rotateBefore: 30d, overlap: 7d}",
        "{type: federated, issuer: https://issuer.example, subject: x, §lifetime: 90d}",
        "a trust has no end",
        "leave the key out",
    ),
    (
        "type: secret, ",
        "type: secret, §issuer: https://issuer.example, ",
        "no meaning here",
        "only with type: federated",
    ),
    # vault
    ("name: kv-contoso-sam", "name: §kv_contoso_sam", "not a vault name", "kv-contoso-sam"),
    ("name: kv-contoso-sam", "name: §kv--contoso", "not a vault name", "kv-contoso"),
    ("name: kv-contoso-sam", "name: §kv-contoso-partner-center-prod", "not a vault name", "kv-contoso-partner-cente"),
    ("location: westeurope", "location: §West Europe", "not an Azure region", "westeurope"),
    ("secretName: partner-refresh-token", "secretName: §partner_token", "not a Key Vault object name", "partner-token"),
    ("Key Vault Secrets User", "§Key Vault Secret User", "not a built-in role", "Key Vault Secrets User"),
    ("[203.0.113.7]", "[§10.1.2.3]", "RFC 1918", "public address"),
    ("[203.0.113.7]", "[§203.0.113.7/24]", "does not start at its first address", "203.0.113.0/24"),
    ("[203.0.113.7]", "[203.0.113.7, §203.0.113.7/32]", "the same address as allowedIps[0]", "keep one"),
    ("[203.0.113.7]", "[§'2001:db8::1']", "not an IPv4 address", "203.0.113.7"),
    ("tags: {team: partners}", "tags: {team: a, §Team: b}", "twice", "keep one"),
    ("tags: {team: partners}", "tags: {§a/b: c}", "a tag's name", ""),
    (
        "tags: {team: partners}",
        "tags: {§clientSecret: hunter2}",
        "secrets do not belong in a spec",
        "replace the secret",
    ),
    ("tags: {team: partners}", "tags: {§provisioner-spec: x}", "our own marks", "another name"),
    ("[User.Read]", "[§User.Read openid]", "not a permission's value", ""),
    (
        "location: westeurope",
        "location: westeurope\n  purgeProtection: §false",
        "only be switched on",
        "leave the key out",
    ),
    ("location: westeurope", "location: westeurope\n  softDeleteRetentionDays: §91", "more than 90", "90"),
    ("location: westeurope", "location: westeurope\n  mode: §take", "not an allowed value", "create, adopt, use"),
    ("displayName:", "§mode: adopt\n  displayName:", "the key appId is missing", "add appId"),
    # published, but not built
    ("location: westeurope", "location: westeurope\n  §auth: {}", "auth is not built yet", "leave"),
    ("location: westeurope", "location: westeurope\n  tenant: §fabrikam.com", "another directory", "leave"),
    ("type: secret, ", "type: secret, §exportable: false, ", "exportable", ""),
    (
        "maxRemovals: 0",
        "maxRemovals: 0, accept: [§preflight/x]",
        "not an allowed value",
        "preflight/appManagementPolicy",
    ),
    ("exact:", "§customers: []\nexact:", "customers is not built yet", "leave"),
    (
        "exact:",
        "auth: §{clientId: 5e0c9b1d-7a42-4f68-9d3b-c81f2e6a7054}\nexact:",
        "the key type is missing",
        "add type",
    ),
    ("exact:", "auth: {type: §github}\nexact:", "not an allowed value", "githubActions"),
    # another type
    ("version: 1", 'version: §"1"', "1 is expected, not text", "write 1, without quotes"),
    ("renewAfter: 7d", "renewAfter: §7", "text is expected, not a number", "write 7d for days"),
    ("renewAfter: 7d", "renewAfter: §7 days", "not a duration", "7d"),
    ("warnBefore: 14d", "warnBefore: §2 weeks", "not a duration", "14d"),
    ("exact: [replyUrls]", "exact: §access", "a list is expected, not text", "write a list: exact: [access]"),
    ("tags: {team: partners}", "tags: §partners", "a mapping is expected, not text", "below it, indented"),
    ("location: westeurope", "location: §[westeurope]", "text is expected, not a list", "write one value"),
    (
        "location: westeurope",
        'location: westeurope\n  purgeProtection: §"yes"',
        "true is expected, not text",
        "write true, without quotes",
    ),
    # YAML
    ("  location: westeurope", "§\tlocation: westeurope", "not valid YAML", "blanks"),
    ("cloud: public", "cloud: public§: x", "not valid YAML", "in quotes"),
    ("exact: [replyUrls]\nsafety: {", "exact: [replyUrls\nsafety§: {", "not valid YAML", "close the bracket"),
    ("cloud: public", "cloud: public\n§cloud: usgov", "twice; first in line 3", "keep one"),
    ("cloud: public", "cloud: §!!str public", "tags are not allowed", "remove the tag"),
    ("tags: {team: partners}", "tags: {team: a, §1: b}", "a key must be text", '"1"'),
    ("tags: {team: partners}", "tags: {team: a, §<<: {x: y}}", "merge keys", "write the keys out"),
]


@pytest.mark.parametrize(("old", "new", "what", "next_step"), MISTAKES, ids=lambda value: str(value)[:40])
def test_a_mistake_is_one_problem_at_its_place(tmp_path: Path, old: str, new: str, what: str, next_step: str) -> None:
    text, line, column = broken(old, new) if "§" in new else (GOOD.replace(old, new), 1, 1)
    problems = problems_of(tmp_path, text)
    assert [(problem.line, problem.column) for problem in problems] == [(line, column)], problems
    assert what in problems[0].what
    assert next_step in (problems[0].next_step or "")


def test_the_good_spec_is_good(tmp_path: Path) -> None:
    loaded = load(tmp_path, GOOD)
    assert [entry.spec.name for entry in loaded.specs] == ["contoso-sam"]
    assert loaded.warnings == ()


def test_what_is_only_worth_a_look_is_told_beside_mistakes(tmp_path: Path) -> None:
    text = GOOD.replace("cloud: public", "cloud: pubic").replace("delegated: [User.Read]", "delegated: [Nobody.Knows]")
    with pytest.raises(SpecError) as failed:
        load(tmp_path, text)
    assert [problem.path for problem in failed.value.problems] == ["cloud"]
    assert [warning.path for warning in failed.value.warnings] == ["application.permissions[1].delegated[0]"]


def test_five_mistakes_come_at_once_in_the_order_of_the_file(tmp_path: Path) -> None:
    text = (
        GOOD.replace("cloud: public", "cloud: pubic")
        .replace("http://localhost:8400/", "https://localhost:8400/")
        .replace("[User.Read]", "[UserRead]")
        .replace("kv-contoso-sam", "kv_contoso_sam")
        .replace("renewAfter: 7d", "renewAfter: 100d")
    )
    problems = problems_of(tmp_path, text)
    assert [(problem.line, problem.path, problem.value) for problem in problems] == [
        (3, "cloud", "pubic"),
        (10, "application.replyUrls[1]", "https://localhost:8400/"),
        (13, "application.permissions[1].delegated[0]", "UserRead"),
        (16, "vault.name", "kv_contoso_sam"),
        (28, "consent.renewAfter", "100d"),
    ]


SECRETS = [
    "abc8Q~" + "Zx9_kLmN3pQrStUvWxYzAbCdEfGhIjKlMn",
    "eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCJ9.eyJhdWQiOiJodHRwczovL2dyYXBoIn0.c2lnbmF0dXJl",
    "0.AXoAq3VxkLmN3pQrStUvWxYzAbCdEfGhIjKlMnOpQrStUv",
    "1.AXoAq3VxkLmN3pQrStUvWxYzAbCdEfGhIjKlMnOpQrStUv",
    "-----BEGIN PRIVATE KEY----- MIIEvQIBADANBg",
    "DefaultEndpointsProtocol=https;AccountName=x;AccountKey=c2VjcmV0c2VjcmV0",
    "c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2U=",
    "https://contoso.com/?sig=q8Zk3vB1x9Lm",
]
PLACES = [
    "displayName: Contoso Partner Integration",  # free text
    "cloud: public",  # refused by the schema, whose message would show the value
    "team: partners",
    "role: Key Vault Secrets User",
    "name: kv-contoso-sam",
]


@pytest.mark.parametrize("secret", SECRETS, ids=lambda secret: secret[:12])
@pytest.mark.parametrize("place", PLACES)
def test_a_literal_secret_is_refused_and_never_shown(tmp_path: Path, place: str, secret: str) -> None:
    key = place.partition(":")[0]
    problems = problems_of(tmp_path, GOOD.replace(place, f'{key}: "{secret}"'))
    assert any("looks like" in problem.what for problem in problems)
    assert secret not in repr(problems)


def test_a_secret_under_a_key_nobody_knows_is_not_shown(tmp_path: Path) -> None:
    (problem,) = problems_of(tmp_path, GOOD.replace("{type: secret,", "{clientSecret: hunter2-plain, type: secret,"))
    assert problem.what == "secrets do not belong in a spec"
    assert "hunter2" not in repr(problem)


@pytest.mark.parametrize("sign", ["\u202e", "\u2066", "\\n"], ids=["override", "isolate", "escape"])
def test_what_a_reviewer_would_not_see_as_it_is_is_refused_in_values_and_keys(tmp_path: Path, sign: str) -> None:
    (in_value,) = problems_of(tmp_path, GOOD.replace("team: partners", f'team: "part{sign}ners"'))
    assert (in_value.path, in_value.what) == ("vault.tags.team", "a line break or control character in a value")
    (in_key,) = problems_of(tmp_path, GOOD.replace("team: partners", f'"te{sign}am": partners'))
    assert in_key.what == "a line break or control character in a key"
    assert in_key.line == GOOD[: GOOD.index("team: partners")].count("\n") + 1


def test_documentation_guids_pass_on_the_emulator_only(tmp_path: Path) -> None:
    text = GOOD.replace("c4a81f3e-26d9-4b57-8e0a-9f13d5b7c620", "00001111-aaaa-2222-bbbb-3333cccc4444")
    assert load(tmp_path, text.replace("cloud: public", "cloud: emulator")).specs


WARNINGS = [
    ("c4a81f3e-26d9-4b57-8e0a-9f13d5b7c620", "§22222222-2222-2222-2222-222222222222", "placeholder"),
    ("[User.Read]", "[User.Read, §Chat.Read]", "not in the catalogue of Microsoft Graph"),
    ("http://localhost:8400/]", "{uri: §http://localhost:8400/, platform: publicClient}]", "AADSTS700025"),
    ("http://localhost:8400/]", "§https://*.contoso.com/]", "wildcard"),
    (
        "  replyUrls: [https://localhost:44395/, http://localhost:8400/]",
        "  §replyUrls: [https://contoso.com/x]",
        "consent cannot listen",
    ),
    ("defaultAction: Deny, allowedIps", "defaultAction: Allow, §allowedIps", "no effect"),
    ("Key Vault Secrets User", "§Key Vault Contributor", "reads nothing in it"),
    ("renewAfter: 7d", "renewAfter: §80d", "counts as expiring before that"),
    ("delegated: [user_impersonation]", "delegated: []", "Partner Center's user_impersonation is not asked for"),
]


@pytest.mark.parametrize(("old", "new", "what"), WARNINGS)
def test_a_warning_does_not_make_a_spec_invalid(tmp_path: Path, old: str, new: str, what: str) -> None:
    text, line, column = broken(old, new)
    (warning,) = load(tmp_path, text).warnings
    assert what in warning.what
    assert "§" not in new or (warning.line, warning.column) == (line, column)


def test_yaml_1_2_scalars_stay_text(tmp_path: Path) -> None:
    tags = "tags: {a: on, b: 22:22, c: 2026-01-01, d: no, e: 0777x}"
    (loaded,) = load(tmp_path, GOOD.replace("tags: {team: partners}", tags)).specs
    assert loaded.spec.vault.tags == {"a": "on", "b": "22:22", "c": "2026-01-01", "d": "no", "e": "0777x"}


def test_a_place_can_be_asked_for_by_path(tmp_path: Path) -> None:
    (loaded,) = load(tmp_path, GOOD).specs
    assert (loaded.place("application.replyUrls[1]").line, loaded.place("vault.tags.team").column) == (10, 16)
    assert loaded.place("vault.sku") == loaded.place("vault"), "what is not written answers with its parent"
