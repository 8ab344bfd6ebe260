"""Questionnaires, risk and what was agreed on for the worst hours, at the demonstration."""

from __future__ import annotations

from datetime import datetime, timedelta

from api.demo.clock import Weeks
from api.demo.looks import Play
from api.demo.stage import command_of
from api.demo.texts import words
from domain.crisis_sheet import Use
from domain.events.crisis_sheet import UseReason
from domain.events.risk import Level, ProtectiveFactor, RiskFactor
from domain.events.safeguarding import Concern, Ground, Recipient
from domain.instrument_book import NewInstrument
from domain.instruments.definition import Band, Direction, Method
from domain.measure import NewMeasure
from domain.risk import NewAssessment
from domain.safeguarding import NewReport
from domain.use_cases import crisis_sheets, instruments, measures, risk
from domain.use_cases.on_item import look_at_chart
from domain.use_cases.risk import Said, Steps
from domain.values import FreeText, ItemId, Section
from projections.chart.risk import DETERIORATION, TASK

BY, CASE = "eleanor", "grief"
COURSE = ((0, 14, 0), (2, 10, 0), (4, 18, 1), (5, 7, 0))
"""PHQ-9 by week: the sum of the first eight answers, and the answer about self-harm."""
FIRST_DAY = 4


def text(what: str) -> FreeText:
    """One of the demonstration's texts."""
    return FreeText(words("measures", what))


async def tell(play: Play, weeks: Weeks) -> None:
    """Her scores fall, rise once so that somebody has to look at once, and fall again."""
    play.move(weeks.at(5, 4, 16, 0))
    await _scale_of_our_own(play)
    for number, (week, total, item_9) in enumerate(COURSE):
        await _phq_9(play, weeks.at(week, FIRST_DAY, 15, number), total, item_9)
    await _look_into_it(play)
    await _crisis(play, weeks)
    await _safeguarding(play, weeks)
    await _sheet(play)


async def _scale_of_our_own(play: Play) -> None:
    scale = NewInstrument(
        code="evenings",
        title="How the evenings were",
        titles=("came home", "ate", "slept"),
        least=0,
        most=3,
        direction=Direction.WELL_BEING,
        method=Method.SUM,
        factor=1,
        most_missing=0,
        reverse=(),
        bands=(Band("hard", 0), Band("bearable", 500)),
        risk=(),
        source="The clinic's own; no constants have been published for it.",
        licence="The clinic's own.",
    )
    defining = instruments.define_instrument(
        play.desk, play.who(BY), scale, command=command_of("measures", "evenings")
    )
    await play.did("instrument", defining)
    retiring = instruments.retire_instrument(
        play.desk,
        play.who("halina"),
        "evenings",
        command=command_of("measures", "no more evenings"),
    )
    await play.did("instrument", retiring)


async def _phq_9(play: Play, at: datetime, total: int, item_9: int) -> None:
    new = NewMeasure("phq-9", 1, at, {**_answers(total), 9: item_9})
    taking = measures.administer_measure(
        play.desk,
        play.who(BY),
        play.cases[CASE],
        new,
        command=command_of("measures", "phq-9", str(at)),
    )
    receipt = await play.did("measure", taking)
    if total != COURSE[-1][1]:
        return
    putting_right = measures.correct_measure(
        play.desk,
        play.who(BY),
        play.cases[CASE],
        ItemId(receipt.named("measure")),
        {**_answers(total - 1), 9: item_9},
        text("correction"),
        expected=receipt.versions[0],
        command=command_of("measures", "phq-9", "right"),
    )
    await play.did("measure", putting_right)
    keeping = measures.keep_answer_sheet(
        play.desk,
        play.who(BY),
        play.cases[CASE],
        text("test"),
        text("sheet"),
        occurred_at=at,
        command=command_of("measures", "answer sheet"),
    )
    await play.did("answer sheet", keeping)


def _answers(total: int) -> dict[int, int]:
    return {item: min(3, max(0, total - 3 * (item - 1))) for item in range(1, 9)}


