"""Outcomes over HTTP: questionnaires answered, scored, put right, and what their course tells."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from domain.values import CaseId, Format
from tests.api.http.support import Office, Person, problem

FALLING = (18, 15, 11, 7)


def answers(total: int, *, items: int = 9, most: int = 3) -> list[dict[str, int]]:
    """Answers that add up to this total, the last item (of self-harm) left at the least."""
    found = []
    for item in range(1, items + 1):
        value = min(most, total) if item < items else 0
        total -= value
        found.append({"item": item, "value": value})
    return found


def administered(
    who: Person, case: str, office: Office, given: list[dict[str, int]], **other: Any
) -> Any:
    """A questionnaire that was answered just now."""
    body = {
        "instrument": "phq-9",
        "instrument_version": 1,
        "occurred_at": office.clock.now().isoformat(),
        "answers": given,
        **other,
    }
    return who.post(f"/v1/cases/{case}/measures", body)


def outcomes(who: Person, case: str, office: Office) -> Any:
    office.settle()
    found = who.get(f"/v1/cases/{case}/outcomes")
    assert found.status_code == 200, found.text
    return found


@pytest.fixture
def case(own_office: Office) -> CaseId:
    return own_office.clinic.open_case()


@pytest.mark.duty(13, part="measure")
def test_phq_9_falls_week_by_week_and_the_change_is_reliable(
    own_office: Office, case: CaseId
) -> None:
    office = own_office
    for total in FALLING:
        made = administered(office.anna, case, office, answers(total))
        assert made.status_code == 201, made.text
        office.clock.move(timedelta(days=7))
    (trend,) = outcomes(office.anna, case, office).json()["trends"]
    assert [each["scores"][0]["points"] for each in trend["points"]] == list(FALLING)
    bands = [each["scores"][0]["band"] for each in trend["points"]]
    assert bands == ["moderately-severe", "moderately-severe", "moderate", "mild"]
    assert [each["clinical"] for each in trend["points"]] == [True, True, True, False]
    first = [each["from_first"] and each["from_first"]["verdict"] for each in trend["points"]]
    last = [each["from_last"] and each["from_last"]["verdict"] for each in trend["points"]]
    assert first == [None, "no-reliable-change", "reliable-improvement", "recovered"]
    assert last == [None, "no-reliable-change", "no-reliable-change", "no-reliable-change"]
    assert trend["overall"] == {"verdict": "recovered", "difference": -11.0}
    assert office.anna.get("/v1/risk-board").json() == {"tasks": []}


@pytest.mark.duty(8, part="measure")
def test_an_assessment_says_which_instrument_scored_it_and_whence_its_constants_are(
    own_office: Office, case: CaseId
) -> None:
    office = own_office
    found = office.anna.get("/v1/instruments").json()["instruments"]
    assert [each["code"] for each in found] == [
        "phq-9",
        "gad-7",
        "who-5",
        "core-10",
        "core-om",
        "alliance-4",
    ]
    assert all(each["source"] and each["licence"] and each["missing"] for each in found)
    gad_7 = answers(14, items=7)
    made = administered(office.anna, case, office, gad_7, instrument="gad-7")
    assert made.status_code == 201, made.text
    (trend,) = outcomes(office.anna, case, office).json()["trends"]
    (point,) = trend["points"]
    assert point["scores"] == [
        {"scale": "total", "points": 14.0, "prorated": False, "band": "moderate"}
    ]
    assert point["answers"] == gad_7
    assert (point["from_first"], trend["overall"]) == (None, None)


def test_what_cannot_be_answered_is_refused_and_nothing_is_lost(
    own_office: Office, case: CaseId
) -> None:
    office = own_office
    before = office.events()
    refused: dict[str, tuple[dict[str, Any], list[dict[str, int]]]] = {
        "outside the scale": ({}, [{"item": 1, "value": 4}]),
        "no such item": ({}, [{"item": 10, "value": 1}]),
        "twice": ({}, [{"item": 1, "value": 1}, {"item": 1, "value": 2}]),
        "wrong version": ({"instrument_version": 2}, answers(9)),
        "unknown": ({"instrument": "mood"}, answers(9)),
        "tomorrow": ({"occurred_at": "2026-03-30T09:00:00Z"}, answers(9)),
    }
    for other, given in refused.values():
        found = administered(office.anna, case, office, given, **other)
        assert (found.status_code, problem(found)) == (422, "validation"), found.text
    assert office.events() == before
    assert outcomes(office.anna, case, office).json()["trends"] == []


def test_wrong_answers_are_put_right_and_both_stay_readable(
    own_office: Office, case: CaseId
) -> None:
    office = own_office
    made = administered(office.anna, case, office, answers(12)).json()["created"]["measure"]
    version = outcomes(office.anna, case, office).headers["ETag"].strip('"')
    path = f"/v1/cases/{case}/measures/{made}:correct"
    body = {"answers": answers(8), "reason": "Two lines were mixed up."}
    right = office.anna.post(path, body, version=version)
    assert right.status_code == 200, right.text
    stale = office.anna.post(path, {**body, "answers": answers(3)}, version=version)
    assert (stale.status_code, problem(stale)) == (412, "precondition-failed")
    (trend,) = outcomes(office.anna, case, office).json()["trends"]
    (point,) = trend["points"]
    assert point["scores"][0]["points"] == 8.0
    assert [each["reason"] for each in point["corrections"]] == ["Two lines were mixed up."]


def test_nobody_elses_questionnaires_can_be_seen_answered_or_put_right(
    own_office: Office, case: CaseId
) -> None:
    office = own_office
    made = administered(office.anna, case, office, answers(12)).json()["created"]["measure"]
    assert administered(office.bartek, case, office, answers(3)).status_code == 404
    assert office.bartek.get(f"/v1/cases/{case}/outcomes").status_code == 404
    path = f"/v1/cases/{case}/measures/{made}:correct"
    body = {"answers": answers(8), "reason": "Mixed up."}
    assert office.bartek.post(path, body, version=1).status_code == 404
    other = office.clinic.open_case(office.clinic.register_client("Iga"))
    elsewhere = f"/v1/cases/{other}/measures/{made}:correct"
    assert office.anna.post(elsewhere, body, version=1).status_code == 404


def test_answers_are_one_persons_and_belong_in_no_couples_case(own_office: Office) -> None:
    office = own_office
    pair = (office.clinic.register_client(each) for each in ("Ewa", "Adam"))
    couple = office.clinic.open_case(*pair, room=Format.COUPLE)
    refused = administered(office.anna, couple, office, answers(9))
    assert (refused.status_code, problem(refused)) == (409, "wrong-state")


def test_a_clinic_defines_a_scale_of_its_own_and_retires_it(
    own_office: Office, case: CaseId
) -> None:
    office = own_office
    week = {
        "code": "week",
        "title": "How the week went",
        "titles": ["sleep", "contacts", "hope"],
        "least": 0,
        "most": 4,
        "direction": "higher-is-better",
        "bands": [{"code": "low", "least": 0}, {"code": "good", "least": 8}],
        "source": "Our own.",
        "licence": "Our own.",
        "deviation": 2.5,
        "reliability": 0.8,
        "cut_off": 6,
    }
    made = office.administrator.post("/v1/instruments", week)
    assert made.status_code == 201, made.text
    assert office.reception.post("/v1/instruments", week).status_code == 403
    assert office.reception.get("/v1/instruments").status_code == 403
    for total in (3, 9):
        given = [*answers(total, items=3, most=4)[:2], {"item": 3, "value": max(0, total - 8)}]
        done = administered(office.anna, case, office, given, instrument="week")
        assert done.status_code == 201, done.text
        office.clock.move(timedelta(days=7))
    (trend,) = outcomes(office.anna, case, office).json()["trends"]
    assert trend["overall"] == {"verdict": "recovered", "difference": 6.0}
    assert office.anna.post("/v1/instruments:retire", {"code": "week"}).status_code == 200
    gone = administered(office.anna, case, office, answers(3, items=3), instrument="week")
    assert problem(gone) == "validation"
    # What was answered before still has its scores and its name.
    (trend,) = outcomes(office.anna, case, office).json()["trends"]
    assert trend["title"] == "How the week went"
    published = office.anna.post("/v1/instruments", {**week, "code": "phq-9"})
    assert problem(published) == "validation"


def test_raw_data_of_another_test_is_kept_in_a_class_of_its_own(
    own_office: Office, case: CaseId
) -> None:
    office = own_office
    sheet = {
        "test": "MMPI-2",
        "content": "Raw scores by scale: 51, 62.",
        "occurred_at": office.clock.now().isoformat(),
    }
    path = f"/v1/cases/{case}/answer-sheets"
    assert office.anna.post(path, sheet).status_code == 201
    office.settle()
    (found,) = office.anna.get(path).json()["answer_sheets"]
    assert (found["test"], found["content"]) == (sheet["test"], sheet["content"])
    assert office.bartek.get(path).status_code == 404
