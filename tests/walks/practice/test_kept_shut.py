"""Nobody meets a case, an enquiry or a complaint that a conflict or another's office keeps shut."""

from __future__ import annotations

from domain.values import Format, PurposeOfUse, Role
from tests.api.http.joint_day import EARLIER, made
from tests.api.http.support import Office, actor

PHONE = {"kind": "relative", "person": "a cousin", "phone": "+48 600 100 200"}
COMPLAINT = {
    "filed_by": "client",
    "occurred_at": EARLIER,
    "answer_by": "2026-04-01",
    "text": "She laughed at me.",
}


def enquire(office: Office, client: str, intake: str) -> str:
    """Somebody's enquiry as the front desk takes it in."""
    body = {
        "client": client,
        "intake": intake,
        "channel": "telephone",
        "occurred_at": EARLIER,
        "words": "She asks for an hour.",
    }
    enquiry = made(office.reception.post("/v1/enquiries", body), "enquiry")
    office.settle()
    return enquiry


def test_a_conflict_of_interest_shuts_complaints_too(own_office: Office) -> None:
    office = own_office
    client = office.clinic.register_client("Ula")
    office.settle()
    assert office.officer.post("/v1/me/conflicts", PHONE).status_code == 201
    office.settle()
    filed = office.reception.post(f"/v1/clients/{client}/complaints", COMPLAINT)
    complaint = made(filed, "complaint")
    office.settle()
    assert office.officer.get("/v1/complaints").json()["complaints"] == []
    step = {"occurred_at": EARLIER, "text": "Heard."}
    version = office.version(complaint)
    refused = office.officer.post(f"/v1/complaints/{complaint}:examine", step, version=version)
    assert refused.status_code == 404
    other = office.staff(actor(office, Role.COMPLIANCE), PurposeOfUse.ACCESS_REVIEW)
    assert len(other.get("/v1/complaints").json()["complaints"]) == 1


def test_a_complaint_that_names_nobody_is_not_for_an_officer_who_treats_her(
    own_office: Office,
) -> None:
    office = own_office
    both = actor(office, Role.CLINICIAN, Role.COMPLIANCE)
    client = office.clinic.register_client("Ula")
    office.clinic.open_case(client, by=office.staff(both).id)
    made(office.reception.post(f"/v1/clients/{client}/complaints", COMPLAINT), "complaint")
    office.settle()
    herself = office.staff(both, PurposeOfUse.ACCESS_REVIEW)
    assert herself.get("/v1/complaints").json()["complaints"] == []
    assert len(office.officer.get("/v1/complaints").json()["complaints"]) == 1


def test_a_conflict_of_interest_shuts_the_lists_of_enquiries(own_office: Office) -> None:
    office, bartek = own_office, own_office.bartek
    client = office.clinic.register_client("Ula")
    enquiry = enquire(office, client, office.people.bartek)
    place = {"priority": "urgent", "words": "Any hour."}
    version = office.version(enquiry)
    waits = bartek.post(f"/v1/enquiries/{enquiry}:waitlist", place, version=version)
    assert waits.status_code == 200, waits.text
    office.settle()
    lists = ("/v1/enquiries", "/v1/waiting-list", "/v1/worklist")
    assert all(enquiry in bartek.get(each).text for each in lists)
    assert bartek.post("/v1/me/conflicts", PHONE).status_code == 201
    office.settle()
    for each in lists:
        shown = bartek.get(each)
        assert shown.status_code == 200, shown.text
        assert enquiry not in shown.text, each
        assert client not in shown.text, each


def test_whose_enquiry_is_anothers_is_let_into_no_case(own_office: Office) -> None:
    office, bartek = own_office, own_office.bartek
    clinic = office.clinic
    client = clinic.register_client("Ula")
    enquiry = enquire(office, client, office.people.anna)
    people = (clinic.register_client(name) for name in ("Jan", "Iza"))
    family = clinic.open_case(*people, by=bartek.id, room=Format.FAMILY)
    member, version = f"/v1/cases/{family}/members/{client}", office.version(family)
    assert bartek.put(member, version=version).status_code == 404
    assert bartek.get(f"/v1/clients/{client}").status_code == 404
    new = {"clients": [], "format": "group", "school": "integrative"}
    where = f"/v1/cases/{made(bartek.post('/v1/cases', new), 'case')}"
    plan = {"kind": "open", "least": 2, "most": 8, "inclusion": "Adults."}
    made(bartek.post(f"{where}/groups", plan), "group")
    named = bartek.post(f"{where}/candidates", {"client": client})
    assert named.status_code == 404
    # Once she is qualified for the group, its own team lets her in.
    path = f"/v1/enquiries/{enquiry}"
    group = where.rpartition("/")[2]
    for what, body in (
        ("/consultations", {"occurred_at": EARLIER, "words": "She is ready."}),
        (":qualify", {"format": "group", "reason": "Loss.", "group": group}),
    ):
        done = office.anna.post(f"{path}{what}", body, version=office.version(enquiry))
        assert done.status_code in (200, 201), done.text
    assert bartek.post(f"{where}/candidates", {"client": client}).status_code == 201


def test_whom_a_qualification_names_reads_before_she_takes_it_up(own_office: Office) -> None:
    office, anna, bartek = own_office, own_office.anna, own_office.bartek
    client = office.clinic.register_client("Ula")
    enquiry = enquire(office, client, office.people.anna)
    path = f"/v1/enquiries/{enquiry}"
    assert bartek.get(path).status_code == 404
    for what, body in (
        ("/consultations", {"occurred_at": EARLIER, "words": "She is ready."}),
        (":qualify", {"format": "individual", "reason": "Panic.", "therapist": bartek.id}),
    ):
        done = anna.post(f"{path}{what}", body, version=office.version(enquiry))
        assert done.status_code in (200, 201), done.text
    office.settle()
    assert bartek.get(path).json()["words"] == "She asks for an hour."
    assert bartek.get(f"/v1/clients/{client}").status_code == 200
    waits = {"priority": "urgent", "words": "Any hour."}
    for what, asked in ((":waitlist", waits), (":assign", {"practitioner": bartek.id})):
        version = office.version(enquiry)
        assert bartek.post(f"{path}{what}", asked, version=version).status_code == 404
    for each in ("/v1/enquiries", "/v1/worklist?kind=enquiry"):
        assert enquiry in bartek.get(each).text, each
        assert enquiry in anna.get(each).text, each
