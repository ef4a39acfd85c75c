"""Azure's regions: which a cloud has, and their names on the wire."""

from __future__ import annotations

from ..kernel import Call, Reply
from ..store import Document
from .entry import session

_REGIONS = {
    "public": (
        "East US|US|Virginia",
        "East US 2|US|Virginia",
        "South Central US|US|Texas",
        "West US|US|California",
        "West US 2|US|Washington",
        "West US 3|US|Phoenix",
        "Central US|US|Iowa",
        "North Central US|US|Illinois",
        "West Central US|US|Wyoming",
        "Canada Central|Canada|Toronto",
        "Canada East|Canada|Quebec",
        "Brazil South|South America|Sao Paulo State",
        "North Europe|Europe|Ireland",
        "West Europe|Europe|Netherlands",
        "UK South|Europe|London",
        "UK West|Europe|Cardiff",
        "France Central|Europe|Paris",
        "Germany West Central|Europe|Frankfurt",
        "Switzerland North|Europe|Zurich",
        "Norway East|Europe|Norway",
        "Sweden Central|Europe|Gävle",
        "Poland Central|Europe|Warsaw",
        "Italy North|Europe|Milan",
        "Spain Central|Europe|Madrid",
        "Southeast Asia|Asia Pacific|Singapore",
        "East Asia|Asia Pacific|Hong Kong",
        "Japan East|Asia Pacific|Tokyo, Saitama",
        "Japan West|Asia Pacific|Osaka",
        "Korea Central|Asia Pacific|Seoul",
        "Korea South|Asia Pacific|Busan",
        "Central India|Asia Pacific|Pune",
        "South India|Asia Pacific|Chennai",
        "Australia East|Asia Pacific|New South Wales",
        "Australia Southeast|Asia Pacific|Victoria",
        "UAE North|Middle East|Dubai",
        "Qatar Central|Middle East|Doha",
        "Israel Central|Middle East|Israel",
        "South Africa North|Africa|Johannesburg",
    ),
    "usgov": (
        "USGov Virginia|US|Virginia",
        "USGov Arizona|US|Phoenix",
        "USGov Texas|US|Texas",
        "USDoD Central|US|Iowa",
        "USDoD East|US|Virginia",
    ),
    "china": (
        "China North|China|Beijing",
        "China East|China|Shanghai",
        "China North 2|China|Beijing",
        "China East 2|China|Shanghai",
        "China North 3|China|Hebei",
        "China East 3|China|Jiangsu",
    ),
}


def canonical(name: str) -> str:
    """ "West Europe" -> "westeurope"."""
    return name.replace(" ", "").lower()


def names(cloud: str) -> list[str]:
    """The regions of a cloud as resources name them."""
    return [canonical(region.split("|")[0]) for region in _REGIONS[cloud]]


def display_names(cloud: str) -> list[str]:
    return [region.split("|")[0] for region in _REGIONS[cloud]]


def list_regions(call: Call) -> Reply:
    """The regions a subscription may use."""
    current = session(call)
    current.require("Microsoft.Resources/subscriptions/locations/read", current.scope)
    return Reply(200, {"value": [_wire(current.scope, region) for region in _REGIONS[call.cloud]]})


def _wire(scope: str, region: str) -> Document:
    display, group, place = region.split("|")
    return {
        "id": f"{scope}/locations/{canonical(display)}",
        "name": canonical(display),
        "type": "Region",
        "displayName": display,
        "regionalDisplayName": f"({group}) {display}",
        "metadata": {
            "regionType": "Physical",
            "regionCategory": "Recommended",
            "geographyGroup": group,
            "physicalLocation": place,
        },
    }
