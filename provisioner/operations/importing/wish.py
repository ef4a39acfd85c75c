"""What is to be imported, as the command line says it."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from typing import Any, Literal

from provisioner.spec.model import Cloud, Spec, parse

ImportMode = Literal["adopt", "use"]
NOBODY = "00000000-0000-0000-0000-000000000000"


@dataclass(frozen=True)
class Wish:
    """app: appId, object id or display name; "" of no one. subscription "": none was named, nor was a vault (None).

    out: the file that it is to be written to, for commands that are shown. emulator: `--emulator` was given.
    """

    app: str
    tenant: str
    subscription: str
    cloud: Cloud = "public"
    vault: str | None = None
    mode: ImportMode = "adopt"
    out: str | None = None
    emulator: bool = False

    def command(self, app: str) -> str:
        """The same command for another application, ready to be copied."""
        words = ["provisioner", "import", "--app", app, *self.place]
        words += ["--subscription", self.subscription or "SUBSCRIPTION_ID"]
        words += [] if self.vault is None else ["--vault", self.vault]
        words += [] if self.mode == "adopt" else ["--mode", self.mode]
        words += [] if self.out is None else ["--out", self.out]
        return shlex.join(words)

    def list_command(self) -> str:
        """The command that lists what could be meant."""
        return shlex.join(["provisioner", "import", "--all", *self.place])

    @property
    def place(self) -> list[str]:
        """Where to look, as flags: a rehearsal's next command is one too."""
        cloud = [] if self.cloud == "public" else ["--cloud", self.cloud]
        return ["--tenant", self.tenant, *cloud, *(["--emulator"] if self.emulator else [])]

    def spec(self, *, name: str = "import", application: dict[str, Any] | None = None, **parts: Any) -> Spec:
        """A spec to look with. Its credential is a trust in nobody: no type of ours is asked of the vault for it."""
        nobody = {"type": "federated", "issuer": "https://nobody.invalid", "subject": "nobody"}
        credential = {"name": parts.pop("credential_name", f"{name}-credential"), **nobody}
        document = {
            "version": 1,
            "name": name,
            "cloud": self.cloud,
            "tenant": self.tenant,
            "subscription": self.subscription or NOBODY,
            "application": {"mode": "adopt", "appId": NOBODY, "credential": credential, **(application or {})},
            "vault": {"mode": "adopt", "name": "none", "resourceGroup": "none", "location": "none"},
            "exact": ["grants"],  # so that what is granted is looked at for every API
            **parts,
        }
        return parse(document)
