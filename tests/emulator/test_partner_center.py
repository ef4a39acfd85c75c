"""Partner Center's profiles, customers and users; what it refuses is in refusals/partner_center.py."""

from __future__ import annotations

import uuid
from urllib.parse import quote

import pytest

from provisioner.emulator import kinds
from provisioner.emulator.seed.directory import CONTOSO, TAILSPIN, WINGTIP, Tenant
from provisioner.emulator.store import Store
from tests.contracts import check_answer

from .azure import Azure, multi_tenant, operator, read, runner
from .clock import advance

GRAPH = "00000003-0000-0000-c000-000000000000"
AZURE = "797f4846-ba00-4fd7-ba43-dac1f8f63013"
CUSTOMER = CONTOSO.customers[0].id
USERS = f"/v1/customers/{CONTOSO.customers[0].id}/users"


def test_every_body_begins_with_a_byte_order_mark(store: Store) -> None:
    for path in ("/v1/profiles/organization", "/v1/customers?size=0", USERS, "/v1/customers/x"):
        body = operator(store).partner(path).body
        assert body.startswith(b"\xef\xbb\xbf{")


def test_organization_profile_tells_the_partner_and_mfa(store: Store) -> None:
    reply = operator(store).partner("/v1/profiles/organization", {"ValidateMfa": "true"})
    assert read(reply)["tenantId"] == CONTOSO.id
    assert reply.headers["isMfaCompliant"] == "true"
    assert "isMfaCompliant" not in operator(store).partner("/v1/profiles/organization").headers
    refused = operator(store, amr=("pwd",)).partner("/v1/profiles/organization", {"ValidateMfa": "true"})
    assert (refused.status, refused.headers["isMfaCompliant"]) == (401, "false")


def test_legal_business_is_open_to_the_application_alone(store: Store) -> None:
    reply = runner(store).partner("/v1/profiles/legalbusiness", {"ValidateMfa": "true"})
    assert read(reply)["vettingStatus"] == "authorized"
    assert "isMfaCompliant" not in reply.headers
    assert len(read(operator(store).partner("/v1/profiles/mpn"))["mpnId"]) == 7


def test_users_are_the_directorys_and_always_the_same(store: Store) -> None:
    first = read(operator(store).partner(USERS, {"X-Locale": "en-US"}))
    assert first == read(operator(store).partner(USERS))
    assert first["items"][0]["id"] == CONTOSO.customers[0].user_id
    assert len({each["userPrincipalName"] for each in first["items"]}) == len(first["items"]) == 7


def test_customer_and_its_company(store: Store) -> None:
    path = f"/v1/customers/{CONTOSO.customers[0].id}"
    assert read(operator(store).partner(path))["companyProfile"]["domain"] == CONTOSO.customers[0].domain
    assert read(operator(store).partner(f"{path}/profiles/company"))["companyName"] == "Adatum Corporation"


def test_next_page_wants_the_header_its_link_names(store: Store) -> None:
    azure = operator(store)
    first = read(azure.partner("/v1/customers?size=2"))
    following = first["links"]["next"]
    assert following["uri"] == "/customers?size=2&seekOperation=Next"
    [header] = following["headers"]
    assert azure.partner(f"/v1{following['uri']}").status == 400
    second = read(azure.partner(f"/v1{following['uri']}", {header["key"]: header["value"]}))
    assert "next" not in second["links"]
    listed = [each["id"] for each in (*first["items"], *second["items"])]
    assert listed == [each.id for each in CONTOSO.customers]


def test_next_page_of_users_has_the_second_question_mark(store: Store) -> None:
    """As an official example has it: sent as it is, it is refused; mended, it leads on (sam-facts 4.5)."""
    azure = operator(store)
    for number in range(120):
        person = str(uuid.uuid4())
        members = {"userPrincipalName": f"u{number}@x", "displayName": f"User {number}", "accountEnabled": True}
        azure.plant(kinds.USER, CONTOSO.customers[0].id, person, id=person, **members)
    following = read(azure.partner(USERS))["links"]["next"]
    [header] = following["headers"]
    assert following["uri"].count("?") == 2
    assert azure.partner(f"/v1{following['uri']}", {header["key"]: header["value"]}).status == 400
    mended = "/v1" + "&".join(following["uri"].rsplit("?", 1))
    assert len(read(azure.partner(mended, {header["key"]: header["value"]}))["items"]) == 27


def test_ids_are_echoed_in_answers_and_refusals(store: Store) -> None:
    sent = {"MS-RequestId": str(uuid.uuid4()), "MS-CorrelationId": str(uuid.uuid4())}
    for path in ("/v1/profiles/organization", f"/v1/customers/{uuid.uuid4()}"):
        headers = operator(store).partner(path, sent).headers
        assert {name: headers[name] for name in sent} == sent
        assert {"MS-CV", "MS-ServerId"} <= headers.keys()


@pytest.mark.parametrize("tenant", [TAILSPIN, WINGTIP])
def test_usgov_shares_publics_host_and_china_has_its_own(store: Store, tenant: Tenant) -> None:
    azure = operator(store, tenant)
    reply = azure.partner(f"/v1/customers/{tenant.customers[0].id}/users")
    assert reply.status == 200
    assert (azure.cloud.partner_center == "api.partnercenter.microsoft.com") is (tenant is TAILSPIN)


