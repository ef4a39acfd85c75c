"""The cloud as it is when new: two partner tenants, one for usgov and one for china, with their customers.

Ids are fixed, so that configs and documentation can name them. All secrets here are play money of a cloud that exists
on one machine.
"""

from __future__ import annotations

from dataclasses import dataclass

OPERATOR_PASSWORD = "Rehearse!2026"  # noqa: S105  play money, printed by `emulator start`
OPERATOR_OTP = "246810"
RUNNER_SECRET = "EmU~8Q.runner-play-money-0123456789abcd"  # noqa: S105  play money


@dataclass(frozen=True)
class Runner:
    """The identity a pipeline applies with: `object_id` is its service principal's."""

    client_id: str
    object_id: str
    application_id: str
    credential_id: str


@dataclass(frozen=True)
class Customer:
    """A customer tenant with one user, which Partner Center lists."""

    id: str
    domain: str
    name: str
    user_id: str


@dataclass(frozen=True)
class Tenant:
    """A partner tenant. `operator` is a Global Administrator and Admin agent with MFA; `colleague` is neither."""

    id: str
    name: str
    domain: str
    cloud: str
    subscription: str
    runner: Runner
    operator_id: str
    colleague_id: str
    customers: tuple[Customer, ...]
    mfa_for_partner_center: bool
    partner_center_present: bool
    runner_owns_only: bool  # Application.ReadWrite.OwnedBy: cannot create a missing Microsoft service principal

    @property
    def operator(self) -> str:
        return f"sam-operator@{self.domain}"

    @property
    def colleague(self) -> str:
        return f"colleague@{self.domain}"


TENANTS: tuple[Tenant, ...] = (
    Tenant(
        id="f5869d30-a0ef-43dd-96bb-1e8a000db1c9",
        name="Contoso Partner",
        domain="contoso-partner.onmicrosoft.com",
        cloud="public",
        subscription="88529ac0-28a1-48e0-98f0-5bcf71a6a6f3",
        runner=Runner(
            client_id="935a6615-de53-45af-8720-3c05df41217a",
            object_id="891e08ab-9771-4ee0-b4a6-e0b5eb782208",
            application_id="fa061270-6bd0-48e5-ba16-3c2d4d2fa4a6",
            credential_id="15ffbe9f-0974-4510-a58a-79faea38ebeb",
        ),
        operator_id="08a320e2-c54e-4fbf-842f-8a2063b2d934",
        colleague_id="34aa6fab-0715-4daf-8136-10640bf0db56",
        customers=(
            Customer(
                id="07e9778a-4cfb-46ff-9240-90fb36b53ad5",
                domain="adatum-corp.onmicrosoft.com",
                name="Adatum Corporation",
                user_id="a6918c6d-d19c-4366-8e4a-0d1227725cf2",
            ),
            Customer(
                id="cd91a3ed-b222-4862-a348-cd7ced896321",
                domain="woodgrove-bank.onmicrosoft.com",
                name="Woodgrove Bank",
                user_id="aa970472-9b40-487b-a1e7-98be7c85bbf2",
            ),
            Customer(
                id="817b8f28-0fc9-4ce1-95a1-e990e37c0d6b",
                domain="litware-labs.onmicrosoft.com",
                name="Litware Labs",
                user_id="47ce36ec-2825-4283-95f4-7bdf9afcd3cc",
            ),
        ),
        mfa_for_partner_center=True,
        partner_center_present=False,
        runner_owns_only=False,
    ),
    Tenant(
        id="8fcac301-9624-4c0c-a156-555ee0be95e3",
        name="Fabrikam Partner",
        domain="fabrikam-partner.onmicrosoft.com",
        cloud="public",
        subscription="7d678034-aee2-4f65-ad1d-51f7ea2df05a",
        runner=Runner(
            client_id="1ce3668a-9558-4782-b767-513962725f72",
            object_id="40fd1749-5319-4047-9c36-541e517c5f3c",
            application_id="73fb093d-e96e-4439-88cd-751df02353d1",
            credential_id="0631f306-a295-4e38-b293-81ee2b59980f",
        ),
        operator_id="7e2cbdd3-6505-40b9-bc0f-99c2847edf2e",
        colleague_id="b08e2d6e-a849-4cc1-874b-ff0e284488c3",
        customers=(
            Customer(
                id="00c42167-6375-429c-a79a-8d04fdc54ec5",
                domain="proseware-inc.onmicrosoft.com",
                name="Proseware",
                user_id="da146b3a-8e93-4845-92f1-ee7ca1a253df",
            ),
            Customer(
                id="47ff30d6-d1dc-4223-b64d-45da6ff4faff",
                domain="margies-travel.onmicrosoft.com",
                name="Margie's Travel",
                user_id="e2968e9f-8b38-41c4-897b-d4d3dce07a6e",
            ),
        ),
        mfa_for_partner_center=False,
        partner_center_present=True,
        runner_owns_only=True,
    ),
    Tenant(
        id="43161dbe-a818-43e1-bb7c-fbc7bb74fb66",
        name="Tailspin Government Partner",
        domain="tailspin-partner.onmicrosoft.us",
        cloud="usgov",
        subscription="3262eeb7-1223-43cc-b01b-e4c95dcff448",
        runner=Runner(
            client_id="b568456f-d318-4c0a-a700-25aca88c2c17",
            object_id="99f2fba4-f7f9-4d3d-aca1-c54c7c06f81a",
            application_id="7612f9ba-c83f-4fef-ad76-b18a6dd4cb85",
            credential_id="a3cbb194-d7e6-4ec2-b344-e3293dd00728",
        ),
        operator_id="72b83a53-9200-4d11-aafd-ef21e9c6598c",
        colleague_id="fd189458-ae91-49b4-962d-3cfd7701497c",
        customers=(
            Customer(
                id="da68cfa2-8f62-44ed-b23d-404d0b854581",
                domain="lucerne-agency.onmicrosoft.us",
                name="Lucerne Agency",
                user_id="c1c3838a-2632-47f5-8589-b75d2064a019",
            ),
        ),
        mfa_for_partner_center=True,
        partner_center_present=True,
        runner_owns_only=False,
    ),
    Tenant(
        id="b31b2588-a759-4e38-b563-c7a7f3b7e733",
        name="Wingtip China Partner",
        domain="wingtip-partner.partner.onmschina.cn",
        cloud="china",
        subscription="e8348fa9-9f5f-47fe-8f71-6b2e3525fb67",
        runner=Runner(
            client_id="4e15f34e-43b7-4b75-aed0-7f40f7fe14db",
            object_id="55eff581-6be6-4427-895f-bba2b1c80245",
            application_id="0ef0883d-87da-409f-a9dc-1b6ccf37fd79",
            credential_id="215bf27d-90bd-4688-915c-2f40090529aa",
        ),
        operator_id="4d48afdf-1478-4091-bf73-a4838926bc4b",
        colleague_id="db2e94af-aa47-48b3-93ae-e5ee23e1c8d0",
        customers=(
            Customer(
                id="68231cfa-7f5c-4b95-b2e2-2a5fa5581711",
                domain="relecloud.partner.onmschina.cn",
                name="Relecloud",
                user_id="d143f34f-525d-4039-bade-67b6f3ff5425",
            ),
        ),
        mfa_for_partner_center=True,
        partner_center_present=True,
        runner_owns_only=False,
    ),
)
CONTOSO, FABRIKAM, TAILSPIN, WINGTIP = TENANTS
