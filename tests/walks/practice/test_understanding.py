"""Walks from an enquiry to how somebody is understood: before a case, problems, formulation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from httpx2 import Response

from tests.api.http.support import Office, Person, problem

NOW = "2026-03-02T08:00:00Z"
ASKED = "She cannot enter a tram any more."


def done(response: Response, status: int = 200) -> dict[str, Any]:
    """The body of an answer that is the expected one."""
    assert response.status_code == status, response.text
    body: dict[str, Any] = response.json()
    return body


@dataclass(frozen=True, slots=True)
class Desk:
    """Enquiries as the people of an office write them down."""

    office: Office

    def enquire(self, client: str, intake: str | None = None, **more: Any) -> str:
        """The front desk writes an enquiry down, for Anna unless told otherwise."""
        body = {
            "client": client,
            "intake": intake or self.office.people.anna,
            "channel": "telephone",
            "occurred_at": NOW,
            "words": ASKED,
            **more,
        }
        made = done(self.office.reception.post("/v1/enquiries", body), 201)
        self.office.settle()
        return str(made["created"]["enquiry"])

    def go_on(
        self, enquiry: str, what: str, body: Mapping[str, Any], by: Person | None = None
    ) -> Response:
        """Something happens in an enquiry."""
        path, version = f"/v1/enquiries/{enquiry}{what}", self.office.version(enquiry)
        answer = (by or self.office.anna).post(path, dict(body), version=version)
        self.office.settle()
        return answer

    def consult(self, enquiry: str, words: str = "No risk; she is ready to work.") -> None:
        """A consultation is held."""
        body = {"occurred_at": NOW, "words": words}
        done(self.go_on(enquiry, "/consultations", body), 201)


@dataclass(frozen=True, slots=True)
class Room:
    """A case of Anna's."""

    office: Office
    case: str

    def post(self, what: str, body: object, status: int = 200, *, of: str | None = None) -> Any:
        """Write something; ``of`` is what a change follows, the case where it says none."""
        version = self.office.version(of or self.case)
        path = f"/v1/cases/{self.case}{what}"
        return done(self.office.anna.post(path, body, version=version), status)

    def read(self, what: str = "") -> dict[str, Any]:
        """A part of the case as it stands."""
        self.office.settle()
        return done(self.office.anna.get(f"/v1/cases/{self.case}{what}"))


def opened(office: Office, school: str = "cognitive-behavioural", *clients: str) -> Room:
    """A case with the client of the first day, or with somebody else."""
    room = "couple" if len(clients) > 1 else "individual"
    body = {
        "clients": list(clients) or [office.people.client],
        "format": room,
        "school": school,
    }
    made = done(office.anna.post("/v1/cases", body), 201)
    return Room(office, made["created"]["case"])


