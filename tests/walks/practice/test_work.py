"""The work on a case, the work with others, and how it ends: over HTTP, as clinicians do it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from httpx2 import Response

from domain.values import PurposeOfUse, Role
from tests.api.http.support import Office, Person, actor


@dataclass
class Practice:
    """An office with an individual case of Anna's, and what was begun in it."""

    office: Office
    case: str
    person: Person
    begun: dict[str, str] = field(default_factory=dict)

    @property
    def now(self) -> str:
        """This instant, as a request says it."""
        return self.office.clock.now().isoformat()

    def day(self, days: int) -> str:
        """A day from today on, as a request says it."""
        return (self.office.clock.now() + timedelta(days=days)).date().isoformat()

    def begin(self, what: str, body: dict[str, Any], status: int = 201) -> str:
        """Begin an item; its id."""
        found = self.person.post(f"/v1/cases/{self.case}/{what}", body)
        assert found.status_code == status, found.text
        (item,) = found.json().get("created", {"": ""}).values()
        return str(item)

    def go_on(
        self, what: str, item: str, verb: str, body: dict[str, Any], *, by: Person | None = None
    ) -> Response:
        """Go on with an item as it stands."""
        path = f"/v1/cases/{self.case}/{what}/{item}:{verb}"
        return (by or self.person).post(path, body, version=self.office.version(item))

    def step(self, what: str, item: str, verb: str, **body: Any) -> None:
        """Go on with an item, and it works."""
        found = self.go_on(what, item, verb, body)
        assert found.status_code == 200, found.text

    def read(self, what: str, *, by: Person | None = None) -> Any:
        """A part of the chart."""
        self.office.settle()
        found = (by or self.person).get(f"/v1/cases/{self.case}/{what}")
        assert found.status_code == 200, found.text
        return found.json()

    def problem(self, words: str) -> str:
        """A problem in the client's words; its id."""
        path = f"/v1/cases/{self.case}/problems"
        found = self.person.post(path, {"words": words}, version=self.office.version(self.case))
        assert found.status_code == 201, found.text
        return str(found.json()["created"]["problem"])

    def held_session(self) -> str:
        """A session that was held."""
        session = self.office.clinic.schedule_session(self.case)  # type: ignore[arg-type]  # an id is a text
        self.office.clock.move(timedelta(days=1, hours=1))
        ended = self.office.clock.now()
        found = self.person.post(
            f"/v1/cases/{self.case}/sessions/{session}:hold",
            {
                "started_at": (ended - timedelta(minutes=50)).isoformat(),
                "ended_at": ended.isoformat(),
            },
            version=self.office.version(session),
        )
        assert found.status_code == 200, found.text
        return session

    def waiting(self, kind: str) -> list[dict[str, Any]]:
        """What waits for the clinician."""
        self.office.settle()
        found = self.person.get(f"/v1/worklist?kind={kind}")
        assert found.status_code == 200, found.text
        tasks: list[dict[str, Any]] = found.json()["tasks"]
        return tasks


@pytest.fixture
def practice(own_office: Office) -> Practice:
    """A case that has just begun."""
    return Practice(own_office, own_office.clinic.open_case(), own_office.anna)


