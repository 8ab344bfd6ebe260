"""The problem list of a case: problems stated, reframed, resolved; diagnoses made and refuted."""

from collections.abc import Callable
from dataclasses import dataclass

from domain import case as case_file, problem_list as problem_file
from domain.case import Case
from domain.coding import must_be_a_code
from domain.errors import Invalid, NotThere, Stale
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
from domain.policy import Act
from domain.problem_list import ListEvent, ProblemList
from domain.use_cases.desk import NO_SUCH_RECORD, Desk, attempt, record_denial
from domain.use_cases.members import must_know_everybody, taken
from domain.use_cases.on_case import OnCase, on_case
from domain.values import (
    CaseId,
    Circumstances,
    Command,
    FreeText,
    ItemId,
    PractitionerId,
    Receipt,
)
from domain.wording import texts_of


@dataclass(frozen=True, slots=True)
class Saying:
    """What a diagnosis says; in a joint case ``alias`` says of whom."""

    coded: Diagnosis
    certainty: Certainty
    rank: Rank
    problems: tuple[ItemId, ...] = ()
    words: FreeText | None = None
    alias: str | None = None


Decide = Callable[[OnCase, ProblemList], tuple[ListEvent, ...]]
Known = Callable[[ProblemList], bool]


async def state_problem(
    desk: Desk,
    who: Circumstances,
    case_id: CaseId,
    words: FreeText,
    diagnosis: Diagnosis | None,
    *,
    expected: int,
    command: Command,
) -> Receipt:
    """Record what the client comes with. The receipt names the ``problem``."""
    must_be_a_code(desk.codes, diagnosis)
    problem = ItemId(desk.identifiers.new())
    stated = CaseProblemStated(case=case_id, words=words, diagnosis=diagnosis, problem=problem)
    return await _change(
        desk,
        who,
        case_id,
        lambda _, found: problem_file.state_problem(found, stated),
        expected,
        command,
        created=("problem", problem),
    )


async def reframe_problem(
    desk: Desk,
    who: Circumstances,
    case_id: CaseId,
    problem: ItemId,
    said: tuple[FreeText, Diagnosis | None],
    *,
    expected: int,
    command: Command,
) -> Receipt:
    """Record that a problem is seen otherwise now."""
    words, diagnosis = said
    must_be_a_code(desk.codes, diagnosis)

    def decide(admitted: OnCase, found: ProblemList) -> tuple[ListEvent, ...]:
        return problem_file.reframe(
            found,
            CaseProblemReframed(
                case=case_id,
                problem=problem,
                author=_author(admitted),
                words=words,
                diagnosis=diagnosis,
            ),
        )

    return await _change(
        desk,
        who,
        case_id,
        decide,
        expected,
        command,
        known=lambda found: problem in found.problems,
    )


async def resolve_problem(
    desk: Desk,
    who: Circumstances,
    case_id: CaseId,
    problem: ItemId,
    words: FreeText | None,
    *,
    expected: int,
    command: Command,
) -> Receipt:
    """Record that a problem is one no longer."""

    def decide(admitted: OnCase, found: ProblemList) -> tuple[ListEvent, ...]:
        return problem_file.resolve(
            found,
            CaseProblemResolved(
                case=case_id, problem=problem, author=_author(admitted), words=words
            ),
        )

    return await _change(
        desk,
        who,
        case_id,
        decide,
        expected,
        command,
        known=lambda found: problem in found.problems,
    )


async def diagnose(
    desk: Desk,
    who: Circumstances,
    case_id: CaseId,
    saying: Saying,
    *,
    expected: int,
    command: Command,
) -> Receipt:
    """Record a diagnosis. The receipt names the ``diagnosis``."""
    must_be_a_code(desk.codes, saying.coded)
    diagnosis = ItemId(desk.identifiers.new())

    def decide(admitted: OnCase, found: ProblemList) -> tuple[ListEvent, ...]:
        _must_be_somebodys(desk, admitted.case, saying.alias)
        return problem_file.diagnose(
            found,
            DiagnosisRecorded(
                case=case_id,
                diagnosis=diagnosis,
                author=_author(admitted),
                coded=saying.coded,
                certainty=saying.certainty,
                rank=saying.rank,
                problems=saying.problems,
                words=saying.words,
                alias=saying.alias,
            ),
        )

    return await _change(
        desk,
        who,
        case_id,
        decide,
        expected,
        command,
        created=("diagnosis", diagnosis),
    )


