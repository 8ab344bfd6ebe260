"""The problem list of a case: what the client comes with, and what was diagnosed, or was not.

A problem has the client's words, with a code or without. A diagnosis is never required: not
assessed is how every case begins, and a case may stay so; that an assessment found no disorder is
an answer of its own. All of it stands in the stream of the case.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from domain.errors import Invalid, WrongState
from domain.events.case import (
    CaseProblemReframed,
    CaseProblemResolved,
    CaseProblemStated,
    Diagnosis,
)
from domain.events.diagnosis import (
    Certainty,
    DiagnosisNoneFound,
    DiagnosisRecorded,
    DiagnosisRefuted,
    DiagnosisRevised,
    Rank,
)
from domain.values import FreeText, ItemId
from domain.wording import worded

ListEvent = (
    CaseProblemStated
    | CaseProblemReframed
    | CaseProblemResolved
    | DiagnosisRecorded
    | DiagnosisRevised
    | DiagnosisRefuted
    | DiagnosisNoneFound
)


class Assessed(StrEnum):
    """What is known about a disorder; nothing is asked of a case in any of these."""

    NOT_ASSESSED = "not-assessed"
    NO_DISORDER = "no-disorder"
    DIAGNOSED = "diagnosed"
    REFUTED = "refuted"
    """What was thought of has been refuted, and nobody has said more since."""


@dataclass(frozen=True, slots=True)
class Made:
    """A diagnosis as it stands."""

    id: ItemId
    coded: Diagnosis
    certainty: Certainty
    rank: Rank
    alias: str | None = None
    refuted: bool = False


@dataclass(frozen=True, slots=True)
class ProblemList:
    """What later decisions need to know; ``None`` is whose a one person's case is."""

    problems: Mapping[ItemId, bool] = field(default_factory=dict)
    """The problems that were ever stated; whether each is one still."""
    diagnoses: tuple[Made, ...] = ()
    none_found: frozenset[str | None] = frozenset()
    assessments: frozenset[ItemId] = frozenset()

    def find(self, diagnosis: ItemId) -> Made | None:
        """The diagnosis with this id."""
        return next((each for each in self.diagnoses if each.id == diagnosis), None)

    def standing(self, alias: str | None = None) -> tuple[Made, ...]:
        """The diagnoses of somebody that have not been refuted."""
        return tuple(each for each in self.diagnoses if each.alias == alias and not each.refuted)

    def assessed(self, alias: str | None = None) -> Assessed:
        """What is known of somebody."""
        if self.standing(alias):
            return Assessed.DIAGNOSED
        if alias in self.none_found:
            return Assessed.NO_DISORDER
        if any(each.alias == alias for each in self.diagnoses):
            return Assessed.REFUTED
        return Assessed.NOT_ASSESSED


def evolve(state: ProblemList, event: object) -> ProblemList:
    """The state after the event; events of other aggregates change nothing."""
    match event:
        case CaseProblemStated() | CaseProblemReframed():
            return replace(state, problems={**state.problems, event.problem: True})
        case CaseProblemResolved():
            return replace(state, problems={**state.problems, event.problem: False})
        case DiagnosisRecorded():
            made = Made(event.diagnosis, event.coded, event.certainty, event.rank, event.alias)
            none_found = state.none_found - {event.alias}
            return replace(state, diagnoses=(*state.diagnoses, made), none_found=none_found)
        case DiagnosisRevised():
            return _changed(
                state,
                event.diagnosis,
                lambda made: replace(
                    made, coded=event.coded, certainty=event.certainty, rank=event.rank
                ),
            )
        case DiagnosisRefuted():
            return _changed(state, event.diagnosis, lambda made: replace(made, refuted=True))
        case DiagnosisNoneFound():
            return replace(
                state,
                none_found=state.none_found | {event.alias},
                assessments=state.assessments | {event.assessment},
            )
        case _:
            return state


def fold(events: Iterable[object]) -> ProblemList:
    """The problem list from the events of a case."""
    state = ProblemList()
    for event in events:
        state = evolve(state, event)
    return state


def state_problem(state: ProblemList, stated: CaseProblemStated) -> tuple[ListEvent, ...]:
    """Record what the client comes with; no diagnosis is ever required."""
    if stated.problem in state.problems:
        return ()
    worded(stated.words)
    return (stated,)


