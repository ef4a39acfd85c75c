"""msal: an application by secret and by certificate; a person by code, by refresh token and by a device's code."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import msal
from conversation import hear, say
from cryptography import x509
from cryptography.hazmat.primitives import hashes

CLIENT_ID, SECRET, REPLY = (os.environ[name] for name in ("AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET", "REDIRECT_URI"))
AUTHORITY = f"https://login.microsoftonline.com/{os.environ['AZURE_TENANT_ID']}"
USER_READ = ["https://graph.microsoft.com/User.Read"]
AZURE = ["https://management.azure.com/user_impersonation"]
GRAPH = ["https://graph.microsoft.com/.default"]


def confidential(credential: Any) -> Any:
    return msal.ConfidentialClientApplication(CLIENT_ID, client_credential=credential, authority=AUTHORITY)


def by_certificate() -> dict[str, Any]:
    pem = Path(os.environ["AZURE_CLIENT_CERTIFICATE_PATH"]).read_text(encoding="utf-8")
    thumbprint = x509.load_pem_x509_certificate(pem.encode()).fingerprint(hashes.SHA1()).hex()
    sha256 = {"private_key": pem, "public_certificate": pem[pem.index("-----BEGIN CERTIFICATE") :]}
    sha1 = {"private_key": pem, "thumbprint": thumbprint}
    return {
        "certificate": confidential(sha256).acquire_token_for_client(GRAPH),
        "thumbprint": confidential(sha1).acquire_token_for_client(GRAPH),
    }


def by_person() -> dict[str, Any]:
    application = confidential(SECRET)
    flow = application.initiate_auth_code_flow([*USER_READ, *AZURE], redirect_uri=REPLY, response_mode="form_post")
    say({"open": flow["auth_uri"]})
    signed_in = application.acquire_token_by_auth_code_flow(flow, hear(), scopes=USER_READ)
    [account] = application.get_accounts()
    return {
        "code": signed_in,
        "silent": application.acquire_token_silent(USER_READ, account),
        "refresh": confidential(SECRET).acquire_token_by_refresh_token(signed_in["refresh_token"], AZURE),
    }


def by_device() -> dict[str, Any]:
    application = msal.PublicClientApplication(CLIENT_ID, authority=AUTHORITY)
    flow = application.initiate_device_flow(USER_READ)
    say({"open": flow["verification_uri"], "type": flow["user_code"]})
    return {"device": application.acquire_token_by_device_flow(flow)}


answers = {
    "secret": confidential(SECRET).acquire_token_for_client(GRAPH),
    "wrong": confidential("wrong").acquire_token_for_client(GRAPH),
    **by_certificate(),
    **by_person(),
    **by_device(),
}
say(answers)