async def revise_diagnosis(
    desk: Desk,
    who: Circumstances,
    case_id: CaseId,
    diagnosis: ItemId,
    saying: Saying,
    *,
    expected: int,
    command: Command,
) -> Receipt:
    """Record that a diagnosis is another one, surer, less sure, or of another rank."""
    must_be_a_code(desk.codes, saying.coded)

    def decide(admitted: OnCase, found: ProblemList) -> tuple[ListEvent, ...]:
        return problem_file.revise(
            found,
            DiagnosisRevised(
                case=case_id,
                diagnosis=diagnosis,
                author=_author(admitted),
                coded=saying.coded,
                certainty=saying.certainty,
                rank=saying.rank,
                problems=saying.problems,
                words=saying.words,
            ),
        )

    return await _change(
        desk,
        who,
        case_id,
        decide,
        expected,
        command,
        known=lambda found: found.find(diagnosis) is not None,
    )


async def refute_diagnosis(
    desk: Desk,
    who: Circumstances,
    case_id: CaseId,
    diagnosis: ItemId,
    reason: FreeText,
    *,
    expected: int,
    command: Command,
) -> Receipt:
    """Record that a diagnosis does not hold."""

    def decide(admitted: OnCase, found: ProblemList) -> tuple[ListEvent, ...]:
        return problem_file.refute(
            found,
            DiagnosisRefuted(
                case=case_id, diagnosis=diagnosis, author=_author(admitted), reason=reason
            ),
        )

    return await _change(
        desk,
        who,
        case_id,
        decide,
        expected,
        command,
        known=lambda found: found.find(diagnosis) is not None,
    )


async def find_no_disorder(
    desk: Desk,
    who: Circumstances,
    case_id: CaseId,
    words: FreeText | None,
    alias: str | None,
    *,
    expected: int,
    command: Command,
) -> Receipt:
    """Record that somebody was assessed and has no disorder; it names the ``assessment``."""
    assessment = ItemId(desk.identifiers.new())

    def decide(admitted: OnCase, found: ProblemList) -> tuple[ListEvent, ...]:
        _must_be_somebodys(desk, admitted.case, alias)
        return problem_file.find_none(
            found,
            DiagnosisNoneFound(
                case=case_id,
                assessment=assessment,
                author=_author(admitted),
                words=words,
                alias=alias,
            ),
        )

    return await _change(
        desk,
        who,
        case_id,
        decide,
        expected,
        command,
        created=("assessment", assessment),
    )


def must_name_problems(desk: Desk, case_id: CaseId, problems: tuple[ItemId, ...]) -> None:
    """Refuse problems that were never stated in the case; without any nothing is opened.

    Raises:
        Invalid: One was not, or stands twice.
    """
    if problems:
        found, _ = desk.record.fold(case_id, problem_file.fold)
        problem_file.must_name_problems(found, problems)


async def _change(
    desk: Desk,
    who: Circumstances,
    case_id: CaseId,
    decide: Decide,
    expected: int,
    command: Command,
    *,
    created: tuple[str, ItemId] | None = None,
    known: Known = lambda _: True,
) -> Receipt:
    if done := desk.record.replay(who, command):
        return done
    tried = attempt("case", case_id)
    admitted = await on_case(desk, who, Act.WRITE_CASE, case_id, tried)
    found, version = desk.record.fold(case_id, problem_file.fold)
    if not known(found):
        await record_denial(desk, admitted.who, tried, admitted.case.everyone, NO_SUCH_RECORD)
        raise NotThere
    if expected != version:
        raise Stale(version)
    case_file.must_be_open(admitted.case)
    events = decide(admitted, found)
    must_know_everybody(
        desk, admitted.case, *(each for event in events for each in texts_of(event))
    )
    write = admitted.write(case_id, events, version)
    reply = (("case", case_id), *((created,) if created else ()))
    return await desk.record.append((write,), admitted.who, command=command, reply=reply)


def _author(admitted: OnCase) -> PractitionerId:
    return PractitionerId(admitted.who.actor.id)


def _must_be_somebodys(desk: Desk, case: Case, alias: str | None) -> None:
    """Of a joint case it must be said whose diagnosis it is; one person's is hers.

    Raises:
        Invalid: It is not said, or of somebody who never took part.
    """
    if case.joint != (alias is not None):
        raise Invalid("alias", "says in a joint case whose it is, and in no other")
    if alias is not None and alias not in taken(desk, case.id):
        raise Invalid("alias", "is nobody's who takes part in the case")
