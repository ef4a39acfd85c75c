"""What the vault has to give whoever runs `consent`: roles, or where it keeps its access policies, one of those."""

from __future__ import annotations

from collections.abc import Sequence

from provisioner.clients.arm_facts import VaultFacts
from provisioner.core.address import Address
from provisioner.core.observation import Absent, Known
from provisioner.resources.access_policies import WHO, PolicyGap, command_for
from provisioner.resources.vault_roles import operator_roles
from provisioner.spec.model import CredentialType

_SOMEBODY = "OPERATOR_OBJECT_ID"


def keeps_policies(vault: VaultFacts, *, model_stays: bool) -> bool:
    """Whether roles give nothing there. model_stays: the vault was there before us, so nobody is to switch it."""
    return not vault.rbac and model_stays


def by_policies(vault: VaultFacts, spec_name: str, operators: Sequence[str], kind: CredentialType, known: Known) -> str:
    """The end of a sentence, and the commands on lines of their own."""
    roles = operator_roles(kind)
    if not operators:
        whose = "with their object id (az ad signed-in-user show --query id), "
        commands = [command_for(vault, _SOMEBODY, roles)]
    else:
        whose = ""
        places = [Address(spec_name, "role_assignment", f"{role}/{each}") for each in operators for role in roles]
        gaps = [seen.remains for place in places if isinstance(seen := known.get(place), Absent)]
        commands = list(dict.fromkeys(gap.command for gap in gaps if isinstance(gap, PolicyGap)))
    if not commands:
        return f"the access policies of vault {vault.name} let consent.operators in ({', '.join(operators)})"
    lines = "\n".join(f"  {command}" for command in commands)
    return f"whoever runs it needs an access policy of vault {vault.name}; {whose}{WHO}\n{lines}"
