"""What a user and a group look like on the wire, with every member the service shows unasked, and its nulls."""

from __future__ import annotations

from ..store import Document

USER_DEFAULTS: Document = {
    "businessPhones": [],
    "displayName": None,
    "givenName": None,
    "jobTitle": None,
    "mail": None,
    "mobilePhone": None,
    "officeLocation": None,
    "preferredLanguage": None,
    "surname": None,
    "userPrincipalName": None,
    "id": None,
}
# Members the service leaves out unless $select names them, as far as the emulator knows them.
USER_ON_REQUEST: Document = {
    "accountEnabled": None,
    "ageGroup": None,
    "city": None,
    "companyName": None,
    "country": None,
    "createdDateTime": None,
    "creationType": None,
    "deletedDateTime": None,
    "department": None,
    "employeeId": None,
    "externalUserState": None,
    "identities": [],
    "mailNickname": None,
    "onPremisesImmutableId": None,
    "onPremisesSyncEnabled": None,
    "otherMails": [],
    "proxyAddresses": [],
    "securityIdentifier": None,
    "usageLocation": None,
    "userType": "Member",
}
GROUP_DEFAULTS: Document = {
    "id": None,
    "deletedDateTime": None,
    "classification": None,
    "createdDateTime": None,
    "creationOptions": [],
    "description": None,
    "displayName": None,
    "expirationDateTime": None,
    "groupTypes": [],
    "isAssignableToRole": None,
    "mail": None,
    "mailEnabled": False,
    "mailNickname": None,
    "membershipRule": None,
    "membershipRuleProcessingState": None,
    "onPremisesDomainName": None,
    "onPremisesLastSyncDateTime": None,
    "onPremisesNetBiosName": None,
    "onPremisesSamAccountName": None,
    "onPremisesSecurityIdentifier": None,
    "onPremisesSyncEnabled": None,
    "preferredDataLocation": None,
    "preferredLanguage": None,
    "proxyAddresses": [],
    "renewedDateTime": None,
    "resourceBehaviorOptions": [],
    "resourceProvisioningOptions": [],
    "securityEnabled": True,
    "securityIdentifier": None,
    "theme": None,
    "uniqueName": None,
    "visibility": None,
    "onPremisesProvisioningErrors": [],
    "serviceProvisioningErrors": [],
}


def shown_user(found: Document) -> Document:
    """A user with every member; query.py leaves out those shown on request only."""
    known = USER_DEFAULTS | USER_ON_REQUEST
    nickname = found["userPrincipalName"].partition("@")[0]
    return known | {"mailNickname": nickname} | {name: found[name] for name in known if name in found}


def default_user(found: Document) -> Document:
    """A user as it appears among other directory objects."""
    return {name: value for name, value in shown_user(found).items() if name in USER_DEFAULTS}


def shown_group(found: Document) -> Document:
    return GROUP_DEFAULTS | {name: value for name, value in found.items() if name in GROUP_DEFAULTS}
