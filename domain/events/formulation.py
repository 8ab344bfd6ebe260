"""How somebody's difficulties are understood, in the terms of a school, version by version."""

from dataclasses import dataclass
from typing import ClassVar

from domain.confidentiality import CLINICAL, Label
from domain.values import CaseId, FreeText, ItemId, PractitionerId, School, Section


@dataclass(frozen=True, slots=True, kw_only=True)
class FormulationWritten:
    """A case formulation was written; ``problems`` are those that it explains.

    ``genogram`` is the text that ``domain.genogram`` reads: it lies under its item key like words.
    """

    NAME: ClassVar[str] = "formulation.written"
    VERSION: ClassVar[int] = 1
    LABEL: ClassVar[Label] = CLINICAL
    case: CaseId
    formulation: ItemId
    author: PractitionerId
    school: School
    sections: tuple[Section, ...]
    problems: tuple[ItemId, ...] = ()
    genogram: FreeText | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FormulationRevised:
    """It is understood otherwise now: the whole formulation as it stands, and why it changed."""

    NAME: ClassVar[str] = "formulation.revised"
    VERSION: ClassVar[int] = 1
    LABEL: ClassVar[Label] = CLINICAL
    case: CaseId
    formulation: ItemId
    author: PractitionerId
    sections: tuple[Section, ...]
    problems: tuple[ItemId, ...] = ()
    genogram: FreeText | None = None
    reason: FreeText | None = None


FormulationEvent = FormulationWritten | FormulationRevised
EVENTS: tuple[type[FormulationEvent], ...] = (FormulationWritten, FormulationRevised)
