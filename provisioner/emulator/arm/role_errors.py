"""What Microsoft.Authorization refuses of role assignments and definitions, in the shape errors.py describes."""

from __future__ import annotations

from ..kernel import Refusal
from ..refusals import refusal
from .errors import refused


@refusal("arm.invalid_role_assignment_name")
def invalid_role_assignment_name(name: str) -> Refusal:
    message = f"The role assignment ID '{name}' is not valid. The role assignment ID must be a GUID."
    return refused(400, "InvalidRoleAssignmentId", message)


@refusal("arm.role_assignment_not_found")
def role_assignment_not_found(name: str) -> Refusal:
    return refused(404, "RoleAssignmentNotFound", f"The role assignment '{name}' is not found.")


@refusal("arm.role_definition_not_found")
def role_definition_not_found(role: str) -> Refusal:
    return refused(404, "RoleDefinitionDoesNotExist", f"The specified role definition with ID '{role}' does not exist.")


@refusal("arm.role_assignment_exists")
def role_assignment_exists(name: str) -> Refusal:
    message = f"The role assignment already exists. The ID of the existing role assignment is {name.replace('-', '')}."
    return refused(409, "RoleAssignmentExists", message)


@refusal("arm.role_assignment_update")
def role_assignment_update() -> Refusal:
    """Observed."""
    message = "Tenant ID, application ID, principal ID, and scope are not allowed to be updated."
    return refused(400, "RoleAssignmentUpdateNotPermitted", message)


@refusal("arm.principal_not_found")
def principal_not_found(principal: str, tenant: str) -> Refusal:
    """Observed; also for a principal of another directory."""
    message = (
        f"Principal {principal.replace('-', '')} does not exist in the directory {tenant}. Check that you have the "
        "correct principal ID. If you are creating this principal and then immediately assigning a role, this error "
        "might be related to a replication delay. In this case, set the role assignment principalType property to a "
        "value, such as ServicePrincipal, User, or Group.  See https://aka.ms/docs-principaltype"
    )
    return refused(400, "PrincipalNotFound", message)


@refusal("arm.unmatched_principal_type")
def unmatched_principal_type(principal: str, real: str, given: str) -> Refusal:
    message = (
        f"The PrincipalId '{principal}' has type '{real}' , which is different from specified PrinciaplType '{given}'."
    )
    return refused(400, "UnmatchedPrincipalType", message)


@refusal("arm.principal_type_not_supported")
def principal_type_not_supported(kind: str) -> Refusal:
    """Observed: the object id of an application instead of its service principal's."""
    message = f"Principals of type {kind} cannot validly be used in role assignments."
    return refused(400, "PrincipalTypeNotSupported", message)


@refusal("arm.invalid_principal")
def invalid_principal() -> Refusal:
    """Observed: an application's name or a mail address instead of an object id."""
    return refused(400, "InvalidPrincipalId", "A valid principal ID must be provided for role assignment.")


@refusal("arm.invalid_role_definition_id")
def invalid_role_definition_id(role: str) -> Refusal:
    message = f"The role definition ID '{role}' is not valid. The role definition ID must be a GUID."
    return refused(400, "InvalidRoleDefinitionId", message)


@refusal("arm.too_many_role_assignments")
def too_many_role_assignments() -> Refusal:
    """Text of the documentation's page on troubleshooting Azure RBAC."""
    message = "No more role assignments can be created (code: RoleAssignmentLimitExceeded)"
    return refused(400, "RoleAssignmentLimitExceeded", message)


@refusal("arm.invalid_condition")
def invalid_condition(why: str) -> Refusal:
    return refused(400, "InvalidConditionExpression", f"The condition of the role assignment is not valid: {why}.")
