"""Microsoft's APIs and permissions that partner tools meet: names, ids, how far each one reaches, what is retired.

Only data; `catalogue` asks the questions. The ids are Microsoft's and the same in every cloud. Sources: sam-facts 1.1
(APIs and their permissions) and 1.2 (Microsoft Graph), both dated 2026-08-20; an entry whose id is None is published
there by name only and is resolved from the tenant's own service principal. Ids published without a name are left out:
a spec cannot name them. The risk words and sentences are our judgement of what a permission lets its holder do.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

RiskWord = Literal["low", "medium", "high", "critical", "unknown"]


@dataclass(frozen=True, slots=True)
class Permission:
    """One permission: `scope_id` as delegated, `role_id` as application permission, the risks beside them."""

    value: str
    scope_id: str | None
    role_id: str | None
    delegated: tuple[RiskWord, str] | None = None
    application: tuple[RiskWord, str] | None = None


@dataclass(frozen=True, slots=True)
class Retirement:
    """Why something can no longer be asked for, and what to ask for instead (a catalogue name or a permission)."""

    reason: str
    replacement: str


@dataclass(frozen=True, slots=True)
class Api:
    """One API of Microsoft's. `other_names` are older names and those shown in some tenants: match by `app_id`."""

    name: str
    app_id: str
    permissions: tuple[Permission, ...]
    other_names: tuple[str, ...] = ()
    retired: Retirement | None = None


_SIGN_IN: tuple[RiskWord, str] = (
    "low",
    "Part of every sign-in; gives no access to data beyond the signing-in user's own.",
)

PARTNER_CENTER_API = Api(
    "Microsoft Partner Center",
    "fa3d9a0c-3fb0-42cc-9193-47c7ecd2edbd",
    (
        Permission(
            "user_impersonation",
            "1cebfa2a-fb4d-419e-b5f9-839b4383e05a",
            None,
            ("high", "Acts in Partner Center as the person who signed in: customers, orders, subscriptions."),
        ),
    ),
    other_names=("SampleBECApp", "Partner Center"),
)

AZURE_SERVICE_MANAGEMENT_API = Api(
    "Azure Service Management",
    "797f4846-ba00-4fd7-ba43-dac1f8f63013",
    (
        Permission(
            "user_impersonation",
            "41094075-9dad-400e-a0bd-54e686782033",
            None,
            ("high", "Manages every Azure resource the person who signed in may manage."),
        ),
    ),
    other_names=(
        "Azure Resource Manager",
        "Windows Azure Service Management API",
        "Windows Azure Service Management",
    ),
)

AZURE_AD_GRAPH_API = Api(
    "Windows Azure Active Directory",
    "00000002-0000-0000-c000-000000000000",
    (
        Permission(
            "Directory.AccessAsUser.All",
            "a42657d6-7f20-40e3-b6f0-cee03008a62a",
            None,
            ("critical", "Did in the directory whatever the person who signed in may do; the API is retired."),
        ),
        # The id is unconfirmed in sam-facts 1.1; the API is refused anyway, so it only serves to name what is found.
        Permission(
            "User.Read",
            "311a71cc-e848-46a1-bdf8-97ff7156d8e6",
            None,
            ("low", "Read the profile of the person who signed in; the API is retired."),
        ),
    ),
    other_names=("Azure AD Graph", "Azure Active Directory Graph", "AAD Graph", "Azure Active Directory"),
    # sam-facts 8: blocked for new applications 2024-09-01, for existing ones 2025-02-01.
    retired=Retirement(
        "Azure AD Graph is retired: blocked for new applications since 2024-09-01, for all since 2025-02-01",
        "Microsoft Graph",
    ),
)

