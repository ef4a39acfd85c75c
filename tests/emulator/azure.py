"""Callers of ARM, Key Vault and Partner Center for tests: tokens signed with the cloud's own key, sent by dispatch.

As all answers in the tests, theirs are checked against Microsoft's contracts (tests/contract_report.py).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

import jwt

from provisioner.emulator import clouds, identity, kinds
from provisioner.emulator.dispatch import handle
from provisioner.emulator.kernel import Reply
from provisioner.emulator.seed.directory import CONTOSO, Tenant
from provisioner.emulator.store import Store

OWNER = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635"
READER = "acdd72a7-3385-48ef-bd42-f606fba81ae7"
CONTRIBUTOR = "b24988ac-6180-42a0-ab88-20f7382dd24c"
SECRETS_OFFICER = "b86a8fe4-44ce-4948-aee5-eccb2c155cd7"
SECRETS_USER = "4633458b-17de-408a-b874-0445c86b69e6"
RBAC_ADMINISTRATOR = "f58310d9-a9f6-439a-9e8d-f62e7b41a168"
DATA_ACCESS_ADMINISTRATOR = "8b54135c-b56d-4d72-a534-26097cfdc8d8"


@dataclass(frozen=True)
class Azure:
    """One caller before the cloud. `None` as token sends no Authorization header."""

    store: Store
    tenant: Tenant = CONTOSO
    object_id: str = CONTOSO.runner.object_id
    app_id: str = CONTOSO.runner.client_id
    upn: str | None = None
    amr: tuple[str, ...] = ()
    version: str = "1.0"

    @property
    def cloud(self) -> clouds.Cloud:
        return clouds.CLOUDS[self.tenant.cloud]

    @property
    def subscription(self) -> str:
        return f"/subscriptions/{self.tenant.subscription}"

    def token(self, audience: str, **changed: Any) -> str:
        """A token as Entra signs it; `changed` claims are set, None takes one out."""
        with self.store.transaction() as tx:
            key, now = identity.signing_key(tx, self.tenant.cloud), int(tx.now)
        claims: dict[str, Any] = {
            "aud": audience,
            "iss": f"https://sts.windows.net/{self.tenant.id}/",
            "tid": self.tenant.id,
            "oid": self.object_id,
            "appid": self.app_id,
            "ver": self.version,
            "iat": now,
            "exp": now + 3600,
        }
        if self.upn:
            claims |= {"upn": self.upn, "idtyp": "user", "scp": "user_impersonation", "amr": list(self.amr)}
        else:
            claims |= {"idtyp": "app"}
        claims = {name: value for name, value in (claims | changed).items() if value is not None}
        return jwt.encode(claims, key.private, algorithm="RS256", headers={"kid": key.key_id})

    def arm(self, method: str, path: str, body: Any = None, *, version: str = "2023-07-01", **query: str) -> Reply:
        """A call to ARM; `query` members are written with "_" for "$"."""
        url = f"https://{self.cloud.arm}{quote(path)}?" + _query({"api-version": version} | query)
        return self.send(method, url, body, self.token(f"https://{self.cloud.arm}"))

    def vault(self, method: str, path: str, body: Any = None, *, name: str = "kv-contoso", **query: str) -> Reply:
        """A call to a vault's data plane."""
        url = f"https://{name}{self.cloud.vault_suffix}{path}?" + _query({"api-version": "7.5"} | query)
        return self.send(method, url, body, self.token(self.cloud.vault_audience))

    def partner(
        self, path: str, headers: dict[str, str] | None = None, *, method: str = "GET", body: Any = None
    ) -> Reply:
        """A call to Partner Center."""
        url = f"https://{self.cloud.partner_center}{path}"
        token = self.token(f"https://{self.cloud.partner_center}")
        return self.send(method, url, body, token, headers)

    def consent(self, *grants: tuple[str, str], customer: str | None = None, headers: Any = None, **more: Any) -> Reply:
        """Partner Center's consent to this caller's application in a customer: (resource, scopes) for each grant."""
        listed = [{"enterpriseApplicationId": resource, "scope": scope} for resource, scope in grants]
        path = f"/v1/customers/{customer or self.tenant.customers[0].id}/applicationconsents"
        body = {"applicationId": self.app_id, "displayName": "SAM", "applicationGrants": listed} | more
        return self.partner(path, headers, method="POST", body=body)

    def send(
        self, method: str, url: str, body: Any = None, token: str | None = None, headers: dict[str, str] | None = None
    ) -> Reply:
        """One request."""
        sent = dict(headers or {})
        if token is not None:
            sent["Authorization"] = f"Bearer {token}"
        encoded = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
        return handle(self.store, method, url, sent, encoded)

    def ready_vault(self, **properties: Any) -> Reply:
        """Registered provider, group rg-contoso and vault kv-contoso."""
        self.arm("POST", f"{self.subscription}/providers/Microsoft.KeyVault/register")
        self.arm("PUT", f"{self.subscription}/resourceGroups/rg-contoso", {"location": self.region})
        return self.put_vault(**properties)

    @property
    def region(self) -> str:
        """One of the cloud's."""
        return {"public": "westeurope", "usgov": "usgovvirginia", "china": "chinanorth3"}[self.tenant.cloud]

    def put_vault(self, *, location: str | None = None, version: str = "2026-02-01", **properties: Any) -> Reply:
        """PUT of kv-contoso; a property given as None is left out."""
        wanted = {
            "tenantId": self.tenant.id,
            "sku": {"family": "A", "name": "standard"},
            "accessPolicies": [],
            "enableRbacAuthorization": True,
        } | properties
        wanted = {name: value for name, value in wanted.items() if value is not None}
        return self.arm(
            "PUT", self.vault_id, {"location": location or self.region, "properties": wanted}, version=version
        )

    @property
    def vault_id(self) -> str:
        return f"{self.subscription}/resourceGroups/rg-contoso/providers/Microsoft.KeyVault/vaults/kv-contoso"

    def assign(self, role: str, principal: str | None = None, scope: str | None = None, **more: Any) -> Reply:
        """A role assignment, by default to this caller on kv-contoso; `name` fixes its GUID."""
        name = more.pop("name", f"{role[:-4]}{(principal or self.object_id)[:4]}")
        path = f"{scope or self.vault_id}/providers/Microsoft.Authorization/roleAssignments/{name}"
        definition = f"{self.subscription}/providers/Microsoft.Authorization/roleDefinitions/{role}"
        properties = {"roleDefinitionId": definition, "principalId": principal or self.object_id} | more
        return self.arm("PUT", path, {"properties": properties}, version="2022-04-01")

    def plant(self, kind: str, scope: str, key: str, **members: Any) -> None:
        """Change members of a document, as an administrator elsewhere would."""
        with self.store.transaction() as tx:
            tx.put(kind, scope, key, (tx.get(kind, scope, key) or {}) | members)


