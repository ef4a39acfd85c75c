"""Whatever an application and a vault hold, the spec that describes them is valid, and no text of theirs gets out."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from provisioner.clients.arm_facts import RoleAssignmentFacts, VaultFacts
from provisioner.clients.graph_facts import ApplicationFacts, PasswordCredential, RequiredPermission
from provisioner.clients.key_vault import SecretFacts
from provisioner.core.address import Address
from provisioner.core.errors import SpecError
from provisioner.core.observation import Known
from provisioner.operations.author import written
from provisioner.operations.importing import secrets
from provisioner.operations.importing.compose import draft_of
from provisioner.operations.importing.look import Seen
from provisioner.operations.importing.prune import pruned
from provisioner.operations.importing.run import spec_of
from provisioner.operations.importing.wish import Wish
from provisioner.resources.access_spec import access_fragment
from provisioner.resources.application_spec import application_fragment
from provisioner.resources.contract import SpecFragment
from provisioner.resources.credential.kind import Credential, on_application
from provisioner.resources.refresh_token import RefreshToken
from provisioner.resources.token_state import TokenFact
from provisioner.resources.vault_spec import vault_fragment
from provisioner.spec.catalogue_table import APIS
from provisioner.spec.vault_roles import VAULT_ROLES

NOW = datetime(2026, 11, 30, tzinfo=UTC)
APP_ID = "8d3c1f0e-52b7-4f3a-9a4e-7c1d2b6e5f90"
SECRET_LIKE = "abc8Q~" + "Zx9_kLmN3pQrStUvWxYzAbCdEfGhIjKlMn"
TENANT = "contoso.onmicrosoft.com"
SUBSCRIPTION = "6f2b8e57-9c1d-4a3e-b0f4-2d7c85e1a963"
A_WISH = Wish("x", TENANT, SUBSCRIPTION, "public", "kv-theirs")
AN_APPLICATION = ApplicationFacts(
    APP_ID, APP_ID, "", "SAM", "AzureADMyOrg", (), (), (), (), "", id_token_issuance=False, required=(), passwords=()
)

odd = st.sampled_from([SECRET_LIKE, "a\nb: c", "${x}", "\u202eevil", "yes", "# x", "'", "password", "", " ", "*" * 300])
text = st.one_of(odd, st.text(max_size=130))
urls = st.one_of(
    text,
    st.builds(
        "{}://{}{}".format,
        st.sampled_from(["https", "http", "ms-app", "urn:ietf:wg:oauth"]),
        st.sampled_from(["localhost", "localhost:8400", "127.0.0.1", "a.example", "*.example", "[::1]"]),
        st.sampled_from(["", "/", "/cb", "/cb#f", f"/?sig={SECRET_LIKE}", "/$"]),
    ),
)
url_lists = st.lists(urls, max_size=4).map(tuple)
guids = st.uuids().map(str)
catalogued = st.sampled_from(
    [(api.app_id, entry.scope_id or entry.role_id) for api in APIS for entry in api.permissions]
)
permissions = st.builds(
    lambda pair, kind: RequiredPermission(pair[0], pair[1] or APP_ID, kind),
    st.one_of(catalogued, st.tuples(guids, guids)),
    st.sampled_from(["Scope", "Role"]),
)
applications = st.builds(
    ApplicationFacts,
    id=guids,
    app_id=guids,
    unique_name=text,
    display_name=text,
    sign_in_audience=st.sampled_from(["AzureADMyOrg", "AzureADandPersonalMicrosoftAccount", ""]),
    tags=st.lists(st.one_of(text, text.map("provisioner:{}".format)), max_size=3).map(tuple),
    web_redirect_uris=url_lists,
    public_redirect_uris=url_lists,
    spa_redirect_uris=url_lists,
    home_page_url=urls,
    id_token_issuance=st.booleans(),
    required=st.lists(permissions, max_size=6).map(tuple),
    passwords=st.lists(st.builds(PasswordCredential, guids, text, st.none()), max_size=2).map(tuple),
)
vaults = st.builds(
    VaultFacts,
    id=st.just(f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-theirs/providers/Microsoft.KeyVault/vaults/kv-theirs"),
    name=st.just("kv-theirs"),
    location=st.just("westeurope"),
    tenant=guids,
    sku=st.sampled_from(["standard", "premium", "Premium"]),
    rbac=st.booleans(),
    purge_protection=st.booleans(),
    soft_delete_retention_days=st.sampled_from([None, 7, 90]),
    public_network_access=st.sampled_from(["Enabled", "Disabled", "SecuredByPerimeter"]),
    default_action=st.sampled_from(["Allow", "Deny", ""]),
    allowed_ips=st.lists(st.sampled_from(["203.0.113.7/32", "198.51.100.0/24", "10.0.0.1/32"]), max_size=3).map(tuple),
    bypass=st.sampled_from(["AzureServices", "None"]),
    virtual_network_rules=st.just(()),
    tags=st.dictionaries(text, text, max_size=4),
)
assignments = st.builds(
    RoleAssignmentFacts,
    id=text,
    name=guids,
    scope=st.just(f"/subscriptions/{SUBSCRIPTION}/resourceGroups/r/providers/Microsoft.KeyVault/vaults/kv-theirs"),
    role_id=st.one_of(guids, st.sampled_from(list(VAULT_ROLES.values()))),
    principal_id=guids,
    principal_type=st.sampled_from(["User", "Group", "ServicePrincipal", "ForeignGroup"]),
    description=st.sampled_from(["", "provisioner:x:operator", "provisioner:x:runner"]),
    condition=st.sampled_from(["", "@x"]),
)
stored = st.lists(
    st.builds(
        SecretFacts,
        name=st.sampled_from(["RefreshToken", "sam-credential", "rt", "sql", "refresh"]),
        version=st.just(""),
        enabled=st.booleans(),
        created_at=st.just(NOW),
        expires_at=st.none(),
        content_type=text,
        tags=st.dictionaries(st.sampled_from(["account", "x"]), text, max_size=2),
    ),
    max_size=3,
)
names = st.sampled_from(["sam", "contoso-sam", "a.b_c"])


def seen_as(
    name: str,
    application: ApplicationFacts,
    vault: VaultFacts | None,
    roles: list[RoleAssignmentFacts],
    held: list[SecretFacts],
) -> Seen:
    tokens = secrets.refresh_tokens(held, name)
    credential = secrets.credential_name(name, held)
    facts = {Address(name, "refresh_token", token.name): TokenFact(token, APP_ID) for token in tokens[:1]}
    fragments = {
        "application": application_fragment(application, {}),
        "grant": SpecFragment({}),
        "app_role_assignment": SpecFragment({}),
        "credential": Credential().to_spec({Address(name, "credential", credential): on_application(application)}),
        "vault": SpecFragment({}) if vault is None else vault_fragment(vault),
        "role_assignment": access_fragment(roles, ()),
        "refresh_token": RefreshToken().to_spec(facts),
    }
    return Seen(application, vault, (), name, "chosen", Known(), fragments, credential, tokens, ("a\nb",))


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(names, applications, vaults, st.lists(assignments, max_size=3), stored, st.sampled_from(["adopt", "use"]))
def test_a_spec_of_anything_is_valid_and_holds_no_secret(
    name: str,
    application: ApplicationFacts,
    vault: VaultFacts,
    roles: list[RoleAssignmentFacts],
    held: list[SecretFacts],
    mode: str,
) -> None:
    wish = Wish("x", TENANT, SUBSCRIPTION, "public", "kv-theirs", "use" if mode == "use" else "adopt")
    draft = pruned(draft_of(seen_as(name, application, vault, roles, held), wish, NOW))
    done = written(draft, "imported.yaml")
    assert done.spec.application.app_id == application.app_id
    assert SECRET_LIKE not in done.text
    assert "\u202e" not in done.text


def test_a_left_out_name_is_told_with_nothing_escaped_that_can_be_read() -> None:
    application = replace(AN_APPLICATION, display_name="Größe „M“\nx\u202e")
    draft = pruned(draft_of(seen_as("sam", application, None, [], []), A_WISH, NOW))
    assert "displayName" not in draft.document["application"]
    (told,) = [line for lines in draft.omitted.values() for line in lines if "displayName" in line]
    assert r"application.displayName Größe „M“\nx\u202e:" in told


def test_what_makes_no_spec_says_too_what_could_not_be_read() -> None:
    seen = seen_as("sam", AN_APPLICATION, None, [], [])
    seen = replace(seen, name="no name", unread=("vault: it answered 503",))
    with pytest.raises(SpecError) as caught:
        spec_of(seen, A_WISH, NOW, "imported.yaml")
    assert "name" in [problem.path for problem in caught.value.problems]
    assert "vault: it answered 503" in caught.value.next_step
