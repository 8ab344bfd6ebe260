"""Problems, diagnoses, intakes and formulations."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated

from pydantic import Field, StringConstraints

from api.http.naming import Naming
from api.http.schemas.cases import Diagnosis
from api.http.schemas.common import Asked, Id, Instant, Told, Words, example
from api.http.schemas.joint import Alias
from api.http.schemas.note_forms import HeadingTold, Sections, free_text, sections
from domain import genogram as family, headings
from domain.errors import Invalid
from domain.events.client import Sex
from domain.events.diagnosis import Certainty, Rank
from domain.formulation import Said
from domain.genogram import LONGEST_ROLE, MOST_LINES, MOST_PERSONS
from domain.headings import Heading
from domain.ports import CodeBook
from domain.use_cases.problems import Saying
from domain.values import FreeText, ItemId, School
from projections.chart.causal import CausalMap
from projections.chart.problems import Coded, DiagnosisLine, Line, Problem, ProblemList
from projections.chart.versions import Version, Versions

MOST_PROBLEMS = 100
Problems = Annotated[tuple[Id, ...], Field(max_length=MOST_PROBLEMS)]
Short = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{0,15}$")]
Role = Annotated[str, StringConstraints(min_length=1, max_length=LONGEST_ROLE)]


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
            problems=_ids(self.problems),
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
            problems=_ids(self.problems),
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


class NewIntake(Asked):
    """An intake interview: when it was, and what was said, section by section."""

    model_config = example(
        occurred_at="2026-11-23T09:00:00Z",
        sections=[
            {"code": "interview", "text": "Panic attacks in trams since spring."},
            {"code": "resources", "text": "A sister whom she calls."},
        ],
    )

    occurred_at: Instant
    sections: Sections


class RevisedIntake(Asked):
    """An intake as it stands from now on, and why it changed."""

    model_config = example(
        sections=[{"code": "medication", "text": "Sertraline 50 mg since May, as she says."}],
        reason="She brought the package.",
    )

    sections: Sections
    reason: Words | None = None


class RelativeAsked(Asked):
    """Somebody in a family, by a role or an alias and never by name."""

    id: Short
    role: Role
    sex: Sex = Sex.UNSPECIFIED
    born: int | None = None
    died: int | None = None
    index: bool = False


class RelationAsked(Asked):
    """A line between two people; of descent from the parent to the child."""

    line: family.Line
    of: Short
    to: Short


class GenogramAsked(Asked):
    """A family as it was told."""

    persons: Annotated[tuple[RelativeAsked, ...], Field(min_length=1, max_length=MOST_PERSONS)]
    relations: Annotated[tuple[RelationAsked, ...], Field(max_length=MOST_LINES)] = ()

    def value(self) -> family.Genogram:
        """The domain's genogram."""
        return family.Genogram(
            tuple(
                family.Relative(each.id, each.role, each.sex, each.born, each.died, each.index)
                for each in self.persons
            ),
            tuple(family.Relation(each.line, each.of, each.to) for each in self.relations),
        )


class FormulationBody(Asked):
    """What a formulation says in the terms of its school, and which problems it explains."""

    sections: Sections
    problems: Problems = ()
    genogram: GenogramAsked | None = None

    def value(self) -> Said:
        """What the domain is told."""
        return Said(
            sections(self.sections),
            _ids(self.problems),
            None if self.genogram is None else self.genogram.value(),
        )


class NewFormulation(FormulationBody):
    """A formulation that is written; without a ``school`` in the case's."""

    model_config = example(
        sections=[{"code": "summary", "text": "The attacks began when her sister moved out."}],
        genogram={
            "persons": [
                {"id": "m", "role": "mother", "sex": "female", "born": 1960},
                {"id": "c", "role": "client", "sex": "female", "born": 1988, "index": True},
            ],
            "relations": [{"line": "parent", "of": "m", "to": "c"}],
        },
    )

    school: School | None = None


class RevisedFormulation(FormulationBody):
    """A formulation as it stands from now on, and why it changed."""

    model_config = example(
        sections=[{"code": "summary", "text": "Her mother had the same attacks."}],
        reason="What she told about her grandmother.",
    )

    reason: Words | None = None


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


class SectionShown(Told):
    """What was written under one heading; ``None`` where it has been made unreadable."""

    code: str
    polish: str
    english: str
    text: str | None


class GenogramTold(Told):
    """A family as it was told."""

    persons: list[RelativeAsked]
    relations: list[RelationAsked]


