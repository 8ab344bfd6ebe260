"""A day of the work on a case at the door: every kind of item from its beginning to its end.

What is sent are the examples that the API itself gives, moved into the clock's day.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from httpx2 import Response

from domain.values import NoteId
from tests.api.http.asking import ask
from tests.api.http.joint_day import EARLIER, made
from tests.api.http.support import Office, Person, operations
from tests.api.http.uploading import Uploading

Did = Callable[[str, Response], Response]

LIVES = (
    ("setGoal", "reviseGoal", "rateGoal", "achieveGoal"),
    ("setGoal", "dropGoal"),
    ("setHomework", "reportHomework"),
    ("setHomework", "dropHomework"),
    ("chooseMethod", "useMethod", "reviewMethod", "setAsideMethod"),
    ("openWorkArea", "advanceWorkArea", "closeWorkArea"),
    ("assessSkill", "practiseSkill", "reassessSkill"),
    ("draftPlan", "revisePlan", "agreePlan", "reviewPlan", "endPlan"),
    ("makeReferral", "acceptReferral", "answerReferral"),
    ("makeReferral", "declineReferral"),
    ("makeReferral", "withdrawReferral"),
    ("notePharmacotherapy", "changePharmacotherapy", "endPharmacotherapy"),
    ("linkCoTreater", "unlinkCoTreater"),
    ("recordConsultation",),
    ("recordConference",),
    ("administerMeasure", "correctMeasure"),
    ("keepAnswerSheet",),
    ("assessRisk", "reassessRisk"),
    ("agreeOnSafetyPlan", "reviseSafetyPlan"),
    ("flagCrisis", "resolveCrisis"),
    ("raiseSafeguarding", "reportSafeguarding", "closeSafeguarding"),
    ("reportAdverseEvent", "takeMeasure", "closeAdverseEvent"),
    ("planTermination", "replanTermination", "withdrawTermination"),
    ("summariseDischarge",),
    ("planFollowUp", "holdFollowUp"),
    ("planFollowUp", "dropFollowUp"),
    ("proposeTransfer", "declineTransfer"),
    ("proposeTransfer", "withdrawTransfer"),
    ("agreeOnContract", "extendBudget", "renegotiateContract"),
    ("rateAlliance", "correctRating"),
    ("planSeries", "endSeries"),
    ("recordAuthorisation", "withdrawAuthorisation"),
    ("recordOpinion",),
    ("fileComplaint", "examineComplaint", "extendComplaint", "resolveComplaint"),
    ("defineInstrument", "retireInstrument"),
    ("recordQualification",),
    ("recordTraining",),
    ("recordCertificate", "renewCertificate"),
    ("attestOwnTherapy",),
    ("declareLimit", "liftLimit"),
    ("declareConflict", "withdrawConflict"),
    ("markCase", "bringCase"),
    ("proposeTransfer", "acceptTransfer"),
)
"""What happens to an item of each kind, by operation; what only begins is already whole."""

_EARLY = {"since": "2026-01-10"}
_BY = {
    "acceptTransfer": "bartek",
    "declineTransfer": "bartek",
    "fileComplaint": "reception",
    "examineComplaint": "officer",
    "extendComplaint": "officer",
    "resolveComplaint": "officer",
}
_OTHERWISE: dict[str, dict[str, Any]] = {
    "notePharmacotherapy": _EARLY,
    "changePharmacotherapy": {"since": "2026-02-10"},
    "endPharmacotherapy": {"until": "2026-02-22"},
    "correctRating": {"overall": 9},
    "linkCoTreater": _EARLY,
    "unlinkCoTreater": {"until": "2026-02-22"},
}


@dataclass
class Chart:
    """A case of Anna's in which something of everything is begun and ended."""

    office: Office
    client: str
    case: str
    session: str
    note: str
    next_therapist: str
    """To whom the case is to go over."""

    def ids(self) -> dict[str, str]:
        """What the paths of the case name."""
        return {"client_id": self.client, "case_id": self.case, "session_id": self.session}

    def begin(self, name: str) -> tuple[Response, str]:
        """Begin an item as the API's example does; the answer, and the item's id."""
        found = self.ask(name, self.ids())
        assert found.status_code == 201, (name, found.text)
        return found, str(next(iter(found.json()["created"].values()), ""))

    def go_on(self, name: str, item: str, version: int) -> Response:
        """Do the next thing with an item that stands at this version."""
        _, path, _ = operations(self.office.app)[name]
        parameter = path.rpartition("{")[2].partition("}")[0]
        return self.ask(name, {**self.ids(), parameter: item}, version)

    def ask(self, name: str, ids: Mapping[str, str], version: int | None = None) -> Response:
        """An operation with its example, whoever it is for."""
        who: Person = getattr(self.office, _BY.get(name, "anna"))
        otherwise: dict[str, Any] = {
            "useMethod": {"session": self.session},
            "summariseDischarge": {"note": self.note},
            "proposeTransfer": {"to": self.next_therapist},
        }.get(name, _OTHERWISE.get(name, {}))
        return ask(self.office, who, name, ids, otherwise, version)


