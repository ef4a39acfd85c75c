"""A token in a file that somebody else keeps fresh: Kubernetes projects a service account's token like this.

azure-identity's WorkloadIdentityCredential reads such a file too, but at most every ten minutes, so that a token
replaced at the end of its life is missed; here it is read for each token request.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from provisioner.clients.platforms.environment import PlatformMissingError, require
from provisioner.core.secret import Secret

TOKEN_FILE = "AZURE_FEDERATED_TOKEN_FILE"  # noqa: S105  # a variable's name
_LONGEST = 64 * 1024
_POD = 'label the pod `azure.workload.identity/use: "true"`, or name the file in auth.tokenFile'


@dataclass(frozen=True)
class TokenFile:
    """Implements PlatformTokens; the audience is whoever's wrote the file."""

    path: Path
    label: ClassVar[str] = "workload identity"

    async def token(self, audience: str) -> Secret:
        """Raises PlatformMissingError when the file cannot be read or holds nothing."""
        return Secret(await asyncio.to_thread(self._read))

    def _read(self) -> str:
        try:
            with self.path.open(encoding="ascii") as file:
                text = file.read(_LONGEST).strip()
        except (OSError, UnicodeDecodeError) as error:
            reason = (error.strerror or "") if isinstance(error, OSError) else "it is not a token"
            raise PlatformMissingError(
                f"the token file {self.path} cannot be read: {reason}", where=TOKEN_FILE, next_step=_POD
            ) from None
        if not text:
            raise PlatformMissingError(f"the token file {self.path} is empty", where=TOKEN_FILE, next_step=_POD)
        return text


def in_pod(environment: Mapping[str, str]) -> bool:
    """True where a token file is named."""
    return bool(environment.get(TOKEN_FILE))


def token_file(environment: Mapping[str, str], path: str | None = None) -> TokenFile:
    """The file named, else the environment's. Raises PlatformMissingError naming the variable."""
    return TokenFile(Path(path or require(environment, TOKEN_FILE, TokenFile.label, _POD)))
