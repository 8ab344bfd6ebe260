"""A long therapy over HTTP, whole: two years' frame, a rupture, an illness, and who goes on.

Anna works psychodynamically and without an agreed end. She falls ill, asks Bartek to go on, hands
over, and from his yes on sees nothing of it any more.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, NamedTuple

import pytest
from httpx2 import Response

from domain.values import CaseId, ClientId
from tests.api.http.support import Office, Person, problem
from tests.walks.practice.test_work import Practice

WEEKS = 32
RUPTURE, REPAIR, ILL = 12, 14, 30
"""In which of the weekly sessions, counted from 0, what happens."""
MISSED = 20
CORE_10 = (24, 22, 17, 13)
"""What she scores before the therapy and every twelve weeks, the last time with Bartek."""
ALLIANCE = {6: 30, 12: 18, 18: 34, 24: 36}
TEMPLATE = "session-psychodynamic"
IDENTITY = {
    "given_name": "Helena",
    "family_name": "Sosna",
    "birth_date": "1979-11-02",
    "sex": "female",
}
CONTRACT = {
    "length": "long",
    "frequency": "weekly",
    "cancellation_hours": 48,
    "agreed_by": [{"kind": "client"}],
    "sections": [
        {"code": "aims", "text": "To understand why she leaves before she is left."},
        {"code": "length", "text": "Without an agreed end; we look at it every half year."},
    ],
}
FORMULATION = {
    "sections": [
        {"code": "conflicts", "text": "Closeness, and being swallowed by it."},
        {"code": "defences", "text": "She goes away before anybody can."},
    ]
}


class Therapy(NamedTuple):
    """The therapy as each of the two works on it."""

    anna: Practice
    bartek: Practice
    client: str

    @property
    def office(self) -> Office:
        """Where it takes place."""
        return self.anna.office

    @property
    def path(self) -> str:
        """Where its case lies."""
        return f"/v1/cases/{self.anna.case}"


@pytest.fixture
def therapy(own_office: Office) -> Therapy:
    """A client of the front desk's and a case of Anna's that has just begun."""
    office = own_office
    client = done(office.reception.post("/v1/clients", {"identity": IDENTITY}), "client")
    new = {"clients": [client], "format": "individual", "school": "psychodynamic"}
    case = done(office.anna.post("/v1/cases", new), "case")
    return Therapy(
        Practice(office, case, office.anna), Practice(office, case, office.bartek), client
    )


def done(response: Response, what: str | None = None) -> str:
    """What a command made, which was taken."""
    assert response.status_code in (200, 201), response.text
    created = response.json().get("created", {})
    return str(created[what]) if what else ""


def core_10(of: Practice, total: int) -> None:
    """Answers that add up to this total; of harm to herself she says no every time."""
    found, left = [], total
    for item in (1, 4, 5, 7, 8, 9, 10, 2, 3):
        points = min(4, left)
        left -= points
        found.append({"item": item, "value": 4 - points if item in (2, 3) else points})
    body = {
        "instrument": "core-10",
        "instrument_version": 1,
        "occurred_at": of.now,
        "answers": [*found, {"item": 6, "value": 0}],
    }
    done(of.person.post(f"/v1/cases/{of.case}/measures", body), "measure")


def rate(of: Practice, total: int) -> None:
    """The client rates how they work together, evenly."""
    each, rest = divmod(total, 4)
    names = ("relationship", "goals", "approach", "overall")
    scores = {name: each + (number < rest) for number, name in enumerate(names)}
    of.begin("alliance-ratings", {"occurred_at": of.now, "rater": "client", "scores": scores})


def signed(of: Practice, words: dict[str, Any]) -> str:
    """A note that is written and signed on the spot."""
    note = of.begin("notes", {"occurred_at": of.now, **words})
    of.step("notes", note, "sign")
    return note


def hour(number: int) -> dict[str, Any]:
    """What is written after one session."""
    return {
        "kind": "session",
        "template": TEMPLATE,
        "sections": [
            {"code": "topic", "text": f"Hour {number + 1}."},
            {"code": "dreams", "text": f"House number {number + 1}, and nobody in it."},
        ],
    }


def wait_until(office: Office, instant: str) -> None:
    """Let time pass, until a quarter after the instant."""
    office.clock.move(datetime.fromisoformat(instant) - office.clock.now())
    office.clock.move(timedelta(minutes=15))


def hold(of: Practice, session: dict[str, Any]) -> str:
    """A session takes place, to the minute, and its note is signed."""
    wait_until(of.office, session["ends_at"])
    span = {"started_at": session["starts_at"], "ended_at": session["ends_at"]}
    of.step("sessions", session["id"], "hold", **span)
    return str(session["id"])


def standing(of: Practice) -> Any:
    """The case as it stands."""
    of.office.settle()
    found = of.person.get(f"/v1/cases/{of.case}")
    assert found.status_code == 200, found.text
    return found.json()


def planned(of: Practice, count: int) -> tuple[str, list[dict[str, Any]]]:
    """A weekly hour from tomorrow on; the series and its sessions as the case shows them."""
    starts = of.office.clock.now() + timedelta(days=1)
    ends = starts + timedelta(minutes=50)
    span = {"starts_at": starts.isoformat(), "ends_at": ends.isoformat()}
    series = of.begin("series", {**span, "room": "3", "count": count})
    found = [each for each in standing(of)["sessions"] if each["series"] == series]
    return series, sorted(found, key=lambda each: str(each["starts_at"]))


def consented(therapy: Therapy, by: Person, purpose: str) -> None:
    """The client consents, in writing."""
    body = {"answer": "given", "scope": "therapy", "purpose": purpose, "form": "written"}
    done(by.post(f"/v1/clients/{therapy.client}/consents", body), "consent")


def begin(therapy: Therapy) -> dict[str, str]:
    """Frame, intake, understanding and plan; the items by what they are."""
    anna = therapy.anna
    consented(therapy, anna.person, "psychotherapy")
    interview = [
        {"code": "interview", "text": "I leave everybody, and then I am alone."},
        {"code": "previous-treatment", "text": "Twice, for some months; she broke it off."},
    ]
    items = {
        "contracts": anna.begin("contracts", {**CONTRACT, "occurred_at": anna.now}),
        "intakes": anna.begin("intakes", {"occurred_at": anna.now, "sections": interview}),
        "problem": anna.problem("I leave everybody."),
    }
    about = {**FORMULATION, "problems": [items["problem"]]}
    items["formulations"] = anna.begin("formulations", about)
    items["goals"] = anna.begin(
        "goals",
        {"kind": "relationship", "words": "To stay.", "problems": [items["problem"]]},
    )
    plan = {"text": "Weekly, on the couch or not, as she can.", "review_on": anna.day(150)}
    items["plans"] = anna.begin("plans", plan)
    anna.step("plans", items["plans"], "agree", agreed_with="client", occurred_at=anna.now)
    core_10(anna, CORE_10[0])
    return items


def work(therapy: Therapy) -> tuple[str, list[str]]:
    """Seven months of weekly hours until Anna is ill; the series, and the notes she signed."""
    anna = therapy.anna
    series, sessions = planned(anna, WEEKS)
    notes, rupture = [], ""
    for number, session in enumerate(sessions[:ILL]):
        if number == MISSED:
            wait_until(therapy.office, session["ends_at"])
            anna.step("sessions", session["id"], "no-show")
            continue
        held = hold(anna, session)
        notes.append(signed(anna, {**hour(number), "session": held}))
        if number in ALLIANCE:
            rate(anna, ALLIANCE[number])
        if number and number % 12 == 0:
            core_10(anna, CORE_10[number // 12])
        if number == RUPTURE:
            rupture = own(anna, "rupture", "She packed her bag; I had yawned.", session=held)
        if number == REPAIR:
            own(anna, "repair", "I said that I had been away.", session=held, answers=rupture)
    return series, notes


def own(of: Practice, kind: str, text: str, **more: str) -> str:
    """Process material, which is its author's alone."""
    return of.begin("process-notes", {"occurred_at": of.now, "text": text, "kind": kind, **more})


