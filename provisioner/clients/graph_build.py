"""msgraph-sdk's builders, which writes are built with: sending them is GraphTransport's.

A module of its own, because importing them takes longer than all reads of a plan.
"""

from __future__ import annotations

from typing import Any, NoReturn, cast

from kiota_abstractions.request_adapter import RequestAdapter
from kiota_abstractions.serialization import SerializationWriterFactory
from kiota_serialization_json.json_serialization_writer_factory import JsonSerializationWriterFactory
from msgraph.graph_service_client import GraphServiceClient


def builders(root: str) -> GraphServiceClient:
    """The SDK's tree of request builders. root: Graph's origin with the version."""
    return GraphServiceClient(request_adapter=cast("Any", _BuildOnlyAdapter(root)))


class _BuildOnlyAdapter(RequestAdapter):
    """Lets the SDK's builders make requests; sending is GraphTransport's."""

    def __init__(self, base_url: str) -> None:
        self.base_url = base_url

    def get_serialization_writer_factory(self) -> SerializationWriterFactory:
        return JsonSerializationWriterFactory()

    def _sends_nothing(self) -> NoReturn:
        raise TypeError("requests are sent by GraphTransport")

    async def send_async(self, *_: Any) -> NoReturn:
        self._sends_nothing()

    async def send_collection_async(self, *_: Any) -> NoReturn:
        self._sends_nothing()

    async def send_collection_of_primitive_async(self, *_: Any) -> NoReturn:
        self._sends_nothing()

    async def send_primitive_async(self, *_: Any) -> NoReturn:
        self._sends_nothing()

    async def send_no_response_content_async(self, *_: Any) -> NoReturn:
        self._sends_nothing()

    async def convert_to_native_async(self, *_: Any) -> NoReturn:
        self._sends_nothing()

    def enable_backing_store(self, *_: Any) -> None:
        """The client asks for it when it is made; our bodies are built once and sent, so nothing is tracked."""
