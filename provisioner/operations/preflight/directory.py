"""What the directory allows and holds: the runner's permissions, names, policies, Partner Center's principal."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable

from provisioner.core.address import Address
from provisioner.core.errors import ApiError
from provisioner.core.observation import Present, Unknown
from provisioner.operations.explain_needs import grant_command
from provisioner.operations.preflight.check import Check, Scene, failed, lacking, passed, unknown, unread, untold
from provisioner.resources.contract import Right
from provisioner.resources.credential import policy
from provisioner.resources.rights import (
    CREATE_API_PRINCIPAL,
    READ_POLICIES,
    WRITE_APP_ROLES,
    WRITE_GRANTS,
    WRITE_OWN_APPLICATION,
)
from provisioner.spec.model import CredentialType
from provisioner.spec.whole_months import months

_WRITES: tuple[tuple[str, Right, tuple[str, ...]], ...] = (
    ("applications", WRITE_OWN_APPLICATION, ("application", "service_principal", "credential")),
    ("apiPrincipals", CREATE_API_PRINCIPAL, ("api_service_principal",)),
    ("grants", WRITE_GRANTS, ("grant",)),
    ("appRoles", WRITE_APP_ROLES, ("app_role_assignment",)),
)


async def directory(scene: Scene) -> tuple[Check, ...]:
    """All of the directory's checks."""
    policies, *advisory = await asyncio.gather(_policies(scene), _security_defaults(scene), _conditional_access(scene))
    return (*permissions(scene), _unique_name(scene), _partner_center(scene), policies, *advisory)


def permissions(scene: Scene) -> tuple[Check, ...]:
    """By kind of step: has it, lacks it though it is needed now, or lacks it and nothing needs it."""
    runner, spec, cloud = scene.tenant.runner, scene.spec, scene.tenant.clients.cloud
    checks: list[Check] = []
    for name, right, kinds in _WRITES:
        held = sorted((runner.roles | runner.scopes) & set(right.names))
        if held:
            checks.append(passed(name, f"the runner has {held[0]}: {right.why}"))
        else:
            text = f"the runner has neither {right.names[0]} nor anything wider: {right.why}"
            command = grant_command(spec, runner, cloud, right.names[0])
            checks.append(lacking(name, scene.need(*kinds), text, command))
    return tuple(checks)


def _unique_name(scene: Scene) -> Check:
    name, spec = "uniqueName", scene.spec
    seen = scene.known.get(Address(spec.name, "application"))
    if isinstance(seen, Unknown):
        return untold(name, seen)
    if isinstance(seen, Present):
        application = seen.fact.application
        if f"provisioner:{spec.name}" in application.tags:
            return passed(name, f"the application {spec.name} is ours (appId {application.app_id})")
        text = f"an application {spec.name} exists without our mark (appId {application.app_id})"
        return failed(name, text, "choose another name in the spec")
    remains = seen.remains
    if remains is None:
        return passed(name, f"the uniqueName {spec.name} is free")
    if f"provisioner:{spec.name}" in remains.tags:
        return passed(name, f"a deleted application of ours holds {spec.name}: apply restores it")
    text = f"a deleted application that is not ours holds {spec.name}"
    url = f"{scene.tenant.clients.cloud.graph}/v1.0/directory/deletedItems/{remains.id}"
    return failed(
        name, text, f"choose another name in the spec, or have its owner run: az rest --method DELETE --url {url}"
    )


def _partner_center(scene: Scene) -> Check:
    name = "partnerCenter"
    seen = scene.known.get(Address(scene.spec.name, "api_service_principal", "Microsoft Partner Center"))
    if isinstance(seen, Present):
        return passed(name, "Partner Center's service principal is in the tenant")
    if isinstance(seen, Unknown):
        return untold(name, seen)
    if scene.tenant.runner.may(*CREATE_API_PRINCIPAL.names):
        return passed(name, "Partner Center's service principal is missing: apply makes it")
    text = "Partner Center's service principal is missing, and the runner may not make it"
    return failed(
        name, text, "az ad sp create --id fa3d9a0c-3fb0-42cc-9193-47c7ecd2edbd   # an Application Administrator"
    )


async def _policies(scene: Scene) -> Check:
    name, spec = "appManagementPolicy", scene.spec
    kind: CredentialType = spec.application.credential.type
    if kind == "federated":
        return passed(name, "app-management policies say nothing of federated credentials")
    seen = scene.known.fact(Address(spec.name, "application"))
    found = await policy.read_policies(None if seen is None else seen.application, scene.reader)
    if isinstance(found, Unknown):
        accepted = policy.CHECK in spec.safety.accept
        right = f"give the runner one of: {READ_POLICIES.told()}" if found.right else found.next_step
        step = right if accepted else f"{right}; or write safety: {{accept: [{policy.CHECK}]}} into the spec"
        return unknown(name, found.why, step, advisory=accepted)
    lifetime = spec.application.credential.lifetime.value
    now = scene.tenant.clients.clock.now()
    if kind == "certificate":
        lifetime = policy.whole_months(now, months(lifetime))
    credential = scene.known.fact(Address(spec.name, "credential", spec.application.credential.name))
    brought = credential is not None and credential.certificate.is_brought
    refused = policy.refusal(found, policy.Addition(kind, lifetime, self_signed=not brought))
    if refused is not None:
        return failed(name, refused.reason, refused.todo)
    return passed(name, f"no app-management policy refuses a {kind} of {policy.days(lifetime)}")


async def _security_defaults(scene: Scene) -> Check:
    name = "securityDefaults"

    async def look() -> Check:
        on = await scene.tenant.clients.graph.policies.security_defaults()
        told = (
            "on: every account must register for MFA"
            if on
            else "off: MFA comes from Conditional Access, or is asked for"
        )
        return passed(name, f"security defaults are {told}")

    return await _advisory(name, look())


async def _conditional_access(scene: Scene) -> Check:
    """Which of them binds whom is decided at the sign-in: they are named, not judged."""
    name = "conditionalAccess"

    async def look() -> Check:
        found = await scene.tenant.clients.graph.policies.conditional_access()
        if not found:
            return passed(name, "no Conditional Access policy is on")
        return passed(name, f"on: {', '.join(found)}; the account must be able to meet them from where it signs in")

    return await _advisory(name, look())


async def _advisory(name: str, look: Awaitable[Check]) -> Check:
    try:
        return await look
    except ApiError as error:
        return unread(name, error, Right("graph", ("Policy.Read.All",)), advisory=True)
