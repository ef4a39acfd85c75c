"""The rights several kinds ask for, the least first (sam-facts 1.2, 5.3, 6.2).

`Directory.AccessAsUser.All` stands for a person's own directory roles: their token carries no narrower permission.
"""

from __future__ import annotations

from dataclasses import replace

from provisioner.resources.contract import Right
from provisioner.resources.vault_roles import SECRETS_OFFICER

_AS_USER = "Directory.AccessAsUser.All"
_OWN_APPLICATIONS = (
    "Application.ReadWrite.OwnedBy",
    "Application.ReadWrite.All",
    "Directory.ReadWrite.All",
    _AS_USER,
)
_OFFICER = (SECRETS_OFFICER, "Key Vault Administrator")

READ_APPLICATIONS = Right("graph", ("Application.Read.All", "Directory.Read.All", *_OWN_APPLICATIONS))
WRITE_OWN_APPLICATION = Right("graph", _OWN_APPLICATIONS, why="the application, its principal and its credentials")
CREATE_API_PRINCIPAL = Right(
    "graph", _OWN_APPLICATIONS[1:], why="creates the service principal of a Microsoft API where it is missing"
)
RESTORE_APPLICATION = Right("graph", _OWN_APPLICATIONS[1:], why="brings a deleted application back (sam-facts 5.7)")
PURGE_APPLICATION = Right("graph", _OWN_APPLICATIONS[1:], why="deletes a deleted application for good")
_GRANT = ("DelegatedPermissionGrant.ReadWrite.All", "Directory.ReadWrite.All", _AS_USER)
READ_GRANTS = Right("graph", ("Directory.Read.All", *_GRANT))
WRITE_GRANTS = Right("graph", _GRANT, why="grants delegated permissions for the tenant")
_ASSIGN = ("AppRoleAssignment.ReadWrite.All", _AS_USER)
# Whoever may read applications may read these too, OwnedBy among them (Graph reference, "List appRoleAssignments
# granted to a service principal", read 2026-11-30).
READ_APP_ROLES = replace(READ_APPLICATIONS, names=(*READ_APPLICATIONS.names, *_ASSIGN[:1]))
WRITE_APP_ROLES = Right("graph", _ASSIGN, why="grants application permissions")
READ_POLICIES = Right(
    "graph",
    ("Policy.Read.All", "Policy.ReadWrite.ApplicationConfiguration"),
    why="foresees what a policy would refuse; safety.accept does without",
)

READ_SUBSCRIPTION = Right(
    "arm",
    ("Reader", "Contributor", "Owner"),
    "subscription",
    "sees whether the provider is registered, and deleted vaults",
)
_SEES = ("Reader", "Key Vault Contributor", "Contributor", "Owner")
READ_GROUP = Right("arm", _SEES, "resource group")
READ_VAULT = Right("arm", _SEES, "vault", "sees the vault and who has which role on it")
WRITE_SUBSCRIPTION = Right(
    "arm", ("Contributor", "Owner"), "subscription", "registers Microsoft.KeyVault and makes the resource group, once"
)
WRITE_VAULT = Right("arm", ("Key Vault Contributor", "Contributor", "Owner"), "resource group", "the vault itself")
DELETE_GROUP = Right("arm", ("Contributor", "Owner"), "resource group", "deletes the group, when it holds nothing else")
PURGE_VAULT = Right(
    "arm", ("Key Vault Purge Operator", "Contributor", "Owner"), "subscription", "deletes a deleted vault for good"
)
ASSIGN_VAULT_ROLES = Right(
    "arm",
    (
        "Key Vault Data Access Administrator",
        "Role Based Access Control Administrator",
        "User Access Administrator",
        "Owner",
    ),
    "vault",
    "assigns the vault's data roles",
)

LIST_SECRETS = Right(
    "key_vault",
    ("Key Vault Reader", "Key Vault Secrets User", *_OFFICER),
    "vault",
    "lists the secrets, without their values",
)
LIST_KEYS = Right(
    "key_vault",
    ("Key Vault Reader", "Key Vault Crypto User", "Key Vault Crypto Officer", "Key Vault Administrator"),
    "vault",
    "lists the keys, without their material",
)
WRITE_SECRETS = Right("key_vault", _OFFICER, "vault", "stores the credential and the refresh token")
