"""Which application a spec means, for every kind and verb that looks one up."""

from __future__ import annotations

from dataclasses import dataclass

from provisioner.clients.graph import GraphClient
from provisioner.clients.graph_facts import ApplicationFacts
from provisioner.spec.model import Spec


@dataclass(frozen=True)
class ApplicationKey:
    """unique_name: the spec's name. app_id: under adopt and use, whose identity it is; else "" (design section 5)."""

    unique_name: str
    app_id: str = ""

    def __str__(self) -> str:
        return f"with appId {self.app_id}" if self.app_id else self.unique_name

    async def find(self, graph: GraphClient) -> ApplicationFacts | None:
        """The application, if it is there. Raises ApiError."""
        if self.app_id:
            return await graph.find_application_by_app_id(self.app_id)
        return await graph.find_application(self.unique_name)

    async def find_deleted(self, graph: GraphClient) -> ApplicationFacts | None:
        """The soft-deleted one. Raises ApiError."""
        if self.app_id:
            return await graph.find_deleted_application_by_app_id(self.app_id)
        return await graph.find_deleted_application(self.unique_name)


def application_key(spec: Spec) -> ApplicationKey:
    return ApplicationKey(spec.name, spec.application.app_id or "")


def absence(spec: Spec) -> tuple[str, str]:
    """What is said where a verb needs an application that is not there, and the next step."""
    key = application_key(spec)
    step = f"correct application.appId: mode: {spec.application.mode} makes none" if key.app_id else _APPLY
    return f"the application {key} does not exist in tenant {spec.tenant}", step


_APPLY = "provisioner apply SPEC"
