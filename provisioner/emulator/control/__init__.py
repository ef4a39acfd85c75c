"""The control surface: https://localhost:PORT/control/… with the bearer token of the note.

GET    state                 what `emulator start --json` prints
GET    clients?appId=ID      {"tenants": [id]}: where an application of that id can sign in
GET    clock                 {"now": epoch seconds, "offset": seconds}; POST {"advanceSeconds": n} moves it,
                             PUT {"offset": n} sets how far it is ahead of the machine's
GET    requests              {"requests": […]}, oldest first: ?since=SEQ, ?operation=GLOB, ?failed=true, ?last=N
DELETE requests              forgets them
GET    faults                {"faults": […]}; POST a fault (faults.py); DELETE removes all, ?id=ID one
GET    lag                   {"graph", "rbac", …}: seconds or a range, and "seed"; PUT the ones to change (lag.py)
PATCH  tenants?id=ID         policies of a tenant: directory.py names the members
PATCH  users?id=ID           a person's account, sessions, password, second factor: directory.py
POST   jobs                  {"platform", "subject", "claims"}: a pipeline's run; answers its environment variables
POST   issuers               {"issuer"}: an issuer of identities of your own, a cluster say, whose tokens Entra checks
POST   tokens                {"issuer", "claims", "lifeSeconds"}: a token such an issuer signs; answers {"token"}
GET    snapshots             {"snapshots": [{"name", "documents"}]}; DELETE ?name=NAME forgets one
POST   snapshot / restore    {"name"}: keep the whole state under a name; go back to it
GET    scenarios             {"scenarios": [{"name", "description"}]}: those that come with the emulator
POST   scenario              {"name"} or {"scenario": {…}}: begin anew as it says; "reset": true where there is state
POST   reset                 everything as when new; CA, signing keys and this token stay, the clock's offset goes

A request with a member, a parameter or a value that is not known is refused: nothing is ignored in silence. The modules
are one for each thing; routes.py, which this package does not import by itself, puts them together.
"""

from .access import token
from .state import description, make_new

__all__ = ["description", "make_new", "token"]
