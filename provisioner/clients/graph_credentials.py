"""The credentials of an application in Graph: client secrets, certificates, trusted tokens (sam-facts 5.2)."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from typing import TYPE_CHECKING, Any

from provisioner.clients import graph_facts as facts
from provisioner.clients.graph_transport import GraphTransport
from provisioner.core.errors import NotFoundError
from provisioner.core.secret import Secret

if TYPE_CHECKING:
    from msgraph.generated.applications.item.application_item_request_builder import ApplicationItemRequestBuilder


class GraphCredentials:
    """Raises ApiError's classes. All of them belong to the application with an object id."""

    def __init__(self, transport: GraphTransport) -> None:
        self._transport = transport

    async def add_password(self, object_id: str, display_name: str, ends_at: datetime) -> tuple[str, Secret]:
        """A new client secret: its keyId and its value, which Graph shows this once only."""
        from msgraph.generated.applications.item.add_password.add_password_post_request_body import (
            AddPasswordPostRequestBody,
        )
        from msgraph.generated.models.password_credential import PasswordCredential

        body = AddPasswordPostRequestBody(
            password_credential=PasswordCredential(display_name=display_name, end_date_time=ends_at)
        )
        request = self._application(object_id).add_password.to_post_request_information(body)
        return facts.new_password((await self._transport.write(request, f"add a secret to {object_id}")).body)

    async def remove_password(self, object_id: str, key_id: str) -> None:
        """Remove a client secret by its keyId."""
        from uuid import UUID

        from msgraph.generated.applications.item.remove_password.remove_password_post_request_body import (
            RemovePasswordPostRequestBody,
        )

        body = RemovePasswordPostRequestBody(key_id=UUID(key_id))
        request = self._application(object_id).remove_password.to_post_request_information(body)
        await self._transport.write(request, f"remove secret {key_id}")

    async def put_keys(
        self, object_id: str, kept: Sequence[facts.KeyCredential], added: Sequence[facts.NewKey] = ()
    ) -> None:
        """Replace the list of certificates: Graph takes it whole, so `kept` are sent back as they were read.

        An entry that goes back with its keyId and a null key stays what it is (sam-facts 5.2).
        """
        from kiota_abstractions.method import Method
        from kiota_abstractions.request_information import RequestInformation

        entries = [*({**key.wire, "key": None} for key in kept), *map(_entry, added)]
        request = RequestInformation(Method.PATCH, "{+baseurl}/applications/{id}", {"id": object_id})
        request.set_stream_content(json.dumps({"keyCredentials": entries}).encode(), "application/json")
        await self._transport.write(request, f"set the certificates of {object_id}")

    async def list_federated(self, object_id: str) -> tuple[facts.FederatedCredential, ...]:
        """The tokens the application trusts."""
        path = f"/applications/{object_id}/federatedIdentityCredentials"
        items = await self._transport.list_all(path, f"list federated credentials of {object_id}")
        return tuple(facts.federated_credential(item) for item in items)

    async def add_federated(self, object_id: str, credential: facts.FederatedCredential) -> facts.FederatedCredential:
        """Trust the tokens of an issuer for a subject; `credential.id` is not read."""
        from msgraph.generated.models.federated_identity_credential import FederatedIdentityCredential

        body = FederatedIdentityCredential(
            name=credential.name,
            issuer=credential.issuer,
            subject=credential.subject,
            audiences=[credential.audience],
            description=credential.description,
        )
        request = self._application(object_id).federated_identity_credentials.to_post_request_information(body)
        return facts.federated_credential(
            (await self._transport.write(request, f"trust {credential.subject} in {object_id}")).body
        )

    async def update_federated(self, object_id: str, credential: facts.FederatedCredential) -> None:
        """Change the audience and the description of the trust with `credential.id`; its name never changes."""
        from msgraph.generated.models.federated_identity_credential import FederatedIdentityCredential

        body = FederatedIdentityCredential(audiences=[credential.audience], description=credential.description)
        builder = self._application(object_id).federated_identity_credentials
        request = builder.by_federated_identity_credential_id(credential.id).to_patch_request_information(body)
        await self._transport.write(request, f"change the trust in {credential.subject} of {object_id}")

    async def remove_federated(self, object_id: str, credential_id: str) -> None:
        """Trust them no longer; one that is gone already is no error."""
        builder = self._application(object_id).federated_identity_credentials
        request = builder.by_federated_identity_credential_id(credential_id).to_delete_request_information()
        with suppress(NotFoundError):
            await self._transport.write(request, f"remove federated credential {credential_id}")

    def _application(self, object_id: str) -> ApplicationItemRequestBuilder:
        return self._transport.build.applications.by_application_id(object_id)


def _entry(key: facts.NewKey) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "type": "AsymmetricX509Cert",
        "usage": "Verify",
        "displayName": key.display_name,
        "key": base64.b64encode(key.der).decode(),
    }
    for name, time in (("startDateTime", key.starts_at), ("endDateTime", key.ends_at)):
        if time is not None:
            entry[name] = time.isoformat().replace("+00:00", "Z")
    return entry