def hand_over(therapy: Therapy, series: str) -> tuple[str, str]:
    """Anna falls ill, tells her, asks Bartek and writes down where they are; summary, transfer."""
    anna = therapy.anna
    told = {"means": "phone", "direction": "outgoing", "party": "client"}
    words = "I told her that I am ill. She will see Bartek, if he can."
    signed(anna, {"kind": "contact", "text": words, "contact": told})
    anna.step("series", series, "end", by="therapist")
    consented(therapy, anna.person, "psychotherapy, gone on with by a colleague")
    summary = signed(
        anna, {"kind": "summary", "text": "She can stay now when she is angry. Name the leaving."}
    )
    proposal = {
        "to": therapy.office.people.bartek,
        "reason": "therapist-ill",
        "words": "I shall be away for a year at least.",
    }
    return summary, anna.begin("transfers", proposal)


def reading(therapy: Therapy, notes: list[str]) -> list[str]:
    """Every way to look at the case and at whose it is."""
    parts = (
        *("", "/timeline", "/intakes", "/problem-list", "/formulations", "/causal-map", "/goals"),
        *("/plans", "/contracts", "/alliance-ratings", "/outcomes", "/endings", "/risk"),
        *("/shared-care", "/referrals", "/homework", "/methods", "/emergency", "/attachments"),
    )
    paths = [f"{therapy.path}{each}" for each in parts]
    paths += [f"{therapy.path}/notes/{each}" for each in notes]
    return [*paths, f"/v1/clients/{therapy.client}", f"/v1/clients/{therapy.client}/consents"]


