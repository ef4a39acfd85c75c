"""Spares the first request to each vault its 401: the audience is in the cloud table, so there is nothing to ask.

Each SDK keeps the challenges it met in a cache of the process and offers no public way to fill it, so this is the one
place that reaches into private modules of theirs. A test counts the requests; the versions are locked.
"""

from __future__ import annotations

from provisioner.clients.clouds import CloudEndpoints


def know_challenge_of_secrets(cloud: CloudEndpoints, vault_url: str, tenant: str) -> None:
    """What the vault would answer a request without token (sam-facts 6.3)."""
    from azure.keyvault.secrets._shared import HttpChallenge, http_challenge_cache

    challenge = HttpChallenge(vault_url, _challenge(cloud, tenant))
    http_challenge_cache.set_challenge_for_url(vault_url, challenge)


def know_challenge_of_certificates(cloud: CloudEndpoints, vault_url: str, tenant: str) -> None:
    """The same for the SDK of certificates, which has a cache of its own."""
    from azure.keyvault.certificates._shared import HttpChallenge, http_challenge_cache

    challenge = HttpChallenge(vault_url, _challenge(cloud, tenant))
    http_challenge_cache.set_challenge_for_url(vault_url, challenge)


def know_challenge_of_keys(cloud: CloudEndpoints, vault_url: str, tenant: str) -> None:
    """The same for the SDK of keys."""
    from azure.keyvault.keys._shared import HttpChallenge, http_challenge_cache

    challenge = HttpChallenge(vault_url, _challenge(cloud, tenant))
    http_challenge_cache.set_challenge_for_url(vault_url, challenge)


def _challenge(cloud: CloudEndpoints, tenant: str) -> str:
    return f'Bearer authorization="{cloud.authority}/{tenant}", resource="{cloud.vault_audience}"'
