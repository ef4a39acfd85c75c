"""Good answers that no contract at hand describes, by operation, each with the reason. Errors are never allowed here:
they are checked against the shape of the service's errors, whatever the operation.

An entry that is not needed any more fails tests/emulator/operations.
"""

from __future__ import annotations

from collections.abc import Mapping

_RESOURCES_CUT = "the contract of Microsoft.Resources is cut to resource groups"
_VAULTS_CUT = "the contract of Microsoft.KeyVault is cut to vaults"
_NO_LOCKS = "no contract of management locks is at hand"
_NO_POLICY = "no contract of Azure Policy is at hand"
_NO_TYPE = "the types at hand are cut to applications, service principals and organizations"
_NO_MFA = "the schema of Partner Center has no resources about MFA"
ALLOWED: Mapping[str, str] = {
    "arm.providers.list": _RESOURCES_CUT,
    "arm.providers.get": _RESOURCES_CUT,
    "arm.providers.register": _RESOURCES_CUT,
    "arm.providers.unregister": _RESOURCES_CUT,
    "arm.resources.list": _RESOURCES_CUT,
    "arm.managed_hsms.list": _VAULTS_CUT,
    "arm.managed_hsms.list_deleted": _VAULTS_CUT,
    "arm.managed_hsms.check_name": _VAULTS_CUT,
    "arm.operation_results.get": "where an operation's Location leads is opaque to clients",
    "arm.permissions.list": "the contract of Microsoft.Authorization is cut to roles",
    "arm.locks.list": _NO_LOCKS,
    "arm.locks.get": _NO_LOCKS,
    "arm.locks.put": _NO_LOCKS,
    "arm.locks.delete": _NO_LOCKS,
    "arm.policy_assignments.list": _NO_POLICY,
    "arm.policy_assignments.get": _NO_POLICY,
    "partner_center.profiles.mpn": "the schema of Partner Center has no Partner Program profile",
    "partner_center.profiles.support": "the schema of Partner Center has no support profile",
    "partner_center.profiles.billing": "the schema of Partner Center has no billing profile of a partner",
    "partner_center.customers.company": "the schema of Partner Center has no path for a customer's company profile",
    "partner_center.consents.list": "only giving and taking a consent is documented, not reading one",
    "partner_center.consents.get": "only giving and taking a consent is documented, not reading one",
    "partner_center.mfa.adoption": _NO_MFA,
    "partner_center.mfa.requests": _NO_MFA,
    "partner_center.mfa.people_without": _NO_MFA,
    **dict.fromkeys(
        (
            "graph.me",
            "graph.users.list",
            "graph.users.get",
            "graph.groups.list",
            "graph.groups.get",
            "graph.groups.members",
            "graph.groups.owners",
            "graph.domains.list",
            "graph.directoryObjects.get",
            "graph.directoryObjects.getByIds",
            "graph.directoryObjects.memberOf",
            "graph.directoryObjects.transitiveMemberOf",
            "graph.directoryObjects.ownedObjects",
            "graph.directoryObjects.getMemberGroups",
            "graph.directoryObjects.checkMemberGroups",
            "graph.directoryRoles.list",
            "graph.directoryRoles.members",
            "graph.roleDefinitions.list",
            "graph.roleDefinitions.get",
            "graph.roleAssignments.list",
            "graph.delegatedAdminRelationships.list",
            "graph.delegatedAdminRelationships.get",
            "graph.deletedItems.users",
            "graph.deletedItems.groups",
        ),
        _NO_TYPE,
    ),
    **dict.fromkeys(
        (
            "graph.policies.authorizationPolicy",
            "graph.policies.identitySecurityDefaultsEnforcementPolicy",
            "graph.conditionalAccessPolicies.list",
            "graph.conditionalAccessPolicies.get",
            "graph.policies.defaultAppManagementPolicy",
            "graph.policies.defaultAppManagementPolicy.update",
            "graph.appManagementPolicies.list",
            "graph.appManagementPolicies.create",
            "graph.appManagementPolicies.get",
            "graph.appManagementPolicies.update",
            "graph.appManagementPolicies.delete",
            "graph.appManagementPolicies.appliesTo",
            "graph.applications.appManagementPolicies",
            "graph.applications.appManagementPolicies.assign",
            "graph.applications.appManagementPolicies.unassign",
            "graph.servicePrincipals.appManagementPolicies",
            "graph.servicePrincipals.appManagementPolicies.assign",
            "graph.servicePrincipals.appManagementPolicies.unassign",
        ),
        "the description of Graph is without policies",
    ),
    **dict.fromkeys(
        ("graph.appRoleAssignments.list", "graph.appRoleAssignments.create", "graph.appRoleAssignments.delete"),
        "those of users and groups: the description of Graph knows service principals only",
    ),
    **dict.fromkeys(
        ("graph.applications.owners", "graph.servicePrincipals.owners"),
        "a cast to users: the types at hand have none",
    ),
    "graph.batch": "an envelope; its parts are answers of their own and checked one by one",
}
