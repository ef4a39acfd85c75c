"""The secrets of one vault as a run may reach them: what is known to be lag is waited for, and nothing else.

Writing is one thing for every kind: write, bring back what was soft-deleted if it is ours, wait until the vault lets
go, read the written value back.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import TypeVar

from provisioner.clients.key_vault import KeyVaultClient, SecretFacts, StoredSecret
from provisioner.core.errors import ApiError, ConflictError, ForeignResourceError, NotFoundError, VerificationError
from provisioner.core.secret import Secret
from provisioner.resources.contract import Writer
from provisioner.resources.lag import ROLE_DEADLINE_S, name_lag, retry_while, role_lag, unheard, until_heard
from provisioner.resources.marks import TAG

Result = TypeVar("Result")

_UNREACHABLE_DEADLINE_S = 60.0
_NEW_NAME_DEADLINE_S = 600.0
_SETTLE_DEADLINE_S = 300.0
_READ_BACK_DEADLINE_S = 60.0
_READ_BACK_POLL_S = 1.0
# Key Vault's inner codes of a 409 (observed in public issue reports, Azure/azure-sdk-for-net 31581).
DELETED = "ObjectIsDeletedButRecoverable"
_IN_BETWEEN = ("ObjectIsBeingDeleted", "ObjectIsBeingRecovered")


@dataclass(frozen=True)
class VaultSecrets:
    """mark: the spec whose secrets are ours. role_held: the runner is known to hold its role on the vault, so that a
    missing role is lag. vault_is_new: the vault's own step ran in this run, so that its name may not resolve yet.
    """

    vault_name: str
    mark: str
    write: Writer
    role_held: bool
    vault_is_new: bool = False

    @property
    def vault(self) -> KeyVaultClient:
        return self.write.clients.vault(self.vault_name)

    async def list(self) -> tuple[SecretFacts, ...]:
        """Every secret's current version, without values. Raises ApiError."""
        return await self.patiently(self.vault.list_secrets)

    async def find(self, name: str) -> StoredSecret | None:
        """The current version with its value. Raises ApiError."""
        return await self.patiently(lambda: self.vault.find_secret(name))

    async def put(
        self,
        name: str,
        value: Secret,
        *,
        content_type: str,
        expires_at: datetime | None,
        tags: Mapping[str, str],
        shared: bool = False,
    ) -> SecretFacts:
        """Write a new version with our mark and read it back.

        shared: others may write values of equal worth at the same time, so a version after this one is well.

        Raises: ForeignResourceError when a soft-deleted secret that is not ours holds the name; VerificationError when
        the vault goes on giving another value; ApiError.
        """

        marked = {**tags, TAG: self.mark}

        async def put() -> SecretFacts:
            try:
                return await self.vault.set_secret(
                    name, value, content_type=content_type, expires_at=expires_at, tags=marked
                )
            except ApiError as error:
                found = await self.find(name) if unheard(error) else None
                if found is not None and found.value == value and found.facts.tags == marked:
                    return found.facts
                raise

        async def heard() -> SecretFacts:
            return await until_heard(self.write, put, f"the writing of {name}")

        try:
            written = await self._settled(heard, name, _in_between)
        except ConflictError as error:
            if error.code != DELETED:
                raise
            await until_heard(self.write, partial(self._recover, name), f"the recovery of {name}")
            written = await self._settled(heard, name, _still_deleted)
        await self._read_back(written, value, shared=shared)
        return written

    async def recover(self, name: str) -> None:
        """Bring a soft-deleted secret of ours back and wait until it is there.

        Raises: ForeignResourceError when it is not ours; NotFoundError when it does not come in time; ApiError.
        """
        await self._recover(name)

        async def listed() -> None:
            if not any(secret.name.lower() == name.lower() for secret in await self.list()):
                raise NotFoundError("Key Vault", f"recover secret {name}", 404, "SecretNotFound", "not back yet")

        await retry_while(self.write, _absent, listed, f"{name} to come back", _SETTLE_DEADLINE_S)

    async def _recover(self, name: str) -> None:
        """A soft-deleted secret holds its name (sam-facts 6.3); its old versions come back with it."""
        held = await self.patiently(lambda: self.vault.find_deleted_secret(name))
        if held is None:
            self.write.progress(f"{name} was recovered by somebody else")
            return
        if held.tags.get(TAG) != self.mark:
            raise ForeignResourceError(
                f"the name {name} is held by a soft-deleted secret that is not ours",
                where=f"vault {self.vault_name}",
                next_step="name another secret in the spec, or have its owner recover or purge that one",
            )
        await self.vault.recover_secret(name)

    async def _read_back(self, written: SecretFacts, value: Secret, *, shared: bool) -> None:
        """Right after a write a reader may still get the older value (sam-facts 6.3): a moment is waited for."""
        name, clock = written.name, self.write.clock
        ends = clock.monotonic_s() + _READ_BACK_DEADLINE_S
        while True:
            found = await self.find(name)
            if found is not None and (found.value == value or (shared and _is_after(found.facts, written))):
                return
            if clock.monotonic_s() > ends:
                raise VerificationError(
                    f"secret {name} was written, but the vault gives another value",
                    where=f"vault {self.vault_name}",
                    next_step="see who else writes this secret, then run the same command again",
                )
            self.write.progress(f"reading {name} back")
            await clock.sleep(_READ_BACK_POLL_S)

    async def _settled(
        self, call: Callable[[], Awaitable[Result]], name: str, lag: Callable[[ApiError], bool]
    ) -> Result:
        """What `call` gives once the vault lets go of the name."""
        return await retry_while(
            self.write,
            lag,
            lambda: self.patiently(call),
            f"vault {self.vault_name} to free {name}",
            _SETTLE_DEADLINE_S,
        )

    async def patiently(self, call: Callable[[], Awaitable[Result]]) -> Result:
        """What `call` gives once the vault's name resolves and the runner's role there has taken effect."""

        async def reached() -> Result:
            deadline_s = _NEW_NAME_DEADLINE_S if self.vault_is_new else _UNREACHABLE_DEADLINE_S
            return await retry_while(self.write, name_lag, call, f"vault {self.vault_name} to answer", deadline_s)

        return await self.once_allowed(reached)

    async def once_allowed(self, call: Callable[[], Awaitable[Result]]) -> Result:
        """What `call` gives once the runner's role has taken effect, for what the vault is only a part of."""
        if not self.role_held:
            return await call()
        role = f"the runner's role on vault {self.vault_name}"
        return await retry_while(self.write, role_lag, call, role, ROLE_DEADLINE_S)


def _is_after(found: SecretFacts, written: SecretFacts) -> bool:
    """Another version that is no older; the vault's times are whole seconds."""
    return found.version != written.version and found.created_at >= written.created_at


def _absent(error: ApiError) -> bool:
    return isinstance(error, NotFoundError)


def _in_between(error: ApiError) -> bool:
    return isinstance(error, ConflictError) and error.code in _IN_BETWEEN


def _still_deleted(error: ApiError) -> bool:
    """After the recovery was asked for, the name may be held for a while (same source)."""
    return isinstance(error, ConflictError) and error.code in (DELETED, *_IN_BETWEEN)
