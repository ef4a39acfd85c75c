"""What every write of a credential works with, and proving that a new one is taken."""

from __future__ import annotations

from dataclasses import dataclass

from provisioner.clients.graph_facts import ApplicationFacts
from provisioner.clients.proof import ClientProof
from provisioner.clients.vault_certificates import VaultCertificates
from provisioner.core.errors import ApiError, SignInError
from provisioner.resources import application_writes
from provisioner.resources.contract import Writer
from provisioner.resources.credential.wanted import CredentialWanted
from provisioner.resources.lag import DIRECTORY_DEADLINE_S, directory_lag, retry_while
from provisioner.resources.vault_secrets import VaultSecrets

# Nodes learn of a new credential one by one, and refuse at random until all know it (sam-facts 3.3, 5.2): only a run of
# successes over some seconds says that they do.
_PROBES = 5
_PROBE_EVERY_S = 2.0
# The credential, the application, or its service principal has not reached the token endpoint yet.
_NOT_USABLE_YET = ("AADSTS7000215", "AADSTS7000222", "AADSTS700027", "AADSTS700016", "AADSTS7000229")


@dataclass(frozen=True)
class AtWork:
    """object_id and app_id: the application's. secrets and certificates: of the vault; waited for while it is new."""

    wanted: CredentialWanted
    object_id: str
    app_id: str
    write: Writer
    secrets: VaultSecrets

    @property
    def certificates(self) -> VaultCertificates:
        return self.write.clients.certificates(self.wanted.vault_name)

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
        """Real token requests until the credential works several times in a row, seconds apart.

        Raises: SignInError when it still does not at the deadline; ApiError.
        """
        entra = self.write.clients.entra(self.app_id, proof)
        clock = self.write.clock
        ends = clock.monotonic_s() + DIRECTORY_DEADLINE_S
        in_a_row = 0
        while in_a_row < _PROBES:
            try:
                await entra.prove_credential()
                in_a_row += 1
            except ApiError as error:
                if not _not_usable_yet(error) or clock.monotonic_s() > ends:
                    raise
                in_a_row = 0
            if in_a_row < _PROBES:
                self.write.progress(f"proving the new {proof.kind} ({in_a_row} of {_PROBES})")
                await clock.sleep(_PROBE_EVERY_S)


def _not_usable_yet(error: ApiError) -> bool:
    return isinstance(error, SignInError) and error.code in _NOT_USABLE_YET
