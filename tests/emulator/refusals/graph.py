"""What Graph refuses: one request for each registered refusal, with the answer the facts demand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from provisioner.emulator import dispatch
from provisioner.emulator.graph.microsoft_apps import GRAPH, PARTNER_CENTER
from provisioner.emulator.kernel import Reply
from provisioner.emulator.kinds import APPLICATION
from provisioner.emulator.kinds import TENANT as TENANT_KIND
from provisioner.emulator.store import Store
from tests.emulator.graph.world import HOST, OWNED_ONLY, TENANT, Graph, make_certificate

Row = tuple[str, str, Callable[[Store], Reply], int, str]
_ABSENT = "3f0c6b0e-7b0f-4d52-9c8e-5a1f6f5f7d11"
_KEY = {"type": "AsymmetricX509Cert", "usage": "Verify"}
_GRANT = {"consentType": "AllPrincipals", "scope": "User.Read"}


def _sent(method: str, path: str, body: Any = None, **query: str) -> Callable[[Store], Reply]:
    """The default caller sends one request to the seeded cloud."""
    options = {f"${name}": value for name, value in query.items()}
    return lambda store: Graph(store).send(method, path, body, query=options)


def _to_application(change: dict[str, Any], **members: Any) -> Callable[[Store], Reply]:
    """A PATCH of an application just made with these members."""

    def provoke(store: Store) -> Reply:
        graph = Graph(store)
        made = graph.create_application(**members)
        return graph.send("PATCH", f"/applications/{made['id']}", change)

    return provoke


def _redirect(uri: str, platform: str = "web") -> Callable[[Store], Reply]:
    return _to_application({platform: {"redirectUris": [uri]}})


def _without_token(store: Store) -> Reply:
    return dispatch.handle(store, "GET", f"{HOST}/v1.0/organization")


def _with_bad_token(store: Store) -> Reply:
    expired = {"Authorization": f"Bearer {Graph(store).token(exp=1)}"}
    return dispatch.handle(store, "GET", f"{HOST}/v1.0/organization", expired)


def _secret_under(restriction: dict[str, Any]) -> Callable[[Store], Reply]:
    """addPassword where the tenant's app-management policy has one restriction on secrets."""
    return _credential_under("passwordCredentials", restriction)


def _credential_under(kind: str, restriction: dict[str, Any]) -> Callable[[Store], Reply]:
    def provoke(store: Store) -> Reply:
        with store.transaction() as tx:
            tenant = tx.get(TENANT_KIND, "", TENANT.id)
            assert tenant is not None
            policy = {"isEnabled": True, "applicationRestrictions": {kind: [restriction | {"state": "enabled"}]}}
            tx.put(TENANT_KIND, "", TENANT.id, tenant | {"_policies": {"defaultAppManagementPolicy": policy}})
        graph = Graph(store)
        made = graph.create_application()
        if kind == "passwordCredentials":
            return graph.send("POST", f"/applications/{made['id']}/addPassword", {"passwordCredential": {}})
        change = {"keyCredentials": [_KEY | {"key": make_certificate()}]}
        return graph.send("PATCH", f"/applications/{made['id']}", change)

    return provoke


def _soft_deleted_name(store: Store) -> Reply:
    graph = Graph(store)
    made = graph.create_application()
    graph.send("DELETE", f"/applications/{made['id']}")
    return graph.send("POST", "/applications", {"displayName": "again", "uniqueName": "contoso-sam"})


def _twice(path: str, body: dict[str, Any]) -> Callable[[Store], Reply]:
    def provoke(store: Store) -> Reply:
        graph = Graph(store)
        graph.post(path, body)
        return graph.send("POST", path, body)

    return provoke


def _with_principal(path: str, *bodies: dict[str, Any]) -> Callable[[Store], Reply]:
    """Requests that may say CLIENT for a new service principal's id and RESOURCE for Graph's; the last one's answer."""

    def provoke(store: Store) -> Reply:
        graph = Graph(store)
        _, client = graph.create_pair()
        ids = {"CLIENT": client["id"], "RESOURCE": graph.principal_id(GRAPH)}
        replies = [
            graph.send(
                "POST",
                path.replace("CLIENT", client["id"]),
                {name: ids.get(value, value) for name, value in body.items()},
            )
            for body in bodies
        ]
        return replies[-1]

    return provoke


def _remove_absent_password(store: Store) -> Reply:
    graph = Graph(store)
    made = graph.create_application()
    return graph.send("POST", f"/applications/{made['id']}/removePassword", {"keyId": _ABSENT})


