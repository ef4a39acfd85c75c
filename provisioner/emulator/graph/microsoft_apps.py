"""Microsoft's own applications: what a tenant gets when the service principal of one of them is created in it.

Ids, names and permissions are those of sam-facts 1.1 and 1.2. A permission whose id is published nowhere (clients find
it by its value) gets a fixed id of ours, made from application and value; one whose name is unknown is left out.
"""

from __future__ import annotations

from typing import Any
from uuid import NAMESPACE_URL, uuid5

Document = dict[str, Any]

MICROSOFT_TENANT = "f8cdef31-a31e-4b4a-93e4-5f571e91255a"  # owner of Microsoft's applications
GRAPH = "00000003-0000-0000-c000-000000000000"
PARTNER_CENTER = "fa3d9a0c-3fb0-42cc-9193-47c7ecd2edbd"
AZURE_SERVICE_MANAGEMENT = "797f4846-ba00-4fd7-ba43-dac1f8f63013"
KEY_VAULT = "cfa8b339-82a2-471a-a3c9-0fc0be7a4093"
AZURE_AD_GRAPH = "00000002-0000-0000-c000-000000000000"

# value, id of the delegated permission, id of the application permission; None: that kind does not exist
_GRAPH_PERMISSIONS: tuple[tuple[str, str | None, str | None], ...] = (
    ("User.Read", "e1fe6dd8-ba31-4d61-89e7-88639da4683d", None),
    ("openid", "37f7f235-527c-4136-accd-4a02d197296e", None),
    ("profile", "14dad69e-099b-42c9-810b-d002981feec1", None),
    ("email", "64a6cdd6-aab1-4aaf-94b8-3cc8405e90d0", None),
    ("offline_access", "7427e0e9-2fba-42fe-b0c0-848c9e6a8182", None),
    ("Directory.AccessAsUser.All", "0e263e50-5827-48a4-b97c-d940288653c7", None),
    ("Directory.Read.All", "06da0dbc-49e2-44d2-8312-53f166ab848a", "7ab1d382-f21e-4acd-a863-ba3e13f7da61"),
    ("Directory.ReadWrite.All", "c5366453-9fb0-48a5-a156-24f0c49a4b84", "19dbc75e-c2e2-444c-a770-ec69d8559fc7"),
    ("Application.Read.All", "c79f8feb-a9db-4090-85f9-90d820caa0eb", "9a5d68dd-52b0-4cc2-bd40-abcf44ac3a30"),
    ("Application.ReadWrite.All", "bdfbf15f-ee85-4955-8675-146e8e5296b5", "1bfefb4e-e0b5-418b-a88f-73c46d2cc8e9"),
    ("Application.ReadWrite.OwnedBy", None, "18a4783c-866b-4cc7-a460-3d5e5662c884"),
    ("AppRoleAssignment.ReadWrite.All", "84bccea3-f856-4a8a-967b-dbe0a3d53a64", "06b708a9-e830-4db3-a914-8e69da51d44f"),
    (
        "DelegatedPermissionGrant.ReadWrite.All",
        "41ce6ca6-6826-4807-84f1-1c82854f7ee5",
        "8e8e4742-1d95-4f68-9d56-6ee75648c72a",
    ),
    (
        "DelegatedAdminRelationship.Read.All",
        "0c0064ea-477b-4130-82a5-4c2cc4ff68aa",
        "f6e9e124-4586-492f-adc0-c6f96e4823fd",
    ),
    (
        "DelegatedAdminRelationship.ReadWrite.All",
        "885f682f-a990-4bad-a642-36736a74b0c7",
        "cc13eba4-8cd8-44c6-b4d4-f93237adce58",
    ),
    ("Policy.Read.All", "572fea84-0151-49b2-9301-11cb16974376", "246dd0d5-5bd0-4def-940b-0421030a5b68"),
    (
        "Policy.ReadWrite.ApplicationConfiguration",
        "b27add92-efb2-4f16-84f5-8108ba77985c",
        "be74164b-cff1-491c-8741-e671cb536e13",
    ),
    (
        "RoleManagement.ReadWrite.Directory",
        "d01b97e9-cbc0-49fe-810a-750afd5527a3",
        "9e3f62cf-ca93-4989-b6ce-bf83c28f9fe8",
    ),
    ("Organization.Read.All", "4908d5b9-3fb2-4b1e-9336-1888b7937185", "498476ce-e0fe-48b0-b801-37ba7e2685c6"),
    ("Domain.Read.All", "2f9ee017-59c1-4f1d-9472-bd5529a7b311", "dbb9058a-0e50-45d7-ae91-66909b5d4664"),
    ("User.Read.All", "a154be20-db9c-4678-8ab7-66f6cc099a59", "df021288-bdef-4463-88db-98f22de89214"),
    ("User.ReadWrite.All", "204e0828-b5ca-4ad8-b9f3-f32a958e7cc4", "741f803b-c850-494e-b5df-cde7c675a1ca"),
    ("Group.ReadWrite.All", "4e46008b-f24c-477d-8fff-7bb4ec7aafe0", "62a82d76-70ea-41e2-9197-370581804d09"),
    ("AuditLog.Read.All", "e4c9e354-4dc5-45b8-9e7c-e1393b0b1a20", "b0afded3-3588-46d8-8b3d-9842eff778da"),
    ("PartnerSecurity.Read.All", "5567b981-0bf1-4796-9038-0648b46e116d", "21ffa320-2e7f-47d3-a466-7ff04d2dd68d"),
    ("PartnerBilling.Read.All", "8804798e-5934-4e30-8ce3-ef88257cecd4", "7c3e1994-38ff-4412-a99b-9369f6bb7706"),
)
# Delegated permissions a user may consent to without an administrator; all others need one.
_USER_CONSENTABLE = {"User.Read", "openid", "profile", "email", "offline_access", "user_impersonation"}