class TestBeforeACase:
    @pytest.mark.duty(1)
    def test_an_enquiry_becomes_a_therapy(self, own_office: Office) -> None:
        office, desk = own_office, Desk(own_office)
        client = office.people.client
        enquiry = desk.enquire(client, source="Her family doctor.", format="individual")
        told = done(office.anna.get(f"/v1/enquiries/{enquiry}"))
        assert (told["words"], told["source"]) == (ASKED, "Her family doctor.")
        assert (told["channel"], told["status"]) == ("telephone", "received")
        assert told["name"] == "Klara Kowal"
        assert done(office.anna.get(f"/v1/clients/{client}"))["given_name"] == "Klara"

        early = desk.go_on(enquiry, ":qualify", {"format": "individual", "reason": "Panic."})
        assert (early.status_code, problem(early)) == (409, "wrong-state")
        desk.consult(enquiry)
        qualified = {
            "format": "individual",
            "school": "cognitive-behavioural",
            "therapist": office.people.bartek,
            "reason": "Panic without another illness.",
        }
        done(desk.go_on(enquiry, ":qualify", qualified))
        waiting = {"priority": "ordinary", "words": "An afternoon hour."}
        done(desk.go_on(enquiry, ":waitlist", waiting))
        done(desk.go_on(enquiry, ":offer", {"words": "Tuesdays at five."}))
        done(desk.go_on(enquiry, ":decline-offer", {"words": "She works until six."}))
        done(desk.go_on(enquiry, ":offer", {"words": "Tuesdays at seven."}))
        (line,) = done(office.anna.get("/v1/waiting-list"))["enquiries"]
        assert (line["id"], line["waiting"]["offered"]) == (enquiry, True)
        tasks = done(office.anna.get("/v1/worklist?kind=enquiry"))["tasks"]
        assert [each["item"] for each in tasks] == [enquiry]

        begins = {"clients": [client], "format": "individual", "school": "cognitive-behavioural"}
        case = done(office.bartek.post("/v1/cases", begins), 201)["created"]["case"]
        office.settle()
        after = done(office.bartek.get(f"/v1/enquiries/{enquiry}"))
        assert (after["status"], after["case"]) == ("taken-up", case)
        acts = [each["act"] for each in after["history"]]
        assert acts == [
            "assigned",
            "consultation-held",
            "qualified",
            "waitlisted",
            "place-offered",
            "offer-declined",
            "place-offered",
            "taken-up",
        ]
        # What was said before a case is its care team's from now on, and no longer Anna's.
        assert office.anna.get(f"/v1/enquiries/{enquiry}").status_code == 404
        assert office.anna.get(f"/v1/clients/{client}").status_code == 404
        assert done(office.anna.get("/v1/enquiries"))["enquiries"] == []
        assert done(office.anna.get("/v1/worklist"))["tasks"] == []

    def test_an_enquiry_is_read_by_its_intake_person_and_by_nobody_else(
        self, own_office: Office
    ) -> None:
        office, desk = own_office, Desk(own_office)
        enquiry = desk.enquire(office.people.client)
        path = f"/v1/enquiries/{enquiry}"
        assert office.bartek.get(path).status_code == 404
        assert done(office.bartek.get("/v1/enquiries"))["enquiries"] == []
        for other in (office.reception, office.officer, office.administrator):
            refused = other.get(path)
            assert refused.status_code == 403
            assert ASKED not in refused.text
        # Reception hands it on and still reads nothing.
        body = {"practitioner": office.people.bartek}
        done(desk.go_on(enquiry, ":assign", body, office.reception))
        assert office.reception.get(path).status_code == 403
        assert office.anna.get(path).status_code == 404
        assert done(office.bartek.get(path))["words"] == ASKED
        denied = [each for each in office.log(office.people.client) if each["kind"] == "DENY"]
        assert len(denied) >= 4

    def test_a_client_with_an_enquiry_is_begun_with_by_whom_it_names_and_nobody_else(
        self, own_office: Office
    ) -> None:
        office, desk = own_office, Desk(own_office)
        client = office.people.client
        begins = {"clients": [client], "format": "individual", "school": "systemic"}
        enquiry = desk.enquire(client)
        assert office.bartek.post("/v1/cases", begins).status_code == 404
        done(desk.go_on(enquiry, ":withdraw", {"words": "She has found somebody."}))
        # Once it has ended she is anybody's to begin with, as somebody without an enquiry is.
        done(office.bartek.post("/v1/cases", begins), 201)

    def test_nobody_is_qualified_here_who_is_helped_better_elsewhere(
        self, own_office: Office
    ) -> None:
        office, desk = own_office, Desk(own_office)
        enquiry = desk.enquire(office.people.client)
        desk.consult(enquiry)
        why = {"because": "referred-elsewhere", "reason": "Low weight: a day ward."}
        done(desk.go_on(enquiry, ":decline", why))
        # What was found out in a consultation stays hers to read.
        assert done(office.anna.get(f"/v1/enquiries/{enquiry}"))["consultations"] == 1
        assert done(office.anna.get("/v1/enquiries"))["enquiries"] == []
        again = desk.go_on(enquiry, ":waitlist", {"priority": "urgent", "words": "A place."})
        assert again.status_code == 409
        assert office.bartek.get(f"/v1/enquiries/{enquiry}").status_code == 404

    def test_the_waiting_list_goes_by_urgency_and_then_by_time_and_is_ones_own(
        self, own_office: Office
    ) -> None:
        office, desk = own_office, Desk(own_office)
        waits = {}
        for name, priority in (("Ada", "ordinary"), ("Ewa", "ordinary"), ("Iga", "urgent")):
            enquiry = desk.enquire(office.clinic.register_client(name))
            place = {"priority": priority, "words": f"A place for {name}."}
            done(desk.go_on(enquiry, ":waitlist", place))
            waits[enquiry] = name
            office.clock.move(timedelta(days=1))
        other = desk.enquire(office.clinic.register_client("Ola"), office.people.bartek)
        place = {"priority": "urgent", "words": "A place for Ola."}
        done(desk.go_on(other, ":waitlist", place, office.bartek))
        listed = done(office.anna.get("/v1/waiting-list"))["enquiries"]
        assert [waits[each["id"]] for each in listed] == ["Iga", "Ada", "Ewa"]

    def test_an_enquiry_cannot_be_answered_with_what_makes_no_sense(
        self, own_office: Office
    ) -> None:
        office, desk = own_office, Desk(own_office)
        enquiry = desk.enquire(office.people.client)
        late = {"occurred_at": "2026-03-09T08:00:00Z", "words": "Next week."}
        assert desk.go_on(enquiry, "/consultations", late).status_code == 422
        assert desk.go_on(enquiry, ":offer", {"words": "A place."}).status_code == 409
        for number in range(3):
            desk.consult(enquiry, f"Consultation {number}.")
        fourth = {"occurred_at": NOW, "words": "One more."}
        assert desk.go_on(enquiry, "/consultations", fourth).status_code == 409
        stranger = {"format": "individual", "reason": "Yes.", "therapist": "f" * 32}
        named = desk.go_on(enquiry, ":qualify", stranger)
        assert (named.status_code, named.json()["field"]) == (422, "practitioner")
        nobody = {"practitioner": office.people.reception}
        assert desk.go_on(enquiry, ":assign", nobody).status_code == 422
        stale = office.anna.post(f"/v1/enquiries/{enquiry}:withdraw", {"words": "No."}, version=1)
        assert stale.status_code == 412
        assert len(done(office.anna.get(f"/v1/enquiries/{enquiry}"))["history"]) == 4


