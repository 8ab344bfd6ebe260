"""Risk over HTTP: what opens a task, who sees it, what is agreed on, and what is taken along."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from api.compose.crisis_sheets import open_sheet
from domain.confidentiality import KeyPurpose
from domain.events.access import AccessRecorded
from domain.values import CaseId, Format
from infrastructure.errors import FolderRefused, WrongPassphrase
from tests.api.http.support import Office, Person, problem

PASSPHRASE = "six quiet geese walk over frozen lake"
STEPS = [
    {"code": "warning-signs", "text": "I stop answering messages."},
    {"code": "own-coping", "text": "A walk with the dog."},
    {"code": "professionals-and-emergency-numbers", "text": "112; the crisis line."},
]


@pytest.fixture
def case(own_office: Office) -> CaseId:
    return own_office.clinic.open_case()


def now(office: Office) -> str:
    return office.clock.now().isoformat()


def phq_9(office: Office, case: str, each: int, item_9: int) -> Any:
    return answered(office, case, [*[each] * 8, item_9])


def answered(
    office: Office, case: str, values: list[int | None], occurred_at: str | None = None
) -> Any:
    """A PHQ-9 with these answers, an item left out where there is none."""
    body = {
        "instrument": "phq-9",
        "instrument_version": 1,
        "occurred_at": occurred_at or now(office),
        "answers": items(values),
    }
    made = office.anna.post(f"/v1/cases/{case}/measures", body)
    assert made.status_code == 201, made.text
    return made


def items(values: list[int | None]) -> list[dict[str, int]]:
    numbered = enumerate(values, start=1)
    return [{"item": item, "value": value} for item, value in numbered if value is not None]


def adding_up(total: int) -> list[int | None]:
    """Answers of a PHQ-9 that add up to this, the item of self-harm at the least."""
    return [*(min(3, max(0, total - 3 * item)) for item in range(8)), 0]


def put_right(office: Office, case: str, made: Any, values: list[int | None]) -> None:
    created = made.json()["created"]
    body = {"answers": items(values), "reason": "Read from the paper once more."}
    path = f"/v1/cases/{case}/measures/{created['measure']}:correct"
    done = office.anna.post(path, body, version=office.version(created["series"]))
    assert done.status_code == 200, done.text


def settle_all(office: Office, case: str) -> None:
    for each in risk(office, case)["tasks"]:
        if each["status"] == "open":
            go_on(office, case, "risk-tasks", each, "settle", {"done": "Looked into."})


def board(office: Office, who: Person) -> list[dict[str, Any]]:
    office.settle()
    found = who.get("/v1/risk-board")
    assert found.status_code == 200, found.text
    tasks: list[dict[str, Any]] = found.json()["tasks"]
    return tasks


def risk(office: Office, case: str) -> dict[str, Any]:
    office.settle()
    found = office.anna.get(f"/v1/cases/{case}/risk")
    assert found.status_code == 200, found.text
    told: dict[str, Any] = found.json()
    return told


def go_on(office: Office, case: str, what: str, item: dict[str, Any], verb: str, body: Any) -> None:
    path = f"/v1/cases/{case}/{what}/{item['id']}:{verb}"
    done = office.anna.post(path, body, version=item["version"])
    assert done.status_code == 200, done.text


def begun(office: Office, case: str, what: str, body: Any) -> None:
    made = office.anna.post(f"/v1/cases/{case}/{what}", body)
    assert made.status_code == 201, made.text


def test_a_positive_item_of_self_harm_opens_a_task_in_the_same_moment(
    own_office: Office, case: CaseId
) -> None:
    office = own_office
    events = office.events()
    phq_9(office, case, 1, 1)
    # The series and its place in the case, the answers, the task: one transaction.
    assert office.events() - events >= 3
    (task,) = board(office, office.anna)
    assert (task["kind"], task["record"]) == ("risk", case)
    assert task["due_at"] == task["opened_at"]
    assert task["detail"]["items"] == [[9, "self"]]
    assert board(office, office.bartek) == []
    (found,) = risk(office, case)["tasks"]
    assert (found["status"], found["instrument"]) == ("open", "phq-9")
    go_on(office, case, "risk-tasks", found, "settle", {"done": "Called; safe tonight."})
    assert board(office, office.anna) == []
    (found,) = risk(office, case)["tasks"]
    assert found["status"] == "settled"
    assert [each["done"] for each in found["steps"]] == ["Called; safe tonight."]


def test_an_item_of_self_harm_that_was_left_out_opens_the_same_task(
    own_office: Office, case: CaseId
) -> None:
    office = own_office
    made = answered(office, case, [*[3] * 8, None])
    (task,) = board(office, office.anna)
    assert (task["kind"], task["due_at"]) == ("risk", task["opened_at"])
    assert task["detail"]["items"] == [[9, "self"]]
    assert task["detail"]["unanswered"] == [9]
    (found,) = risk(office, case)["tasks"]
    assert [each["item"] for each in found["items"]] == [9]
    assert found["unanswered"] == [9]
    settle_all(office, case)
    # That she was asked after all, and said no, is no news; that she said yes is.
    put_right(office, case, made, [*[3] * 8, 0])
    assert board(office, office.anna) == []
    put_right(office, case, made, [*[3] * 8, 1])
    (task,) = board(office, office.anna)
    assert "unanswered" not in task["detail"]


def test_an_item_of_self_harm_that_weighs_more_than_was_entered_opens_a_new_task(
    own_office: Office, case: CaseId
) -> None:
    office = own_office
    made = phq_9(office, case, 0, 1)
    settle_all(office, case)
    put_right(office, case, made, [*[1] * 8, 1])
    assert board(office, office.anna) == []
    put_right(office, case, made, [*[1] * 8, 3])
    assert [each["kind"] for each in board(office, office.anna)] == ["risk"]


def test_a_relapse_by_small_steps_raises_one_alert(own_office: Office, case: CaseId) -> None:
    office = own_office
    for total in (20, 5, 10, 15, 20):
        answered(office, case, adding_up(total))
        office.clock.move(timedelta(days=7))
    (alert,) = board(office, office.anna)
    assert alert["kind"] == "deterioration"
    assert (alert["detail"]["before"], alert["detail"]["after"]) == (500, 1500)


def test_a_form_that_is_typed_in_late_is_judged_with_those_after_it(
    own_office: Office, case: CaseId
) -> None:
    office = own_office
    earlier = now(office)
    office.clock.move(timedelta(days=14))
    later = answered(office, case, adding_up(20))
    assert board(office, office.anna) == []
    made = answered(office, case, adding_up(5), occurred_at=earlier)
    (alert,) = board(office, office.anna)
    assert alert["detail"]["measure"] == later.json()["created"]["measure"]
    settle_all(office, case)
    # What was told is not told again; what is put right is judged with those after it, too.
    put_right(office, case, made, adding_up(18))
    assert board(office, office.anna) == []
    put_right(office, case, made, adding_up(5))
    (alert,) = board(office, office.anna)
    assert (alert["detail"]["before"], alert["detail"]["after"]) == (500, 2000)


def test_answers_put_right_open_the_task_that_was_missing(own_office: Office, case: CaseId) -> None:
    office = own_office
    made = phq_9(office, case, 1, 0)
    assert board(office, office.anna) == []
    measure, version = made.json()["created"]["measure"], made.headers["ETag"].strip('"')
    given = [{"item": item, "value": 1} for item in range(1, 10)]
    body = {"answers": given, "reason": "The last line was left out."}
    path = f"/v1/cases/{case}/measures/{measure}:correct"
    assert office.anna.post(path, body, version=version).status_code == 200
    assert [each["kind"] for each in board(office, office.anna)] == ["risk"]


@pytest.mark.duty(21, part="risk safeguarding")
def test_a_reliably_worse_score_raises_an_alert_that_a_clinician_reviews(
    own_office: Office, case: CaseId
) -> None:
    office = own_office
    phq_9(office, case, 1, 0)
    office.clock.move(timedelta(days=7))
    phq_9(office, case, 2, 0)
    (alert,) = board(office, office.anna)
    assert alert["kind"] == "deterioration"
    assert (alert["detail"]["before"], alert["detail"]["after"]) == (800, 1600)
    (found,) = risk(office, case)["tasks"]
    go_on(office, case, "risk-tasks", found, "settle", {"done": "Twice a week from now on."})
    assert board(office, office.anna) == []
    concern = {"occurred_at": now(office), "concern": "harm-to-a-child", "words": "Bruises."}
    begun(office, case, "safeguarding", concern)
    assert [each["kind"] for each in board(office, office.anna)] == ["safeguarding"]
    (raised,) = risk(office, case)["safeguarding"]
    report = {
        "occurred_at": now(office),
        "ground": "kk-240",
        "recipient": "prosecutor",
        "office": "The district prosecutor's office.",
        "told": "What the child said.",
    }
    path = f"/v1/cases/{case}/safeguarding/{raised['id']}:report"
    wrong = {**report, "recipient": "social-services"}
    refused = office.anna.post(path, wrong, version=raised["version"])
    assert (refused.status_code, problem(refused)) == (422, "validation")
    go_on(office, case, "safeguarding", raised, "report", report)
    (raised,) = risk(office, case)["safeguarding"]
    go_on(office, case, "safeguarding", raised, "close", {"words": "A guardian is there."})
    (closed,) = risk(office, case)["safeguarding"]
    assert closed["status"] == "closed"
    assert [each["step"] for each in closed["steps"]] == ["reported", "closed"]
    assert closed["steps"][0]["ground"] == "kk-240"
    assert board(office, office.anna) == []


@pytest.mark.duty(6)
def test_a_crisis_is_assessed_lived_through_with_a_safety_plan_and_resolved(
    own_office: Office, case: CaseId
) -> None:
    office = own_office
    said = {"occurred_at": now(office), "words": "She called from the bridge."}
    begun(office, case, "crises", said)
    judged = {
        "occurred_at": now(office),
        "to_self": "high",
        "to_others": "none",
        "factors": ["plan", "means-at-hand"],
        "protective": ["close-people"],
        "sections": [{"code": "what-was-said", "text": "A plan for the night."}],
        "review_on": "2026-03-03",
    }
    begun(office, case, "risk-assessments", judged)
    incomplete = {"occurred_at": now(office), "sections": STEPS[:2]}
    refused = office.anna.post(f"/v1/cases/{case}/safety-plans", incomplete)
    assert (refused.status_code, problem(refused)) == (422, "validation")
    begun(office, case, "safety-plans", {"occurred_at": now(office), "sections": STEPS})
    assert {each["kind"] for each in board(office, office.anna)} == {"crisis", "risk"}

    office.clock.move(timedelta(days=1))
    known = risk(office, case)
    (plan,), (assessed,), (crisis,) = (
        known["safety_plans"],
        known["assessments"],
        known["crises"],
    )
    assert assessed["to_self"] == "high"
    revised = {"occurred_at": now(office), "sections": [*STEPS[:2], {**STEPS[2], "text": "112."}]}
    go_on(office, case, "safety-plans", plan, "revise", revised)
    calmer = {**judged, "to_self": "low", "occurred_at": now(office), "review_on": None}
    go_on(office, case, "risk-assessments", assessed, "reassess", calmer)
    over = {"occurred_at": now(office), "words": "She is with her sister."}
    go_on(office, case, "crises", crisis, "resolve", over)

    known = risk(office, case)
    (plan,), (assessed,), (crisis,) = (
        known["safety_plans"],
        known["assessments"],
        known["crises"],
    )
    assert plan["sections"][-1]["text"] == "112."
    assert (assessed["to_self"], len(assessed["steps"])) == ("low", 1)
    assert crisis["status"] == "resolved"
    assert board(office, office.anna) == []

    office.settle()
    emergency = office.anna.get(f"/v1/cases/{case}/emergency")
    assert emergency.status_code == 200, emergency.text
    told = emergency.json()
    assert [each["code"] for each in told["safety_plan"]["sections"]] == [
        "warning-signs",
        "own-coping",
        "professionals-and-emergency-numbers",
    ]
    assert told["assessment"]["to_self"] == "low"
    assert told["crises"] == []
    assert office.bartek.get(f"/v1/cases/{case}/emergency").status_code == 404


def test_a_case_is_not_closed_over_a_crisis_a_concern_or_a_grave_assessment(
    own_office: Office, case: CaseId
) -> None:
    office = own_office

    def close() -> str:
        asked = {"outcome": "completed"}
        path = f"/v1/cases/{case}:close"
        done = office.anna.post(path, asked, version=office.version(case))
        return "closed" if done.status_code == 200 else problem(done)

    begun(office, case, "crises", {"occurred_at": now(office), "words": "She called at night."})
    assert close() == "open-risks"
    (crisis,) = risk(office, case)["crises"]
    over = {"occurred_at": now(office), "words": "She sleeps."}
    go_on(office, case, "crises", crisis, "resolve", over)
    said = {"occurred_at": now(office), "concern": "harm-to-a-child", "words": "Bruises."}
    begun(office, case, "safeguarding", said)
    assert close() == "open-risks"
    (concern,) = risk(office, case)["safeguarding"]
    go_on(office, case, "safeguarding", concern, "close", {"words": "A fall, and a witness."})
    judged = {
        "occurred_at": now(office),
        "to_self": "high",
        "to_others": "none",
        "sections": [{"code": "what-was-said", "text": "A plan for the night."}],
    }
    begun(office, case, "risk-assessments", judged)
    assert close() == "open-risks"
    # A therapy can end while the risk is high: then the next assessment has its day.
    (assessed,) = risk(office, case)["assessments"]
    review_on = str((office.clock.now() + timedelta(days=2)).date())
    go_on(
        office, case, "risk-assessments", assessed, "reassess", {**judged, "review_on": review_on}
    )
    assert close() == "closed"
    assert [each["kind"] for each in board(office, office.anna)] == ["risk"]


def test_the_log_does_not_tell_a_crisis_from_any_other_record(
    own_office: Office, case: CaseId
) -> None:
    office = own_office
    begun(office, case, "crises", {"occurred_at": now(office), "words": "At night."})
    risk(office, case)
    board(office, office.anna)
    office.settle()
    told = json.dumps(office.log(office.people.client))
    for word in ("crisis", "risk", "safety", "measure", "safeguarding"):
        assert word not in told


def test_a_sheet_is_taken_along_opens_offline_and_its_use_is_written_down(
    own_office: Office, case: CaseId
) -> None:
    office = own_office
    begun(office, case, "safety-plans", {"occurred_at": now(office), "sections": STEPS})
    until = office.clock.now() + timedelta(days=3)
    asked = {"cases": [case], "valid_until": until.isoformat(), "passphrase": PASSPHRASE}
    other = office.bartek.post("/v1/crisis-sheets", asked)
    assert other.status_code == 404
    made = office.anna.post("/v1/crisis-sheets", asked)
    assert made.status_code == 201, made.text
    sealed, sheet = made.content, made.headers["Crisis-Sheet"]
    for word in ("messages", PASSPHRASE, case):
        assert word.encode() not in sealed

    office.clock.move(timedelta(days=1))
    found = open_sheet(sealed, PASSPHRASE, office.clock.now())
    (of_case,) = json.loads(found.content)["cases"]
    assert of_case["safety_plan"]["sections"][0]["text"] == "I stop answering messages."
    assert of_case["contacts"]
    with pytest.raises(WrongPassphrase):
        open_sheet(sealed, "another", office.clock.now())
    with pytest.raises(FolderRefused, match="expired"):
        open_sheet(sealed, PASSPHRASE, until + timedelta(seconds=1))

    looked = office.clock.now()
    office.clock.move(timedelta(days=1))
    used = {
        "occurred_at": looked.isoformat(),
        "cases": [case],
        "reason": "outage",
        "words": "The line was down.",
    }
    path = f"/v1/crisis-sheets/{sheet}:report-use"
    assert office.bartek.post(path, used).status_code == 404
    reported = office.anna.post(path, used, key="once")
    assert reported.status_code == 200, reported.text
    assert office.anna.post(path, used, key="once").json()["repeated"]
    entries = [
        each
        for each in office.clinic.clinic.folder.record.follow(-1, 100_000, frozenset(KeyPurpose))[0]
        if isinstance(each.event, AccessRecorded) and each.occurred_at == looked
    ]
    assert [each.event.client for each in entries] == [office.people.client]  # type: ignore[union-attr]  # all are looks
    assert entries[0].recorded_at > looked


def test_a_sheet_is_refused_that_would_open_too_long_or_carry_a_short_passphrase(
    own_office: Office, case: CaseId
) -> None:
    office = own_office
    until = (office.clock.now() + timedelta(days=40)).isoformat()
    asked = {"cases": [case], "valid_until": until, "passphrase": PASSPHRASE}
    assert problem(office.anna.post("/v1/crisis-sheets", asked)) == "validation"
    asked["valid_until"] = (office.clock.now() + timedelta(days=1)).isoformat()
    asked["passphrase"] = "short"
    refused = office.anna.post("/v1/crisis-sheets", asked)
    assert problem(refused) == "validation"
    assert "short" not in refused.text


def test_a_couples_crisis_is_told_by_alias_and_stands_in_both_their_logs(
    own_office: Office,
) -> None:
    office = own_office
    pair = [office.clinic.register_client(each) for each in ("Ewa", "Adam")]
    couple = office.clinic.open_case(*pair, room=Format.COUPLE)
    office.settle()
    members = office.anna.get(f"/v1/cases/{couple}").json()["members"]
    alias = members[0]["alias"]
    words = f"{{{{{alias}}}}} threatened to leave the house at night."
    begun(office, couple, "crises", {"occurred_at": now(office), "words": words})
    unknown = {"occurred_at": now(office), "words": "{{p99}} did."}
    assert problem(office.anna.post(f"/v1/cases/{couple}/crises", unknown)) == "validation"
    (crisis,) = risk(office, couple)["crises"]
    assert crisis["words"].endswith("threatened to leave the house at night.")
    assert alias not in crisis["words"]
    (task,) = board(office, office.anna)
    assert (task["kind"], task["record"]) == ("crisis", couple)
    for each in pair:
        assert any(line["kind"] == "LIST_HIT" for line in office.log(each))