def test_a_long_therapy_is_handed_on_and_goes_on(therapy: Therapy) -> None:
    anna, bartek = therapy.anna, therapy.bartek
    items = begin(therapy)
    series, notes = work(therapy)
    review_the_plan(therapy, items)
    what_came_of_it(therapy)
    # Nobody but Anna has seen any of it; now Bartek is asked, and reads before he answers.
    assert {each.status_code for each in looks(therapy, bartek.person, notes)} == {404}
    summary, transfer = hand_over(therapy, series)
    notes.append(summary)
    assert [each["item"] for each in bartek.waiting("transfer")] == [transfer]
    assert {each.status_code for each in looks(therapy, bartek.person, notes)} == {200}
    early = anna.go_on("transfers", transfer, "accept", {})
    assert (early.status_code, problem(early)) == (409, "wrong-state")
    done(bartek.go_on("transfers", transfer, "accept", {"words": "From next week on."}))
    (handed,) = bartek.read("endings")["transfers"]
    assert (handed["status"], handed["reason"]) == ("accepted", "therapist-ill")
    what_bartek_reads(therapy, items, notes)
    she_sees_nothing_any_more(therapy, notes)
    he_goes_on(therapy, items, notes)
    the_client_reads_who_looked(therapy)
    # What Anna thought is hers as long as she works here; nothing of it was ever the chart's.
    assert {each["kind"] for each in anna.read("process-notes")["notes"]} == {"rupture", "repair"}
    she_leaves_and_what_she_signed_stays(therapy, notes)


def looks(therapy: Therapy, by: Person, notes: list[str]) -> list[Response]:
    """What somebody is answered who looks at everything."""
    therapy.office.settle()
    return [by.get(each) for each in reading(therapy, notes)]


def review_the_plan(therapy: Therapy, items: dict[str, str]) -> None:
    """The review has been due for some weeks; they look at plan and contract, and go on."""
    anna = therapy.anna
    (due,) = anna.waiting("plan-review")
    assert (due["item"], due["overdue"]) == (items["plans"], True)
    review = {"text": "She stays. We go on.", "review_on": anna.day(180)}
    anna.step("plans", items["plans"], "review", occurred_at=anna.now, **review)
    assert anna.waiting("plan-review") == []
    again = {**CONTRACT, "occurred_at": anna.now, "frequency": "twice-a-week"}
    anna.step("contracts", items["contracts"], "renegotiate", **again)
    anna.step(
        "goals", items["goals"], "rate", attainment=-1, rated_by="together", occurred_at=anna.now
    )
    written = {**FORMULATION, "problems": [items["problem"]], "reason": "The week of the bag."}
    written["sections"] = [
        *FORMULATION["sections"],
        {"code": "object-relations", "text": "Whoever is tired of her has gone already."},
    ]
    anna.step("formulations", items["formulations"], "revise", **written)


