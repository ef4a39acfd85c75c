"""Microsoft Entra: discovery, sign-in with MFA and consent, tokens of both versions."""
