"""verify: the stored refresh token is made to work, and every step of that is a check (design section 7). Read-only."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace

from provisioner.clients.entra import UserTokens
from provisioner.clients.graph_facts import ApplicationFacts
from provisioner.clients.guard import signatures_allowed
from provisioner.clients.key_vault import StoredSecret
from provisioner.clients.partner_center import PartnerCenterClient
from provisioner.clients.proof import ClientProof
from provisioner.clients.tenant import TenantClients
from provisioner.core.errors import ApiError, CredentialMissingError, ForbiddenError
from provisioner.core.observation import Known, Present
from provisioner.engine.forecast import credential_life, token_life
from provisioner.operations.hand_over import with_the_right_mode
from provisioner.resources.application import ApplicationFact
from provisioner.resources.application_key import absence, application_key
from provisioner.resources.contract import Reader, could_not_look
from provisioner.resources.credential import Credential
from provisioner.resources.credential.place import place_of
from provisioner.resources.credential.proof import proof_in_force
from provisioner.resources.refresh_token import RefreshToken
from provisioner.resources.token_checks import (
    ExpectedToken,
    Finding,
    check_access_token,
    check_identity,
    identity,
)
from provisioner.resources.token_proof import expected_token, readable_claims
from provisioner.resources.token_state import TokenFact
from provisioner.spec.model import Spec
from provisioner.verify import checks
from provisioner.verify.checks import Check

_APPLY = "provisioner apply SPEC"


@dataclass(frozen=True)
class _Stored:
    """What the vault holds for the spec, and the application it is for."""

    application: ApplicationFacts
    proof: ClientProof
    token: StoredSecret

    @property
    def app_id(self) -> str:
        return self.application.app_id


async def verify(clients: TenantClients, spec: Spec) -> tuple[Check, ...]:
    """All checks, always the same ones in the same order; those that could not be run say why."""
    found = await _checks(clients, spec)
    advise = clients.cloud.advice
    return tuple(replace(check, next_step=advise(with_the_right_mode(spec, check.next_step))) for check in found)


async def _checks(clients: TenantClients, spec: Spec) -> tuple[Check, ...]:
    names = _names(spec)
    stored = await _stored(clients, spec)
    if isinstance(stored, Check):
        return stored, *(checks.not_tried(name, stored) for name in names)
    tried, life = await asyncio.gather(_tried(clients, spec, stored), _life(clients, spec, stored))
    return *tried, *life


async def _tried(clients: TenantClients, spec: Spec, stored: _Stored) -> tuple[Check, ...]:
    """The token at work."""
    names = _at_work(spec)
    try:
        with signatures_allowed():
            entra = clients.entra(stored.app_id, stored.proof)
            tokens = await entra.redeem_refresh_token(stored.token.value, clients.cloud.partner_center_scope)
        expected = await expected_token(clients, stored.app_id, spec.consent.account)
    except CredentialMissingError as missing:  # a trusted token that only another machine has
        check = Check(checks.REFRESH_TOKEN, checks.Status.UNKNOWN, missing.what, missing.next_step)
        return check, *(checks.not_tried(name, check) for name in names)
    except ApiError as error:
        check = checks.refused(checks.REFRESH_TOKEN, error)
        return check, *(checks.not_tried(name, check) for name in names)
    name = spec.consent.secret_name
    redeemed = checks.passed(checks.REFRESH_TOKEN, f"the token {name} of vault {spec.vault.name} was redeemed")
    return redeemed, *await _exercise(clients, spec, tokens, expected)


def _names(spec: Spec) -> tuple[str, ...]:
    """The checks after the first, in their order."""
    stored = () if spec.application.credential.type == "federated" else (checks.CREDENTIAL_EXPIRY,)
    return (*_at_work(spec), *stored, checks.TOKEN_EXPIRY)


def _at_work(spec: Spec) -> tuple[str, ...]:
    """What needs a token of Partner Center's."""
    token = (checks.TENANT, checks.ACCOUNT, checks.APPLICATION, checks.AUDIENCE)
    users = (checks.CUSTOMER_USERS,) if spec.verify.customer else ()
    return (*token, checks.ORGANIZATION, checks.MFA, checks.CUSTOMERS, *users)


async def _life(clients: TenantClients, spec: Spec, stored: _Stored) -> tuple[Check, ...]:
    """How long the credential and the token live, from metadata. A warning comes long before either fails."""
    now = clients.clock.now()
    ((token, _),) = RefreshToken().wanted(spec).items()
    ((credential, wanted),) = Credential().wanted(spec).items()
    found = Present(ApplicationFact(stored.application, {}))
    known = Known({wanted.application: found, wanted.vault: Present(None)})
    known.record(token, Present(TokenFact(stored.token.facts, stored.app_id)))
    try:
        reader = Reader(clients, await clients.credential.facts(clients.cloud.graph))
        seen = await Credential().observe({credential: wanted}, known, reader)
        known.record(credential, seen[credential])
    except ApiError as error:
        known.record(credential, could_not_look(error))
    own, _ = credential_life(spec, known, now)
    return tuple(checks.expiry(life, now) for life in (*own, *token_life(spec, known, now)))


