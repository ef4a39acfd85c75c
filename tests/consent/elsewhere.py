"""A tenant for consent's tests in which waiting costs no time: what happens elsewhere happens during a wait of ours."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta

from provisioner.core.clock import Clock
from provisioner.operations.consent import ConsentOptions, Mode, consent
from provisioner.operations.consent_store import ConsentResult
from provisioner.spec.model import Spec
from tests.consent.player import Player
from tests.trial import Trial


@dataclass
class Elsewhere(Trial):
    """during: what to do in the wait of this number (the first is 1). pace: how fast the cloud's clock follows ours.

    waits: how long each wait of ours was.
    """

    during: dict[int, Callable[[], object]] = field(default_factory=dict)
    pace: float = 1.0
    waits: list[float] = field(default_factory=list)

    def clock(self) -> Clock:
        clock = Clock(timedelta(seconds=self.cloud.control("GET", "clock")["offset"]))

        async def advance(seconds: float) -> None:
            self.waits.append(seconds)
            elsewhere = self.during.pop(len(self.waits), None)
            if elsewhere is not None:
                await asyncio.to_thread(elsewhere)
            moved = {"advanceSeconds": seconds * self.pace}
            await asyncio.to_thread(self.cloud.control, "POST", "clock", moved)
            clock.offset += timedelta(seconds=seconds)

        clock.wait = advance
        return clock

    def written(self) -> list[str]:
        """What anybody wrote to Graph, Azure or a vault. Sign-ins and signatures change nothing there."""
        return [each for each in self.writes() if " entra." not in each and not each.endswith("keys.sign")]

    def consent(self, player: Player, mode: Mode, spec: Spec | None = None) -> ConsentResult:
        """As the runner."""

        async def run() -> ConsentResult:
            async with self.opened(spec=spec) as tenant:
                return await consent(tenant.clients, spec or self.spec(), player, ConsentOptions(mode, timeout_s=20))

        return asyncio.run(run())


@dataclass
class DevicePlayer(Player):
    """Reads the page and the code from what is said, and types them in where `sign_in` is called."""

    def sign_in(self) -> str:
        """What the page shows at the end."""
        text = "\n".join(self.said)
        page = re.search(r"https://\S+devicelogin\S*", text)
        code = re.search(r"^    ([A-Z0-9]{9})$", text, re.MULTILINE)
        assert page is not None, text
        assert code is not None, text
        return self.robots().type_code(page[0], code[1], self.person).page

    def cancel(self) -> None:
        replace(self, person=replace(self.person, at_password="cancel")).sign_in()
