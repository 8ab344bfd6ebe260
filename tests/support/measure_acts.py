"""What is done in a clinic's life about questionnaires, risk, safety plans and crisis sheets."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from domain.confidentiality import KeyPurpose
from domain.crisis_sheet import Use
from domain.events.crisis_sheet import UseReason
from domain.events.risk import Level
from domain.events.safeguarding import Concern, Ground, Recipient
from domain.instrument_book import NewInstrument
from domain.instruments.definition import Direction, Method
from domain.measure import NewMeasure
from domain.risk import NewAssessment
from domain.safeguarding import NewReport
from domain.use_cases import crisis_sheets, instruments, measures, risk
from domain.use_cases.risk import Said, Steps
from domain.values import CaseId, FreeText, ItemId, Section
from tests.support.clinic import command

if TYPE_CHECKING:
    from tests.support.life import Life

ASSESSMENT, PLAN, CRISIS, CONCERN = "risk_assessment", "safety_plan", "crisis", "safeguarding"
MEASURE, SHEET, TASK = "measure", "crisis_sheet", "risk_task"


def instrument(life: Life, chance: int) -> object:
    """A scale of the clinic's own is defined, or retired."""
    clinic = life.clinic
    who = clinic.who(clinic.people.administrator)
    if chance % 3 == 0:
        return instruments.retire_instrument(clinic.desk, who, "evenings", command=command())
    new = NewInstrument(
        code="evenings",
        title=f"Evenings {chance % 3}",
        titles=("came home", "slept"),
        least=0,
        most=3,
        direction=Direction.WELL_BEING,
        method=Method.SUM,
        factor=1,
        most_missing=0,
        reverse=(),
        bands=(),
        risk=(),
        source="ours",
        licence="ours",
    )
    return instruments.define_instrument(clinic.desk, who, new, command=command())


