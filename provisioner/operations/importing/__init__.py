"""import: a spec for an application and a vault that somebody made by hand, in a portal or by another tool. Reads only.

`find` says which ones are meant, `look` sees them through every kind, `permissions` and `secrets` choose, and
`compose` writes down what was seen, with a comment wherever a choice was made or something could not be read.
"""
