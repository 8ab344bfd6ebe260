"""Questionnaires that a clinic defines for itself; the published ones come with the clinic."""

from dataclasses import dataclass
from typing import ClassVar

from domain.confidentiality import TENANT, Label
from domain.instruments.definition import Band, Direction, Method, RiskItem
from domain.values import PractitionerId


@dataclass(frozen=True, slots=True, kw_only=True)
class InstrumentDefined:
    """An instrument of the clinic's own was defined; the same code again is its next version.

    It has one scale. ``cut_off`` and ``deviation`` are hundredths of a point, ``reliability`` is in
    thousandths; without the last two no change on it is ever called reliable.
    """

    NAME: ClassVar[str] = "instrument.defined"
    VERSION: ClassVar[int] = 1
    LABEL: ClassVar[Label] = TENANT
    code: str
    version: int
    author: PractitionerId
    title: str
    titles: tuple[str, ...]
    least: int
    most: int
    direction: Direction
    method: Method
    factor: int
    most_missing: int
    reverse: tuple[int, ...]
    bands: tuple[Band, ...]
    risk: tuple[RiskItem, ...]
    source: str
    licence: str
    cut_off: int | None = None
    deviation: int | None = None
    reliability: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class InstrumentRetired:
    """An instrument of the clinic's own is no longer given to anybody; what was answered stays."""

    NAME: ClassVar[str] = "instrument.retired"
    VERSION: ClassVar[int] = 1
    LABEL: ClassVar[Label] = TENANT
    code: str
    author: PractitionerId


InstrumentEvent = InstrumentDefined | InstrumentRetired
EVENTS: tuple[type[InstrumentEvent], ...] = (InstrumentDefined, InstrumentRetired)