def test_refusals_have_the_documented_envelope(store: Store) -> None:
    reply = Azure(store).partner("/v1/profiles/organization")
    check_answer("partner_center", "GET", "/v1/profiles/organization", reply.status, reply.body)


def test_consent_makes_the_principal_and_its_grants_in_the_customers_tenant(store: Store) -> None:
    multi_tenant(store)
    reply = operator(store).consent((GRAPH, "User.Read, Directory.Read.All"), (AZURE, "user_impersonation"))
    assert reply.status == 201
    assert read(reply)["applicationGrants"][0]["scope"] == "User.Read,Directory.Read.All"
    with store.transaction() as tx:
        [principal] = tx.find(kinds.SERVICE_PRINCIPAL, CUSTOMER, "appId", CONTOSO.runner.client_id)
        grants = tx.find(kinds.GRANT, CUSTOMER, "clientId", principal["id"])
    assert principal["appOwnerOrganizationId"] == CONTOSO.id
    assert [(each["consentType"], each["scope"]) for each in grants] == [
        ("AllPrincipals", "User.Read Directory.Read.All"),
        ("AllPrincipals", "user_impersonation"),
    ]


def test_a_consent_is_taken_back_and_given_anew(store: Store) -> None:
    multi_tenant(store)
    azure = operator(store)
    path = f"/v1/customers/{CUSTOMER}/applicationconsents"
    one = f"{path}/{CONTOSO.runner.client_id}"
    azure.consent((GRAPH, "User.Read"))
    assert [each["applicationId"] for each in read(azure.partner(path))["items"]] == [CONTOSO.runner.client_id]
    assert read(azure.partner(one))["displayName"] == "SAM"
    assert [azure.partner(one, method="DELETE").status for _ in range(2)] == [200, 404]
    with store.transaction() as tx:
        assert tx.find(kinds.SERVICE_PRINCIPAL, CUSTOMER, "appId", CONTOSO.runner.client_id) == []
        assert tx.list(kinds.GRANT, CUSTOMER) == []
    assert azure.consent((GRAPH, "User.Read,Directory.Read.All")).status == 201


def test_the_same_request_id_is_the_same_consent(store: Store) -> None:
    multi_tenant(store)
    sent = {"MS-RequestId": str(uuid.uuid4())}
    first, again = (operator(store).consent((GRAPH, "User.Read"), headers=sent) for _ in range(2))
    assert (first.status, read(first)) == (again.status, read(again))


def test_requests_with_and_without_mfa_are_counted_by_day_and_application(store: Store) -> None:
    weak = operator(store, amr=("pwd",))
    assert weak.partner("/v1/profiles/organization").status == 401
    advance(store, 86400)
    azure = operator(store)
    azure.partner(USERS)
    runner(store).partner("/v1/customers")
    [today, yesterday] = read(azure.partner("/v1/applicationmfaadoptionstatus"))
    assert (today["totalRequestCount"], today["mfaCompliantRequestCount"]) == (2, 2)
    assert (yesterday["totalRequestCount"], yesterday["mfaCompliantRequestCount"]) == (1, 0)
    assert yesterday["loginDate"] < today["loginDate"]
    assert today["applicationId"] == CONTOSO.runner.client_id
    since = read(azure.partner(f"/v1/applicationmfaadoptionstatus?startDate={today['loginDate']}"))
    assert [each["loginDate"] for each in since] == [today["loginDate"]]


def test_people_without_mfa_are_listed_for_a_week(store: Store) -> None:
    operator(store, amr=("pwd",)).partner("/v1/profiles/organization", {"MS-RequestId": str(uuid.UUID(int=7))})
    azure = operator(store)
    listed = read(azure.partner("/v1/partnerRequests"))["items"]
    assert (listed[-1]["requestId"], listed[-1]["mfaCompliant"]) == (str(uuid.UUID(int=7)), False)
    assert listed[-1]["operationName"] == "Get /v{version}/profiles/organization"
    people = "/v1/nonMfaCompliantPartnerPrincipals"
    assert [each["objectId"] for each in read(azure.partner(people))["items"]] == [CONTOSO.operator_id]
    advance(store, 8 * 86400)
    assert read(azure.partner(people))["items"] == []


def test_customers_are_found_by_the_beginning_of_their_name(store: Store) -> None:
    wanted = quote('{"Field":"CompanyName","Value":"wood","Operator":"starts_with"}')
    listed = read(operator(store).partner(f"/v1/customers?size=0&filter={wanted}"))["items"]
    assert [each["companyProfile"]["companyName"] for each in listed] == ["Woodgrove Bank"]


def test_support_and_billing_profiles_need_a_person(store: Store) -> None:
    for name, kind in (("support", "support_profile"), ("billing", "billing_profile")):
        assert read(operator(store).partner(f"/v1/profiles/{name}"))["profileType"] == kind
        assert runner(store).partner(f"/v1/profiles/{name}").status == 403
