"""Microsoft's own clients of ARM and Key Vault, unchanged, before the emulator: what they send holds the contracts."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from azure.core.credentials import AccessToken
from azure.core.pipeline.transport import HttpResponse, HttpTransport
from azure.keyvault.secrets import SecretClient
from azure.mgmt.authorization import AuthorizationManagementClient
from azure.mgmt.keyvault import KeyVaultManagementClient
from azure.mgmt.keyvault.models import VaultCreateOrUpdateParameters
from azure.mgmt.resource.resources import ResourceManagementClient
from requests.structures import CaseInsensitiveDict

from provisioner.emulator.dispatch import handle
from provisioner.emulator.kernel import Reply
from provisioner.emulator.seed.directory import CONTOSO
from provisioner.emulator.store import Store
from tests.contracts import NotDescribed, check_request

from .azure import SECRETS_OFFICER, UNDESCRIBED, Azure, runner


class _Response(HttpResponse):
    """The emulator's reply in azure-core's clothes."""

    def __init__(self, request: Any, reply: Reply) -> None:
        super().__init__(request, None)
        self.status_code = reply.status
        self.content, content_type = reply.encoded()
        self.headers = CaseInsensitiveDict({"content-type": content_type or "", **reply.headers})
        self.content_type = content_type
        self.reason = str(reply.status)

    def body(self) -> bytes:
        return self.content

    def read(self) -> bytes:
        return self.content

    def json(self) -> Any:
        return json.loads(self.content)

    def iter_bytes(self) -> Iterator[bytes]:
        yield self.content

    def stream_download(self, *_: Any, **__: Any) -> Iterator[bytes]:
        yield self.content


class _Transport(HttpTransport[Any, Any]):
    """Sends by dispatch, each request checked before."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def __enter__(self) -> _Transport:
        return self

    def __exit__(self, *_: object) -> None: ...
    def open(self) -> None: ...
    def close(self) -> None: ...

    def send(self, request: Any, **_: Any) -> _Response:
        parts = urlsplit(request.url)
        service = "arm" if "management" in str(parts.hostname) else "key_vault"
        path, body = unquote(parts.path), request.body or b""
        body = body.encode() if isinstance(body, str) else body
        try:
            if "Authorization" in request.headers:  # the first request to a vault goes out without token or body
                check_request(service, request.method, path, dict(parse_qsl(parts.query)), body)
        except NotDescribed:
            assert UNDESCRIBED.keys() & set(path.split("/")), f"{request.method} {path} is in no contract"
        return _Response(request, handle(self.store, request.method, request.url, dict(request.headers), body))


class _Credential:
    """Tokens of the cloud's own making."""

    def __init__(self, azure: Azure) -> None:
        self.azure = azure

    def get_token(self, *scopes: str, **_: Any) -> AccessToken:
        return AccessToken(self.azure.token(scopes[0].removesuffix("/.default")), 9_999_999_999)

    def close(self) -> None: ...


def test_microsofts_clients_make_a_vault_and_keep_a_secret(store: Store) -> None:
    azure, transport = runner(store), _Transport(store)
    credential = _Credential(azure)
    resources = ResourceManagementClient(credential, CONTOSO.subscription, transport=transport, polling_interval=0)
    assert resources.providers.register("Microsoft.KeyVault").registration_state == "Registering"
    assert resources.resource_groups.create_or_update("rg-contoso", {"location": "westeurope"}).id
    vaults = KeyVaultManagementClient(credential, CONTOSO.subscription, transport=transport, polling_interval=0).vaults
    settings = {"tenantId": CONTOSO.id, "sku": {"family": "A", "name": "standard"}, "accessPolicies": []}
    wanted = _vault(settings | {"enableRbacAuthorization": True})
    vault = vaults.begin_create_or_update("rg-contoso", "kv-contoso", wanted).result()
    assert vault.id == azure.vault_id
    assert vault.properties.vault_uri
    roles = AuthorizationManagementClient(credential, CONTOSO.subscription, transport=transport)
    definition = f"{azure.subscription}/providers/Microsoft.Authorization/roleDefinitions/{SECRETS_OFFICER}"
    assignment = {"roleDefinitionId": definition, "principalId": azure.object_id, "principalType": "ServicePrincipal"}
    made = roles.role_assignments.create(vault.id, str(uuid.uuid4()), {"properties": assignment})
    assert made.id in [each.id for each in roles.role_assignments.list_for_scope(vault.id, filter="atScope()")]
    secrets = SecretClient(vault.properties.vault_uri, credential, transport=transport)
    version = secrets.set_secret("token", "one", tags={"a": "b"}).properties.version
    assert secrets.get_secret("token").value == "one"
    assert [each.version for each in secrets.list_properties_of_secret_versions("token")] == [version]
    secrets.begin_delete_secret("token").result()
    secrets.begin_recover_deleted_secret("token").result()
    assert secrets.update_secret_properties("token", enabled=True).enabled
    vaults.delete("rg-contoso", "kv-contoso")
    deleted = vaults.get_deleted("kv-contoso", "westeurope")
    assert deleted.as_dict()["properties"]["vaultId"] == vault.id
    wanted = _vault(settings | {"createMode": "recover"})
    assert vaults.begin_create_or_update("rg-contoso", "kv-contoso", wanted).result().id == vault.id


def _vault(properties: dict[str, Any]) -> VaultCreateOrUpdateParameters:
    return VaultCreateOrUpdateParameters({"location": "westeurope", "properties": properties})
