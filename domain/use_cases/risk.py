"""Risk, safety plans, crises and safeguarding: recorded whenever they have to be.

A closed case stops nobody from writing down a danger.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from domain import risk as risk_file, safeguarding as safeguarding_file, safety as safety_file
from domain.events import Event
from domain.events.safeguarding import Concern
from domain.risk import Assessment, NewAssessment, RiskTask
from domain.safeguarding import NewReport, Safeguarding
from domain.safety import Crisis, SafetyPlan
from domain.use_cases.desk import Desk
from domain.use_cases.on_case import OnCase
from domain.use_cases.on_item import begin, change
from domain.values import (
    CaseId,
    Circumstances,
    Command,
    FreeText,
    ItemId,
    PractitionerId,
    Receipt,
    Section,
)

TASK = "risk_task"
ASSESSMENT = "risk_assessment"
PLAN = "safety_plan"
CRISIS = "crisis"
SAFEGUARDING = "safeguarding"


@dataclass(frozen=True, slots=True)
class Steps:
    """The steps of a safety plan, and when they were gone through."""

    occurred_at: datetime
    sections: tuple[Section, ...]

    def texts(self) -> Iterable[FreeText]:
        """Their words."""
        return (each.text for each in self.sections)


@dataclass(frozen=True, slots=True)
class Said:
    """What somebody says of something, and when that was."""

    occurred_at: datetime
    words: FreeText


async def settle_risk_task(
    desk: Desk,
    who: Circumstances,
    case_id: CaseId,
    task: ItemId,
    done: FreeText,
    *,
    expected: int,
    command: Command,
) -> Receipt:
    """Say what was done about a task or an alert that a questionnaire opened."""

    def decide(admitted: OnCase, state: RiskTask) -> tuple[Event, ...]:
        return risk_file.settle(state, done, author=_author(admitted))

    return await change(
        desk,
        who,
        case_id,
        task,
        TASK,
        risk_file.fold,
        decide,
        expected=expected,
        command=command,
        texts=(done,),
    )


async def assess_risk(
    desk: Desk, who: Circumstances, case_id: CaseId, new: NewAssessment, *, command: Command
) -> Receipt:
    """Assess the risk of a case. The receipt names the ``risk_assessment``."""

    def decide(admitted: OnCase, assessment: ItemId) -> tuple[Event, ...]:
        return risk_file.assess(
            None, assessment, case_id, new, author=_author(admitted), now=desk.clock.now()
        )

    texts = new.texts()
    return await begin(desk, who, case_id, ASSESSMENT, decide, command=command, texts=texts)


async def reassess_risk(
    desk: Desk,
    who: Circumstances,
    case_id: CaseId,
    assessment: ItemId,
    new: NewAssessment,
    *,
    expected: int,
    command: Command,
) -> Receipt:
    """Assess the risk again; the newest word stands, and the others stay readable."""

    def decide(admitted: OnCase, state: Assessment) -> tuple[Event, ...]:
        return risk_file.assess(
            state, assessment, case_id, new, author=_author(admitted), now=desk.clock.now()
        )

    return await change(
        desk,
        who,
        case_id,
        assessment,
        ASSESSMENT,
        risk_file.fold_assessment,
        decide,
        expected=expected,
        command=command,
        texts=new.texts(),
    )


async def agree_on_safety_plan(
    desk: Desk, who: Circumstances, case_id: CaseId, steps: Steps, *, command: Command
) -> Receipt:
    """Write down a safety plan that was agreed on. The receipt names the ``safety_plan``."""

    def decide(admitted: OnCase, plan: ItemId) -> tuple[Event, ...]:
        return safety_file.agree(
            None,
            plan,
            case_id,
            steps.sections,
            author=_author(admitted),
            occurred_at=steps.occurred_at,
            now=desk.clock.now(),
        )

    texts = steps.texts()
    return await begin(desk, who, case_id, PLAN, decide, command=command, texts=texts)


async def revise_safety_plan(
    desk: Desk,
    who: Circumstances,
    case_id: CaseId,
    plan: ItemId,
    steps: Steps,
    *,
    expected: int,
    command: Command,
) -> Receipt:
    """Write down what the plan says now that it was gone through again."""

    def decide(admitted: OnCase, state: SafetyPlan) -> tuple[Event, ...]:
        return safety_file.revise(
            state,
            steps.sections,
            author=_author(admitted),
            occurred_at=steps.occurred_at,
            now=desk.clock.now(),
        )

    return await change(
        desk,
        who,
        case_id,
        plan,
        PLAN,
        safety_file.fold,
        decide,
        expected=expected,
        command=command,
        texts=steps.texts(),
    )


async def flag_crisis(
    desk: Desk, who: Circumstances, case_id: CaseId, said: Said, *, command: Command
) -> Receipt:
    """Say that there is a crisis. The receipt names the ``crisis``."""

    def decide(admitted: OnCase, crisis: ItemId) -> tuple[Event, ...]:
        return safety_file.flag(
            None,
            crisis,
            case_id,
            said.words,
            author=_author(admitted),
            occurred_at=said.occurred_at,
            now=desk.clock.now(),
        )

    texts = (said.words,)
    return await begin(desk, who, case_id, CRISIS, decide, command=command, texts=texts)


async def resolve_crisis(
    desk: Desk,
    who: Circumstances,
    case_id: CaseId,
    crisis: ItemId,
    said: Said,
    *,
    expected: int,
    command: Command,
) -> Receipt:
    """Say that the crisis is over, and how that came to be."""

    def decide(admitted: OnCase, state: Crisis) -> tuple[Event, ...]:
        return safety_file.resolve(
            state,
            said.words,
            author=_author(admitted),
            occurred_at=said.occurred_at,
            now=desk.clock.now(),
        )

    return await change(
        desk,
        who,
        case_id,
        crisis,
        CRISIS,
        safety_file.fold_crisis,
        decide,
        expected=expected,
        command=command,
        texts=(said.words,),
    )


async def raise_safeguarding(
    desk: Desk,
    who: Circumstances,
    case_id: CaseId,
    concern: Concern,
    said: Said,
    *,
    command: Command,
) -> Receipt:
    """Write down that somebody may come to harm. The receipt names the ``safeguarding``."""

    def decide(admitted: OnCase, safeguarding: ItemId) -> tuple[Event, ...]:
        return safeguarding_file.raise_concern(
            None,
            safeguarding,
            case_id,
            concern,
            said.words,
            author=_author(admitted),
            occurred_at=said.occurred_at,
            now=desk.clock.now(),
        )

    texts = (said.words,)
    return await begin(desk, who, case_id, SAFEGUARDING, decide, command=command, texts=texts)


async def report_safeguarding(
    desk: Desk,
    who: Circumstances,
    case_id: CaseId,
    safeguarding: ItemId,
    new: NewReport,
    *,
    expected: int,
    command: Command,
) -> Receipt:
    """Write down who outside was told, when, what, and on which legal ground."""

    def decide(admitted: OnCase, state: Safeguarding) -> tuple[Event, ...]:
        return safeguarding_file.report(state, new, author=_author(admitted), now=desk.clock.now())

    return await change(
        desk,
        who,
        case_id,
        safeguarding,
        SAFEGUARDING,
        safeguarding_file.fold,
        decide,
        expected=expected,
        command=command,
        texts=(new.office, new.told),
    )


async def close_safeguarding(
    desk: Desk,
    who: Circumstances,
    case_id: CaseId,
    safeguarding: ItemId,
    words: FreeText,
    *,
    expected: int,
    command: Command,
) -> Receipt:
    """Write down that nothing more is to be done about it, and why."""

    def decide(admitted: OnCase, state: Safeguarding) -> tuple[Event, ...]:
        return safeguarding_file.close(state, words, author=_author(admitted))

    return await change(
        desk,
        who,
        case_id,
        safeguarding,
        SAFEGUARDING,
        safeguarding_file.fold,
        decide,
        expected=expected,
        command=command,
        texts=(words,),
    )


def _author(admitted: OnCase) -> PractitionerId:
    return PractitionerId(admitted.who.actor.id)
