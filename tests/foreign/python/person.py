"""azure-identity: a person by a code the application got, and by a device's code."""

from __future__ import annotations

import os
from datetime import datetime
from urllib.parse import urlencode

from azure.identity import AuthorizationCodeCredential, DeviceCodeCredential
from conversation import hear, say

TENANT, CLIENT, SECRET = (os.environ[name] for name in ("AZURE_TENANT_ID", "AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET"))
REPLY = os.environ["REDIRECT_URI"]
SCOPE = "https://graph.microsoft.com/User.Read"

query = {"client_id": CLIENT, "response_type": "code", "redirect_uri": REPLY, "scope": f"{SCOPE} offline_access"}
say({"open": f"https://login.microsoftonline.com/{TENANT}/oauth2/v2.0/authorize?{urlencode(query)}"})
code = AuthorizationCodeCredential(TENANT, CLIENT, hear()["code"], REPLY, client_secret=SECRET)


def show(address: str, user_code: str, _expires: datetime) -> None:
    say({"open": address, "type": user_code})


device = DeviceCodeCredential(CLIENT, tenant_id=TENANT, prompt_callback=show)
say({"code": code.get_token(SCOPE).token, "device": device.get_token(SCOPE).token})
