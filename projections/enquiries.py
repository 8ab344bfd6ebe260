"""Enquiries: what happens before a case, as the intake person sees it, and the waiting list.

In the clear stand whose enquiry it is, whom it names and whether it is open, as a caseload says
whose a case is. Everything else lies under the client's clinical key and dies with it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from domain.confidentiality import CLINICAL, KeyPurpose
from domain.events.enquiry import (
    EnquiryAssigned,
    EnquiryConsultationHeld,
    EnquiryDeclined,
    EnquiryEvent,
    EnquiryOfferDeclined,
    EnquiryPlaceOffered,
    EnquiryQualified,
    EnquiryReceived,
    EnquiryTakenUp,
    EnquiryWaitlisted,
    EnquiryWithdrawn,
    Priority,
)
from domain.ports import Opening, Recorded
from domain.rows import Content, Place, StoredRow, Table, Under, ViewStore
from domain.values import FreeText
from projections.projection import Rows
from projections.times import from_ms, to_ms

ENQUIRIES = Table(
    "enquiries",
    key=("enquiry_id",),
    clear=("intake_id", "therapist_id", "open"),
    indexes=(("intake_id",), ("therapist_id",)),
)
_MOST = 100_000
_ORDER = {each.value: number for number, each in enumerate(Priority)}


class EnquiriesProjection:
    """How events change enquiries."""

    name = "enquiries-2"
    tables = (ENQUIRIES,)
    purposes = frozenset({KeyPurpose.RELATIONSHIP, KeyPurpose.CLINICAL})

    def apply(self, recorded: Recorded, rows: Rows) -> None:
        """Let one event change rows."""
        event = recorded.event
        if not isinstance(event, EnquiryEvent):
            return
        found = rows.get(ENQUIRIES, (event.enquiry,))
        if found is None and not isinstance(event, EnquiryAssigned):
            return
        content: Content = found[1] if found else {"history": []}
        clear: dict[str, str | int | None] = {"intake_id": None, "therapist_id": None, "open": 1}
        clear |= found[0] if found else {}
        match event:
            case EnquiryAssigned():
                clear["intake_id"] = event.practitioner
                content["client"] = event.client
            case EnquiryDeclined() | EnquiryWithdrawn() | EnquiryTakenUp():
                clear["open"] = 0
            case EnquiryQualified():
                clear["therapist_id"] = event.therapist
            case _:
                pass
        _change(content, recorded, event)
        content["version"] = recorded.version
        under = Under(recorded.owner, CLINICAL, recorded.recorded_at)
        rows.put(ENQUIRIES, (event.enquiry,), clear, content, under, recorded.position)


@dataclass(frozen=True, slots=True)
class Step:
    """What happened in an enquiry: which act, by whom, when; words still closed."""

    act: str
    by: str
    at: datetime
    occurred_at: datetime
    words: FreeText | None
    facts: dict[str, str]


@dataclass(frozen=True, slots=True)
class Waiting:
    """For what somebody waits, how urgently, since when, and whether a place is offered."""

    priority: str
    format: str | None
    words: FreeText
    since: datetime
    offered: bool


@dataclass(frozen=True, slots=True)
class EnquiryLine:
    """An enquiry as its intake person sees it."""

    id: str
    version: int
    client: str
    intake: str
    channel: str
    received_at: datetime
    words: FreeText
    format: str | None
    source: FreeText | None
    consultations: int
    status: str
    therapist: str | None
    case: str | None
    waiting: Waiting | None
    history: tuple[Step, ...]


class Enquiries:
    """The queries of enquiries: first which, then, once the look is recorded, what they say."""

    def __init__(self, view: str, store: ViewStore) -> None:
        self._view = view
        self._store = store

    def of(self, practitioner: str) -> list[str]:
        """The open enquiries that are somebody's: as intake person, or named as therapist."""
        found = (
            self._store.select(ENQUIRIES, {name: practitioner, "open": 1}, limit=_MOST)
            for name in ("intake_id", "therapist_id")
        )
        return list(dict.fromkeys(str(row.key[0]) for rows in found for row in rows))

    def one(self, enquiry: str, opening: Opening) -> EnquiryLine | None:
        """One enquiry.

        Raises:
            Sealed: The person was erased.
        """
        row = self._store.load(ENQUIRIES, (enquiry,))
        if row is None:
            return None
        return _line(row, opening.cell(row.cell, self._place(row)))

    def lines(self, enquiries: Iterable[str], opening: Opening) -> list[EnquiryLine]:
        """These enquiries, those that came first first; without whoever was erased."""
        loaded = (self._store.load(ENQUIRIES, (each,)) for each in enquiries)
        rows = [row for row in loaded if row is not None]
        contents = opening.cells((row.cell, self._place(row)) for row in rows)
        found = zip(rows, contents, strict=True)
        lines = [_line(row, content) for row, content in found if content is not None]
        return sorted(lines, key=lambda each: (each.received_at, each.id))

    def _place(self, row: StoredRow) -> Place:
        return Place(self._view, ENQUIRIES.name, row.key, row.position)