@pytest.mark.duty(14)
def test_a_plan_is_agreed_revised_and_reviewed_when_it_is_due(practice: Practice) -> None:
    plan = practice.begin("plans", {"text": "Twelve sessions.", "review_on": practice.day(30)})
    practice.step("plans", plan, "agree", agreed_with="client", occurred_at=practice.now)
    practice.step("plans", plan, "revise", text="Sixteen sessions.", reason="She asked for more.")
    (told,) = practice.read("plans")["plans"]
    assert told["status"] == "drafted"
    assert told["text"] == "Sixteen sessions."
    practice.step("plans", plan, "agree", agreed_with="client", occurred_at=practice.now)
    assert practice.waiting("plan-review") == []
    practice.office.clock.move(timedelta(days=20))
    (task,) = practice.waiting("plan-review")
    assert (task["item"], task["overdue"]) == (plan, False)
    practice.office.clock.move(timedelta(days=20))
    assert practice.waiting("plan-review")[0]["overdue"]
    practice.step("plans", plan, "review", text="Half is done.", occurred_at=practice.now)
    assert practice.waiting("plan-review") == []
    homework = practice.begin(
        "homework", {"words": "Three good minutes a day.", "due_on": practice.day(7)}
    )
    practice.office.clock.move(timedelta(days=8))
    assert [each["item"] for each in practice.waiting("homework")] == [homework]
    practice.step(
        "homework", homework, "report", done="partly", occurred_at=practice.now, words="Twice."
    )
    assert practice.waiting("homework") == []
    (done,) = practice.read("homework")["homework"]
    assert done["status"] == "reported"
    assert done["steps"][0]["words"] == "Twice."
    (told,) = practice.read("plans")["plans"]
    assert [each["step"] for each in told["steps"]] == [
        "agreed",
        "revised",
        "agreed",
        "review-held",
    ]
    assert told["status"] == "agreed"
    practice.step("plans", plan, "end", reason="replaced")
    practice.begin("plans", {"text": "Monthly from now on."})


@pytest.mark.duty(7, part="goal")
def test_somebody_grows_towards_a_goal_without_any_diagnosis(practice: Practice) -> None:
    levels = [
        {"code": "expected", "text": "Says no once a week."},
        {"code": "more", "text": "Says no whenever she means it."},
    ]
    goal = practice.begin("goals", {"kind": "growth", "words": "To say no.", "levels": levels})
    for attainment in (-2, -1, 1):
        practice.office.clock.move(timedelta(days=7))
        practice.step(
            "goals",
            goal,
            "rate",
            attainment=attainment,
            rated_by="together",
            occurred_at=practice.now,
        )
    practice.step("goals", goal, "revise", words="To say no, and yes.")
    practice.step("goals", goal, "achieve", occurred_at=practice.now, words="She did.")
    told = practice.read("goals")
    (line,) = told["goals"]
    assert line["kind"] == "growth"
    assert line["words"] == "To say no, and yes."
    assert line["status"] == "achieved"
    assert line["attained"] == {"first": -2, "newest": 1, "change": 3, "ratings": 3}
    assert [each["attainment"] for each in line["steps"] if "attainment" in each] == [-2, -1, 1]
    assert told["summary"] == 60.0
    dropped = practice.begin("goals", {"kind": "other", "words": "To move to the sea."})
    practice.step("goals", dropped, "drop", occurred_at=practice.now, reason="She stays.")
    assert practice.read("goals")["summary"] == 60.0


@pytest.mark.duty(12)
def test_a_method_is_chosen_for_this_person_used_and_reviewed(practice: Practice) -> None:
    problem = practice.problem("I cannot get on a tram.")
    goal = practice.begin(
        "goals", {"kind": "symptom", "words": "To ride a tram.", "problems": [problem]}
    )
    one = practice.begin(
        "methods",
        {"name": "Exposure", "rationale": "She avoids.", "goals": [goal], "problems": [problem]},
    )
    other = practice.begin("methods", {"name": "Breathing", "rationale": "For the first rides."})
    for _ in range(2):
        practice.step("methods", one, "use", session=practice.held_session(), words="Line 4.")
    practice.step("methods", one, "review", fit="helpful", occurred_at=practice.now)
    practice.step("methods", other, "set-aside", reason="Not needed.")
    mix = {each["name"]: each for each in practice.read("methods")["methods"]}
    assert mix["Exposure"]["used"] == {"times": 2, "share": 1.0, "fit": "helpful"}
    assert mix["Exposure"]["rationale"] == "She avoids."
    assert mix["Breathing"]["status"] == "set-aside"