def measure(life: Life, chance: int) -> None:
    """Somebody answers a PHQ-9; what it opens is among the tasks from then on."""
    case = life.cases[chance % len(life.cases)]
    clinic, by = life.clinic, life.clinician(chance, case)
    value = chance // 11 % 4
    answers = {**dict.fromkeys(range(1, 9), value), 9: chance // 47 % 2}
    new = NewMeasure("phq-9", 1, clinic.clock.now(), answers)
    before = clinic.last_position()
    receipt = clinic.run(
        measures.administer_measure(clinic.desk, clinic.who(by), case, new, command=command())
    )
    life.things[MEASURE].append((case, ItemId(receipt.named("measure"))))
    events, _ = clinic.clinic.folder.record.follow(before, 10, frozenset(KeyPurpose))
    for each in events:
        task = getattr(each.event, "task", None)
        if task is not None:
            life.things[TASK].append((case, task))


def correction(life: Life, chance: int) -> object:
    """Answers are put right."""
    case, found = life.things[MEASURE][chance % len(life.things[MEASURE])]
    frame, _ = life.clinic.desk.case(case)
    series = frame.measures if frame else None
    return measures.correct_measure(
        life.clinic.desk,
        life.clinic.who(life.clinician(chance, case)),
        case,
        found,
        dict.fromkeys(range(1, 10), chance // 11 % 4),
        FreeText(f"Reason {chance}"),
        expected=life.clinic.version(series or found),
        command=command(),
    )


def answer_sheet(life: Life, chance: int) -> object:
    """Raw data of a test is kept."""
    case = life.cases[chance % len(life.cases)]
    return measures.keep_answer_sheet(
        life.clinic.desk,
        life.clinic.who(life.clinician(chance, case)),
        case,
        FreeText(f"Test {chance}"),
        FreeText(f"Raw data {chance}"),
        occurred_at=life.clinic.clock.now(),
        command=command(),
    )


def settle(life: Life, chance: int) -> object:
    """Somebody says what was done about a task."""
    case, task = life.things[TASK][chance % len(life.things[TASK])]
    return risk.settle_risk_task(
        life.clinic.desk,
        life.clinic.who(life.clinician(chance, case)),
        case,
        task,
        FreeText(f"Done {chance}"),
        expected=life.clinic.version(task),
        command=command(),
    )


def danger(life: Life, chance: int) -> None:
    """A crisis, an assessment, a safety plan or a concern begins."""
    case = life.cases[chance % len(life.cases)]
    clinic = life.clinic
    who, now = clinic.who(life.clinician(chance, case)), clinic.clock.now()
    said, desk = Said(now, FreeText(f"Danger {chance}")), clinic.desk
    kind = (CRISIS, ASSESSMENT, PLAN, CONCERN)[chance // 11 % 4]
    begun = {
        CRISIS: lambda: risk.flag_crisis(desk, who, case, said, command=command()),
        ASSESSMENT: lambda: risk.assess_risk(
            desk, who, case, _judged(life, chance), command=command()
        ),
        PLAN: lambda: risk.agree_on_safety_plan(
            desk, who, case, _steps(life, chance), command=command()
        ),
        CONCERN: lambda: risk.raise_safeguarding(
            desk, who, case, Concern.DANGER_TO_OTHERS, said, command=command()
        ),
    }[kind]()
    life.things[kind].append((case, ItemId(clinic.run(begun).named(kind))))


def danger_goes_on(life: Life, chance: int) -> object:
    """A crisis ends, the risk is judged again, a plan revised, a concern reported or closed."""
    kind = (CRISIS, ASSESSMENT, PLAN, CONCERN, CONCERN)[chance // 11 % 5]
    case, item = life.things[kind][chance % len(life.things[kind])]
    desk, who = life.clinic.desk, life.clinic.who(life.clinician(chance // 97, case))
    now, words = life.clinic.clock.now(), FreeText(f"Later {chance}")
    version = life.clinic.version(item)
    match kind:
        case "crisis":
            return risk.resolve_crisis(
                desk, who, case, item, Said(now, words), expected=version, command=command()
            )
        case "risk_assessment":
            judged = _judged(life, chance)
            return risk.reassess_risk(
                desk, who, case, item, judged, expected=version, command=command()
            )
        case "safety_plan":
            steps = _steps(life, chance)
            return risk.revise_safety_plan(
                desk, who, case, item, steps, expected=version, command=command()
            )
        case _ if chance % 2:
            told = NewReport(now, Ground.DANGER_TO_LIFE, Recipient.POLICE, words, words)
            return risk.report_safeguarding(
                desk, who, case, item, told, expected=version, command=command()
            )
        case _:
            return risk.close_safeguarding(
                desk, who, case, item, words, expected=version, command=command()
            )


def crisis_sheet(life: Life, chance: int) -> None:
    """Somebody takes a sheet along."""
    case = life.cases[chance % len(life.cases)]
    by, until = life.clinician(chance, case), life.clinic.clock.now() + timedelta(days=7)
    desk, who = life.clinic.desk, life.clinic.who(by)
    _, sheet = life.clinic.run(
        crisis_sheets.issue_crisis_sheet(desk, who, (case,), valid_until=until)
    )
    life.things[SHEET].append((case, sheet))


def sheet_used(life: Life, chance: int) -> object:
    """Somebody says that she opened a sheet."""
    case, sheet = life.things[SHEET][chance % len(life.things[SHEET])]
    used = Use(
        life.clinic.clock.now(), (CaseId(case),), UseReason.OUTAGE, FreeText(f"Used {chance}")
    )
    who = life.clinic.who(life.clinician(chance, case))
    return crisis_sheets.report_crisis_sheet_use(
        life.clinic.desk, who, sheet, used, command=command()
    )


def _judged(life: Life, chance: int) -> NewAssessment:
    levels = list(Level)
    return NewAssessment(
        life.clinic.clock.now(),
        levels[chance % len(levels)],
        Level.NONE,
        (),
        (),
        (Section("other", FreeText(f"Judged {chance}")),),
    )


def _steps(life: Life, chance: int) -> Steps:
    return Steps(
        life.clinic.clock.now(),
        (
            Section("warning-signs", FreeText(f"Signs {chance}")),
            Section("professionals-and-emergency-numbers", FreeText(f"Numbers {chance}")),
        ),
    )


ACTS = (
    instrument,
    measure,
    measure,
    correction,
    answer_sheet,
    settle,
    danger,
    danger,
    danger_goes_on,
    danger_goes_on,
    crisis_sheet,
    sheet_used,
)
