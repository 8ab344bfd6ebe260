"""What stands in the place of each path parameter of sessions, contract, alliance, consents."""

from __future__ import annotations

from domain.values import CaseId, ClientId
from tests.api.http.joint_day import EARLIER, made
from tests.api.http.support import Office


def ids_of(office: Office, client: ClientId, case: CaseId) -> dict[str, str]:
    """Zofia's contract, a series of hers, how she rated it, whom she lets know."""
    anna, path = office.anna, f"/v1/cases/{case}"
    contract = {
        "occurred_at": EARLIER,
        "length": "long",
        "frequency": "weekly",
        "budget": 40,
        "agreed_by": [{"kind": "client"}],
        "sections": [{"code": "aims", "text": "To cross the bridge."}],
    }
    scores = {"relationship": 8, "goals": 7, "approach": 7, "overall": 8}
    rating = {"occurred_at": EARLIER, "rater": "client", "scores": scores}
    span = {"starts_at": "2026-02-25T09:00:00Z", "ends_at": "2026-02-25T09:50:00Z"}
    named = {"kind": "documentation", "form": "written", "said_at": EARLIER}
    where = f"/v1/clients/{client}/authorisations"
    return {
        "contract_id": made(anna.post(f"{path}/contracts", contract), "contract"),
        "rating_id": made(anna.post(f"{path}/alliance-ratings", rating), "alliance"),
        "series_id": made(
            anna.post(f"{path}/series", {**span, "room": "attic", "count": 2}), "series"
        ),
        "authorisation_id": made(anna.post(where, named), "authorisation"),
    }
