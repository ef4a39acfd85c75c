"""What the directory allows and holds: the runner's permissions, names, policies, Partner Center's principal."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable

from provisioner.clients.graph_facts import ApplicationFacts
from provisioner.core.address import Address
from provisioner.core.errors import ApiError
from provisioner.core.observation import Present, Unknown
from provisioner.operations.explain_needs import grant_command, own_command
from provisioner.operations.preflight.check import Check, Scene, failed, lacking, passed, unknown, unread, untold
from provisioner.resources.application_key import application_key
from provisioner.resources.contract import Right
from provisioner.resources.credential import policy
from provisioner.resources.marks import application_tag, other_spec
from provisioner.resources.rights import (
    CREATE_API_PRINCIPAL,
    READ_APPLICATIONS,
    READ_POLICIES,
    WRITE_APP_ROLES,
    WRITE_GRANTS,
    WRITE_OWN_APPLICATION,
)
from provisioner.spec.model import CredentialType, Spec
from provisioner.spec.whole_months import months

_WRITES: tuple[tuple[str, Right, tuple[str, ...]], ...] = (
    ("applications", WRITE_OWN_APPLICATION, ("application", "service_principal", "credential")),
    ("apiPrincipals", CREATE_API_PRINCIPAL, ("api_service_principal",)),
    ("grants", WRITE_GRANTS, ("grant",)),
    ("appRoles", WRITE_APP_ROLES, ("app_role_assignment",)),
)


async def directory(scene: Scene) -> tuple[Check, ...]:
    """All of the directory's checks."""
    policies, owner, *advisory = await asyncio.gather(
        _policies(scene), _ownership(scene), _security_defaults(scene), _conditional_access(scene)
    )
    return (*permissions(scene), _application(scene), owner, _partner_center(scene), policies, *advisory)


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


def _application(scene: Scene) -> Check:
    """That the application may be made, or is the one that is meant."""
    name, spec = "uniqueName", scene.spec
    key = application_key(spec)
    seen = scene.known.get(Address(spec.name, "application"))
    if isinstance(seen, Unknown):
        return untold(name, seen)
    if isinstance(seen, Present):
        return _application_there(name, spec, seen.fact.application)
    remains = seen.remains
    if key.app_id:
        if remains is None:
            return failed(name, f"there is no application {key} in the tenant", "correct application.appId in the spec")
        url = f"{scene.tenant.clients.cloud.graph}/v1.0/directory/deletedItems/{remains.id}/restore"
        return failed(name, f"the application {key} was deleted", f"az rest --method POST --url {url}")
    if remains is None:
        return passed(name, f"the uniqueName {spec.name} is free")
    if application_tag(spec.name) in remains.tags:
        return passed(name, f"a deleted application of ours holds {spec.name}: apply restores it")
    text = f"a deleted application that is not ours holds {spec.name}"
    url = f"{scene.tenant.clients.cloud.graph}/v1.0/directory/deletedItems/{remains.id}"
    return failed(
        name, text, f"choose another name in the spec, or have its owner run: az rest --method DELETE --url {url}"
    )


def _application_there(name: str, spec: Spec, application: ApplicationFacts) -> Check:
    app_id, mode = application.app_id, spec.application.mode
    if mode == "use":
        return passed(name, f"the application with appId {app_id} is there; it is managed elsewhere")
    other = other_spec(application.tags, spec.name)
    if mode == "adopt" and other is not None:
        return failed(name, f"the application with appId {app_id} belongs to the spec {other}", "write mode: use")
    if application_tag(spec.name) in application.tags:
        return passed(name, f"the application {spec.name} is ours (appId {app_id})")
    if mode == "adopt":
        return passed(name, f"the application with appId {app_id} is there: apply marks it as ours")
    text = f"an application {spec.name} exists without our mark (appId {app_id})"
    step = f"choose another name in the spec; or write mode: adopt and appId: {app_id} into application"
    return failed(name, text, step)


async def _ownership(scene: Scene) -> Check:
    """Application.ReadWrite.OwnedBy reaches what the runner owns; who made an application owns it."""
    name, runner = "applicationOwner", scene.tenant.runner
    seen = scene.known.get(Address(scene.spec.name, "application"))
    narrow, *wider = WRITE_OWN_APPLICATION.names
    if narrow not in runner.roles or runner.may(*wider):
        return passed(name, "what the runner may do to the application does not depend on owning it")
    if isinstance(seen, Unknown):
        return untold(name, seen)
    if not isinstance(seen, Present):
        return passed(name, "the runner will own the application that apply makes")
    application = seen.fact.application
    try:
        owners = await scene.tenant.clients.graph.list_owner_ids(application.id)
    except ApiError as error:
        return unread(name, error, READ_APPLICATIONS)
    if runner.object_id.lower() in owners:
        return passed(name, "the runner owns the application")
    text = f"the runner does not own the application, and {narrow} reaches no other"
    need = scene.need("application", "service_principal", "credential")
    return lacking(name, need, text, own_command(application.app_id, runner.object_id))


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