def _published_nowhere(app_id: str, value: str) -> str:
    return str(uuid5(NAMESPACE_URL, f"https://graph.microsoft.com/{app_id}/{value}"))


def _scope(value: str, scope_id: str) -> Document:
    return {
        "adminConsentDescription": f"Allows the app to use {value} on behalf of the signed-in user.",
        "adminConsentDisplayName": value,
        "id": scope_id,
        "isEnabled": True,
        "type": "User" if value in _USER_CONSENTABLE else "Admin",
        "userConsentDescription": f"Allows the app to use {value} on your behalf.",
        "userConsentDisplayName": value,
        "value": value,
    }


def _role(value: str, role_id: str) -> Document:
    return {
        "allowedMemberTypes": ["Application"],
        "description": f"Allows the app to use {value} without a signed-in user.",
        "displayName": value,
        "id": role_id,
        "isEnabled": True,
        "origin": "Application",
        "value": value,
    }


def _app(
    app_id: str,
    name: str,
    identifiers: tuple[str, ...],
    scopes: tuple[tuple[str, str | None], ...],
    roles: tuple[tuple[str, str], ...] = (),
) -> Document:
    return {
        "appId": app_id,
        "displayName": name,
        "servicePrincipalNames": [*identifiers, app_id],
        "oauth2PermissionScopes": [_scope(v, i or _published_nowhere(app_id, v)) for v, i in scopes],
        "appRoles": [_role(v, i) for v, i in roles],
    }


