"""Intakes, formulations with their genogram, and how problems hang together."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated

from pydantic import Field, StringConstraints

from api.http.naming import Naming
from api.http.schemas.common import Asked, Instant, Told, Words, example
from api.http.schemas.note_forms import HeadingTold, Sections, sections
from api.http.schemas.problems import Problems, ids_of
from domain import genogram as family, headings
from domain.errors import Invalid
from domain.events.client import Sex
from domain.formulation import Said
from domain.genogram import LONGEST_ROLE, MOST_LINES, MOST_PERSONS
from domain.headings import Heading
from domain.values import FreeText, School
from projections.chart.causal import CausalMap
from projections.chart.versions import Version, Versions

Short = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{0,15}$")]
Role = Annotated[str, StringConstraints(min_length=1, max_length=LONGEST_ROLE)]


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
            ids_of(self.problems),
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
