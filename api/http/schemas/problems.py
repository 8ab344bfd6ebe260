"""The problem list: problems, diagnoses, and that no disorder was found."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated

from pydantic import Field

from api.http.naming import Naming
from api.http.schemas.cases import Diagnosis
from api.http.schemas.common import Asked, Id, Told, Words, example
from api.http.schemas.joint import Alias
from api.http.schemas.note_forms import free_text
from domain.events.diagnosis import Certainty, Rank
from domain.ports import CodeBook
from domain.use_cases.problems import Saying
from domain.values import ItemId
from projections.chart.problems import Coded, DiagnosisLine, Line, Problem, ProblemList

MOST_PROBLEMS = 100
Problems = Annotated[tuple[Id, ...], Field(max_length=MOST_PROBLEMS)]


class Reframing(Asked):
    """How a problem is put now, with a code or without."""

    model_config = example(words="It is the closed doors, not the tram.")

    words: Words
    diagnosis: Diagnosis | None = None


class Resolving(Asked):
    """That a problem is one no longer, and how that came."""

    model_config = example(words="She takes the tram to work.")

    words: Words | None = None


class RevisedDiagnosis(Asked):
    """What is diagnosed now; every field as it stands from here on."""

    model_config = example(
        coded={"coding": "icd-10", "code": "F41.0", "title": "Panic disorder"},
        certainty="confirmed",
        rank="main",
        words="Four attacks in a month, two of them out of nothing.",
    )

    coded: Diagnosis
    certainty: Certainty
    rank: Rank
    problems: Problems = ()
    words: Words | None = None

    def value(self) -> Saying:
        """What the domain is told."""
        return Saying(
            coded=self.coded.value(),
            certainty=self.certainty,
            rank=self.rank,
            problems=ids_of(self.problems),
            words=free_text(self.words),
        )


class NewDiagnosis(RevisedDiagnosis):
    """A diagnosis that is made; in a joint case ``alias`` says of whom."""

    model_config = example(
        coded={"coding": "icd-11", "code": "6B01", "title": "Panic disorder"},
        certainty="suspected",
        rank="main",
    )

    alias: Alias | None = None

    def value(self) -> Saying:
        """What the domain is told."""
        return Saying(
            coded=self.coded.value(),
            certainty=self.certainty,
            rank=self.rank,
            problems=ids_of(self.problems),
            words=free_text(self.words),
            alias=self.alias,
        )


class Refuting(Asked):
    """Why a diagnosis does not hold."""

    model_config = example(reason="A thyroid disorder explains the attacks.")

    reason: Words


class NoneFoundAsked(Asked):
    """That somebody was assessed and has no disorder; in a joint case ``alias`` says who."""

    model_config = example(words="She asks what her life is for; she is not ill.")

    words: Words | None = None
    alias: Alias | None = None


class CodedTold(Told):
    """A code with its title as entered; ``official_title`` is that of the code book, if known."""

    coding: str
    code: str
    title: str
    official_title: str | None


class LineTold(Told):
    """What was said of a problem or a diagnosis, by whom and when."""

    act: str
    by: str
    at: datetime
    words: str | None
    coded: CodedTold | None
    certainty: str | None
    rank: str | None


class ListedProblemTold(Told):
    """A problem as it stands: ``words`` are how it is put now; what was said before stays."""

    id: str
    status: str
    words: str | None
    coded: CodedTold | None
    history: list[LineTold]


class DiagnosisTold(Told):
    """A diagnosis as it stands, or as it stood when it was refuted."""

    id: str
    alias: str | None
    refuted: bool
    coded: CodedTold
    certainty: str
    rank: str
    problems: list[str]
    history: list[LineTold]


class NoneFoundTold(Told):
    """That somebody was assessed and has no disorder."""

    id: str
    alias: str | None
    by: str
    at: datetime
    words: str | None


class AssessedTold(Told):
    """What is known of a disorder; not assessed is how every case begins, and may stay."""

    alias: str | None
    standing: str


class ProblemListTold(Told):
    """The problem list: problems in words alone, problems with a code, diagnoses, none found."""

    case: str
    version: int
    assessed: list[AssessedTold]
    uncoded: list[ListedProblemTold]
    coded: list[ListedProblemTold]
    diagnoses: list[DiagnosisTold]
    none_found: list[NoneFoundTold]


def problem_list_told(
    case: str, version: int, found: ProblemList, naming: Naming, book: CodeBook
) -> ProblemListTold:
    """The answer for a problem list."""

    def line(each: Line) -> LineTold:
        return LineTold(
            act=each.act,
            by=each.by,
            at=each.at,
            words=naming.words_left(each.words),
            coded=None if each.coded is None else _coded(each.coded, book),
            certainty=each.certainty,
            rank=each.rank,
        )

    def problem(each: Problem) -> ListedProblemTold:
        history = [line(one) for one in each.history]
        put = next(one for one in reversed(history) if one.act != "resolved")
        coded = None if each.coded is None else _coded(each.coded, book)
        return ListedProblemTold(
            id=each.id, status=each.status, words=put.words, coded=coded, history=history
        )

    def diagnosis(each: DiagnosisLine) -> DiagnosisTold:
        return DiagnosisTold(
            id=each.id,
            alias=each.alias,
            refuted=each.refuted,
            coded=_coded(each.coded, book),
            certainty=each.certainty,
            rank=each.rank,
            problems=list(each.problems),
            history=[line(one) for one in each.history],
        )

    return ProblemListTold(
        case=case,
        version=version,
        assessed=[
            AssessedTold(alias=alias, standing=standing) for alias, standing in found.assessed
        ],
        uncoded=[problem(each) for each in found.uncoded],
        coded=[problem(each) for each in found.coded],
        diagnoses=[diagnosis(each) for each in found.diagnoses],
        none_found=[
            NoneFoundTold(
                id=each.id,
                alias=each.alias,
                by=each.line.by,
                at=each.line.at,
                words=naming.words_left(each.line.words),
            )
            for each in found.none_found
        ],
    )


def _coded(found: Coded, book: CodeBook) -> CodedTold:
    coding, code, title = found
    official = book.title(code) if coding == "icd-10" else None
    return CodedTold(coding=coding, code=code, title=title, official_title=official)


def ids_of(asked: Iterable[str]) -> tuple[ItemId, ...]:
    """The items that were named."""
    return tuple(ItemId(each) for each in asked)