def reframe(state: ProblemList, reframed: CaseProblemReframed) -> tuple[ListEvent, ...]:
    """Put a problem otherwise; one that had been resolved is one again."""
    _must_be_stated(state, (reframed.problem,))
    worded(reframed.words)
    return (reframed,)


def resolve(state: ProblemList, resolved: CaseProblemResolved) -> tuple[ListEvent, ...]:
    """Record that a problem is one no longer; it stays in the list."""
    _must_be_stated(state, (resolved.problem,))
    if not state.problems[resolved.problem]:
        return ()
    _said(resolved.words)
    return (resolved,)


def diagnose(state: ProblemList, recorded: DiagnosisRecorded) -> tuple[ListEvent, ...]:
    """Record a diagnosis.

    Raises:
        WrongState: Another one is the main one of this person, or this code stands already.
        Invalid: It names a problem that was never stated.
    """
    if state.find(recorded.diagnosis) is not None:
        return ()
    _must_be_stated(state, recorded.problems)
    _said(recorded.words)
    _must_fit(state, recorded.coded, recorded.rank, recorded.alias, recorded.diagnosis)
    return (recorded,)


def revise(state: ProblemList, revised: DiagnosisRevised) -> tuple[ListEvent, ...]:
    """Record that a diagnosis is another one, surer, less sure, or of another rank.

    Raises:
        WrongState: There is no such standing diagnosis; or as ``diagnose``.
        Invalid: It names a problem that was never stated.
    """
    made = _must_stand(state, revised.diagnosis)
    _must_be_stated(state, revised.problems)
    _said(revised.words)
    _must_fit(state, revised.coded, revised.rank, made.alias, made.id)
    return (revised,)


def refute(state: ProblemList, refuted: DiagnosisRefuted) -> tuple[ListEvent, ...]:
    """Record that a diagnosis does not hold; it stays in the list, refuted."""
    made = state.find(refuted.diagnosis)
    if made is not None and made.refuted:
        return ()
    _must_stand(state, refuted.diagnosis)
    worded(refuted.reason)
    return (refuted,)


def find_none(state: ProblemList, found: DiagnosisNoneFound) -> tuple[ListEvent, ...]:
    """Record that somebody was assessed and has no disorder.

    Raises:
        WrongState: A diagnosis of hers stands; it would have to be refuted first.
    """
    if found.assessment in state.assessments:
        return ()
    if state.standing(found.alias):
        raise WrongState("A diagnosis stands; refute it first")
    _said(found.words)
    return (found,)


def must_name_problems(state: ProblemList, problems: Iterable[ItemId]) -> None:
    """Refuse problems that were never stated in the case.

    Raises:
        Invalid: One was not, or stands twice.
    """
    _must_be_stated(state, tuple(problems))


def _changed(state: ProblemList, diagnosis: ItemId, change: Callable[[Made], Made]) -> ProblemList:
    return replace(
        state,
        diagnoses=tuple(change(each) if each.id == diagnosis else each for each in state.diagnoses),
    )


def _must_be_stated(state: ProblemList, problems: tuple[ItemId, ...]) -> None:
    if len(set(problems)) != len(problems):
        raise Invalid("problems", "must be named once each")
    if not set(problems) <= state.problems.keys():
        raise Invalid("problems", "has one that was never stated in this case")


def _must_stand(state: ProblemList, diagnosis: ItemId) -> Made:
    made = state.find(diagnosis)
    if made is None:
        raise Invalid("diagnosis", "was never made in this case")
    if made.refuted:
        raise WrongState("The diagnosis has been refuted")
    return made


def _must_fit(
    state: ProblemList, coded: Diagnosis, rank: Rank, alias: str | None, diagnosis: ItemId
) -> None:
    others = [each for each in state.standing(alias) if each.id != diagnosis]
    if rank is Rank.MAIN and any(each.rank is Rank.MAIN for each in others):
        raise WrongState("Another diagnosis is the main one")
    kept = [(each.coded.coding, each.coded.code) for each in others]
    if (coded.coding, coded.code) in kept:
        raise WrongState("This diagnosis stands already")


def _said(text: FreeText | None) -> None:
    if text is not None:
        worded(text)
