"""Users and groups: read, looked up as clients look up a role's assignee, and what they belong to and own."""

from __future__ import annotations

from ..kernel import Reply
from ..kinds import APPLICATION, GROUP, SERVICE_PRINCIPAL, USER
from ..store import Document
from . import access, errors, lookup, owners, query, roles
from .expanding import Related
from .filterable import APPLICATION as APPLICATION_TYPE
from .filterable import DIRECTORY_OBJECT, DIRECTORY_ROLE, ResourceType
from .filterable import GROUP as GROUP_TYPE
from .filterable import SERVICE_PRINCIPAL as SERVICE_PRINCIPAL_TYPE
from .filterable import USER as USER_TYPE
from .person_documents import shown_group, shown_user
from .service import Request, is_guid

_CASTS: dict[str, ResourceType] = {
    "application": APPLICATION_TYPE,
    "servicePrincipal": SERVICE_PRINCIPAL_TYPE,
    "group": GROUP_TYPE,
    "directoryRole": DIRECTORY_ROLE,
}
_OF_GROUP = frozenset({"Group.Read.All", "Group.ReadWrite.All", "GroupMember.Read.All"})


def list_users(request: Request) -> Reply:
    access.require(request.caller, access.READ_USERS)
    found = map(shown_user, request.tx.list(USER, request.tenant))
    return query.collection(request, found, USER_TYPE, "users")


def get_user(request: Request) -> Reply:
    """GET users/{id or userPrincipalName}; of oneself with User.Read only."""
    return query.entity(request, shown_user(_user(request)), USER_TYPE, "users", _related(request))


def me(request: Request) -> Reply:
    """GET me: for a signed-in user with User.Read or more."""
    found = _me(request)
    return query.entity(request, shown_user(found), USER_TYPE, "users", _related(request))


def list_groups(request: Request) -> Reply:
    access.require(request.caller, access.READ_GROUPS)
    found = map(shown_group, request.tx.list(GROUP, request.tenant))
    return query.collection(request, found, GROUP_TYPE, "groups")


def get_group(request: Request) -> Reply:
    access.require(request.caller, access.READ_GROUPS)
    return query.entity(request, shown_group(_group(request)), GROUP_TYPE, "groups")


def list_members(request: Request) -> Reply:
    access.require(request.caller, access.READ_GROUPS)
    found = []
    for object_id in _group(request).get("_members", ()):
        member = lookup.directory_object(request, object_id)
        if member is not None:
            found.append(_shown(*member))
    return query.collection(request, found, DIRECTORY_OBJECT, "directoryObjects")


def list_group_owners(request: Request) -> Reply:
    access.require(request.caller, access.READ_GROUPS)
    return query.collection(request, owners.of(request, _group(request)), DIRECTORY_OBJECT, "directoryObjects")


def list_member_of(request: Request) -> Reply:
    """GET me/memberOf, users/{id}/memberOf, servicePrincipals/{id}/memberOf; and transitiveMemberOf."""
    key = _subject(request)
    return _cast(request, _member_of(request, key, transitive="/transitivememberof" in request.call.path.lower()))


def list_owned_objects(request: Request) -> Reply:
    """GET me/ownedObjects, users/{id}/ownedObjects, servicePrincipals/{id}/ownedObjects."""
    access.require(request.caller, access.READ_APPLICATIONS | {"User.Read"})
    key = _subject(request)
    found = [
        owners.as_directory_object(kind, each)
        for kind in (APPLICATION, SERVICE_PRINCIPAL)
        for each in lookup.visible(request, kind)
        if key in each.get("_owners", ())
    ]
    return _cast(request, found)


def get_member_groups(request: Request) -> Reply:
    """POST …/getMemberGroups {"securityEnabledOnly"}: the ids of all groups, nested ones too."""
    key = _subject(request)
    if not isinstance(request.body().get("securityEnabledOnly"), bool):
        raise errors.property_missing("securityEnabledOnly", "directoryObject")
    return _ids(request, [group["id"] for group in _groups_of(request, key, transitive=True)])