@pytest.mark.duty(13, part="work_area goal")
def test_an_area_is_worked_through_and_the_goal_shows_it(practice: Practice) -> None:
    problem = practice.problem("My mother and I do not speak.")
    area = practice.begin("work-areas", {"words": "Her mother.", "problems": [problem]})
    practice.step("work-areas", area, "advance", change="better", occurred_at=practice.now)
    practice.step(
        "work-areas",
        area,
        "close",
        resolution="worked-through",
        occurred_at=practice.now,
        words="They spoke.",
    )
    goal = practice.begin("goals", {"kind": "relationship", "words": "To speak with her."})
    practice.step("goals", goal, "rate", attainment=0, rated_by="client", occurred_at=practice.now)
    (told,) = practice.read("work-areas")["work_areas"]
    assert told["status"] == "closed"
    assert [each["step"] for each in told["steps"]] == ["advanced", "closed"]


@pytest.mark.duty(24)
def test_a_skill_is_assessed_practised_and_assessed_again(practice: Practice) -> None:
    skill = practice.begin(
        "skills",
        {
            "area": "emotional",
            "words": "Naming what she feels.",
            "level": 1,
            "occurred_at": practice.now,
        },
    )
    practice.step("skills", skill, "practise", occurred_at=practice.now, words="In the session.")
    practice.step("skills", skill, "reassess", level=3, occurred_at=practice.now)
    (told,) = practice.read("skills")["skills"]
    assert told["profile"] == {"baseline": 1, "now": 3, "practised": 1}


@pytest.mark.duty(15)
def test_somebody_is_referred_and_a_psychiatrist_consulted(practice: Practice) -> None:
    psychiatrist = {"specialty": "psychiatry", "organisation": "Outpatient clinic"}
    referral = practice.begin(
        "referrals",
        {
            "to": psychiatrist,
            "reason": "No sleep for six weeks.",
            "asked": "Whether medicine would help.",
            "urgency": "soon",
            "occurred_at": practice.now,
            "answer_by": practice.day(14),
        },
    )
    assert [each["item"] for each in practice.waiting("referral")] == [referral]
    practice.step("referrals", referral, "accept", occurred_at=practice.now)
    practice.step(
        "referrals", referral, "answer", occurred_at=practice.now, words="Medicine was begun."
    )
    assert practice.waiting("referral") == []
    second = practice.begin(
        "referrals",
        {
            "to": {"specialty": "couple therapy", "name": "A. Nowak"},
            "reason": "The two want to speak.",
            "asked": "A first talk.",
            "urgency": "routine",
            "occurred_at": practice.now,
        },
    )
    practice.step("referrals", second, "decline", occurred_at=practice.now, reason="No place.")
    practice.begin(
        "consultations",
        {
            "consulted": psychiatrist,
            "identified": False,
            "occurred_at": practice.now,
            "question": "May exposure go on?",
            "outcome": "It may.",
            "referral": referral,
        },
    )
    practice.begin(
        "conferences",
        {
            "colleagues": [practice.office.people.bartek],
            "others": [psychiatrist],
            "identified": True,
            "occurred_at": practice.now,
            "conclusions": "Weekly, and the dose stays.",
        },
    )
    told = {each["id"]: each for each in practice.read("referrals")["referrals"]}
    assert told[referral]["status"] == "answered"
    assert told[referral]["steps"][-1]["words"] == "Medicine was begun."
    assert told[second]["status"] == "declined"
    care = practice.read("shared-care")
    assert care["consultations"][0]["outcome"] == "It may."
    assert care["conferences"][0]["others"][0]["specialty"] == "psychiatry"


@pytest.mark.duty(3)
def test_a_medicine_is_noted_as_told_and_who_else_treats_is_known(practice: Practice) -> None:
    psychiatrist = {"specialty": "psychiatry", "name": "B. Lis"}
    medicine = practice.begin(
        "pharmacotherapy",
        {
            "substance": "sertraline",
            "dose": "50 mg",
            "prescriber": psychiatrist,
            "since": practice.day(-20),
            "told_by": "client",
        },
    )
    practice.step("pharmacotherapy", medicine, "change", dose="100 mg", told_by="client")
    treats = practice.begin("co-treaters", {"professional": psychiatrist})
    care = practice.read("shared-care")
    assert care["pharmacotherapy"][0]["dose"] == "100 mg"
    assert care["pharmacotherapy"][0]["prescriber"]["name"] == "B. Lis"
    assert care["co_treaters"][0]["status"] == "treats"
    practice.step("pharmacotherapy", medicine, "end", told_by="document", until=practice.day(-1))
    practice.step("co-treaters", treats, "unlink", until=practice.day(-1))
    care = practice.read("shared-care")
    assert [care[kind][0]["status"] for kind in ("pharmacotherapy", "co_treaters")] == ["ended"] * 2