class TestProblemsAndDiagnoses:
    @pytest.mark.duty(5)
    def test_a_problem_is_told_reframed_and_resolved_without_a_code(
        self, own_office: Office
    ) -> None:
        room = opened(own_office, "humanistic-existential")
        body = {"words": "My life has no sense."}
        told = room.post("/problems", body, 201)["created"]["problem"]
        room.post(f"/problems/{told}:reframe", {"words": "I do not know what I want."})
        found = room.read("/problem-list")
        (uncoded,) = found["uncoded"]
        assert uncoded["words"] == "I do not know what I want."
        assert [each["words"] for each in uncoded["history"]] == [
            "My life has no sense.",
            "I do not know what I want.",
        ]
        assert found["assessed"] == [{"alias": None, "standing": "not-assessed"}]
        room.post(f"/problems/{told}:resolve", {"words": "She has chosen."})
        (uncoded,) = room.read("/problem-list")["uncoded"]
        assert (uncoded["status"], uncoded["words"]) == ("resolved", "I do not know what I want.")
        assert uncoded["history"][-1]["words"] == "She has chosen."

    @pytest.mark.duty(4)
    def test_a_diagnosis_is_suspected_confirmed_and_refuted(self, own_office: Office) -> None:
        room = opened(own_office)
        panic = {"coding": "icd-10", "code": "F41.0", "title": "Lęk paniczny"}
        problem_id = room.post("/problems", {"words": ASKED, "diagnosis": panic}, 201)
        body = {
            "coded": panic,
            "certainty": "suspected",
            "rank": "main",
            "problems": [problem_id["created"]["problem"]],
        }
        made = room.post("/diagnoses", body, 201)["created"]["diagnosis"]
        sure = {**body, "certainty": "confirmed", "words": "Four attacks in a month."}
        room.post(f"/diagnoses/{made}:revise", sure)
        depression = {
            "coded": {"coding": "icd-11", "code": "6A70.1", "title": "Epizod depresyjny"},
            "certainty": "provisional",
            "rank": "secondary",
        }
        second = room.post("/diagnoses", depression, 201)["created"]["diagnosis"]
        found = room.read("/problem-list")
        assert [each["coded"]["code"] for each in found["diagnoses"]] == ["F41.0", "6A70.1"]
        main = found["diagnoses"][0]
        assert main["coded"]["official_title"].startswith("Panic disorder")
        assert [each["certainty"] for each in main["history"]] == ["suspected", "confirmed"]
        assert found["assessed"] == [{"alias": None, "standing": "diagnosed"}]
        assert [each["words"] for each in found["coded"]] == [ASKED]
        for each in (made, second):
            room.post(f"/diagnoses/{each}:refute", {"reason": "A thyroid disorder."})
        found = room.read("/problem-list")
        assert found["assessed"] == [{"alias": None, "standing": "refuted"}]
        assert [each["refuted"] for each in found["diagnoses"]] == [True, True]
        none = room.post("/diagnoses:none-found", {"words": "She is well."}, 201)
        assert none["created"]["assessment"]
        found = room.read("/problem-list")
        assert found["assessed"] == [{"alias": None, "standing": "no-disorder"}]

    def test_a_code_that_is_none_is_refused_and_nothing_is_lost(self, own_office: Office) -> None:
        room = opened(own_office)
        path, version = f"/v1/cases/{room.case}/diagnoses", own_office.version(room.case)
        for coding, code in (
            ("icd-10", "F41.77"),
            ("icd-10", "Q99.5"),
            ("icd-10", "6B01"),
            ("icd-11", "F41.0"),
            ("icd-11", "6BO1"),
        ):
            body = {
                "coded": {"coding": coding, "code": code, "title": "Something"},
                "certainty": "suspected",
                "rank": "main",
            }
            refused = own_office.anna.post(path, body, version=version)
            assert (refused.status_code, refused.json()["field"]) == (422, "code"), code
        assert own_office.version(room.case) == version

    def test_what_is_of_another_case_is_not_there(self, own_office: Office) -> None:
        one = opened(own_office)
        told = one.post("/problems", {"words": ASKED}, 201)["created"]["problem"]
        other = opened(own_office, "systemic", own_office.clinic.register_client("Jan"))
        path = f"/v1/cases/{other.case}/problems/{told}:resolve"
        version = own_office.version(other.case)
        assert own_office.anna.post(path, {}, version=version).status_code == 404
        sections = [{"code": "summary", "text": "A pattern."}]
        body = {"sections": sections, "problems": [told]}
        refused = own_office.anna.post(f"/v1/cases/{other.case}/formulations", body)
        assert (refused.status_code, refused.json()["field"]) == (422, "problems")

    def test_each_of_two_partners_has_a_diagnosis_or_none_of_their_own(
        self, own_office: Office
    ) -> None:
        jan = own_office.clinic.register_client("Jan")
        room = opened(own_office, "systemic", own_office.people.client, jan)
        aliases = {each["client"]: each["alias"] for each in room.read()["members"]}
        version = own_office.version(room.case)
        body: dict[str, Any] = {"words": "He is well."}
        whose = own_office.anna.post(
            f"/v1/cases/{room.case}/diagnoses:none-found", body, version=version
        )
        assert (whose.status_code, whose.json()["field"]) == (422, "alias")
        room.post("/diagnoses:none-found", {**body, "alias": aliases[jan]}, 201)
        standing = {
            each["alias"]: each["standing"] for each in room.read("/problem-list")["assessed"]
        }
        assert standing == {
            aliases[jan]: "no-disorder",
            aliases[own_office.people.client]: "not-assessed",
        }