def runner(store: Store) -> Azure:
    """The seeded runner of the first tenant: Contributor and RBAC administrator of its subscription."""
    return Azure(store)


def operator(store: Store, tenant: Tenant = CONTOSO, **changed: Any) -> Azure:
    """The seeded Admin agent, signed in with MFA."""
    known = {"object_id": tenant.operator_id, "upn": tenant.operator, "amr": ("pwd", "mfa")}
    return Azure(store, tenant, **(known | changed))


def stranger(store: Store) -> Azure:
    """The seeded colleague, who has no role anywhere."""
    return operator(store, object_id=CONTOSO.colleague_id, upn=CONTOSO.colleague)


def multi_tenant(store: Store, tenant: Tenant = CONTOSO) -> None:
    """Make the runner's application one that customers can consent to."""
    key = tenant.runner.application_id
    Azure(store, tenant).plant(kinds.APPLICATION, tenant.id, key, signInAudience="AzureADMultipleOrgs")


def only(*roles: str) -> str:
    """A condition as the portal writes it: these roles only, and to service principals only."""
    write = "Microsoft.Authorization/roleAssignments"
    return (
        f"((!(ActionMatches{{'{write}/write'}})) OR (@Request[{write}:RoleDefinitionId] ForAnyOfAnyValues:GuidEquals "
        f"{{{', '.join(roles)}}} AND @Request[{write}:PrincipalType] ForAnyOfAnyValues:StringEqualsIgnoreCase "
        f"{{'ServicePrincipal'}})) AND ((!(ActionMatches{{'{write}/delete'}})) OR (@Resource[{write}:RoleDefinitionId] "
        f"ForAnyOfAnyValues:GuidEquals {{{', '.join(roles)}}}))"
    )


def own(azure: Azure, role: str, scope: str | None = None, **more: str) -> None:
    """Give a caller a role as an owner of the subscription would: written straight into the cloud."""
    place = scope or azure.subscription
    key = f"{place}/providers/Microsoft.Authorization/roleAssignments/{azure.object_id[:24]}{role[-12:]}"
    properties = {
        "roleDefinitionId": f"{azure.subscription}/providers/Microsoft.Authorization/roleDefinitions/{role}",
        "principalId": azure.object_id,
        "scope": place,
    } | more
    azure.plant(
        kinds.ROLE_ASSIGNMENT,
        azure.tenant.subscription,
        key.lower(),
        id=key,
        name=key.rsplit("/", 1)[-1],
        type="Microsoft.Authorization/roleAssignments",
        properties=properties,
    )


def read(reply: Reply) -> Any:
    """The body as JSON, byte order mark or not."""
    return json.loads(reply.body.decode("utf-8-sig")) if isinstance(reply.body, bytes) else reply.body


def _query(members: dict[str, str]) -> str:
    return urlencode(
        {name.replace("_", "$", 1) if name.startswith("_") else name: each for name, each in members.items()}
    )