@pytest.mark.duty(29, part="transfer case")
def test_a_therapist_who_knows_her_limits_hands_a_case_on(practice: Practice) -> None:
    office = practice.office
    proposal = {
        "to": office.people.bartek,
        "reason": "limit-of-competence",
        "words": "An eating disorder has come to light.",
    }
    first = practice.begin("transfers", proposal)
    assert practice.read("endings", by=office.bartek)["transfers"]
    declined = practice.go_on(
        "transfers", first, "decline", {"reason": "I know her brother."}, by=office.bartek
    )
    assert declined.status_code == 200, declined.text
    gone = office.bartek.get(f"/v1/cases/{practice.case}/endings")
    assert gone.status_code == 404
    second = practice.begin("transfers", proposal)
    office.settle()
    tasks = office.bartek.get("/v1/worklist?kind=transfer").json()["tasks"]
    assert [each["item"] for each in tasks] == [second]
    stranger = practice.go_on("transfers", second, "accept", {})
    assert (stranger.status_code, stranger.json()["type"]) == (
        409,
        "urn:powiernik:problem:wrong-state",
    )
    accepted = practice.go_on("transfers", second, "accept", {}, by=office.bartek)
    assert accepted.status_code == 200, accepted.text
    frame, _ = office.clinic.desk.case(practice.case)  # type: ignore[arg-type]  # an id is a text
    assert frame is not None
    assert frame.therapist == office.people.bartek
    assert office.people.anna not in frame.team


@pytest.mark.duty(30)
def test_a_therapy_ends_as_planned_and_somebody_asks_later(practice: Practice) -> None:
    office = practice.office
    termination = practice.begin(
        "terminations",
        {"ends_on": practice.day(30), "reason": "goals-reached", "remains": "Two sessions."},
    )
    practice.step("terminations", termination, "replan", ends_on=practice.day(40), remains="Three.")
    practice.begin("plans", {"text": "Twelve sessions.", "review_on": practice.day(5)})
    practice.begin("homework", {"words": "Write a letter to yourself."})
    draft = practice.person.post(
        f"/v1/cases/{practice.case}/notes",
        {"kind": "summary", "occurred_at": practice.now, "text": "Course, outcome, what next."},
    ).json()["created"]["note"]
    early = practice.person.post(f"/v1/cases/{practice.case}/discharges", {"note": draft})
    assert early.status_code == 422
    closing = {"outcome": "completed", "ending": "planned", "ended_by": "together"}
    path = f"/v1/cases/{practice.case}:close"
    refused = practice.person.post(path, closing, version=office.version(practice.case))
    assert (refused.status_code, refused.json()["type"]) == (
        409,
        "urn:powiernik:problem:open-drafts",
    )
    signed = practice.go_on("notes", draft, "sign", {})
    assert signed.status_code == 200, signed.text
    practice.begin("discharges", {"note": draft})
    kinds = {each["kind"] for each in practice.read("endings")["unfinished"]}
    assert kinds == {"plan", "homework"}
    closed = practice.person.post(path, closing, version=office.version(practice.case))
    assert closed.status_code == 200, closed.text
    assert practice.read("plans")["plans"][0]["status"] == "ended"
    assert practice.waiting("plan-review") == []
    office.settle()
    state = practice.person.get(f"/v1/cases/{practice.case}").json()
    assert state["ended"] == {"ending": "planned", "ended_by": "together", "ended_on": None}
    follow_up = practice.begin("follow-ups", {"due_on": practice.day(90), "contact": "call"})
    office.clock.move(timedelta(days=80))
    assert [each["item"] for each in practice.waiting("follow-up")] == [follow_up]
    practice.step(
        "follow-ups",
        follow_up,
        "hold",
        occurred_at=practice.now,
        reached=True,
        words="She is well.",
    )
    told = practice.read("endings")
    assert told["discharges"][0]["note"] == draft
    assert told["follow_ups"][0]["steps"][0]["words"] == "She is well."
    reopened = practice.person.post(
        f"/v1/cases/{practice.case}:reopen", version=office.version(practice.case)
    )
    assert reopened.status_code == 200