def what_came_of_it(therapy: Therapy) -> None:
    """Open-ended work has no budget; the alliance broke and held, the scores fall."""
    anna = therapy.anna
    contract = anna.read("contracts")["contract"]
    assert contract["budget"] is None
    assert contract["current"]["length"] == "long"
    assert [each["frequency"] for each in contract["history"]] == ["weekly"]
    ratings = anna.read("alliance-ratings")["ratings"]
    assert [each["total"] for each in ratings] == list(ALLIANCE.values())
    assert [each["change"] for each in ratings] == [None, -12, 16, 2]
    own_notes = anna.read("process-notes")["notes"]
    (rupture,) = (each for each in own_notes if each["kind"] == "rupture")
    (repair,) = (each for each in own_notes if each["kind"] == "repair")
    assert repair["answers"] == rupture["id"]
    sessions = standing(anna)["sessions"]
    held = [each for each in sessions if each["status"] == "held"]
    assert len(held) == ILL - 1
    span = datetime.fromisoformat(held[-1]["ends_at"]) - datetime.fromisoformat(
        held[0]["starts_at"]
    )
    assert span > timedelta(days=200)


def what_bartek_reads(therapy: Therapy, items: dict[str, str], notes: list[str]) -> None:
    """All of the chart is his to read, word for word, and nothing that was Anna's own."""
    bartek = therapy.bartek
    state = standing(bartek)
    assert state["therapist"] == therapy.office.people.bartek
    assert state["team"] == [therapy.office.people.bartek]
    for each in notes[:-1]:
        told = bartek.read(f"notes/{each}")
        assert (told["status"], told["template"]) == ("signed", TEMPLATE)
        assert told["sections"][1]["text"].endswith("and nobody in it.")
        assert told["author"] == therapy.office.people.anna
    assert "Name the leaving" in bartek.read(f"notes/{notes[-1]}")["text"]
    (intake,) = bartek.read("intakes")["intakes"]
    assert intake["versions"][0]["sections"][0]["text"].startswith("I leave everybody")
    (formulation,) = bartek.read("formulations")["formulations"]
    assert formulation["versions"][-1]["reason"] == "The week of the bag."
    assert [each["by"] for each in formulation["versions"]] == [therapy.office.people.anna] * 2
    assert bartek.read("plans")["plans"][0]["id"] == items["plans"]
    assert bartek.read("process-notes")["notes"] == []
    moments = bartek.read("timeline")["moments"]
    assert moments
    assert "process" not in str(moments)


def she_sees_nothing_any_more(therapy: Therapy, notes: list[str]) -> None:
    """Every look and every word of hers is answered as if there were no such case."""
    office, anna = therapy.office, therapy.anna
    assert {each.status_code for each in looks(therapy, anna.person, notes)} == {404}
    before = office.version(therapy.anna.case)
    note = {"kind": "session", "occurred_at": anna.now, "text": "One more thing."}
    for what, body in (
        ("notes", note),
        ("process-notes", {"occurred_at": anna.now, "text": "I miss her."}),
        ("plans", {"text": "Mine."}),
        ("transfers", {"to": anna.person.id, "reason": "other", "words": "I am back."}),
    ):
        assert anna.person.post(f"{therapy.path}/{what}", body).status_code == 404
    amended = {"reason": "A word was missing.", "text": "Not."}
    path = f"{therapy.path}/notes/{notes[0]}/amendments"
    assert anna.person.post(path, amended, version=office.version(notes[0])).status_code == 404
    back = {"therapist": anna.person.id}
    taken = anna.person.post(f"{therapy.path}:transfer", back, version=before)
    assert taken.status_code == 404
    assert office.version(therapy.anna.case) == before
    caseload = anna.person.get("/v1/caseload").json()
    assert caseload["cases"] == []
    assert anna.person.get("/v1/worklist").json()["tasks"] == []
    assert calendar(therapy, anna.person) == []


