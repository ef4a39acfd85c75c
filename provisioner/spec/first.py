"""A first spec from the answers to a few questions. Pure."""

from __future__ import annotations

import re
from typing import Any

from provisioner.core.errors import Problem
from provisioner.spec.draft import Draft, explained
from provisioner.spec.nodes import NOWHERE, Path, node_of, path_text
from provisioner.spec.questions import Answers, Question, credential_object
from provisioner.spec.validate import check

_REPLY_URL = "http://localhost:8400/"
_GRAPH_EXAMPLE = "- {api: Microsoft Graph, delegated: [User.Read, Directory.Read.All]}"


def mistake(question: Question, answers: Answers) -> Problem | None:
    """What validation has against the answer to this question; what is not answered yet counts as good."""
    trial = {**_STAND_INS, **answers}
    found = check(node_of(draft(trial).document, NOWHERE))
    return next((problem for problem in found.problems if problem.path == path_text(question.path)), None)


def draft(answers: Answers) -> Draft:
    """The spec of a complete set of answers."""
    name, account = answers["name"], answers["account"]
    stored_as = credential_object(name)
    named = {} if stored_as == f"{name}-credential" else {"name": stored_as}
    document: dict[str, Any] = {
        "version": 1,
        "name": name,
        "cloud": answers["cloud"],
        "tenant": answers["tenant"],
        "subscription": answers["subscription"],
        "application": {
            "displayName": f"{_title(name)} Partner Integration",
            "replyUrls": [_REPLY_URL],
            "permissions": [{"api": "Microsoft Partner Center", "delegated": ["user_impersonation"]}],
            "credential": {**named, "type": "certificate"},
        },
        "vault": {
            "name": answers["vault"],
            "resourceGroup": f"rg-{name}"[:90].rstrip("."),
            "location": answers["location"],
        },
        "consent": {**({"account": account} if account else {}), "secretName": "partner-refresh-token"},
    }
    credential: Path = ("application", "credential")
    return Draft(
        document,
        head=(
            f"The Secure Application Model of {answers['tenant']}, kept by provisioner.",
            "A key left out is not owned: the service's default at creation, never drift later.",
            "Editors complete and check this file by the schema named above.",
        ),
        remarks={
            **explained(document),
            credential: ("how the application proves itself",),
            (*credential, "type"): ("its key stays in the vault; or secret",),
            ("vault",): ("Others who read the token or the credential get a role by vault.access.",),
        },
        omitted={
            ("application", "permissions"): (_GRAPH_EXAMPLE,),
            ("consent",): () if account else ("account: sam-service@…   # who must sign in; without it, anybody may",),
            (): ("More, all optional: auth (who applies), verify, exact, safety.",),
        },
    )


_STAND_INS = {
    "tenant": "stand-in.example.org",
    "subscription": "8d3c1f0e-52b7-4f3a-9a4e-7c1d2b6e5f90",
    "cloud": "public",
    "name": "stand-in",
    "vault": "kv-stand-in",
    "location": "westeurope",
    "account": "",
}
"""In place of what is not answered yet: good answers, so that nothing is said of them."""


def _title(name: str) -> str:
    words = re.split(r"[^A-Za-z0-9]+", name.removesuffix("-sam"))
    return " ".join(word[:1].upper() + word[1:] for word in words if word)