async def _look_into_it(play: Play) -> None:
    """What the questionnaire has opened stands in the chart; she says what she did about it."""
    case = play.cases[CASE]
    _, opening, receipt = await look_at_chart(play.desk, play.who(BY), case)
    play.counted("look", receipt)
    await play.reach(receipt.last)
    items = play.clinic.views.chart.items(case, opening, TASK, DETERIORATION)
    for each in items:
        kind = "risk" if each.kind == TASK else "deterioration"
        settling = risk.settle_risk_task(
            play.desk,
            play.who(BY),
            case,
            ItemId(each.id),
            text(f"{kind}_done"),
            expected=1,
            command=command_of("measures", "settle", kind),
        )
        await play.did("risk", settling)


async def _crisis(play: Play, weeks: Weeks) -> None:
    desk, case, at = play.desk, play.cases[CASE], weeks.at(4, FIRST_DAY, 17)
    flagging = risk.flag_crisis(
        desk, play.who(BY), case, Said(at, text("crisis")), command=command_of("measures", "crisis")
    )
    crisis = ItemId((await play.did("crisis", flagging)).named("crisis"))
    judged = NewAssessment(
        at,
        Level.HIGH,
        Level.NONE,
        (RiskFactor.SUICIDAL_THOUGHTS, RiskFactor.RECENT_LOSS),
        (ProtectiveFactor.CLOSE_PEOPLE, ProtectiveFactor.THERAPEUTIC_ALLIANCE),
        (Section("what-was-said", text("said")),),
        (at + timedelta(days=2)).date(),
    )
    assessing = risk.assess_risk(
        desk, play.who(BY), case, judged, command=command_of("measures", "assess")
    )
    await play.did("risk", assessing)
    steps = (
        Section("warning-signs", text("warning_signs")),
        Section("people-to-ask", text("people_to_ask")),
        Section("professionals-and-emergency-numbers", text("professionals")),
    )
    agreeing = risk.agree_on_safety_plan(
        desk, play.who(BY), case, Steps(at, steps), command=command_of("measures", "safety plan")
    )
    plan = ItemId((await play.did("safety plan", agreeing)).named("safety_plan"))
    later = weeks.at(5, FIRST_DAY, 15)
    more = Steps(later, (*steps, Section("reasons-to-live", text("reasons"))))
    revising = risk.revise_safety_plan(
        desk,
        play.who(BY),
        case,
        plan,
        more,
        expected=1,
        command=command_of("measures", "plan again"),
    )
    await play.did("safety plan", revising)
    resolving = risk.resolve_crisis(
        desk,
        play.who(BY),
        case,
        crisis,
        Said(later, text("over")),
        expected=1,
        command=command_of("measures", "over"),
    )
    await play.did("crisis", resolving)


async def _safeguarding(play: Play, weeks: Weeks) -> None:
    desk, case, at = play.desk, play.cases[CASE], weeks.at(5, FIRST_DAY, 15, 10)
    raising = risk.raise_safeguarding(
        desk,
        play.who(BY),
        case,
        Concern.HARM_TO_A_CHILD,
        Said(at, text("concern")),
        command=command_of("measures", "concern"),
    )
    concern = ItemId((await play.did("safeguarding", raising)).named("safeguarding"))
    told = NewReport(at, Ground.KPC_572, Recipient.GUARDIANSHIP_COURT, text("office"), text("told"))
    reporting = risk.report_safeguarding(
        desk,
        play.who(BY),
        case,
        concern,
        told,
        expected=1,
        command=command_of("measures", "report"),
    )
    await play.did("safeguarding", reporting)
    closing = risk.close_safeguarding(
        desk,
        play.who(BY),
        case,
        concern,
        text("closed"),
        expected=2,
        command=command_of("measures", "closed"),
    )
    await play.did("safeguarding", closing)


async def _sheet(play: Play) -> None:
    """She takes a sheet along, and says afterwards that she opened it."""
    now, cases = play.clinic.clock.now(), (play.cases[CASE],)
    _, sheet = await crisis_sheets.issue_crisis_sheet(
        play.desk, play.who(BY), cases, valid_until=now + timedelta(days=3)
    )
    used = Use(play.clinic.clock.now(), cases, UseReason.CRISIS_AWAY, text("used"))
    reporting = crisis_sheets.report_crisis_sheet_use(
        play.desk, play.who(BY), sheet, used, command=command_of("measures", "sheet")
    )
    await play.did("crisis sheet", reporting)