MICROSOFT_GRAPH_API = Api(
    "Microsoft Graph",
    "00000003-0000-0000-c000-000000000000",
    (
        Permission(
            "User.Read",
            "e1fe6dd8-ba31-4d61-89e7-88639da4683d",
            None,
            ("low", "Reads the profile of the person who signed in."),
        ),
        Permission("openid", "37f7f235-527c-4136-accd-4a02d197296e", None, _SIGN_IN),
        Permission("profile", "14dad69e-099b-42c9-810b-d002981feec1", None, _SIGN_IN),
        Permission("email", "64a6cdd6-aab1-4aaf-94b8-3cc8405e90d0", None, _SIGN_IN),
        Permission(
            "offline_access",
            "7427e0e9-2fba-42fe-b0c0-848c9e6a8182",
            None,
            ("medium", "Keeps the other delegated permissions usable when nobody is signed in."),
        ),
        Permission(
            "Directory.AccessAsUser.All",
            "0e263e50-5827-48a4-b97c-d940288653c7",
            None,
            ("critical", "Does in the directory whatever the person who signed in may do."),
        ),
        Permission(
            "Directory.Read.All",
            "06da0dbc-49e2-44d2-8312-53f166ab848a",
            "7ab1d382-f21e-4acd-a863-ba3e13f7da61",
            ("medium", "Reads the whole directory as far as the person who signed in may."),
            ("high", "Reads users, groups, applications and roles of the whole directory, with nobody signed in."),
        ),
        Permission(
            "Directory.ReadWrite.All",
            "c5366453-9fb0-48a5-a156-24f0c49a4b84",
            "19dbc75e-c2e2-444c-a770-ec69d8559fc7",
            ("high", "Changes users and groups as far as the person who signed in may."),
            ("critical", "Changes users and groups of the whole directory, with nobody signed in."),
        ),
        Permission(
            "Application.Read.All",
            "c79f8feb-a9db-4090-85f9-90d820caa0eb",
            "9a5d68dd-52b0-4cc2-bd40-abcf44ac3a30",
            ("low", "Reads applications and service principals."),
            ("medium", "Reads every application and service principal, with nobody signed in."),
        ),
        Permission(
            "Application.ReadWrite.All",
            "bdfbf15f-ee85-4955-8675-146e8e5296b5",
            "1bfefb4e-e0b5-418b-a88f-73c46d2cc8e9",
            ("critical", "Adds credentials to any application the person may manage, and so acts as that application."),
            ("critical", "Adds credentials to any application and so takes over the rights of every one of them."),
        ),
        Permission(
            "Application.ReadWrite.OwnedBy",
            None,
            "18a4783c-866b-4cc7-a460-3d5e5662c884",
            application=("medium", "Creates applications and changes only those it owns."),
        ),
        Permission(
            "AppRoleAssignment.ReadWrite.All",
            "84bccea3-f856-4a8a-967b-dbe0a3d53a64",
            "06b708a9-e830-4db3-a914-8e69da51d44f",
            ("critical", "Grants application permissions, as far as the person who signed in may."),
            ("critical", "Grants any application permission to any application, itself included."),
        ),
        Permission(
            "DelegatedPermissionGrant.ReadWrite.All",
            "41ce6ca6-6826-4807-84f1-1c82854f7ee5",
            "8e8e4742-1d95-4f68-9d56-6ee75648c72a",
            ("critical", "Consents to delegated permissions for everybody, as far as the person who signed in may."),
            ("critical", "Consents to any delegated permission for everybody in the tenant."),
        ),
        Permission(
            "DelegatedAdminRelationship.Read.All",
            "0c0064ea-477b-4130-82a5-4c2cc4ff68aa",
            "f6e9e124-4586-492f-adc0-c6f96e4823fd",
            ("medium", "Reads the partner's delegated admin relationships with its customers."),
            ("medium", "Reads all delegated admin relationships with customers, with nobody signed in."),
        ),
        Permission(
            "DelegatedAdminRelationship.ReadWrite.All",
            "885f682f-a990-4bad-a642-36736a74b0c7",
            "cc13eba4-8cd8-44c6-b4d4-f93237adce58",
            ("high", "Changes who of the partner may administer which customer, as far as the person may."),
            ("critical", "Changes who of the partner may administer which customer, with nobody signed in."),
        ),
        Permission(
            "Policy.Read.All",
            "572fea84-0151-49b2-9301-11cb16974376",
            "246dd0d5-5bd0-4def-940b-0421030a5b68",
            ("medium", "Reads the tenant's policies, conditional access included."),
            ("medium", "Reads the tenant's policies, conditional access included, with nobody signed in."),
        ),
        Permission(
            "Policy.ReadWrite.ApplicationConfiguration",
            "b27add92-efb2-4f16-84f5-8108ba77985c",
            "be74164b-cff1-491c-8741-e671cb536e13",
            ("high", "Changes which credentials applications may have, as far as the person who signed in may."),
            ("critical", "Changes which credentials applications may have, with nobody signed in."),
        ),
        Permission(
            "RoleManagement.ReadWrite.Directory",
            "d01b97e9-cbc0-49fe-810a-750afd5527a3",
            "9e3f62cf-ca93-4989-b6ce-bf83c28f9fe8",
            ("critical", "Assigns directory roles, Global Administrator included, as far as the person may."),
            ("critical", "Assigns any directory role, Global Administrator included, to anybody."),
        ),
        Permission(
            "Organization.Read.All",
            "4908d5b9-3fb2-4b1e-9336-1888b7937185",
            "498476ce-e0fe-48b0-b801-37ba7e2685c6",
            ("low", "Reads the organisation's profile."),
            ("low", "Reads the organisation's profile, with nobody signed in."),
        ),
        Permission(
            "Domain.Read.All",
            "2f9ee017-59c1-4f1d-9472-bd5529a7b311",
            "dbb9058a-0e50-45d7-ae91-66909b5d4664",
            ("low", "Reads the tenant's domains."),
            ("low", "Reads the tenant's domains, with nobody signed in."),
        ),
        Permission(
            "User.Read.All",
            "a154be20-db9c-4678-8ab7-66f6cc099a59",
            "df021288-bdef-4463-88db-98f22de89214",
            ("medium", "Reads the full profile of every user the person who signed in may see."),
            ("medium", "Reads the full profile of every user, with nobody signed in."),
        ),
        Permission(
            "User.ReadWrite.All",
            "204e0828-b5ca-4ad8-b9f3-f32a958e7cc4",
            "741f803b-c850-494e-b5df-cde7c675a1ca",
            ("high", "Creates and changes users as far as the person who signed in may."),
            ("critical", "Creates, changes and deletes any user, with nobody signed in."),
        ),
        Permission(
            "Group.ReadWrite.All",
            "4e46008b-f24c-477d-8fff-7bb4ec7aafe0",
            "62a82d76-70ea-41e2-9197-370581804d09",
            ("high", "Changes groups and their members as far as the person who signed in may."),
            ("critical", "Changes any group and its members, and so the access given by groups."),
        ),
        Permission(
            "AuditLog.Read.All",
            "e4c9e354-4dc5-45b8-9e7c-e1393b0b1a20",
            "b0afded3-3588-46d8-8b3d-9842eff778da",
            ("medium", "Reads sign-in and audit logs as far as the person who signed in may."),
            ("medium", "Reads all sign-in and audit logs, with nobody signed in."),
        ),
        Permission(
            "PartnerSecurity.Read.All",
            "5567b981-0bf1-4796-9038-0648b46e116d",
            "21ffa320-2e7f-47d3-a466-7ff04d2dd68d",
            ("medium", "Reads the partner's security alerts and score."),
            ("medium", "Reads the partner's security alerts and score, with nobody signed in."),
        ),
        Permission(
            "PartnerBilling.Read.All",
            "8804798e-5934-4e30-8ce3-ef88257cecd4",
            "7c3e1994-38ff-4412-a99b-9369f6bb7706",
            ("medium", "Reads the partner's invoices and usage."),
            ("medium", "Reads the partner's invoices and usage, with nobody signed in."),
        ),
    ),
    other_names=("Graph", "Microsoft Graph API"),
)