class VersionTold(Told):
    """What was written at one time, and why it was written anew."""

    number: int
    by: str
    at: datetime
    sections: list[SectionShown]
    reason: str | None


class FormulationVersionTold(VersionTold):
    """A formulation as it was written at one time."""

    problems: list[str]
    genogram: GenogramTold | None


class IntakeTold(Told):
    """An intake interview with all its versions, the last one valid."""

    id: str
    version: int
    occurred_at: datetime
    versions: list[VersionTold]


class IntakesTold(Told):
    """The intakes of a case, and the headings that there are."""

    case: str
    headings: list[HeadingTold]
    intakes: list[IntakeTold]


class FormulationTold(Told):
    """A formulation with all its versions, the last one valid."""

    id: str
    version: int
    school: str
    versions: list[FormulationVersionTold]


class WrittenTold(Told):
    """When a formulation was written or revised, in the order of the timeline."""

    formulation: str
    number: int
    at: datetime
    by: str


class FormulationsTold(Told):
    """The formulations of a case, their timeline, and the headings of the case's school."""

    case: str
    school: str
    headings: list[HeadingTold]
    formulations: list[FormulationTold]
    timeline: list[WrittenTold]


class CausalLinkTold(Told):
    """That one thing follows from another."""

    of: str
    to: str


class NodeTold(Told):
    """A thing on the causal map; what it says is read where it stands."""

    id: str
    kind: str


class CausalMapTold(Told):
    """From problems over formulations and goals to methods; loose ends are no mistake."""

    case: str
    nodes: list[NodeTold]
    links: list[CausalLinkTold]
    loose: list[str]


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


def intake_told(found: Versions, naming: Naming) -> IntakeTold:
    """The answer for an intake."""
    return IntakeTold(
        id=found.id,
        version=found.version,
        occurred_at=found.occurred_at,
        versions=[_version(each, headings.INTAKE, naming) for each in found.versions],
    )


def formulation_told(found: Versions, naming: Naming) -> FormulationTold:
    """The answer for a formulation."""
    school = School(found.school or School.INTEGRATIVE)
    return FormulationTold(
        id=found.id,
        version=found.version,
        school=school.value,
        versions=[
            FormulationVersionTold(
                **dict(_version(each, headings.FORMULATION[school], naming)),
                problems=list(each.problems),
                genogram=_genogram(each.genogram, naming),
            )
            for each in found.versions
        ],
    )


def headings_told(found: Iterable[Heading]) -> list[HeadingTold]:
    """The headings that may be written under."""
    return [HeadingTold.model_validate(each) for each in found]


def causal_map_told(case: str, found: CausalMap) -> CausalMapTold:
    """The answer for a causal map."""
    return CausalMapTold(
        case=case,
        nodes=[NodeTold(id=name, kind=kind) for name, kind in found.nodes],
        links=[CausalLinkTold(of=of, to=to) for of, to in found.links],
        loose=list(found.loose),
    )


def _version(found: Version, known: tuple[Heading, ...], naming: Naming) -> VersionTold:
    return VersionTold(
        number=found.number,
        by=found.by,
        at=found.at,
        sections=[_section(code, text, known, naming) for code, text in found.sections],
        reason=naming.words_left(found.reason),
    )


def _section(code: str, text: FreeText, known: tuple[Heading, ...], naming: Naming) -> SectionShown:
    heading = headings.heading(known, code)
    return SectionShown(
        code=code,
        polish=heading.polish,
        english=heading.english,
        text=naming.words_left(text),
    )


def _genogram(text: FreeText | None, naming: Naming) -> GenogramTold | None:
    words = naming.words_left(text)
    if words is None:
        return None
    try:
        found = family.read(words)
    except Invalid:
        # It was valid when it was written; a rule that came later does not hide it.
        return None
    return GenogramTold(
        persons=[
            RelativeAsked(
                id=each.id,
                role=each.role,
                sex=each.sex,
                born=each.born,
                died=each.died,
                index=each.index,
            )
            for each in found.persons
        ],
        relations=[
            RelationAsked(line=each.line, of=each.of, to=each.to) for each in found.relations
        ],
    )


def _coded(found: Coded, book: CodeBook) -> CodedTold:
    coding, code, title = found
    official = book.title(code) if coding == "icd-10" else None
    return CodedTold(coding=coding, code=code, title=title, official_title=official)


def _ids(asked: Iterable[str]) -> tuple[ItemId, ...]:
    return tuple(ItemId(each) for each in asked)
