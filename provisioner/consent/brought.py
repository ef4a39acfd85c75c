"""A refresh token that somebody brings: looked at before it is sent anywhere, and never shown."""

from __future__ import annotations

from provisioner.clients.sign_in_errors import remedy_of
from provisioner.core.errors import ConsentError, SignInError
from provisioner.core.secret import Secret

PROMPT = "Refresh token (not shown as you paste): "
MOST_BYTES = 25_000  # what a secret of the vault may hold (sam-facts 6.3)
_SIGN_IN = "or sign in: provisioner consent SPEC"
_BRING_ANOTHER = f"bring one that this application got with its credential, {_SIGN_IN}"
_PUBLIC = "AADSTS700025"


def read_brought(text: str) -> Secret:
    """The token in what was given, without the one newline that a pipe adds.

    Raises: ConsentError for what can be no refresh token; its text quotes nothing of it.
    """
    token = text.removesuffix("\n").removesuffix("\r")
    if not token.strip():
        raise _refused("no token was given", "pipe it in: some-command | provisioner consent SPEC --mode import")
    if token.lstrip().startswith(("{", "[", '"')):
        raise _refused("this is JSON, not a token", "pass only the value of refresh_token")
    if any(not "!" <= letter <= "~" for letter in token):
        raise _refused(
            "there are blanks, line breaks or other strange characters in the token", "pass the token and nothing else"
        )
    if len(token) > MOST_BYTES:
        raise _refused(f"the token is longer than {MOST_BYTES} characters", "pass the token and nothing else")
    if token.startswith("eyJ") and token.count(".") == 2:
        raise _refused(
            "this is an access token or an id_token, not a refresh token", f"bring the other one, {_SIGN_IN}"
        )
    return Secret(token)


def advise(error: SignInError) -> None:
    """Put what to do into an error about a token that Entra does not take."""
    remedy = remedy_of(error)
    if error.code == _PUBLIC:
        error.next_step = f"a public client's token dies with a change of password: {_BRING_ANOTHER}"
    elif remedy is not None and remedy.consent:
        error.next_step = f"Entra does not take this token: {_BRING_ANOTHER}"


def _refused(what: str, next_step: str) -> ConsentError:
    return ConsentError(f"{what}; nothing was stored", where="the token that was given", next_step=next_step)
