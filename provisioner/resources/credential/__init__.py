"""The application's credential in its three forms, and the one dance by which each replaces the one before it.

Add, store staged, prove, promote, keep the old for the overlap, retire (design section 6). `*_steps.py` say what is
left, from facts alone; `*_writes.py` carry it out. `place.py` and `proof.py` are for everybody who asks for tokens.
"""

from provisioner.resources.credential.kind import Credential

__all__ = ["Credential"]
