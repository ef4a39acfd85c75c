"""Carrying out a plan: what does not wait for each other runs at once, what a failure concerns is skipped.

Two steps of one target never run at the same time. Every step's outcome is in the report, after a failure too, be it
a bug of ours.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from graphlib import TopologicalSorter

from provisioner.clients.guard import writes_allowed
from provisioner.clients.tenant import load_sdks_of_writes
from provisioner.core.errors import DefectError, ForbiddenError, ProvisionerError, StaleError
from provisioner.core.observation import Known
from provisioner.core.plan import Plan
from provisioner.core.report import Outcome, Report, StepResult
from provisioner.core.step import Action, Step, StepKey
from provisioner.resources.contract import AnyCarried, Writer
from provisioner.resources.lag import until_heard
from provisioner.spec.model import Spec


@dataclass(frozen=True)
class Watcher:
    """Who is told as steps begin and end."""

    started: Callable[[Step], None]
    done: Callable[[StepResult], None]


async def execute(
    plan: Plan, spec: Spec, kinds: Mapping[str, AnyCarried], known: Known, write: Writer, watcher: Watcher
) -> Report:
    """Write what is pending. `known` is brought up to date with what each step made."""
    run = _Run(spec, kinds, known, write, watcher, plan.pending, plan.obstacles)
    if plan.pending:
        await asyncio.to_thread(load_sdks_of_writes)
    with writes_allowed():
        await run.all()
    return Report(tuple(run.results))


@dataclass
class _Run:
    spec: Spec
    kinds: Mapping[str, AnyCarried]
    known: Known
    write: Writer
    watcher: Watcher
    steps: Sequence[Step]
    obstacles: Mapping[StepKey, Step]
    results: list[StepResult] = field(default_factory=list)
    _unmet: dict[int, str] = field(default_factory=dict)

    async def all(self) -> None:
        graph = self._graph()
        sorter = TopologicalSorter(graph)
        sorter.prepare()
        running: dict[asyncio.Task[None], int] = {}
        try:
            while sorter.is_active():
                for index in sorter.get_ready():
                    running[asyncio.create_task(self._one(index, graph[index]))] = index
                finished, _ = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
                for task in finished:
                    task.result()
                    sorter.done(running.pop(task))
        finally:  # interrupted: nothing is left behind that would go on writing
            for task in running:
                task.cancel()
            await asyncio.gather(*running, return_exceptions=True)

    def _graph(self) -> dict[int, set[int]]:
        """For each step, the steps that must have ended: its needs, and earlier ones of its address or target."""
        graph: dict[int, set[int]] = {}
        for index, step in enumerate(self.steps):
            graph[index] = {
                other
                for other, earlier in enumerate(self.steps)
                if other != index
                and (
                    (step.last and (not earlier.last or other < index))
                    or earlier.address in step.needs
                    or (other < index and (earlier.address == step.address or earlier.target == step.target))
                )
            }
        return graph

    async def _one(self, index: int, before: set[int]) -> None:
        step = self.steps[index]
        obstacle = self.obstacles.get(step.key)
        because = self._failed_before(step, before) if obstacle is None else str(obstacle.address)
        if because:
            self._unmet[index] = because
            unread = obstacle is not None and obstacle.action is Action.UNKNOWN
            self._end(StepResult(step, Outcome.SKIPPED, because=because, unread=unread))
            return
        self.watcher.started(step)
        kind = self.kinds[step.address.kind]
        try:
            wanted = kind.wanted(self.spec).get(step.address)
            perform = partial(kind.perform, step, wanted, self.known, self.write)
            made = await until_heard(self.write, perform, str(step.address))
        except StaleError as error:
            self._not_done(index, Outcome.STALE, error)
        except ForbiddenError as error:
            self._not_done(index, Outcome.FAILED, _with_right(error, kind, step))
        except ProvisionerError as error:
            self._not_done(index, Outcome.FAILED, error)
        except Exception as error:  # noqa: BLE001  a bug in one step must not hide what the others did
            self._not_done(index, Outcome.FAILED, DefectError(error))
        else:
            self.known.record(step.address, made)
            self._end(StepResult(step, Outcome.DONE))

    def _not_done(self, index: int, outcome: Outcome, error: ProvisionerError) -> None:
        error.next_step = self.write.clients.cloud.advice(error.next_step)
        self._unmet[index] = str(self.steps[index].address)
        self._end(StepResult(self.steps[index], outcome, error))

    def _failed_before(self, step: Step, before: set[int]) -> str:
        """The address of the step that was not done and because of which this one is not tried; "" for none."""
        for other in sorted(before):
            earlier = self.steps[other]
            concerns = step.last or earlier.address in step.needs or earlier.address == step.address
            if other in self._unmet and concerns:
                return self._unmet[other]
        return ""

    def _end(self, result: StepResult) -> None:
        self.results.append(result)
        self.watcher.done(result)


_SERVICES = {"Graph": "graph", "Azure Resource Manager": "arm", "Key Vault": "key_vault"}
_FOR_LACK_OF_A_RIGHT = ("AuthorizationFailed", "Authorization_RequestDenied", "ForbiddenByRbac")


def _with_right(error: ForbiddenError, kind: AnyCarried, step: Step) -> ForbiddenError:
    """The refusal with the right that the step needs, where it was refused for lack of one."""
    service = _SERVICES.get(error.service)
    right = next((each for each in kind.rights(step.operation) if each.service == service), None)
    if right is not None and error.code in _FOR_LACK_OF_A_RIGHT:
        error.next_step = "; ".join(filter(None, (f"give the runner one of: {right.told()}", error.next_step)))
    return error