_ALL = (
    _app(
        GRAPH,
        "Microsoft Graph",
        (
            "https://graph.microsoft.com",
            "https://graph.microsoft.us",
            "https://dod-graph.microsoft.us",
            "https://microsoftgraph.chinacloudapi.cn",
        ),
        tuple((value, scope) for value, scope, _ in _GRAPH_PERMISSIONS if scope),
        tuple((value, role) for value, _, role in _GRAPH_PERMISSIONS if role),
    ),
    _app(
        PARTNER_CENTER,
        "Microsoft Partner Center",
        (
            "https://api.partnercenter.microsoft.com",
            "https://reseller.microsoft.com",
            "https://partner.partnercenterapi.microsoftonline.cn",
        ),
        (("user_impersonation", "1cebfa2a-fb4d-419e-b5f9-839b4383e05a"),),
    ),
    _app(
        AZURE_SERVICE_MANAGEMENT,
        "Windows Azure Service Management API",
        (
            "https://management.azure.com",
            "https://management.core.windows.net",
            "https://management.usgovcloudapi.net",
            "https://management.core.usgovcloudapi.net",
            "https://management.chinacloudapi.cn",
            "https://management.core.chinacloudapi.cn",
        ),
        (("user_impersonation", "41094075-9dad-400e-a0bd-54e686782033"),),
    ),
    _app(
        AZURE_AD_GRAPH,
        "Windows Azure Active Directory",
        ("https://graph.windows.net",),
        (
            ("Directory.AccessAsUser.All", "a42657d6-7f20-40e3-b6f0-cee03008a62a"),
            ("User.Read", "311a71cc-e848-46a1-bdf8-97ff7156d8e6"),
        ),
    ),
    _app(
        KEY_VAULT,
        "Azure Key Vault",
        ("https://vault.azure.net", "https://vault.usgovcloudapi.net", "https://vault.azure.cn"),
        (("user_impersonation", "f53da476-18e3-4152-8e01-aec403e6edc0"),),
    ),
    _app(
        "00000002-0000-0ff1-ce00-000000000000",
        "Office 365 Exchange Online",
        ("https://outlook.office365.com", "https://outlook.office.com"),
        (
            ("Exchange.Manage", "ab4f2b77-0b06-4fc1-a9de-02113fc2ab7c"),
            ("Calendars.ReadWrite.All", "bbd1ca91-75e0-4814-ad94-9c5dbbae3415"),
            ("MailboxSettings.ReadWrite", "2e83d72d-8895-4b66-9eea-abb43449ab8b"),
        ),
        (
            ("Exchange.ManageAsApp", "dc50a0fb-09a3-484d-be87-e023b12c6440"),
            ("Calendars.ReadWrite.All", "ef54d2bf-783f-4e0f-bca1-3210c0444d99"),
            ("MailboxSettings.ReadWrite", "f9156939-25cd-4ba8-abfe-7fabcf003749"),
        ),
    ),
    _app(
        "00000003-0000-0ff1-ce00-000000000000",
        "Office 365 SharePoint Online",
        (),
        (("AllSites.FullControl", "56680e0d-d2a3-4ae1-80d8-3c4f2100e3d0"),),
        (("Sites.FullControl.All", "678536fe-1083-478a-9c59-b99265e6b0d3"),),
    ),
    _app(
        "c5393580-f805-4401-95e8-94b7a6ef2fc2",
        "Office 365 Management APIs",
        ("https://manage.office.com",),
        (("ActivityFeed.Read", "594c1fb6-4f81-4475-ae41-0c394909246c"),),
    ),
    _app(
        "48ac35b8-9aa8-4d74-927d-1f4a14a0b239",
        "Skype and Teams Tenant Admin API",
        (),
        (("user_impersonation", "e60370c1-e451-437e-aa6e-d76df38e5f15"),),
    ),
    _app(
        "fc780465-2017-40d4-a0c5-307022471b92",
        "WindowsDefenderATP",
        ("https://api.securitycenter.microsoft.com",),
        (("Vulnerability.Read", "63a677ce-818c-4409-9d12-5c6d2e2a6bfe"),),
        (("Vulnerability.Read.All", "41269fc5-d04d-4bfd-bce7-43a51cea049a"),),
    ),
    _app("00000012-0000-0000-c000-000000000000", "Microsoft Rights Management Services", (), ()),
    _app("aeb86249-8ea3-49e2-900b-54cc8e308f85", "M365 License Manager", (), ()),
    _app(
        "00000006-0000-0ff1-ce00-000000000000",
        "Microsoft Office 365 Portal",
        (),
        (("M365AdminPortal.IntegratedApps.ReadWrite", None), ("user_impersonation", None)),
    ),
    _app("507bc9da-c4e2-40cb-96a7-ac90df92685c", "Office 365 Reports", (), (("user_impersonation", None),)),
    _app(
        "4990cffe-04e8-4e8b-808a-1175604b879f",
        "Microsoft Partner",
        ("https://api.partner.microsoft.com",),
        (("user_impersonation", "eabf9ef3-1f9e-f3da-19a1-bcd60d080567"),),
    ),
    _app(
        "2832473f-ec63-45fb-976f-5d45a7d4bb91",
        "Partner Customer Delegated Administration",
        ("https://api.partnercustomeradministration.microsoft.com",),
        (),
    ),
)

MICROSOFT_APPS: dict[str, Document] = {app["appId"]: app for app in _ALL}
