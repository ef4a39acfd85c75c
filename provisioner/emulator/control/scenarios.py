"""Beginning anew as a scenario says."""

from __future__ import annotations

from typing import Any

from .. import kinds, requests_log
from ..kernel import Call, Reply
from ..scenarios import BrokenScenarioError, plant, problems, read, shipped
from .access import members, parameters, text
from .errors import bad_request, state_exists, unknown_scenario
from .state import make_new


def get_scenarios(call: Call) -> Reply:
    parameters(call)
    found = [read(path) for path in shipped().values()]
    return Reply(200, {"scenarios": [{name: one[name] for name in ("name", "description")} for one in found]})


def load_scenario(call: Call) -> Reply:
    body = members(call, ("name", "scenario", "reset"))
    if not isinstance(body.get("reset", False), bool):
        raise bad_request("reset must be true or false")
    scenario = _wanted(body)
    if call.tx.list(kinds.TENANT, "") and not body.get("reset"):
        raise state_exists()
    call.tx.sql.execute("SAVEPOINT scenario")  # a refusal commits: what an impossible scenario began must not stay
    make_new(call.tx, plant.ahead_s(scenario) - plant.oldest_s(scenario))
    try:
        plant.plant(call, scenario)
    except plant.ImpossibleError as error:
        call.tx.sql.execute("ROLLBACK TO scenario")
        raise bad_request(str(error.problem)) from error
    call.tx.sql.execute("RELEASE scenario")
    requests_log.clear(call.tx)
    call.tx.set_meta("scenario", scenario["name"])
    return Reply(200, {name: scenario[name] for name in ("name", "description")})


def _wanted(body: dict[str, Any]) -> dict[str, Any]:
    if ("name" in body) == ("scenario" in body):
        raise bad_request("say either name, of a scenario that comes with the emulator, or scenario, the document")
    if "scenario" in body:
        if found := problems(body["scenario"]):
            raise bad_request("; ".join(map(str, found)))
        scenario: dict[str, Any] = body["scenario"]
        return scenario
    name, known = text(body, "name"), shipped()
    if name not in known:
        raise unknown_scenario(name, list(known))
    try:
        return read(known[name])
    except BrokenScenarioError as error:
        raise bad_request(str(error)) from error
