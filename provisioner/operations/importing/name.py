"""The spec's name for an application that was there before: once applied it is our mark, and it never changes."""

from __future__ import annotations

import re

from provisioner.clients.graph import GraphClient
from provisioner.clients.graph_facts import ApplicationFacts
from provisioner.resources.application_spec import marked_name

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_LONGEST = 80


async def spec_name(application: ApplicationFacts, graph: GraphClient) -> tuple[str, str]:
    """The name, and where it comes from. Raises ApiError.

    An application that has no uniqueName is given the spec's name as one, so that must be no other's.
    """
    mark = marked_name(application)
    if _NAME.fullmatch(mark):
        return mark, "the spec of this name keeps it already: a second one is of use only where that one is lost"
    if _NAME.fullmatch(application.unique_name):
        return application.unique_name, "its uniqueName"
    words = re.sub(r"[^A-Za-z0-9]+", "-", application.display_name.lower()).strip("-")[:_LONGEST].rstrip("-")
    name = words or f"sam-{application.app_id[:8]}"
    if application.unique_name:
        return name, "chosen; its uniqueName is no name of a spec, and stays"
    if await graph.find_application(name) is not None:
        return f"{name}-{application.app_id[:8]}", f"chosen; {name} is another application's uniqueName"
    return name, "chosen by its display name; it becomes its uniqueName, for good"