async def _exercise(
    clients: TenantClients, spec: Spec, tokens: UserTokens, expected: ExpectedToken
) -> tuple[Check, ...]:
    findings = _findings(tokens, expected)
    partner_center = clients.partner_center(tokens.access_token)
    amr = next((finding.error is None for finding in findings if finding.name == checks.MFA), None)
    reads = [_organization(partner_center, expected, amr), _customers(partner_center)]
    if spec.verify.customer:
        reads.append(_users(partner_center, spec.verify.customer))
    answers = await asyncio.gather(*reads)
    seen = checks.of_findings(findings)
    silent = {checks.APPLICATION, checks.AUDIENCE} - {check.name for check in seen}
    organization = answers[0][0]
    taken = tuple(_by_use(name, organization) for name in (checks.APPLICATION, checks.AUDIENCE) if name in silent)
    return (*seen, *taken, *(check for answer in answers for check in answer))


def _findings(tokens: UserTokens, expected: ExpectedToken) -> tuple[Finding, ...]:
    """Of the access token; of the id_token where Entra made the other opaque."""
    claims = readable_claims(tokens.access_token)
    if claims is not None:
        return check_access_token(claims, expected)
    return check_identity(identity(tokens.id_claims), expected)


def _by_use(name: str, organization: Check) -> Check:
    """For a token that cannot be read: that Partner Center takes it shows whom it is for."""
    if organization.status is checks.Status.PASS:
        return checks.passed(name, "the token cannot be read, but Partner Center takes it")
    return checks.not_tried(name, organization)


async def _organization(
    partner_center: PartnerCenterClient, expected: ExpectedToken, amr: bool | None
) -> tuple[Check, ...]:
    try:
        profile, compliant = await partner_center.get_organization_profile(validate_mfa=True)
    except ApiError as error:
        return checks.organization_refused(error)
    text = f"Partner Center answers as {profile.company_name} ({profile.domain})"
    if profile.tenant_id and profile.tenant_id != expected.tenant_id:
        wrong = f"{text}, which is tenant {profile.tenant_id}, not {expected.tenant_id}"
        return checks.failed(checks.ORGANIZATION, wrong, checks.CONSENT), checks.mfa(amr, compliant)
    return checks.passed(checks.ORGANIZATION, text), checks.mfa(amr, compliant)


async def _customers(partner_center: PartnerCenterClient) -> tuple[Check, ...]:
    try:
        found = await partner_center.list_customers()
    except ApiError as error:
        return (checks.refused(checks.CUSTOMERS, error),)
    return (checks.passed(checks.CUSTOMERS, f"{len(found)} customer{'' if len(found) == 1 else 's'} can be listed"),)


async def _users(partner_center: PartnerCenterClient, customer: str) -> tuple[Check, ...]:
    try:
        found = await partner_center.list_customer_users(customer)
    except ApiError as error:
        return (checks.customer_refused(customer, error),)
    count = f"{len(found)} user{'' if len(found) == 1 else 's'}"
    return (checks.passed(checks.CUSTOMER_USERS, f"{count} of customer {customer} can be read"),)


async def _stored(clients: TenantClients, spec: Spec) -> _Stored | Check:
    """What verify works on, or the first check, which then says why there is nothing to work on."""
    try:
        if not await _vault_exists(clients, spec):
            return checks.failed(checks.REFRESH_TOKEN, f"the vault {spec.vault.name} does not exist", _APPLY)
        vault = clients.vault(spec.vault.name)
        token, proof, application = await asyncio.gather(
            vault.find_secret(spec.consent.secret_name),
            _proof(clients, spec),
            application_key(spec).find(clients.graph),
        )
    except ApiError as error:
        return checks.unreadable(checks.REFRESH_TOKEN, error)
    if application is None:
        return checks.failed(checks.REFRESH_TOKEN, *absence(spec))
    if isinstance(proof, CredentialMissingError):
        return checks.failed(checks.REFRESH_TOKEN, proof.what, proof.next_step or _APPLY)
    if token is None:
        text = f"no refresh token {spec.consent.secret_name} is in the vault {spec.vault.name}: nobody signed in yet"
        return checks.sign_in_missing(checks.REFRESH_TOKEN, text)
    return _Stored(application, proof, token)


async def _proof(clients: TenantClients, spec: Spec) -> ClientProof | CredentialMissingError:
    """What proves the application, or why there is nothing that does."""
    try:
        return await proof_in_force(clients, place_of(spec))
    except CredentialMissingError as missing:
        return missing


async def _vault_exists(clients: TenantClients, spec: Spec) -> bool:
    """Asked of ARM first: a host name that does not resolve yet would be remembered. A caller without ARM goes on."""
    try:
        return await clients.arm.find_vault(spec.vault.resource_group, spec.vault.name) is not None
    except ForbiddenError:
        return True
