"""What stands in the place of each path parameter of portfolio, conflicts and supervision."""

from __future__ import annotations

from datetime import timedelta

from domain.values import CaseId, NoteId
from tests.api.http.joint_day import made
from tests.api.http.support import Office


def ids_of(office: Office, case: CaseId, note: NoteId) -> dict[str, str]:
    """Anna's own, and what of Zofia's case she has brought to somebody outside."""
    anna, path = office.anna, f"/v1/cases/{case}"
    outside = {
        "name": "Dr Hanna Example",
        "credentials": "certified",
        "contract": "agreement",
        "secrecy_on": "2026-02-01",
    }
    arranged = {"form": "individual", "starts_on": "2026-02-01", "outside": outside}
    supervision = made(anna.post("/v1/supervisions", arranged), "supervision")
    advice = {"supervision": supervision, "words": "Stay with the river."}
    office.settle()
    chosen = {"supervision": supervision, "items": [note]}
    pack = made(anna.post(f"{path}/case-packs", chosen), "case_pack")
    where = f"{path}/case-packs/{pack}"
    assert anna.post(f"{where}:confirm", version=1).status_code == 200
    until = (office.clock.now() + timedelta(days=60)).isoformat()
    assert anna.post(f"{where}:issue", {"expires_at": until}, version=2).status_code == 200
    office.settle()
    handed = anna.post(f"{where}:hand-over", {"recipient": "Dr Hanna Example"}, version=3)
    assert handed.status_code == 200, handed.text
    certificate = {
        "title": "Psychotherapist",
        "issuer": "PTP",
        "granted_on": "2021-03-01",
        "expires_on": "2028-03-01",
    }
    conflict = {"kind": "friend", "person": "from school", "phone": "600 100 298"}
    question = {"question": "Why the river?"}
    return {
        "supervision_id": supervision,
        "advice_id": made(anna.post(f"{path}/supervision-advice", advice), "advice"),
        "pack_id": pack,
        "entry_id": str(handed.json()["created"]["entry"]),
        "mark_id": made(anna.post(f"{path}/supervision-marks", question), "mark"),
        "certificate_id": made(anna.post("/v1/me/certificates", certificate), "certificate"),
        "limit_id": made(anna.post("/v1/me/limits", {"format": "group"}), "limit"),
        "conflict_id": made(anna.post("/v1/me/conflicts", conflict), "conflict"),
    }