def _expired_certificate(store: Store) -> Reply:
    key = _KEY | {"key": make_certificate(days=10), "endDateTime": "2199-01-01T00:00:00Z"}
    return _to_application({"keyCredentials": [key]})(store)


def _failed_dependency(store: Store) -> Reply:
    first = {"id": "1", "method": "GET", "url": "/applications(uniqueName='absent')"}
    second = {"id": "2", "method": "GET", "url": "/organization", "dependsOn": ["1"]}
    answers = Graph(store).post("/$batch", {"requests": [first, second]})["responses"]
    [skipped] = [answer for answer in answers if answer["id"] == "2"]
    return Reply(skipped["status"], skipped["body"])


def _as_owned_only(method: str, path: str, body: Any) -> Callable[[Store], Reply]:
    return lambda store: Graph(store, roles=OWNED_ONLY).send(method, path, body)


def _advanced(path: str, **query: str) -> Callable[[Store], Reply]:
    options = {f"${name}": value for name, value in query.items()}
    return lambda store: Graph(store).send("GET", path, query=options, headers={"ConsistencyLevel": "eventual"})


def _too_many_objects(store: Store) -> Reply:
    owned_only = Graph(store, roles=OWNED_ONLY)
    made = owned_only.create_application()
    with store.transaction() as tx:
        stored = tx.get(APPLICATION, TENANT.id, made["id"])
        assert stored is not None
        for number in range(249):
            tx.put(APPLICATION, TENANT.id, f"copy-{number}", stored | {"id": f"copy-{number}", "uniqueName": None})
    return owned_only.send("POST", "/applications", {"displayName": "one more"})


def _not_owned(store: Store) -> Reply:
    path = f"/applications(appId='{TENANT.runner.client_id}')"
    return Graph(store, roles=OWNED_ONLY).send("PATCH", path, {"notes": "not mine"})


def _form_body(store: Store) -> Reply:
    headers = {"Authorization": f"Bearer {Graph(store).token()}", "Content-Type": "application/x-www-form-urlencoded"}
    return dispatch.handle(store, "POST", f"{HOST}/v1.0/applications", headers, b"displayName=x")


_ROLE = {"appRoleId": "7ab1d382-f21e-4acd-a863-ba3e13f7da61"}
_ASSIGNMENT = {"principalId": "CLIENT", "resourceId": "RESOURCE"} | _ROLE
_ASSIGN = "/servicePrincipals/CLIENT/appRoleAssignments"
_SCOPE = {"id": _ABSENT, "value": "Things.Read", "isEnabled": True, "type": "User"}
_STEPS = [{"id": str(number), "method": "GET", "url": "/organization"} for number in range(21)]
_BAD, _UNSUPPORTED, _DENIED = "Request_BadRequest", "Request_UnsupportedQuery", "Authorization_RequestDenied"
_SAME_KEY = "Request_MultipleObjectsWithSameKeyValue"

