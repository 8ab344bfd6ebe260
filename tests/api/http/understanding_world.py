"""What stands in the place of each path parameter of enquiries and of understanding somebody."""

from __future__ import annotations

from typing import Any

from domain.values import CaseId, ClientId
from tests.api.http.joint_day import made
from tests.api.http.support import Office


def ids_of(office: Office, client: ClientId, case: CaseId) -> dict[str, str]:
    """Zofia's open enquiry at Anna's; her problem, diagnosis, intake and formulation."""
    path, anna = f"/v1/cases/{case}", office.anna

    def post(what: str, body: dict[str, Any], created: str) -> str:
        version = office.version(case)
        return made(anna.post(f"{path}{what}", body, version=version), created)

    enquiry = {
        "client": client,
        "intake": office.people.anna,
        "channel": "telephone",
        "occurred_at": "2026-02-23T08:00:00Z",
        "words": "She fears the river, she says.",
    }
    coded = {"coding": "icd-10", "code": "F40.2", "title": "Specific phobias"}
    sections = [{"code": "summary", "text": "She fears the river since the flood."}]
    heard = [{"code": "history", "text": "She fears the river since the flood."}]
    return {
        "enquiry_id": made(office.reception.post("/v1/enquiries", enquiry), "enquiry"),
        "problem_id": post("/problems", {"words": "She fears bridges."}, "problem"),
        "diagnosis_id": post(
            "/diagnoses", {"coded": coded, "certainty": "suspected", "rank": "main"}, "diagnosis"
        ),
        "intake_id": post(
            "/intakes", {"occurred_at": "2026-02-23T08:00:00Z", "sections": heard}, "intake"
        ),
        "formulation_id": post("/formulations", {"sections": sections}, "formulation"),
    }