def opened(office: Office, name: str) -> Chart:
    """A case whose only session was held, with a signed summary of it."""
    client = office.clinic.register_client(name)
    case = office.clinic.open_case(client)
    session = office.clinic.schedule_session(case)
    held = {"started_at": "2026-03-02T06:00:00Z", "ended_at": EARLIER}
    where = f"/v1/cases/{case}"
    done = office.anna.post(f"{where}/sessions/{session}:hold", held, version=1)
    assert done.status_code == 200, done.text
    note = {"kind": "summary", "occurred_at": EARLIER, "text": "She is well."}
    summary = made(office.anna.post(f"{where}/notes", note), "note")
    office.clinic.sign_note(case, NoteId(summary))
    return Chart(office, client, case, session, summary, office.people.bartek)


def work(office: Office, did: Did) -> None:
    """All of it, and then what the chart shows of it."""
    chart = opened(office, "Nina")
    for first, *then in LIVES:
        answer, item = chart.begin(first)
        did(first, answer)
        for name in then:
            answer = did(name, chart.go_on(name, item, answer.json()["version"]))
    chart = opened(office, "Olga")
    _answer_for_risk(chart, did)
    _meet_online(chart, did)
    _keep_a_letter(chart, did)
    _be_supervised(chart, did)
    _look(chart, did)


def _answer_for_risk(chart: Chart, did: Did) -> None:
    """A positive item opens a task that is settled; a sheet is taken along and used."""
    office, anna, where = chart.office, chart.office.anna, f"/v1/cases/{chart.case}"
    answers = [{"item": number, "value": 1} for number in range(1, 10)]
    phq_9 = {"instrument": "phq-9", "instrument_version": 1, "occurred_at": EARLIER}
    made(anna.post(f"{where}/measures", {**phq_9, "answers": answers}), "measure")
    office.settle()
    (task,) = did("readRisk", anna.get(f"{where}/risk")).json()["tasks"]
    did("settleRiskTask", chart.go_on("settleRiskTask", task["id"], task["version"]))
    plan, _ = chart.begin("agreeOnSafetyPlan")
    assert plan.status_code == 201
    until = (office.clock.now() + timedelta(days=2)).isoformat()
    words = "six quiet geese walk over frozen lake"
    asked = {"cases": [chart.case], "valid_until": until, "passphrase": words}
    issued = did("issueCrisisSheet", anna.post("/v1/crisis-sheets", asked))
    used = {"cases": [chart.case], "occurred_at": office.clock.now().isoformat()}
    used |= {"reason": "outage", "words": "The line was down."}
    sheet = issued.headers["Crisis-Sheet"]
    did("reportCrisisSheetUse", anna.post(f"/v1/crisis-sheets/{sheet}:report-use", used))