ROWS: tuple[Row, ...] = (
    ("graph.token_missing", "assumed", _without_token, 401, "InvalidAuthenticationToken"),
    ("graph.token_invalid", "assumed", _with_bad_token, 401, "InvalidAuthenticationToken"),
    ("graph.insufficient_privileges", "5.1", _not_owned, 403, _DENIED),
    (
        "graph.backing_application_not_local",
        "5.6",
        _as_owned_only("POST", "/servicePrincipals", {"appId": PARTNER_CENTER}),
        403,
        _DENIED,
    ),
    ("graph.quota_exceeded", "5.1", _too_many_objects, 403, "Directory_QuotaExceeded"),
    ("graph.me_needs_user", "assumed", _sent("GET", "/me"), 400, "BadRequest"),
    ("graph.segment_unknown", "assumed", _sent("GET", "/aplications"), 400, "BadRequest"),
    ("graph.method_not_allowed", "assumed", _sent("DELETE", "/organization"), 405, _BAD),
    ("graph.body_unreadable", "assumed", _form_body, 400, "BadRequest"),
    ("graph.not_found", "5.6", _sent("GET", f"/applications/{_ABSENT}"), 404, "Request_ResourceNotFound"),
    ("graph.object_id_invalid", "assumed", _sent("GET", "/applications/contoso-sam"), 400, _BAD),
    ("graph.filter_syntax", "assumed", _sent("GET", "/applications", filter="appId eq"), 400, "BadRequest"),
    ("graph.filter_unknown_property", "assumed", _sent("GET", "/applications", filter="app eq 'x'"), 400, "BadRequest"),
    (
        "graph.filter_unsupported_property",
        "assumed",
        _sent("GET", "/applications", filter="notes eq 'x'"),
        400,
        _UNSUPPORTED,
    ),
    (
        "graph.filter_unsupported_operator",
        "assumed",
        _sent("GET", "/applications", filter="displayName ne 'x'"),
        400,
        _UNSUPPORTED,
    ),
    ("graph.select_unknown_property", "assumed", _sent("GET", "/applications", select="appID"), 400, "BadRequest"),
    ("graph.query_option_unsupported", "assumed", _sent("GET", "/applications", skip="1"), 400, _UNSUPPORTED),
    (
        "graph.search_needs_eventual",
        "observed",
        _sent("GET", "/applications", search='"displayName:x"'),
        400,
        _UNSUPPORTED,
    ),
    ("graph.search_syntax", "assumed", _advanced("/applications", search="displayName:x"), 400, "BadRequest"),
    (
        "graph.search_unsupported_property",
        "assumed",
        _advanced("/applications", search='"notes:x"'),
        400,
        _UNSUPPORTED,
    ),
    ("graph.raw_count_needs_eventual", "observed", _sent("GET", "/applications/$count"), 400, _UNSUPPORTED),
    ("graph.sorting_unsupported", "observed", _sent("GET", "/applications", orderby="notes"), 400, _UNSUPPORTED),
    (
        "graph.sorting_unsupported",
        "observed",
        _sent("GET", "/applications", orderby="displayName", filter="startswith(displayName,'a')"),
        400,
        _UNSUPPORTED,
    ),
    ("graph.order_unknown_property", "assumed", _sent("GET", "/applications", orderby="appID"), 400, "BadRequest"),
    ("graph.page_size_invalid", "assumed", _sent("GET", "/applications", top="1000"), 400, _UNSUPPORTED),
    (
        "graph.skip_token_invalid",
        "assumed",
        _sent("GET", "/applications", skiptoken="?"),
        400,
        "Directory_ExpiredPageToken",
    ),
    ("graph.property_unknown", "assumed", _to_application({"replyUrls": []}), 400, _BAD),
    ("graph.property_read_only", "assumed", _to_application({"appId": _ABSENT}), 400, _BAD),
    ("graph.property_missing", "assumed", _sent("POST", "/applications", {}), 400, _BAD),
    ("graph.property_invalid", "5.1", _to_application({"signInAudience": "Everybody"}), 400, _BAD),
    ("graph.property_invalid", "5.1 tags: no whitespace", _to_application({"tags": ["two words"]}), 400, _BAD),
    ("graph.property_invalid", "5.1 tags: no duplicates", _to_application({"tags": ["a", "a"]}), 400, _BAD),
    ("graph.property_invalid", "5.1 displayName: 120", _to_application({"displayName": "x" * 121}), 400, _BAD),
    ("graph.property_invalid", "5.1 JSON type", _to_application({"tags": "ours"}), 400, _BAD),
    (
        "graph.unique_name_taken",
        "5.1",
        _twice("/applications", {"displayName": "x", "uniqueName": "taken"}),
        400,
        _BAD,
    ),
    ("graph.unique_name_taken", "5.1 soft-deleted", _soft_deleted_name, 400, _BAD),
    ("graph.unique_name_immutable", "5.1", _to_application({"uniqueName": "other"}), 400, _BAD),
    (
        "graph.identifier_uri_taken",
        "5.1",
        _twice("/applications", {"displayName": "x", "identifierUris": [f"api://{TENANT.id}/x"]}),
        400,
        _BAD,
    ),
    (
        "graph.identifier_uri_unverified",
        "observed",
        _to_application({"identifierUris": ["https://elsewhere.example"]}),
        400,
        "HostNameNotOnVerifiedDomain",
    ),
    (
        "graph.object_too_large",
        "5.1 collections together",
        _to_application({"tags": [f"tag-{number}" for number in range(1201)]}),
        400,
        "Directory_ResourceSizeExceeded",
    ),
    ("graph.redirect_uri_invalid", "5.4 scheme", _redirect("http://contoso.com/"), 400, _BAD),
    ("graph.redirect_uri_invalid", "5.4 characters", _redirect("https://contoso.com/a(b)"), 400, _BAD),
    ("graph.redirect_uri_invalid", "5.4 IPv6 loopback", _redirect("http://[::1]:8400/"), 400, _BAD),
    ("graph.redirect_uri_invalid", "5.4 length", _redirect("https://contoso.com/" + "x" * 256), 400, _BAD),
    ("graph.redirect_uri_invalid", "5.4 own scheme on spa", _redirect("myapp://auth", "spa"), 400, _BAD),
    (
        "graph.redirect_uris_not_distinct",
        "assumed",
        _to_application(
            {
                "web": {"redirectUris": ["http://localhost/"]},
                "publicClient": {"redirectUris": ["http://localhost/"]},
            }
        ),
        400,
        _BAD,
    ),
    (
        "graph.permission_still_enabled",
        "5.1 code assumed",
        _to_application({"api": {"oauth2PermissionScopes": []}}, api={"oauth2PermissionScopes": [_SCOPE]}),
        400,
        "CannotDeleteOrUpdateEnabledEntitlement",
    ),
    (
        "graph.too_many",
        "5.4 count",
        _to_application({"web": {"redirectUris": [f"https://contoso.com/{number}" for number in range(257)]}}),
        400,
        _BAD,
    ),
    (
        "graph.password_by_service_action_only",
        "assumed",
        _to_application({"passwordCredentials": [{"displayName": "mine"}]}),
        400,
        "CannotUpdatePasswordCredential",
    ),
    ("graph.password_not_found", "assumed", _remove_absent_password, 400, _BAD),
    ("graph.credential_lifetime_invalid", "assumed", _expired_certificate, 400, "KeyCredentialsInvalidEndDate"),
    (
        "graph.certificate_invalid",
        "assumed",
        _to_application({"keyCredentials": [_KEY | {"key": "bm90IGEgY2VydGlmaWNhdGU="}]}),
        400,
        _BAD,
    ),
    (
        "graph.credential_kind_denied_by_policy",
        "5.2 code assumed",
        _secret_under({"restrictionType": "passwordAddition"}),
        400,
        "CredentialTypeNotAllowedAsPerAppPolicy",
    ),
    (
        "graph.credential_lifetime_denied_by_policy",
        "observed",
        _secret_under({"restrictionType": "passwordLifetime", "maxLifetime": "P180D"}),
        400,
        "CredentialInvalidLifetimeAsPerAppPolicy",
    ),
    (
        "graph.credential_lifetime_denied_by_policy",
        "5.2 certificate, code assumed",
        _credential_under("keyCredentials", {"restrictionType": "asymmetricKeyLifetime", "maxLifetime": "P90D"}),
        400,
        "CredentialInvalidLifetimeAsPerAppPolicy",
    ),
    ("graph.application_unknown", "5.6", _sent("POST", "/servicePrincipals", {"appId": _ABSENT}), 400, _BAD),
    (
        "graph.service_principal_exists",
        "assumed",
        _twice("/servicePrincipals", {"appId": PARTNER_CENTER}),
        409,
        _SAME_KEY,
    ),
    (
        "graph.not_found",
        "5.6 grant's client",
        _with_principal("/oauth2PermissionGrants", _GRANT | {"clientId": _ABSENT, "resourceId": "RESOURCE"}),
        404,
        "Request_ResourceNotFound",
    ),
    (
        "graph.reference_not_present",
        "5.6",
        _with_principal("/oauth2PermissionGrants", _GRANT | {"clientId": "CLIENT", "resourceId": _ABSENT}),
        400,
        _BAD,
    ),
    (
        "graph.grant_exists",
        "5.3",
        _with_principal(
            "/oauth2PermissionGrants",
            _GRANT | {"clientId": "CLIENT", "resourceId": "RESOURCE"},
            _GRANT | {"clientId": "CLIENT", "resourceId": "RESOURCE", "scope": "openid"},
        ),
        409,
        _SAME_KEY,
    ),
    (
        "graph.grant_scope_too_long",
        "5.3",
        _with_principal(
            "/oauth2PermissionGrants",
            _GRANT | {"clientId": "CLIENT", "resourceId": "RESOURCE", "scope": "x" * 3851},
        ),
        400,
        _BAD,
    ),
    (
        "graph.not_a_valid_reference_update",
        "5.6",
        _with_principal(_ASSIGN, _ASSIGNMENT | {"resourceId": _ABSENT}),
        400,
        _BAD,
    ),
    ("graph.app_role_unknown", "assumed", _with_principal(_ASSIGN, _ASSIGNMENT | {"appRoleId": _ABSENT}), 400, _BAD),
    (
        "graph.app_role_assignment_exists",
        "5.3 unconfirmed",
        _with_principal(_ASSIGN, _ASSIGNMENT, _ASSIGNMENT),
        400,
        _BAD,
    ),
    ("graph.batch_invalid", "5.5", _sent("POST", "/$batch", {"requests": []}), 400, "BadRequest"),
    ("graph.batch_too_long", "5.5", _sent("POST", "/$batch", {"requests": _STEPS}), 400, "BadRequest"),
    ("graph.batch_dependency_failed", "5.5", _failed_dependency, 424, "FailedDependency"),
)