def waiting_list(lines: Iterable[EnquiryLine]) -> list[EnquiryLine]:
    """Whoever waits: the most urgent first, and among those who came to the list first."""
    waits = [(each.waiting, each) for each in lines if each.waiting is not None]
    in_order = sorted(waits, key=lambda pair: (_ORDER[pair[0].priority], pair[0].since, pair[1].id))
    return [each for _, each in in_order]


def _change(content: Content, recorded: Recorded, event: EnquiryEvent) -> None:
    match event:
        case EnquiryReceived():
            content["received"] = {
                "channel": event.channel.value,
                "at": to_ms(event.occurred_at),
                "words": event.words.sealed,
                "format": event.format and event.format.value,
                "source": event.source and event.source.sealed,
            }
        case EnquiryAssigned():
            _step(content, recorded, "assigned", None, {"practitioner": event.practitioner})
        case EnquiryConsultationHeld():
            _step(content, recorded, "consultation-held", event.words, {})
        case EnquiryQualified():
            content["therapist"] = event.therapist
            _step(content, recorded, "qualified", event.reason, _qualified(event))
        case EnquiryWaitlisted() | EnquiryPlaceOffered() | EnquiryOfferDeclined():
            _wait(content, recorded, event)
        case EnquiryDeclined():
            _step(content, recorded, "declined", event.reason, {"because": event.because.value})
        case EnquiryWithdrawn():
            _step(content, recorded, "withdrawn", event.reason, {})
        case EnquiryTakenUp():
            content["case"] = event.case
            _step(content, recorded, "taken-up", None, {"case": event.case})


def _wait(
    content: Content,
    recorded: Recorded,
    event: EnquiryWaitlisted | EnquiryPlaceOffered | EnquiryOfferDeclined,
) -> None:
    match event:
        case EnquiryWaitlisted():
            before = content.get("waiting") or {}
            content["waiting"] = {
                "priority": event.priority.value,
                "format": event.format and event.format.value,
                "words": event.words.sealed,
                "since": before.get("since", to_ms(recorded.recorded_at)),
                "offered": before.get("offered", False),
            }
            _step(content, recorded, "waitlisted", event.words, {"priority": event.priority.value})
        case EnquiryPlaceOffered():
            content["waiting"]["offered"] = True
            _step(content, recorded, "place-offered", event.words, {})
        case EnquiryOfferDeclined():
            content["waiting"]["offered"] = False
            _step(content, recorded, "offer-declined", event.words, {})


def _qualified(event: EnquiryQualified) -> dict[str, str]:
    facts = {
        "format": event.format.value,
        "school": event.school and event.school.value,
        "therapist": event.therapist,
        "group": event.group,
    }
    return {name: value for name, value in facts.items() if value is not None}


def _step(
    content: Content, recorded: Recorded, act: str, words: FreeText | None, facts: dict[str, str]
) -> None:
    if act in _STATUS:
        content["status"] = _STATUS[act]
    content["history"].append(
        [
            act,
            recorded.who.actor.id,
            to_ms(recorded.recorded_at),
            to_ms(recorded.occurred_at),
            words and words.sealed,
            facts,
        ]
    )


_STATUS = {
    "qualified": "qualified",
    "declined": "declined",
    "withdrawn": "withdrawn",
    "taken-up": "taken-up",
}


def _line(row: StoredRow, content: Content) -> EnquiryLine:
    received, waits = content["received"], content.get("waiting")
    history = tuple(_read(each) for each in content["history"])
    return EnquiryLine(
        id=str(row.key[0]),
        version=content["version"],
        client=content["client"],
        intake=str(row.clear[0]),
        channel=received["channel"],
        received_at=from_ms(received["at"]),
        words=FreeText(sealed=received["words"]),
        format=received["format"],
        source=_closed(received["source"]),
        consultations=sum(each.act == "consultation-held" for each in history),
        status=content.get("status", "received"),
        therapist=content.get("therapist"),
        case=content.get("case"),
        waiting=None if waits is None or not row.clear[2] else _waiting(waits),
        history=history,
    )


def _waiting(stored: Content) -> Waiting:
    return Waiting(
        priority=stored["priority"],
        format=stored["format"],
        words=FreeText(sealed=stored["words"]),
        since=from_ms(stored["since"]),
        offered=stored["offered"],
    )


def _read(stored: list[Any]) -> Step:
    act, by, at, occurred, words, facts = stored
    return Step(act, by, from_ms(at), from_ms(occurred), _closed(words), facts)


def _closed(sealed: bytes | None) -> FreeText | None:
    return None if sealed is None else FreeText(sealed=sealed)