OTHER_APIS = (
    Api(
        "Azure Key Vault",
        "cfa8b339-82a2-471a-a3c9-0fc0be7a4093",
        (
            # The id is unconfirmed in sam-facts 1.1: left to the tenant's service principal.
            Permission(
                "user_impersonation",
                None,
                None,
                ("high", "Reads and writes the keys, secrets and certificates the person who signed in may."),
            ),
        ),
        other_names=("Key Vault",),
    ),
    Api(
        "Office 365 Exchange Online",
        "00000002-0000-0ff1-ce00-000000000000",
        (
            Permission(
                "Exchange.Manage",
                "ab4f2b77-0b06-4fc1-a9de-02113fc2ab7c",
                None,
                ("high", "Manages Exchange as far as the person who signed in may."),
            ),
            Permission(
                "Exchange.ManageAsApp",
                None,
                "dc50a0fb-09a3-484d-be87-e023b12c6440",
                application=("critical", "Manages Exchange with the directory roles given to it, nobody signed in."),
            ),
            Permission(
                "Calendars.ReadWrite.All",
                "bbd1ca91-75e0-4814-ad94-9c5dbbae3415",
                "ef54d2bf-783f-4e0f-bca1-3210c0444d99",
                ("high", "Reads and changes every calendar the person who signed in may open."),
                ("critical", "Reads and changes every calendar, with nobody signed in."),
            ),
            Permission(
                "MailboxSettings.ReadWrite",
                "2e83d72d-8895-4b66-9eea-abb43449ab8b",
                "f9156939-25cd-4ba8-abfe-7fabcf003749",
                ("medium", "Changes the mailbox settings of the person who signed in."),
                ("high", "Changes the settings of every mailbox, with nobody signed in."),
            ),
        ),
        other_names=("Exchange Online",),
    ),
    Api(
        "Office 365 SharePoint Online",
        "00000003-0000-0ff1-ce00-000000000000",
        (
            Permission(
                "AllSites.FullControl",
                "56680e0d-d2a3-4ae1-80d8-3c4f2100e3d0",
                None,
                ("high", "Full control of every site the person who signed in may open."),
            ),
            # 678536fe-1083-478a-9c59-b99265e6b0d3 is expected for it; the name is unconfirmed in sam-facts 1.1.
            Permission(
                "Sites.FullControl.All",
                None,
                None,
                application=("critical", "Full control of every site, with nobody signed in."),
            ),
        ),
        other_names=("SharePoint Online",),
    ),
    Api(
        "Office 365 Management APIs",
        "c5393580-f805-4401-95e8-94b7a6ef2fc2",
        (
            Permission(
                "ActivityFeed.Read",
                "594c1fb6-4f81-4475-ae41-0c394909246c",
                None,
                ("medium", "Reads the audit activity of the organisation."),
            ),
        ),
    ),
    Api(
        "Skype and Teams Tenant Admin API",
        "48ac35b8-9aa8-4d74-927d-1f4a14a0b239",
        (
            Permission(
                "user_impersonation",
                "e60370c1-e451-437e-aa6e-d76df38e5f15",
                None,
                ("high", "Manages Teams and Skype as far as the person who signed in may."),
            ),
        ),
    ),
    Api(
        "WindowsDefenderATP",
        "fc780465-2017-40d4-a0c5-307022471b92",
        (
            # sam-facts 1.1: sources label the two ids the opposite way round, so both are resolved at run time.
            Permission(
                "Vulnerability.Read",
                None,
                None,
                ("medium", "Reads the vulnerabilities Defender found, as far as the person who signed in may."),
            ),
            Permission(
                "Vulnerability.Read.All",
                None,
                None,
                application=("medium", "Reads all vulnerabilities Defender found, with nobody signed in."),
            ),
        ),
        other_names=("Microsoft Defender ATP", "Microsoft Defender for Endpoint"),
    ),
    Api("Microsoft Rights Management Services", "00000012-0000-0000-c000-000000000000", ()),
    Api("M365 License Manager", "aeb86249-8ea3-49e2-900b-54cc8e308f85", ()),
    Api(
        "Microsoft Office 365 Portal",
        "00000006-0000-0ff1-ce00-000000000000",
        (
            Permission(
                "M365AdminPortal.IntegratedApps.ReadWrite",
                None,
                None,
                ("high", "Manages the organisation's integrated apps as far as the person who signed in may."),
            ),
            Permission(
                "user_impersonation",
                None,
                None,
                ("high", "Acts in the admin portal as the person who signed in."),
            ),
        ),
        other_names=("M365 admin", "Office 365 Portal"),
    ),
    Api(
        "Office 365 Reports",
        "507bc9da-c4e2-40cb-96a7-ac90df92685c",
        (
            Permission(
                "user_impersonation",
                None,
                None,
                ("medium", "Reads usage reports as far as the person who signed in may."),
            ),
        ),
    ),
    Api(
        "Microsoft Partner",
        "4990cffe-04e8-4e8b-808a-1175604b879f",
        (
            Permission(
                "user_impersonation",
                "eabf9ef3-1f9e-f3da-19a1-bcd60d080567",
                None,
                (
                    "medium",
                    "Reads prices and manages referrals as the person who signed in; not the Partner Center API.",
                ),
            ),
        ),
    ),
    Api("Partner Customer Delegated Administration", "2832473f-ec63-45fb-976f-5d45a7d4bb91", ()),
)

APIS = (PARTNER_CENTER_API, AZURE_SERVICE_MANAGEMENT_API, AZURE_AD_GRAPH_API, MICROSOFT_GRAPH_API, *OTHER_APIS)
