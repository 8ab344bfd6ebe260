"""What happens to a session: scheduled, moved, then held, cancelled, or missed; and to a series."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from domain.confidentiality import ADMINISTRATIVE, MEMBERS_PART, Label
from domain.values import CaseId, FreeText, ItemId, NoteId, PractitionerId, SessionId


class CancelledBy(StrEnum):
    """Who called the session off."""

    CLIENT = "client"
    THERAPIST = "therapist"
    CLINIC = "clinic"


class Place(StrEnum):
    """Where a session is held; a room of the clinic has a name."""

    ROOM = "room"
    ONLINE = "online"
    TELEPHONE = "telephone"
    ELSEWHERE = "elsewhere"


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionScheduled:
    """A time, a place and a therapist were set aside, by itself or as one of a series."""

    NAME: ClassVar[str] = "session.scheduled"
    VERSION: ClassVar[int] = 2
    LABEL: ClassVar[Label] = ADMINISTRATIVE
    session: SessionId
    case: CaseId
    therapist: PractitionerId
    starts_at: datetime
    ends_at: datetime
    room: str | None = None
    place: Place = Place.ROOM
    series: ItemId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionMoved:
    """The session was put to another time or place before it was held."""

    NAME: ClassVar[str] = "session.moved"
    VERSION: ClassVar[int] = 1
    LABEL: ClassVar[Label] = ADMINISTRATIVE
    session: SessionId
    case: CaseId
    by: CancelledBy
    starts_at: datetime
    ends_at: datetime
    place: Place
    room: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionWhereaboutsTold:
    """Where the client is while a session is held at a distance: help has to find her."""

    NAME: ClassVar[str] = "session.whereabouts_told"
    VERSION: ClassVar[int] = 1
    LABEL: ClassVar[Label] = ADMINISTRATIVE
    session: SessionId
    case: CaseId
    author: PractitionerId
    text: FreeText


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionHeld:
    """The session took place."""

    NAME: ClassVar[str] = "session.held"
    VERSION: ClassVar[int] = 1
    LABEL: ClassVar[Label] = ADMINISTRATIVE
    session: SessionId
    case: CaseId
    started_at: datetime
    ended_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionCancelled:
    """The session was called off.

    ``told_at`` is when the other side was told, ``notice_hours`` how many whole hours before the
    session that was, and ``late`` whether that is less than the contract's term, where there is
    one. They are absent in what was recorded before they were asked for.
    """

    NAME: ClassVar[str] = "session.cancelled"
    VERSION: ClassVar[int] = 2
    LABEL: ClassVar[Label] = ADMINISTRATIVE
    session: SessionId
    case: CaseId
    by: CancelledBy
    told_at: datetime | None = None
    notice_hours: int | None = None
    late: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionMissed:
    """Nobody came, and nobody had cancelled."""

    NAME: ClassVar[str] = "session.no_show"
    VERSION: ClassVar[int] = 1
    LABEL: ClassVar[Label] = ADMINISTRATIVE
    session: SessionId
    case: CaseId


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionPartRecorded:
    """What of a joint note concerns one member alone, in a stream of hers and under her key."""

    NAME: ClassVar[str] = "session.part_recorded"
    VERSION: ClassVar[int] = 1
    LABEL: ClassVar[Label] = MEMBERS_PART
    part: ItemId
    case: CaseId
    note: NoteId
    alias: str
    author: PractitionerId
    text: FreeText
    session: SessionId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionAttendanceRecorded:
    """Whether one member of a couple, a family or a group was there; the newest word stands."""

    NAME: ClassVar[str] = "session.attendance_recorded"
    VERSION: ClassVar[int] = 1
    LABEL: ClassVar[Label] = MEMBERS_PART
    attendance: ItemId
    case: CaseId
    session: SessionId
    alias: str
    present: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesPlanned:
    """Sessions were planned at the same time of every week, or of every few weeks."""

    NAME: ClassVar[str] = "series.planned"
    VERSION: ClassVar[int] = 1
    LABEL: ClassVar[Label] = ADMINISTRATIVE
    series: ItemId
    case: CaseId
    therapist: PractitionerId
    starts_at: datetime
    minutes: int
    every_weeks: int
    sessions: tuple[SessionId, ...]
    place: Place
    room: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesEnded:
    """The series goes on no longer; these of its sessions were called off with it."""

    NAME: ClassVar[str] = "series.ended"
    VERSION: ClassVar[int] = 1
    LABEL: ClassVar[Label] = ADMINISTRATIVE
    series: ItemId
    case: CaseId
    by: CancelledBy
    cancelled: tuple[SessionId, ...]


SessionEvent = (
    SessionScheduled
    | SessionMoved
    | SessionWhereaboutsTold
    | SessionHeld
    | SessionCancelled
    | SessionMissed
    | SessionPartRecorded
    | SessionAttendanceRecorded
    | SeriesPlanned
    | SeriesEnded
)
EVENTS: tuple[type[SessionEvent], ...] = (
    SessionScheduled,
    SessionMoved,
    SessionWhereaboutsTold,
    SessionHeld,
    SessionCancelled,
    SessionMissed,
    SessionPartRecorded,
    SessionAttendanceRecorded,
    SeriesPlanned,
    SeriesEnded,
)