@pytest.mark.duty(21, part="adverse_event complaint")
def test_what_went_wrong_is_reported_answered_and_learnt_from(practice: Practice) -> None:
    event = practice.begin(
        "adverse-events",
        {
            "kind": "worsening",
            "severity": "moderate",
            "relation": "not-yet-known",
            "occurred_at": practice.now,
            "words": "Two days at home after the exposure.",
        },
    )
    practice.step(
        "adverse-events", event, "take-measure", occurred_at=practice.now, words="Smaller steps."
    )
    practice.step("adverse-events", event, "close", relation="related", words="Too large a step.")
    (told,) = practice.read("adverse-events")["adverse_events"]
    assert told["status"] == "closed"
    complaint = _complaint(practice, about=practice.office.people.anna)
    for verb, body in (
        ("examine", {"occurred_at": practice.now, "text": "The therapist was heard."}),
        ("extend", {"answer_by": practice.day(60), "reason": "A witness is away."}),
        (
            "resolve",
            {"outcome": "partly-upheld", "occurred_at": practice.now, "text": "We are sorry."},
        ),
    ):
        found = _handle(practice, complaint, verb, body, practice.office.officer)
        assert found.status_code == 200, found.text
    practice.office.settle()
    (line,) = practice.office.officer.get("/v1/complaints").json()["complaints"]
    assert line["outcome"] == "partly-upheld"
    assert [each["step"] for each in line["steps"]] == [
        "examined",
        "deadline-extended",
        "resolved",
    ]


def _complaint(practice: Practice, about: str) -> str:
    """A complaint as the front desk takes it in."""
    office = practice.office
    found = office.reception.post(
        f"/v1/clients/{office.people.client}/complaints",
        {
            "filed_by": "client",
            "about": about,
            "about_case": practice.case,
            "occurred_at": practice.now,
            "answer_by": practice.day(30),
            "text": "Two sessions were called off on the same morning.",
        },
    )
    assert found.status_code == 201, found.text
    return str(found.json()["created"]["complaint"])


def _handle(
    practice: Practice, complaint: str, verb: str, body: dict[str, Any], by: Person
) -> Response:
    return by.post(
        f"/v1/complaints/{complaint}:{verb}", body, version=practice.office.version(complaint)
    )


def test_whoever_is_complained_about_finds_no_complaint_though_she_be_officer_too(
    practice: Practice,
) -> None:
    office = practice.office
    both = actor(office, Role.CLINICIAN, Role.COMPLIANCE)
    complaint = _complaint(practice, about=both)
    office.settle()
    body = {"occurred_at": practice.now, "text": "Nothing happened."}
    herself = office.staff(both, PurposeOfUse.ACCESS_REVIEW)
    assert herself.get("/v1/complaints").json()["complaints"] == []
    assert _handle(practice, complaint, "examine", body, herself).status_code == 404
    assert _handle(practice, complaint, "examine", body, office.anna).status_code == 403
    assert office.anna.get("/v1/complaints").status_code == 403
    assert office.reception.get("/v1/complaints").status_code == 403
    assert [
        each["about"] for each in office.officer.get("/v1/complaints").json()["complaints"]
    ] == [both]
    chart = practice.read("endings")
    assert complaint not in str(chart)


def test_no_log_tells_a_complaint_from_any_other_record(practice: Practice) -> None:
    office = practice.office
    _complaint(practice, about=office.people.anna)
    office.officer.get("/v1/complaints")
    office.settle()
    lines = office.log(office.people.client)
    assert "complaint" not in str(lines)
    assert "legal" not in str(lines).lower()
