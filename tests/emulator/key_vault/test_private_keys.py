"""A key that is not exportable leaves the vault in no answer; and the search that says so would find it."""

from __future__ import annotations

import base64
import json
import textwrap

import pytest

from provisioner.emulator.key_vault.key_material import private_marks

from ..azure import Azure
from .private_keys import find_leaks, recorded
from .world import b64, create, policy, version_of

RSA = {"key_props": {"exportable": False, "kty": "RSA", "key_size": 2048}}


def marks_of(azure: Azure) -> list[bytes]:
    with azure.store.transaction() as tx:
        return private_marks(tx)


def every_answer(azure: Azure) -> list[bytes]:
    """What a reader with all rights can get of a certificate: every answer there is, deleted ones included."""
    made = create(azure, "app", **RSA)
    version = version_of(made["kid"])
    azure.vault("POST", "/keys/plain/create", {"kty": "RSA"})
    azure.vault("POST", "/certificates/waiting/create", {"policy": policy(issuer={"name": "Unknown"})})
    digest = b64(bytes(32))
    steps: list[tuple[str, str, object]] = [
        *(("GET", f"/{kind}/app/{version}", None) for kind in ("certificates", "keys", "secrets")),
        *(("GET", f"/{kind}/app/versions", None) for kind in ("certificates", "keys", "secrets")),
        *(("GET", f"/{kind}", None) for kind in ("certificates", "keys", "secrets")),
        *(("GET", f"/certificates/{name}/pending", None) for name in ("app", "waiting")),
        ("GET", "/certificates/waiting", None),
        ("POST", f"/keys/app/{version}/sign", {"alg": "PS256", "value": digest}),
        ("POST", "/certificates/app/backup", None),
        ("POST", "/keys/plain/backup", None),
        ("PATCH", "/certificates/app/", {"tags": {"a": "b"}}),
        ("DELETE", "/certificates/app", None),
        *(("GET", f"/deleted{kind}/app", None) for kind in ("certificates", "keys", "secrets")),
    ]
    replies = [azure.vault(*step) for step in steps]
    assert [reply.body for reply in replies if reply.status >= 400] == []
    return [reply.encoded()[0] + json.dumps(dict(reply.headers)).encode() for reply in replies]


def test_no_answer_and_no_record_holds_a_private_key(azure: Azure) -> None:
    answers = every_answer(azure)
    marks = marks_of(azure)
    assert len(marks) == 4 + 4 + 2  # two RSA keys, and the elliptic one that waits for its certificate
    assert find_leaks([*answers, *recorded(azure.store)], marks) == []


@pytest.mark.parametrize("content_type", ["application/x-pkcs12", "application/x-pem-file"])
def test_the_secret_of_an_exportable_certificate_is_found_out(azure: Azure, content_type: str) -> None:
    create(azure, key_props={"kty": "RSA", "exportable": True}, secret_props={"contentType": content_type})
    answer = azure.vault("GET", "/secrets/app/").encoded()[0]
    assert find_leaks([b"nothing", answer], marks_of(azure)) != []


@pytest.mark.parametrize("before", [b"", b"x", b"xx"])
def test_a_mark_is_found_in_every_form_it_could_travel_in(before: bytes) -> None:
    mark = bytes(range(7, 39))
    travelling = before + mark + b"after"
    wrapped = "\n".join(textwrap.wrap(base64.b64encode(travelling).decode(), 20))
    forms = (
        travelling,
        travelling.hex().encode(),
        travelling.hex().upper().encode(),
        base64.b64encode(travelling),
        base64.urlsafe_b64encode(travelling).rstrip(b"="),
        wrapped.encode(),
        json.dumps({"pem": wrapped}).encode(),
    )
    assert {leak.blob for leak in find_leaks(forms, [mark])} == set(range(len(forms)))
    assert find_leaks([mark[:-1]], [mark]) == []
