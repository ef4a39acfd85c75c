"""How what is ours goes again: for each kind that `destroy` removes, the engine's contract the other way round.

`wanted` says what is to be gone and how to find it, `observe` sees only what proves to be ours, `steps` is what is left
to remove, from facts alone: so a run that was killed anywhere is finished by the next one. What was there before us
(mode adopt) loses our marks and stays; what is another's (mode use, no mark) is not written at all.
"""
