"""What the service refuses of keys."""

from __future__ import annotations

from ..kernel import Refusal
from ..refusals import refusal
from .errors import error


@refusal("key_vault.key_operation_forbidden")
def key_operation_forbidden(operation: str) -> Refusal:
    """Observed: the operation is not among the key's key_ops."""
    return error(403, "Forbidden", f"Operation {operation} is not permitted on this key.", "KeyOperationForbidden")


@refusal("key_vault.key_disabled")
def key_disabled(operation: str) -> Refusal:
    """Observed."""
    return error(403, "Forbidden", f"Operation {operation} is not allowed on a disabled key.", "KeyDisabled")


@refusal("key_vault.key_out_of_time")
def key_out_of_time(operation: str) -> Refusal:
    """An expired or not yet valid key makes nothing new; that it is 403 was reported, the text is assumed."""
    message = f"Operation {operation} is not allowed on a key that is expired or not yet valid."
    return error(403, "Forbidden", message, "KeyNotYetValidOrExpired")


@refusal("key_vault.algorithm_unknown")
def algorithm_unknown(algorithm: object) -> Refusal:
    return error(400, "BadParameter", f"Property alg has invalid value {algorithm!s:.50}.")


@refusal("key_vault.algorithm_incompatible")
def algorithm_incompatible(key_id: str, is_like: str, algorithm: str, needs: str) -> Refusal:
    """Observed; `is_like` and `needs` complete the two half sentences."""
    message = (
        f"Key and signing algorithm are incompatible. Key {key_id} {is_like}, and algorithm '{algorithm}' can only be "
        f"used with {needs}."
    )
    return error(400, "BadParameter", message)


@refusal("key_vault.digest_length")
def digest_length(member: str, length: int, algorithm: str, expected: int) -> Refusal:
    """Observed."""
    message = (
        f"Invalid length of '{member}': {length} bytes. {algorithm} requires {expected} bytes, encoded with base64url."
    )
    return error(400, "BadParameter", message)


@refusal("key_vault.key_material")
def key_material(message: str) -> Refusal:
    """A key of a kind or size the vault does not make or take."""
    return error(400, "BadParameter", message)


@refusal("key_vault.key_not_exportable")
def key_not_exportable() -> Refusal:
    """Release is for keys made exportable with a release policy, in HSMs; ours never are. The text is assumed."""
    return error(403, "Forbidden", "The key is not exportable and cannot be released.")


@refusal("key_vault.managed_hsm_only")
def managed_hsm_only(operation: str) -> Refusal:
    """Random bytes and the like come from a managed HSM, not from a vault. The text is assumed."""
    return error(400, "BadParameter", f"Operation {operation} is supported by managed HSMs only.")
