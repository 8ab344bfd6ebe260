"""Shapes of supervision: arrangements, meetings, marked cases, advice, case packs."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated

from pydantic import Field, model_validator

from api.http.packing import Chosen
from api.http.schemas.common import Asked, Id, Instant, Line, Told, Words, example
from api.http.schemas.therapist import Day
from domain.case_pack import MOST_ITEMS
from domain.events.supervision import OutsideSupervisor, SupervisionForm
from domain.use_cases.supervision import NewMeeting, NewSupervision
from domain.values import ItemId, PractitionerId

_ONE = "5f2c7b0d9e8a4c61b0d2f3a4c5e6f708"
Ids = Annotated[list[Id], Field(min_length=1, max_length=30)]


class Outside(Asked):
    """A supervisor who does not work here, and by what she is bound to keep silent."""

    name: Annotated[Line, Field(repr=False)]
    credentials: Line
    contract: Line
    secrecy_on: Day


class NewSupervisionAsked(Asked):
    """Who is supervised (oneself, if nobody is named), by a colleague or by somebody outside."""

    model_config = example(
        form="individual",
        starts_on="2026-02-01",
        outside={
            "name": "Dr Hanna Example",
            "credentials": "Certified supervisor",
            "contract": "Agreement of 1 February 2026",
            "secrecy_on": "2026-02-01",
        },
    )

    form: SupervisionForm
    starts_on: Day
    supervisees: Ids | None = None
    supervisor: Id | None = None
    outside: Outside | None = None

    @model_validator(mode="after")
    def _one_supervisor(self) -> NewSupervisionAsked:
        if (self.supervisor is None) is (self.outside is None):
            msg = "takes either a supervisor who works here or one from outside"
            raise ValueError(msg)
        return self

    def value(self, actor: str) -> NewSupervision:
        """What the domain arranges."""
        outside = self.outside
        return NewSupervision(
            form=self.form,
            supervisees=tuple(PractitionerId(each) for each in self.supervisees or [actor]),
            starts_on=self.starts_on,
            supervisor=None if self.supervisor is None else PractitionerId(self.supervisor),
            outside=None
            if outside is None
            else OutsideSupervisor(
                outside.name, outside.credentials, outside.contract, outside.secrecy_on
            ),
        )


class NewMeetingAsked(Asked):
    """When they met, for how long; who was there (oneself, if nobody is named); which packs."""

    model_config = example(occurred_at="2026-02-28T15:00:00Z", minutes=90)

    occurred_at: Instant
    minutes: Annotated[int, Field(ge=1, le=720)]
    participants: Ids | None = None
    packs: Annotated[tuple[Id, ...], Field(max_length=20)] = ()

    def value(self, actor: str) -> NewMeeting:
        """What the domain records."""
        present = self.participants or [actor]
        return NewMeeting(
            occurred_at=self.occurred_at,
            minutes=self.minutes,
            participants=tuple(PractitionerId(each) for each in present),
            packs=tuple(ItemId(each) for each in self.packs),
        )


class SupervisionEnding(Asked):
    """The last day of a supervision."""

    model_config = example(on="2026-03-01")

    on: Day


class NewCaseMark(Asked):
    """What one wants to ask about a case."""

    model_config = example(question="What do I not see when she falls silent?")

    question: Annotated[Words, Field(repr=False)]


class NewAdvice(Asked):
    """What was advised, in which supervision."""

    model_config = example(supervision=_ONE, words="Stay with the silence for longer.")

    supervision: Id
    words: Annotated[Words, Field(repr=False)]


class NewCasePack(Asked):
    """The items to bring, and names and places that have to be hidden beside what is known.

    ``hide``: employers, places, diminutives, people who are spoken of. ``identified`` leaves names
    as they are, and needs the consent of everybody who takes part.
    """

    model_config = example(supervision=_ONE, items=[_ONE], hide=["Zakład Ceramiki Zorza"])

    supervision: Id
    items: Annotated[list[Id], Field(min_length=1, max_length=MOST_ITEMS - 1)]
    hide: Annotated[tuple[Line, ...], Field(max_length=100, repr=False)] = ()
    identified: bool = False

    def value(self) -> Chosen:
        """What is chosen."""
        return Chosen(
            supervision=ItemId(self.supervision),
            items=tuple(ItemId(each) for each in self.items),
            hide=tuple(self.hide),
            identified=self.identified,
        )


class Issuing(Asked):
    """Until when the supervisor may have it, at most ninety days."""

    model_config = example(expires_at="2026-03-20T12:00:00Z")

    expires_at: Instant


class HandingOver(Asked):
    """To whom the printed page is given."""

    model_config = example(recipient="Dr Hanna Example")

    recipient: Annotated[Line, Field(repr=False)]


class SupervisionTold(Told):
    """A supervision in which the reader takes part."""

    id: str
    version: int
    form: str
    supervisees: list[str]
    supervisor: str | None
    outside: list[str] | None
    starts_on: date
    ended_on: date | None


class SupervisionMeetingTold(Told):
    """A meeting at which the reader was supervised."""

    id: str
    supervision: str
    occurred_at: datetime
    minutes: int
    packs: list[str]


class CaseMarkTold(Told):
    """A case that the reader wants to bring."""

    id: str
    case: str
    question: str | None
    marked_at: datetime


class PackLine(Told):
    """A pack of the reader's own, or one that is open to her as supervisor."""

    id: str
    author: str
    case: str | None
    identified: bool
    confirmed: bool
    issued: bool
    revoked: bool
    expires_at: datetime | None


class AdviceLine(Told):
    """Advice that the reader wrote down, or may read as supervisor."""

    id: str
    supervision: str
    recorded_at: datetime


class HoursTold(Told):
    """How long somebody was supervised in a year."""

    year: int
    minutes: int


class OwnSupervisionTold(Told):
    """One's own supervision: the queue of cases to bring, packs, advice, meetings and hours."""

    supervisions: list[SupervisionTold]
    queue: list[CaseMarkTold]
    packs: list[PackLine]
    advice: list[AdviceLine]
    meetings: list[SupervisionMeetingTold]
    hours: list[HoursTold]


class AdviceTold(Told):
    """What was advised."""

    id: str
    supervision: str
    author: str
    words: str | None
    recorded_at: datetime


class PackSection(Told):
    """One item of a pack, as it is shown."""

    kind: str
    text: str | None


class HandedTold(Told):
    """A printed page that was given away; ``page`` is the SHA-256 of every true copy of it."""

    entry: str
    recipient: str
    occurred_at: datetime
    page: str


class LinkTold(Told):
    """How a pack leads back to the record."""

    offset_days: int
    aliases: dict[str, str]


class PackTold(Told):
    """A pack; what stands below ``sections`` is told to its author alone."""

    id: str
    author: str
    identified: bool
    expires_at: datetime | None
    sections: list[PackSection]
    case: str | None = None
    confirmed: bool | None = None
    revoked: bool | None = None
    handed: list[HandedTold] | None = None
    link: LinkTold | None = None
