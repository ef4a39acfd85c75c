"""Plain reads of Azure Resource Manager on azure-core's pipeline: a documented path in, JSON out.

What every plan reads is read so, because importing Microsoft's SDK for it costs more than the read. What goes wrong is
raised as the SDK would raise it.
"""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

from azure.core import AsyncPipelineClient
from azure.core.exceptions import DecodeError, HttpResponseError, ResourceNotFoundError
from azure.core.pipeline.policies import AsyncBearerTokenCredentialPolicy, ContentDecodePolicy
from azure.core.pipeline.transport import AioHttpTransport
from azure.core.rest import AsyncHttpResponse, HttpRequest

from provisioner.clients.clouds import CloudEndpoints
from provisioner.clients.identity import RunnerCredential


class ArmReads:
    """Raises azure-core's errors; ValueError, KeyError or TypeError for an answer that is not in its shape."""

    def __init__(self, cloud: CloudEndpoints, credential: RunnerCredential, transport: AioHttpTransport) -> None:
        self._origin = cloud.arm
        authorized = AsyncBearerTokenCredentialPolicy(credential, f"{cloud.arm}/.default")
        self._client: AsyncPipelineClient[HttpRequest, AsyncHttpResponse] = AsyncPipelineClient(
            cloud.arm, policies=[ContentDecodePolicy(), authorized], transport=transport
        )

    async def get(self, path: str, version: str) -> Any:
        """One object, by its ARM id; an answer of another shape is for its reader to refuse."""
        return await self._send(self._url(path), {"api-version": version})

    async def list(self, path: str, version: str, where: str = "") -> list[Any]:
        """A collection, all pages. where: `$filter`."""
        filtered = {"$filter": where} if where else {}
        page = await self._send(self._url(path), {"api-version": version, **filtered})
        found = _items(page)
        while (following := page.get("nextLink")) not in (None, ""):
            if not following.startswith(f"{self._origin}/"):
                raise ValueError("the next page is on another host")
            page = await self._send(following)
            found += _items(page)
        return found

    def _url(self, path: str) -> str:
        return f"{self._origin}{quote(path)}"

    async def _send(self, url: str, parameters: dict[str, str] | None = None) -> Any:
        request = HttpRequest("GET", url, params=parameters, headers={"Accept": "application/json"})
        response = await self._client.send_request(request)
        if response.status_code == 404:
            raise ResourceNotFoundError(response=response)
        if response.status_code != 200:
            raise HttpResponseError(response=response)
        try:
            return json.loads(response.content)
        except (ValueError, RecursionError) as error:
            raise DecodeError(response=response, error=error) from error


def _items(page: Any) -> list[Any]:
    items = page["value"]
    if not isinstance(items, list):
        raise TypeError("a collection is a list")
    return items
