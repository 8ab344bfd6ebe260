"""What happens to a complaint (*skarga*): filed, examined, resolved, and by when.

Its stream is none of the case: it is no part of the chart, and whoever is complained about neither
reads nor writes it. It lies under the keys of the client whose therapy it is about.
"""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import ClassVar, get_args

from domain.confidentiality import LEGAL, Label
from domain.values import CaseId, ClientId, FreeText, ItemId, PractitionerId


class Complainant(StrEnum):
    """Who complains."""

    CLIENT = "client"
    REPRESENTATIVE = "representative"
    RELATIVE = "relative"
    STAFF = "staff"
    AUTHORITY = "authority"
    OTHER = "other"


class ComplaintOutcome(StrEnum):
    """What came of it."""

    UPHELD = "upheld"
    PARTLY_UPHELD = "partly-upheld"
    NOT_UPHELD = "not-upheld"
    SETTLED = "settled"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True, kw_only=True)
class ComplaintFiled:
    """Somebody complained about a client's therapy; an answer is owed by a day."""

    NAME: ClassVar[str] = "complaint.filed"
    VERSION: ClassVar[int] = 1
    LABEL: ClassVar[Label] = LEGAL
    complaint: ItemId
    client: ClientId
    filed_by: Complainant
    about: PractitionerId | None = None
    about_case: CaseId | None = None
    occurred_at: datetime
    answer_by: date
    text: FreeText


@dataclass(frozen=True, slots=True, kw_only=True)
class ComplaintExamined:
    """A step of the examination: who was heard, what was found."""

    NAME: ClassVar[str] = "complaint.examined"
    VERSION: ClassVar[int] = 1
    LABEL: ClassVar[Label] = LEGAL
    complaint: ItemId
    client: ClientId
    occurred_at: datetime
    text: FreeText


@dataclass(frozen=True, slots=True, kw_only=True)
class ComplaintDeadlineExtended:
    """The answer needs longer, and why; whoever complained was told."""

    NAME: ClassVar[str] = "complaint.deadline_extended"
    VERSION: ClassVar[int] = 1
    LABEL: ClassVar[Label] = LEGAL
    complaint: ItemId
    client: ClientId
    answer_by: date
    reason: FreeText


@dataclass(frozen=True, slots=True, kw_only=True)
class ComplaintResolved:
    """It was answered."""

    NAME: ClassVar[str] = "complaint.resolved"
    VERSION: ClassVar[int] = 1
    LABEL: ClassVar[Label] = LEGAL
    complaint: ItemId
    client: ClientId
    outcome: ComplaintOutcome
    occurred_at: datetime
    text: FreeText


ComplaintEvent = ComplaintFiled | ComplaintExamined | ComplaintDeadlineExtended | ComplaintResolved
EVENTS: tuple[type[ComplaintEvent], ...] = get_args(ComplaintEvent)
