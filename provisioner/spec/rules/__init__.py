"""What a schema cannot say, one file for each topic. `RULES` is the whole list: there is no discovery."""

from provisioner.spec.findings import Rule
from provisioner.spec.rules.credential import credential
from provisioner.spec.rules.identifiers import identifiers
from provisioner.spec.rules.lifetimes import lifetimes
from provisioner.spec.rules.not_built import not_built
from provisioner.spec.rules.permissions import permissions
from provisioner.spec.rules.reply_urls import reply_urls
from provisioner.spec.rules.vault import vault

RULES: tuple[Rule, ...] = (not_built, identifiers, reply_urls, permissions, credential, vault, lifetimes)
