"""A day of enquiries and of understanding somebody at the door: every operation once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from httpx2 import Response

from domain.values import Format
from tests.api.http.joint_day import EARLIER, made
from tests.api.http.support import Office

Did = Callable[[str, Response], Response]
PHOBIA = {"coding": "icd-10", "code": "F40.2", "title": "Fobia"}


def understand(office: Office, did: Did) -> None:
    """Somebody asks for help and is understood; others end otherwise."""
    _ask(office, did)
    _understand(office, did)


def _ask(office: Office, did: Did) -> None:
    anna, clinic = office.anna, office.clinic

    def enquire(name: str) -> tuple[str, str]:
        client = clinic.register_client(name)
        body = {
            "client": client,
            "intake": office.people.anna,
            "channel": "telephone",
            "occurred_at": EARLIER,
            "words": "She asks for an hour.",
        }
        sent = did("receiveEnquiry", office.reception.post("/v1/enquiries", body))
        return client, made(sent, "enquiry")

    def go_on(name: str, enquiry: str, what: str, body: Any) -> Response:
        where = f"/v1/enquiries/{enquiry}{what}"
        return did(name, anna.post(where, body, version=office.version(enquiry)))

    client, enquiry = enquire("Ala")
    held = {"occurred_at": EARLIER, "words": "She is ready."}
    go_on("holdConsultation", enquiry, "/consultations", held)
    go_on("qualifyEnquiry", enquiry, ":qualify", {"format": "individual", "reason": "Panic."})
    place = {"priority": "urgent", "words": "Any hour."}
    go_on("waitlistEnquiry", enquiry, ":waitlist", place)
    go_on("offerPlace", enquiry, ":offer", {"words": "Friday."})
    go_on("declineOffer", enquiry, ":decline-offer", {"words": None})
    office.settle()
    did("readEnquiries", anna.get("/v1/enquiries"))
    did("readWaitingList", anna.get("/v1/waiting-list"))
    did("readEnquiry", anna.get(f"/v1/enquiries/{enquiry}"))
    partner = clinic.register_client("Jan")
    couple = clinic.open_case(partner, clinic.register_client("Iza"), room=Format.FAMILY)
    joined = anna.put(f"/v1/cases/{couple}/members/{client}", version=office.version(couple))
    assert joined.status_code == 200, joined.text
    go_on("takeUpEnquiry", enquiry, ":take-up", {"case": couple})
    _, other = enquire("Ola")
    no = {"because": "no-place", "reason": "Nobody has an hour."}
    go_on("declineEnquiry", other, ":decline", no)
    _, third = enquire("Ula")
    go_on("withdrawEnquiry", third, ":withdraw", {"words": "She is well."})
    _, fourth = enquire("Ela")
    go_on("assignEnquiry", fourth, ":assign", {"practitioner": office.people.bartek})


def _understand(office: Office, did: Did) -> None:
    anna = office.anna
    client = office.clinic.register_client("Ina")
    case = office.clinic.open_case(client)
    word = anna.put(
        f"/v1/clients/{client}/person-word", {"word": "patient"}, version=office.version(client)
    )
    did("setPersonWord", word)

    def post(name: str, what: str, body: Any, of: str | None = None) -> Response:
        version = office.version(of or case)
        return did(name, anna.post(f"/v1/cases/{case}{what}", body, version=version))

    problem = made(post("stateProblem", "/problems", {"words": "She fears bridges."}), "problem")
    post("reframeProblem", f"/problems/{problem}:reframe", {"words": "It is the water."})
    post("resolveProblem", f"/problems/{problem}:resolve", {"words": None})
    said = {"coded": PHOBIA, "certainty": "suspected", "rank": "main"}
    diagnosis = made(post("recordDiagnosis", "/diagnoses", said), "diagnosis")
    surer = {**said, "certainty": "confirmed"}
    post("reviseDiagnosis", f"/diagnoses/{diagnosis}:revise", surer)
    post("refuteDiagnosis", f"/diagnoses/{diagnosis}:refute", {"reason": "It is grief."})
    post("findNoDisorder", "/diagnoses:none-found", {"words": "She is well."})
    sections = [{"code": "history", "text": "A flood."}]
    taken = post("completeIntake", "/intakes", {"occurred_at": EARLIER, "sections": sections})
    intake = made(taken, "intake")
    post("reviseIntake", f"/intakes/{intake}:revise", {"sections": sections}, intake)
    summary = {"sections": [{"code": "summary", "text": "A flood."}]}
    formulation = made(post("writeFormulation", "/formulations", summary), "formulation")
    where = f"/formulations/{formulation}:revise"
    post("reviseFormulation", where, summary, formulation)
    office.settle()
    for name, what in (
        ("readProblemList", "problem-list"),
        ("readIntakes", "intakes"),
        ("readFormulations", "formulations"),
        ("readCausalMap", "causal-map"),
    ):
        did(name, anna.get(f"/v1/cases/{case}/{what}"))