def he_goes_on(therapy: Therapy, items: dict[str, str], notes: list[str]) -> None:
    """A contract of his own, the next hours, a note, the questionnaire and the plan's review."""
    office, bartek = therapy.office, therapy.bartek
    weekly = {**CONTRACT, "occurred_at": bartek.now}
    bartek.step("contracts", items["contracts"], "renegotiate", **weekly)
    _, sessions = planned(bartek, 4)
    for number, session in enumerate(sessions):
        held = hold(bartek, session)
        notes.append(signed(bartek, {**hour(ILL + number), "session": held}))
    core_10(bartek, CORE_10[-1])
    rate(bartek, 28)
    office.clock.move(timedelta(days=150))
    assert [each["item"] for each in bartek.waiting("plan-review")] == [items["plans"]]
    review = {"text": "She stayed through the change.", "review_on": bartek.day(180)}
    bartek.step("plans", items["plans"], "review", occurred_at=bartek.now, **review)
    (trend,) = bartek.read("outcomes")["trends"]
    assert [each["scores"][0]["points"] for each in trend["points"]] == list(CORE_10)
    assert trend["overall"]["difference"] == CORE_10[-1] - CORE_10[0]
    assert trend["overall"]["verdict"] == "reliable-improvement"
    reviews = bartek.read("plans")["plans"][0]["steps"]
    assert [each["by"] for each in reviews if each["step"] == "review-held"] == [
        office.people.anna,
        office.people.bartek,
    ]
    state = standing(bartek)
    by = {each["id"]: each["author"] for each in state["notes"]}
    assert by[notes[0]] == office.people.anna
    assert by[notes[-1]] == office.people.bartek
    statuses = [each["status"] for each in state["sessions"]]
    assert statuses.count("held") == ILL - 1 + len(sessions)
    assert (statuses.count("no-show"), statuses.count("scheduled")) == (1, 0)
    # As it was known before the transfer it can be read by him, too.
    then = datetime.fromisoformat(sessions[0]["starts_at"]) - timedelta(days=8)
    past = bartek.person.get(f"{therapy.path}?as_of={then:%Y-%m-%dT%H:%M:%SZ}")
    assert past.status_code == 200, past.text
    assert past.json()["therapist"] == office.people.anna


def calendar(therapy: Therapy, of: Person) -> list[dict[str, Any]]:
    """The coming weeks as somebody sees them."""
    therapy.office.settle()
    now = therapy.office.clock.now()
    start, end = (now + timedelta(days=each) for each in (-1, 29))
    found = of.get(f"/v1/calendar?from={start:%Y-%m-%dT%H:%M:%SZ}&to={end:%Y-%m-%dT%H:%M:%SZ}")
    assert found.status_code == 200, found.text
    slots: list[dict[str, Any]] = found.json()["slots"]
    return slots


def the_client_reads_who_looked(therapy: Therapy) -> None:
    """Both therapists stand in her log; Anna's looks after the transfer as refused ones."""
    office = therapy.office
    anna, bartek = office.people.anna, office.people.bartek
    seen = own_log(therapy)
    kinds = {who: {each["kind"] for each in seen if each["actor"] == who} for who in (anna, bartek)}
    assert {"READ", "DENY"} <= kinds[anna] & kinds[bartek]
    first = min(each["position"] for each in seen if each["actor"] == bartek and allowed(each))
    last = max(each["position"] for each in seen if each["actor"] == anna and allowed(each))
    assert last < first
    refused = [each["position"] for each in seen if each["actor"] == anna and not allowed(each)]
    assert min(refused) > first
    assert "swallowed" not in str(seen)
    officers = {each["actor"] for each in office.log(ClientId(therapy.client))}
    assert {anna, bartek} <= officers


def own_log(therapy: Therapy) -> list[dict[str, Any]]:
    """All pages of what the client reads in her access log, the newest line first."""
    reader, seen, page = therapy.office.client(therapy.client), [], ""
    while True:
        found = reader.get(f"/v1/me/access-log{page}")
        assert found.status_code == 200, found.text
        told = found.json()
        seen += told["entries"]
        if told["next_before"] is None:
            return seen
        page = f"?before={told['next_before']}"


def allowed(entry: dict[str, Any]) -> bool:
    """Whether a line tells of something that took place."""
    return str(entry["kind"]) != "DENY"


