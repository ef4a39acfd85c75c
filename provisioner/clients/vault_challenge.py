"""Spares the first request to each vault its 401: the audience is in the cloud table, so there is nothing to ask.

The SDK keeps the challenges it met in a cache of the process and offers no public way to fill it, so this is the one
place that reaches into one of its private modules. A test counts the requests; the versions are locked.
"""

from __future__ import annotations

from azure.keyvault.secrets._shared import HttpChallenge, http_challenge_cache

from provisioner.clients.clouds import CloudEndpoints


def know_challenge(cloud: CloudEndpoints, vault_url: str, tenant: str) -> None:
    """What the vault would answer a request without token (sam-facts 6.3)."""
    challenge = f'Bearer authorization="{cloud.authority}/{tenant}", resource="{cloud.vault_audience}"'
    http_challenge_cache.set_challenge_for_url(vault_url, HttpChallenge(vault_url, challenge))
