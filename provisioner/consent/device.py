"""The sign-in on another device: a person types a code there, and we ask Entra until they have decided."""

from __future__ import annotations

from collections.abc import Callable

from provisioner.clients.device_code import DeviceCode, NoTokens, redeem_device_code
from provisioner.clients.entra import EntraClient, UserTokens
from provisioner.clients.outages import is_outage
from provisioner.consent.answer import SignInCancelledError
from provisioner.core.clock import Clock
from provisioner.core.durations import in_words
from provisioner.core.errors import ApiError, ConsentTimeoutError

ANOTHER_MODE = "provisioner consent SPEC --mode browser, or --mode paste"
_WHERE = "the sign-in on another device"
_SLOWER_S = 5.0  # RFC 8628 3.5
_LONGEST_WAIT_S = 60.0
# Conditional Access: a device, an application or a flow that a policy does not let through (sam-facts 3.5, 3.7).
_BLOCKED = frozenset(f"AADSTS{code}" for code in (50097, 50131, 53000, 53001, 53002, 53003, 530003, 530032, 530035))
_PUBLIC = "AADSTS700025"


async def wait_for_decision(
    entra: EntraClient, asked: DeviceCode, clock: Clock, progress: Callable[[str], None]
) -> UserTokens:
    """The tokens, once the person has signed in; asked for at the pace Entra wants, until the code is over.

    An outage is waited out. Raises: SignInCancelledError, ConsentTimeoutError, SignInError with what to do instead,
    ApiError.
    """
    ends = clock.monotonic_s() + asked.life_s
    wait = asked.interval_s
    progress("waiting for the sign-in on the other device")
    while (left := ends - clock.monotonic_s()) > 0:
        await clock.sleep(min(wait, left))
        try:
            found = await redeem_device_code(entra, asked)
        except ApiError as error:
            if not is_outage(error):
                _advise(error)
                raise
            progress(f"{error.what}: asking again")
            wait = min(wait * 2, _LONGEST_WAIT_S)
            continue
        if isinstance(found, UserTokens):
            return found
        if found is NoTokens.DECLINED:
            raise _declined()
        if found is NoTokens.OVER:
            break
        if found is NoTokens.SLOW_DOWN:
            wait += _SLOWER_S
    raise _over(asked)


def _advise(error: ApiError) -> None:
    """Put what to do instead into an error that refuses this way of signing in."""
    if error.code in _BLOCKED:
        error.next_step = f"a Conditional Access policy stops this way of signing in: {ANOTHER_MODE}"
    elif error.code == _PUBLIC:
        error.next_step = (
            "the application allows public client flows, and a public client's token dies with a change of password: "
            f"turn them off (isFallbackPublicClient: false), or {ANOTHER_MODE}"
        )


def _declined() -> SignInCancelledError:
    return SignInCancelledError(
        "the sign-in was cancelled on the other device",
        where=_WHERE,
        next_step="repeat it: provisioner consent SPEC --mode device",
    )


def _over(asked: DeviceCode) -> ConsentTimeoutError:
    return ConsentTimeoutError(
        f"nobody finished the sign-in within {in_words(asked.life_s)}, and the code is over",
        where=_WHERE,
        next_step="run the same command again for a new code; if the page said that a policy blocks it (53003, 50097): "
        + ANOTHER_MODE,
    )
