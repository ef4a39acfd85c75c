"""What every write of a credential works with, and proving that a new one is taken."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import TypeVar

from provisioner.clients.graph_facts import ApplicationFacts
from provisioner.clients.proof import ClientProof
from provisioner.clients.vault_certificates import VaultCertificates
from provisioner.core.errors import ApiError, SignInError
from provisioner.resources import application_writes
from provisioner.resources.contract import Writer
from provisioner.resources.credential.wanted import CredentialWanted
from provisioner.resources.lag import DIRECTORY_DEADLINE_S, ROLE_DEADLINE_S, directory_lag, retry_while, role_lag
from provisioner.resources.vault_roles import CERTIFICATES_OFFICER, CRYPTO_USER
from provisioner.resources.vault_secrets import VaultSecrets

Result = TypeVar("Result")

# Nodes learn of a new credential one by one, and refuse at random until all know it (sam-facts 3.3, 5.2): only
# successes over a while say that they do. Where consumers move to it at once, as long as the longest delay known.
_PROBE_EVERY_S = 2.0
_STEADY_S = 20.0
_STEADY_BESIDE_NOTHING_S = 8.0
# The credential, the application, or its service principal has not reached the token endpoint yet.
_NOT_USABLE_YET = ("AADSTS7000215", "AADSTS7000222", "AADSTS700027", "AADSTS700016", "AADSTS7000229")


@dataclass(frozen=True)
class AtWork:
    """object_id and app_id: the application's. secrets: of the vault.

    held: the vault roles that the runner is known to hold, so that a refusal of what one allows is lag.
    replaces: another credential of ours is in force until this one is.
    """

    wanted: CredentialWanted
    object_id: str
    app_id: str
    write: Writer
    secrets: VaultSecrets
    held: frozenset[str]
    replaces: bool

    async def in_certificates(self, call: Callable[[VaultCertificates], Awaitable[Result]]) -> Result:
        """What `call` gives of the vault's certificates, once its name and the role have taken effect. Raises ApiError.

        Each role takes effect by itself: one that was assigned today may lag behind one held for long.
        """
        certificates = self.write.clients.certificates(self.wanted.vault_name)
        vault = replace(self.secrets, role_held=CERTIFICATES_OFFICER in self.held)
        return await vault.patiently(lambda: call(certificates))

    async def application(self) -> ApplicationFacts:
        """The application as Graph shows it now, once it does."""
        write = self.write
        return await retry_while(
            write,
            directory_lag,
            lambda: application_writes.get(write, self.object_id),
            "the application",
            DIRECTORY_DEADLINE_S,
        )

    async def prove(self, proof: ClientProof) -> None:
        """Real token requests until the credential has worked for a while, each time.

        Raises: SignInError when it still does not at the deadline; ApiError.
        """
        entra = self.write.clients.entra(self.app_id, proof)
        clock = self.write.clock
        ends = clock.monotonic_s() + ROLE_DEADLINE_S
        for_s = _STEADY_S if self.replaces else _STEADY_BESIDE_NOTHING_S
        since: float | None = None
        while True:
            try:
                await entra.prove_credential()
            except ApiError as error:
                if not self._not_usable_yet(error) or clock.monotonic_s() > ends:
                    raise
                since = None
            else:
                since = clock.monotonic_s() if since is None else since
                if clock.monotonic_s() - since >= for_s:
                    return
            steady = 0.0 if since is None else clock.monotonic_s() - since
            self.write.progress(f"proving the new {proof.kind} ({steady:.0f} of {for_s:.0f} s)")
            await clock.sleep(_PROBE_EVERY_S)

    def _not_usable_yet(self, error: ApiError) -> bool:
        """The credential is still on its way, or the role to sign with it."""
        if isinstance(error, SignInError):
            return error.code in _NOT_USABLE_YET
        return CRYPTO_USER in self.held and role_lag(error)
