"""The kinds of documents in the store, and what each holds. One place, because services read each other's.

Members that begin with `_` are the emulator's own and never leave it. Three of them are shared:
`_visibleFrom`, `_effectiveFrom`, `_usableFrom` (epoch seconds of the cloud's clock): before that moment the object is
not readable, the assignment grants nothing, the credential is not accepted. They are set from the lag settings.
"""

TENANT = "tenant"  # scope "": {id, displayName, domains: [initial first], cloud, subscription, partner: bool,
#                    mfa: {securityDefaults: bool, requireForApps: [resource appId], signInFrequencyHours: number|null},
#                    _customers: [tenant id], _conditionalAccess: [{users, apps, result}] (entra/conditional_access.py),
#                    _policies: {defaultAppManagementPolicy: {...}, allowedToCreateApps: bool}}
USER = "user"  # scope tenant: {id, userPrincipalName, displayName, accountEnabled, _password, _otp,
#                _directoryRoles: [role template id], _partnerRoles: ["AdminAgent"], _gdap: {customer id: [role name]},
#                _tokensValidFrom, _passwordChanged: epoch seconds (entra/revocation.py), _passwordExpired: true or
#                "onPremises", _lockout: what entra/lockout.py counts}
GROUP = "group"  # scope tenant: {id, displayName, _members: [object id]}
APPLICATION = "application"  # scope tenant: Graph's application, on the wire's names; key: object id
SERVICE_PRINCIPAL = "servicePrincipal"  # scope tenant: Graph's servicePrincipal; key: object id
GRANT = "oauth2PermissionGrant"  # scope tenant: Graph's oauth2PermissionGrant; key: id
APP_ROLE_ASSIGNMENT = "appRoleAssignment"  # scope tenant: Graph's appRoleAssignment; key: id
DELETED_ITEM = "deletedItem"  # scope tenant: the directory object with @odata.type and deletedDateTime; key: object id
CREDENTIAL_VALUE = "credentialValue"  # scope tenant, key keyId: {keyId, appId, _secretText, _usableFrom}

SUBSCRIPTION = (
    "subscription"  # scope "": {subscriptionId, tenantId, displayName, state, _policies, _locks}; arm/governance.py
)
PROVIDER = (
    "provider"  # scope subscription, key lower-case namespace: {namespace, _registeredFrom}; absent = NotRegistered
)
RESOURCE_GROUP = "resourceGroup"  # scope subscription, key lower-case name: ARM's resource group
VAULT = "vault"  # scope "", key lower-case name: ARM's vault (id, name, type, location, tags, properties{tenantId})
DELETED_VAULT = "deletedVault"  # scope "", key lower-case name: ARM's deletedVault, with the vault itself in `_vault`
ROLE_ASSIGNMENT = "roleAssignment"  # scope subscription, key lower-case ARM id: ARM's roleAssignment

# scope of both: lower-case vault name, key: lower-case secret name; {name, versions: [SecretBundle, newest last]}
SECRET = "secret"  # noqa: S105  a document kind
DELETED_SECRET = "deletedSecret"  # noqa: S105  a document kind; also holds deletedDate and scheduledPurgeDate

# Certificates and keys of a vault; scope: lower-case vault name, key: lower-case name. A certificate makes a key and a
# secret of its own name ("managed"). {name, versions: [..., newest last]}; private keys lie in a version's `_private`
CERTIFICATE = "certificate"
DELETED_CERTIFICATE = "deletedCertificate"
KEY = "key"
DELETED_KEY = "deletedKey"
CERTIFICATE_ISSUER = "certificateIssuer"  # scope: lower-case vault name, key: lower-case name; {name, provider, ...}
CERTIFICATE_CONTACTS = "certificateContacts"  # scope: lower-case vault name, key "contacts"; {name, contacts: [...]}

FEDERATED_CREDENTIAL = (
    "federatedIdentityCredential"  # scope tenant, key id: Graph's object + `_application` (object id),
)
#                                                      `_usableFrom`
APP_MANAGEMENT_POLICY = "appManagementPolicy"  # scope tenant, key id: Graph's object + `_appliesTo`: [object id]

# An issuer of workload identities (GitHub, Azure DevOps, a cluster): scope "", key: its issuer URL; {issuer, _private}
ISSUER = "issuer"
JOB = "job"  # scope "", key SHA-256 of its request token: a pipeline's run that may ask for identities; issuers/jobs.py

# What Partner Center consented to in a customer's tenant; scope: that tenant's id, key: the application's id
APPLICATION_CONSENT = "applicationConsent"
PARTNER_REQUEST = "partnerRequest"  # scope: the partner's tenant, key: its number; App+User requests, newest 10,000

FAULT = "fault"  # scope "": see faults.py

# Entra's own, see entra/: what a sign-in page is about, a browser's session, issued codes and refresh tokens
SIGN_IN = "signIn"  # scope "", key: handle in the page's form
SESSION = "session"  # scope "", key: SHA-256 of the session cookie
AUTHORIZATION_CODE = "authorizationCode"  # scope "", key: SHA-256 of the code
DEVICE_CODE = "deviceCode"  # scope "", key: SHA-256 of the device code; its `userCode` is what a person types
REFRESH_TOKEN = "refreshToken"  # noqa: S105  a document kind; scope "", key: SHA-256 of the token
