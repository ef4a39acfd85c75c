"""Any valid spec, any starting tenant: `apply` converges, and the next one has nothing to write.

`specs` makes specs and `acts` what others do to a tenant; `estate` is the tenant with its administrator; `others` is
what belongs to others in it; `judge` says what may come of an apply; `test_convergence` puts them together.
"""
