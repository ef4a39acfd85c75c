"""A row for each refusal of the emulator: (its name, source, the request that provokes it, status, code).

The source says where it is written that Microsoft refuses so: a section of sam-facts ("5.1", with a word on which rule
where a section has many), "AADSTS list" (Microsoft's list of Entra's error codes), "observed" (status and code stand
in public reports of the real service), "ours" (the emulator's own surface, or a request no service could answer), or
"assumed": general knowledge of the service, found in no source.
"""

import re

SOURCE = re.compile(r"[1-8](\.[1-9])?( .+)?|AADSTS list|observed|ours|assumed")