class TestUnderstanding:
    @pytest.mark.duty(8, part="intake formulation")
    def test_an_intake_and_a_formulation_are_written_and_written_anew(
        self, own_office: Office
    ) -> None:
        room = opened(own_office)
        first = {
            "occurred_at": NOW,
            "sections": [
                {"code": "medication", "text": "None, as she says."},
                {"code": "interview", "text": ASKED},
            ],
        }
        intake = room.post("/intakes", first, 201)["created"]["intake"]
        anew = {
            "sections": [{"code": "medication", "text": "Sertraline 50 mg."}],
            "reason": "She brought the package.",
        }
        room.post(f"/intakes/{intake}:revise", anew, of=intake)
        (told,) = room.read("/intakes")["intakes"]
        before, now = told["versions"]
        assert [each["code"] for each in before["sections"]] == ["interview", "medication"]
        assert (now["sections"][0]["text"], now["reason"]) == (
            "Sertraline 50 mg.",
            "She brought the package.",
        )
        assert now["sections"][0]["polish"] == "Leki (według relacji)"

        written = {
            "sections": [
                {"code": "triggers", "text": "Closed doors."},
                {"code": "maintaining-cycles", "text": "She avoids, and so never learns."},
            ]
        }
        made = room.post("/formulations", written, 201)["created"]["formulation"]
        revised = {**written, "reason": "What she wrote down at home."}
        room.post(f"/formulations/{made}:revise", revised, of=made)
        found = room.read("/formulations")
        assert [each["number"] for each in found["timeline"]] == [1, 2]
        assert found["formulations"][0]["school"] == "cognitive-behavioural"
        assert "triggers" in [each["code"] for each in found["headings"]]

    def test_a_formulation_speaks_its_schools_language(self, own_office: Office) -> None:
        room = opened(own_office, "psychodynamic")
        path = f"/v1/cases/{room.case}/formulations"
        foreign = {"sections": [{"code": "automatic-thoughts", "text": "I shall die."}]}
        refused = own_office.anna.post(path, foreign)
        assert (refused.status_code, refused.json()["field"]) == (422, "sections")
        codes = [each["code"] for each in room.read("/formulations")["headings"]]
        assert not {"transference", "countertransference"} & set(codes)
        room.post("/formulations", {"school": "cognitive-behavioural", **foreign}, 201)

    @pytest.mark.duty(25, part="formulation")
    def test_a_systemic_formulation_has_a_genogram(self, own_office: Office) -> None:
        room = opened(own_office, "systemic")
        genogram: dict[str, Any] = {
            "persons": [
                {"id": "gm", "role": "grandmother", "sex": "female", "born": 1935, "died": 2001},
                {"id": "m", "role": "mother", "sex": "female", "born": 1960},
                {"id": "c", "role": "client", "sex": "female", "born": 1988, "index": True},
            ],
            "relations": [
                {"line": "parent", "of": "gm", "to": "m"},
                {"line": "parent", "of": "m", "to": "c"},
                {"line": "cut-off", "of": "gm", "to": "c"},
            ],
        }
        body: dict[str, Any] = {
            "sections": [{"code": "circularity", "text": "The more he asks, the less she says."}],
            "genogram": genogram,
        }
        made = room.post("/formulations", body, 201)["created"]["formulation"]
        (told,) = room.read("/formulations")["formulations"]
        shown = told["versions"][0]["genogram"]
        assert [each["role"] for each in shown["persons"]] == ["grandmother", "mother", "client"]
        assert shown["relations"] == genogram["relations"]
        circle = {"line": "parent", "of": "c", "to": "gm"}
        impossible = {**genogram, "relations": [*genogram["relations"], circle]}
        path = f"/v1/cases/{room.case}/formulations/{made}:revise"
        refused = own_office.anna.post(
            path, {**body, "genogram": impossible}, version=own_office.version(made)
        )
        assert (refused.status_code, refused.json()["field"]) == (422, "genogram")
        body["sections"] = [{"code": "circularity", "text": "Both ask."}]
        room.post(f"/formulations/{made}:revise", body, of=made)

    @pytest.mark.duty(23)
    def test_a_goal_and_a_method_are_traced_to_the_problem_that_they_are_about(
        self, own_office: Office
    ) -> None:
        room = opened(own_office)
        told = room.post("/problems", {"words": ASKED}, 201)["created"]["problem"]
        loose = room.post("/problems", {"words": "She sleeps badly."}, 201)["created"]["problem"]
        written = {
            "sections": [{"code": "maintaining-cycles", "text": "She avoids."}],
            "problems": [told],
        }
        formulation = room.post("/formulations", written, 201)["created"]["formulation"]
        goal = room.post(
            "/goals",
            {"kind": "symptom", "words": "To take the tram to work.", "problems": [told]},
            201,
        )["created"]["goal"]
        method = room.post(
            "/methods",
            {"name": "Exposure", "rationale": "She avoids.", "goals": [goal]},
            201,
        )["created"]["method"]
        found = room.read("/causal-map")
        links = {(each["of"], each["to"]) for each in found["links"]}
        assert links == {
            (told, formulation),
            (told, goal),
            (formulation, goal),
            (goal, method),
        }
        assert found["loose"] == [loose]

    @pytest.mark.duty(7)
    def test_somebody_grows_without_a_diagnosis(self, own_office: Office) -> None:
        room = opened(own_office, "humanistic-existential")
        told = room.post("/problems", {"words": "I want to live more freely."}, 201)
        room.post("/diagnoses:none-found", {"words": "She is not ill."}, 201)
        written = {
            "sections": [
                {"code": "meaning", "text": "What she does is for others."},
                {"code": "values", "text": "Honesty, nearness."},
            ],
            "problems": [told["created"]["problem"]],
        }
        room.post("/formulations", written, 201)
        goal = room.post("/goals", {"kind": "growth", "words": "To say no once a week."}, 201)
        assert goal["created"]["goal"]
        found = room.read("/problem-list")
        assert (found["coded"], found["diagnoses"]) == ([], [])
        assert found["assessed"] == [{"alias": None, "standing": "no-disorder"}]
        state = room.read()
        assert state["called"][0]["word"] == "client"
        assert "diagnos" not in str(done(own_office.anna.get("/v1/worklist"))).lower()
        closing = {"outcome": "completed", "ending": "planned", "ended_by": "together"}
        version = own_office.version(room.case)
        done(own_office.anna.post(f"/v1/cases/{room.case}:close", closing, version=version))
        refused = own_office.anna.post(
            f"/v1/cases/{room.case}/problems",
            {"words": "Too late."},
            version=own_office.version(room.case),
        )
        assert refused.status_code == 409


class TestHowSomebodyIsCalled:
    @pytest.mark.duty(2)
    def test_she_is_called_as_her_school_does_and_as_she_wishes(self, own_office: Office) -> None:
        client = own_office.people.client
        room = opened(own_office, "cognitive-behavioural")
        (said,) = room.read()["called"]
        assert (said["word"], said["polish"]) == ("patient", "pacjentka")
        path, version = f"/v1/clients/{client}/person-word", own_office.version(client)
        done(own_office.anna.put(path, {"word": "client"}, version=version))
        (said,) = room.read()["called"]
        assert (said["word"], said["polish"]) == ("client", "klientka")
        file = done(own_office.reception.get(f"/v1/clients/{client}"))
        assert file["person_word"] == "client"
        version = own_office.version(client)
        done(own_office.reception.put(path, {"word": None}, version=version))
        (said,) = room.read()["called"]
        assert said["word"] == "patient"
