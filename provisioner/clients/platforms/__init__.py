"""Where a machine gets a token of its own: one file for each kind of machine."""
