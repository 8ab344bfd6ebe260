"""Conflicts of interest that a practitioner declares with any person, client of the clinic or not.

Whom it is with stands in fingerprints, which the policy compares with those of a client when it
decides: nobody learns from it whether she is one. In words it stands under the declarer's own key.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

from domain.confidentiality import FRAME, PORTFOLIO, Label
from domain.values import FreeText, ItemId, PractitionerId


class ConflictKind(StrEnum):
    """What the person is to the practitioner."""

    RELATIVE = "relative"
    PARTNER = "partner"
    FORMER_PARTNER = "former-partner"
    FRIEND = "friend"
    NEIGHBOUR = "neighbour"
    COLLEAGUE = "colleague"
    BUSINESS = "business"
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class ConflictDeclared:
    """She is to have nothing to do with the record of whoever has one of these fingerprints."""

    NAME: ClassVar[str] = "conflict.declared"
    VERSION: ClassVar[int] = 1
    LABEL: ClassVar[Label] = FRAME
    conflict: ItemId
    practitioner: PractitionerId
    kind: ConflictKind
    fingerprints: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ConflictDescribed:
    """Whom a declared conflict is with, in the declarer's words, for herself."""

    NAME: ClassVar[str] = "conflict.described"
    VERSION: ClassVar[int] = 1
    LABEL: ClassVar[Label] = PORTFOLIO
    conflict: ItemId
    practitioner: PractitionerId
    person: FreeText


@dataclass(frozen=True, slots=True, kw_only=True)
class ConflictWithdrawn:
    """A conflict is none any more; what it kept shut opens again."""

    NAME: ClassVar[str] = "conflict.withdrawn"
    VERSION: ClassVar[int] = 1
    LABEL: ClassVar[Label] = FRAME
    conflict: ItemId
    practitioner: PractitionerId


ConflictEvent = ConflictDeclared | ConflictDescribed | ConflictWithdrawn
EVENTS: tuple[type[ConflictEvent], ...] = (ConflictDeclared, ConflictDescribed, ConflictWithdrawn)