def check_member_groups(request: Request) -> Reply:
    """POST …/checkMemberGroups {"groupIds"}: those of them it belongs to."""
    key = _subject(request)
    asked = request.body().get("groupIds")
    if not isinstance(asked, list) or not all(map(is_guid, asked)) or len(asked) > 20:
        raise errors.property_invalid("groupIds", "directoryObject")
    held = {group["id"] for group in _groups_of(request, key, transitive=True)}
    return _ids(request, [each for each in asked if each.lower() in held])


def _cast(request: Request, found: list[Document]) -> Reply:
    """All of them, or with a cast segment in the path those of one type, as their own collection shows them."""
    name = request.call.params.get("type_name")
    if name is None:
        return query.collection(request, found, DIRECTORY_OBJECT, "directoryObjects")
    if name not in _CASTS:
        raise errors.segment_unknown(f"microsoft.graph.{name}")
    wanted = [dict(each) for each in found if each.pop("@odata.type") == f"#microsoft.graph.{name}"]
    return query.collection(request, wanted, _CASTS[name], f"{name}s")


def _ids(request: Request, found: list[str]) -> Reply:
    return Reply(200, {"@odata.context": f"{request.root}/$metadata#Collection(Edm.String)", "value": found})


def _me(request: Request) -> Document:
    if request.caller.kind == "app":
        raise errors.me_needs_user()
    access.require(request.caller, access.READ_USERS | {"User.Read"})
    found = request.tx.get(USER, request.tenant, request.caller.object_id)
    if found is None:
        raise errors.not_found(request.caller.object_id)
    return found


def _user(request: Request) -> Document:
    found = lookup.user(request, request.param("id"))
    oneself = found is not None and request.caller.kind == "user" and found["id"] == request.caller.object_id
    access.require(request.caller, access.READ_USERS | ({"User.Read"} if oneself else frozenset()))
    if found is None:
        raise errors.not_found(request.param("id"))
    return found


def _group(request: Request) -> Document:
    key = lookup.object_id(request)
    found = request.tx.get(GROUP, request.tenant, key)
    if found is None:
        raise errors.not_found(key)
    return found


def _subject(request: Request) -> str:
    """The object id of whom the path is about, and the right to know about it."""
    collection = request.call.path.split("/")[2].lower()
    if collection == "me":
        return str(_me(request)["id"])
    if collection.startswith("users"):
        return str(_user(request)["id"])
    if collection.startswith("groups"):
        access.require(request.caller, access.READ_GROUPS)
        return str(_group(request)["id"])
    if collection.startswith("serviceprincipals"):
        access.require(request.caller, access.READ_APPLICATIONS | _OF_GROUP)
        return str(lookup.service_principal(request)["id"])
    access.require(request.caller, access.READ_OBJECTS | _OF_GROUP)
    key = lookup.object_id(request)
    if lookup.directory_object(request, key) is None:
        raise errors.not_found(key)
    return key


def _member_of(request: Request, object_id: str, *, transitive: bool) -> list[Document]:
    """Groups and directory roles."""
    groups = [_shown(GROUP, group) for group in _groups_of(request, object_id, transitive=transitive)]
    held = roles.held_by(request, object_id)
    return [*groups, *({"@odata.type": "#microsoft.graph.directoryRole"} | role for role in held)]


def _groups_of(request: Request, object_id: str, *, transitive: bool) -> list[Document]:
    everyone = request.tx.list(GROUP, request.tenant)
    found: dict[str, Document] = {}
    pending = [object_id]
    while pending:
        member = pending.pop()
        for group in everyone:
            if member in group.get("_members", ()) and group["id"] not in found:
                found[group["id"]] = group
                pending += [group["id"]] if transitive else []
    return list(found.values())


def _shown(type_name: str, found: Document) -> Document:
    if type_name == GROUP:
        return {"@odata.type": "#microsoft.graph.group"} | shown_group(found)
    return owners.as_directory_object(type_name, found)


def _related(request: Request) -> Related:
    return {"memberOf": lambda user: _member_of(request, user["id"], transitive=False)}