def _meet_online(chart: Chart, did: Did) -> None:
    anna, now = chart.office.anna, chart.office.clock.now()

    def online(days: int) -> dict[str, str]:
        start, end = (now + timedelta(days=days, minutes=minutes) for minutes in (0, 50))
        return {"starts_at": start.isoformat(), "ends_at": end.isoformat(), "place": "online"}

    session = made(anna.post(f"/v1/cases/{chart.case}/sessions", online(9)), "session")
    path = f"/v1/cases/{chart.case}/sessions/{session}"
    did("moveSession", anna.post(f"{path}:move", {**online(10), "by": "client"}, version=1))
    at_home = {"text": "At her sister's."}
    did("tellWhereabouts", anna.put(f"{path}/whereabouts", at_home, version=2))


def _keep_a_letter(chart: Chart, did: Did) -> None:
    there = Uploading(chart.office.anna, f"/v1/cases/{chart.case}/attachments")
    anna, letter = there.who, b"We saw her twice."
    begun = did("beginAttachment", there.begin(len(letter)))
    attachment = made(begun, "attachment")
    path = f"{there.path}/{attachment}"
    did("putChunk", there.chunk(attachment, 1, letter))
    did("readUpload", anna.get(f"{path}/upload"))
    stored = did("storeAttachment", there.store(attachment, letter))
    did("readAttachments", anna.get(there.path, after=stored))
    did("readAttachment", anna.get(path))
    did("readContent", there.content(attachment))
    other = made(there.begin(len(letter)), "attachment")
    did("abandonAttachment", anna.post(f"{there.path}/{other}:abandon", version=1))


def _be_supervised(chart: Chart, did: Did) -> None:
    """A signed note is brought to somebody outside, on a page that is handed over."""
    office, anna = chart.office, chart.office.anna
    arranged, supervision = chart.begin("arrangeSupervision")
    did("arrangeSupervision", arranged)
    office.settle()
    where = f"/v1/cases/{chart.case}"
    chosen = {"supervision": supervision, "items": [chart.note]}
    drafted = did("draftCasePack", anna.post(f"{where}/case-packs", chosen))
    pack = made(drafted, "case_pack")
    path, until = f"{where}/case-packs/{pack}", office.clock.now() + timedelta(days=9)

    def change(name: str, verb: str, body: Any = None) -> Response:
        done = did(name, anna.post(f"{path}:{verb}", body, version=office.version(pack)))
        office.settle()
        return done

    change("confirmCasePack", "confirm")
    change("issueCasePack", "issue", {"expires_at": until.isoformat()})
    handed = change("handOverCasePack", "hand-over", {"recipient": "Dr Hanna Example"})
    did("readCasePack", anna.get(f"/v1/case-packs/{pack}"))
    page = f"/v1/case-packs/{pack}/pages/{handed.json()['created']['entry']}"
    did("printCasePack", anna.get(page))
    change("revokeCasePack", "revoke")
    words = {"supervision": supervision, "words": "Stay with the silence."}
    advice = did("recordAdvice", anna.post(f"{where}/supervision-advice", words))
    office.settle()
    did("readAdvice", anna.get(f"/v1/supervision-advice/{made(advice, 'advice')}"))
    meeting = {"occurred_at": EARLIER, "minutes": 90}
    held = anna.post(f"/v1/supervisions/{supervision}/meetings", meeting)
    did("holdSupervision", held)
    did("endSupervision", chart.go_on("endSupervision", supervision, held.json()["version"]))


def _look(chart: Chart, did: Did) -> None:
    office, ids = chart.office, {**chart.ids(), "practitioner_id": chart.office.people.anna}
    office.settle()
    for who, names in (
        (office.officer, ("readComplaints", "readConflicts")),
        (office.administrator, ("readQualifications",)),
        (office.anna, LOOKS),
    ):
        for name in names:
            did(name, ask(office, who, name, ids))


LOOKS = (
    "readAdverseEvents",
    "readAlliance",
    "readAnswerSheets",
    "readContract",
    "compareCase",
    "readEmergency",
    "readEndings",
    "readGoals",
    "readHomework",
    "readMethods",
    "readOutcomes",
    "readPlans",
    "readReferrals",
    "readSharedCare",
    "readSkills",
    "readTimeline",
    "readWorkAreas",
    "readInstruments",
    "readOwnConflicts",
    "readPortfolio",
    "readOwnSupervision",
    "readRiskBoard",
    "readWorklist",
)
