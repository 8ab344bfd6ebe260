"""The work on a case and with others: one way to begin an item, one way to go on with it.

Whoever asks hands over how the event is made once its place is known (``Make``); which items there
are and what each goes through stands in ``KINDS``. Every id that an event names has to be of this
case, and every alias one that the case has given.
"""

from collections.abc import Callable, Iterable
from dataclasses import fields
from functools import partial
from typing import NamedTuple

from domain import (
    adverse_event,
    case as case_file,
    ending,
    goal,
    homework,
    method,
    plan,
    problem_list,
    referral,
    session as session_file,
    shared_care,
    skill,
    work_area,
)
from domain.errors import Invalid, WrongState
from domain.events import Event
from domain.events.method import MethodUsed
from domain.events.plan import PlanAgreed, PlanDrafted
from domain.events.session import SessionHeld
from domain.lifecycle import Item
from domain.use_cases.cases import must_be_clinicians
from domain.use_cases.contracts import must_have_contract
from domain.use_cases.desk import Desk
from domain.use_cases.members import must_know_everybody, taken
from domain.use_cases.on_case import OnCase
from domain.use_cases.on_item import begin, change
from domain.values import (
    CaseId,
    Circumstances,
    Command,
    ItemId,
    PractitionerId,
    Receipt,
    SessionId,
)
from domain.wording import texts_of


class At(NamedTuple):
    """Where an event belongs, and who says it."""

    case: CaseId
    item: ItemId
    author: PractitionerId


Make = Callable[[At], Event]
"""An event, once its place is known."""


class Decide(NamedTuple):
    """How a kind of item is decided on."""

    fold: Callable[[Iterable[object]], Item | None]
    decide: Callable[..., tuple[Event, ...]]
    only_while_open: bool = True
    """Whether it begins only while the therapy goes on."""


KINDS: dict[str, Decide] = {
    "plan": Decide(plan.fold, plan.decide),
    "goal": Decide(goal.fold, goal.decide),
    "method": Decide(method.fold, method.decide),
    "work_area": Decide(work_area.fold, work_area.decide),
    "homework": Decide(homework.fold, homework.decide),
    "skill": Decide(skill.fold, skill.decide),
    "referral": Decide(referral.fold, referral.decide, only_while_open=False),
    "consultation": Decide(
        shared_care.CONSULTATION.fold, shared_care.decide, only_while_open=False
    ),
    "conference": Decide(shared_care.CONFERENCE.fold, shared_care.decide, only_while_open=False),
    "pharmacotherapy": Decide(shared_care.PHARMACOTHERAPY.fold, shared_care.decide),
    "co_treater": Decide(shared_care.CO_TREATER.fold, shared_care.decide),
    "termination": Decide(ending.TERMINATION.fold, ending.decide),
    "follow_up": Decide(ending.FOLLOW_UP.fold, ending.decide, only_while_open=False),
    "adverse_event": Decide(adverse_event.fold, adverse_event.decide, only_while_open=False),
}
"""Every kind of item that goes its way by a lifecycle, by the name under which a receipt has it."""

_LINKS = {"goals": "goal", "plan": "plan", "referral": "referral"}
"""Which fields of an event name items of these kinds."""


async def enter(
    desk: Desk, who: Circumstances, case_id: CaseId, kind: str, make: Make, *, command: Command
) -> Receipt:
    """Begin an item; the receipt names it under its kind.

    Raises:
        WrongState: The case is closed; or the clinic demands a contract and there is none.
        Invalid: Something it names is not of this case, or what it says cannot be.
    """
    way = KINDS[kind]

    def decide(admitted: OnCase, item: ItemId) -> tuple[Event, ...]:
        if way.only_while_open:
            case_file.must_be_open(admitted.case)
        said = make(At(case_id, item, PractitionerId(admitted.who.actor.id)))
        must_fit(desk, admitted, said)
        return way.decide(None, said, now=desk.clock.now())

    return await begin(desk, who, case_id, kind, decide, command=command)


async def go_on(
    desk: Desk,
    who: Circumstances,
    case_id: CaseId,
    item_id: ItemId,
    kind: str,
    make: Make,
    *,
    expected: int,
    command: Command,
) -> Receipt:
    """Go on with an item as it stood at the version that the actor saw.

    Raises:
        NotThere: There is no such item in this case.
        Stale: Somebody has gone on with it meanwhile.
        WrongState: It does not stand where this can follow.
        Invalid: Something it names is not of this case, or what it says cannot be.
    """
    way = KINDS[kind]

    def decide(admitted: OnCase, state: Item) -> tuple[Event, ...]:
        said = make(At(case_id, item_id, PractitionerId(admitted.who.actor.id)))
        must_fit(desk, admitted, said)
        return way.decide(state, said, now=desk.clock.now())

    return await change(
        desk,
        who,
        case_id,
        item_id,
        kind,
        way.fold,
        decide,
        expected=expected,
        command=command,
    )


def must_fit(desk: Desk, admitted: OnCase, said: Event) -> None:
    """Refuse an event that names what is not of the case, or needs what is not there.

    Raises:
        Invalid: It does.
        WrongState: A method is said to be used in a session that was not held; a plan needs a
            contract.
    """
    case, named = admitted.case, partial(getattr, said)
    must_know_everybody(desk, case, *texts_of(said))
    if isinstance(said, PlanDrafted | PlanAgreed):
        must_have_contract(desk, admitted)
    session: SessionId | None = named("session", None)
    if session is not None:
        _must_be_session(desk, case.id, session, held=isinstance(said, MethodUsed))
    own = fields(said)[0].name
    for field, kind in _LINKS.items():
        found = () if field == own else named(field, None) or ()
        for each in found if isinstance(found, tuple) else (found,):
            _must_be_item(desk, case.id, each, kind, field)
    problems = named("problems", ())
    if problems and not set(problems) <= set(
        desk.record.fold(case.id, problem_list.fold)[0].problems
    ):
        raise Invalid("problems", "names one that the case does not have")
    must_be_clinicians(desk, named("colleagues", ()))
    alias: str | None = named("alias", None)
    if alias is not None and alias not in (taken(desk, case.id) if case.joint else ()):
        raise Invalid("alias", "is nobody's who takes part in the case")


def _must_be_session(desk: Desk, case_id: CaseId, session_id: SessionId, *, held: bool) -> None:
    session, _ = desk.record.fold(session_id, session_file.fold)
    if session is None or session.case != case_id:
        raise Invalid("session", "is not one of the case's")
    if held and not isinstance(session.settled, SessionHeld):
        raise WrongState("The session was not held")


def _must_be_item(desk: Desk, case_id: CaseId, item: ItemId, kind: str, field: str) -> None:
    state, _ = desk.record.fold(item, KINDS[kind].fold)
    if state is None or state.case != case_id:
        raise Invalid(field, "names something that the case does not have")
