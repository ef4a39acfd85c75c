"""The person at the terminal for tests of `consent`: opens the page with the robot, answers what is asked."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from provisioner.core.report import StepResult
from provisioner.core.step import Step
from tests.robot import Ending, Person, Robot


@dataclass
class Player:
    """Implements operations.ui.Ui. robots: a fresh browser each time a page is opened."""

    robots: Callable[[], Robot]
    person: Person
    says_yes: bool = True
    said: list[str] = field(default_factory=list)
    endings: list[asyncio.Task[Ending]] = field(default_factory=list)
    brings: str = ""
    pasted: Callable[[Ending], str] = lambda ending: ending.address

    def progress(self, text: str) -> None:
        self.said.append(text)

    def info(self, text: str) -> None:
        self.said.append(text)

    by_hand = info

    def step_started(self, step: Step) -> None:
        raise AssertionError("consent carries out no step")

    def step_done(self, result: StepResult) -> None:
        raise AssertionError("consent carries out no step")

    async def confirm(self, question: str) -> bool:
        self.said.append(question)
        return self.says_yes

    async def ask(self, prompt: str) -> str:
        url = [line for text in self.said for line in text.splitlines() if line.startswith("https://")][-1]
        ending = await asyncio.to_thread(self.robots().sign_in, url, self.person, deliver=False)
        return self.pasted(ending)

    async def secret(self, prompt: str) -> str:
        self.said.append(prompt)
        return self.brings

    async def open_browser(self, url: str) -> bool:
        if self.endings:
            await self.endings[-1]  # one page at a time, as with one browser
        self.endings.append(asyncio.create_task(asyncio.to_thread(self.robots().sign_in, url, self.person)))
        return True

    async def last_page(self) -> str:
        """What the browser showed at the end."""
        return (await self.endings[-1]).page

    def as_person(self, **changed: str) -> Player:
        return replace(self, person=replace(self.person, **changed))  # type: ignore[arg-type]  # fields of a Person