def she_leaves_and_what_she_signed_stays(therapy: Therapy, notes: list[str]) -> None:
    """Anna leaves the clinic; her name stands under what she signed."""
    office, gone = therapy.office, therapy.office.people.anna
    path = f"/v1/practitioners/{gone}:depart"
    done(office.administrator.post(path, version=office.version(gone)))
    assert therapy.anna.person.get("/v1/caseload").status_code in (401, 403)
    told = therapy.bartek.read(f"notes/{notes[0]}")
    assert told["signature"]["practitioner"] == gone
    assert told["signature"]["name"]


def test_what_a_therapist_left_undone_holds_up_nobody_who_goes_on(therapy: Therapy) -> None:
    office, anna, bartek = therapy.office, therapy.anna, therapy.bartek
    half = {"kind": "session", "occurred_at": anna.now, "text": "Half a sentence."}
    draft = anna.begin("notes", half)
    _, sessions = planned(anna, 2)
    closing = {"outcome": "completed", "ending": "planned", "ended_by": "together"}
    path = f"{therapy.path}:close"
    before = anna.person.post(path, closing, version=office.version(anna.case))
    assert (before.status_code, problem(before)) == (409, "open-drafts")
    assert len(calendar(therapy, anna.person)) == len(sessions)
    assert [each["item"] for each in anna.waiting("draft-unsigned")] == [draft]
    proposal = {"to": office.people.bartek, "reason": "therapist-ill", "words": "From today on."}
    transfer = anna.begin("transfers", proposal)
    done(bartek.go_on("transfers", transfer, "accept", {}))
    # Whose they are is no longer hers to see in her own days; he holds them, or calls them off.
    assert calendar(therapy, anna.person) == []
    assert [each["status"] for each in standing(bartek)["sessions"]] == ["scheduled"] * 2
    bartek.step("sessions", sessions[0]["id"], "cancel", by="therapist")
    hold(bartek, sessions[1])
    # Her draft is hers alone to finish, and nothing else of the case; he never learns of it.
    assert [each["item"] for each in anna.waiting("draft-unsigned")] == [draft]
    for verb in ("sign", "discard"):
        assert bartek.go_on("notes", draft, verb, {}).status_code == 404
    assert standing(bartek)["notes"] == []
    assert anna.read(f"notes/{draft}")["text"] == "Half a sentence."
    assert anna.person.get(therapy.path).status_code == 404
    done(anna.go_on("notes", draft, "sign", {}))
    assert anna.waiting("draft-unsigned") == []
    assert anna.person.get(f"{therapy.path}/notes/{draft}").status_code == 404
    assert [each["id"] for each in standing(bartek)["notes"]] == [draft]
    done(bartek.person.post(path, closing, version=office.version(anna.case)))


def test_a_draft_of_whoever_has_left_does_not_keep_a_case_open(therapy: Therapy) -> None:
    office, anna, bartek = therapy.office, therapy.anna, therapy.bartek
    half = {"kind": "session", "occurred_at": anna.now, "text": "Half a sentence."}
    draft = anna.begin("notes", half)
    proposal = {"to": office.people.bartek, "reason": "therapist-ill", "words": "From today on."}
    transfer = anna.begin("transfers", proposal)
    done(bartek.go_on("transfers", transfer, "accept", {}))
    closing = {"outcome": "completed", "ending": "planned", "ended_by": "together"}
    path = f"{therapy.path}:close"
    done(bartek.person.post(path, closing, version=office.version(anna.case)))
    assert anna.read(f"notes/{draft}")["text"] == "Half a sentence."


def test_a_draft_of_whoever_works_here_no_longer_does_not_keep_a_case_open(
    therapy: Therapy,
) -> None:
    office, anna, bartek = therapy.office, therapy.anna, therapy.bartek
    office.clinic.join_team(CaseId(anna.case), office.people.bartek)
    half = {"kind": "session", "occurred_at": bartek.now, "text": "Half a sentence."}
    bartek.begin("notes", half)
    gone = office.people.bartek
    left = office.administrator.post(
        f"/v1/practitioners/{gone}:depart", version=office.version(gone)
    )
    assert left.status_code == 200, left.text
    closing = {"outcome": "completed", "ending": "planned", "ended_by": "together"}
    path = f"{therapy.path}:close"
    done(anna.person.post(path, closing, version=office.version(anna.case)))
