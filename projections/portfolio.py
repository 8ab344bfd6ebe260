"""Portfolios and declared conflicts: what each practitioner keeps of herself, one row each.

A row lies under the label of its event: what is frame (qualifications, certificates, limits, the
kind of a conflict) opens for whoever the routes show it to; training, the attestation of own
therapy, and whom a conflict is with open with the practitioner's own key alone. The key of a row
does not say which of them it is.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from domain.confidentiality import FRAME, KeyPurpose
from domain.errors import NotThere
from domain.events.conflict import ConflictDeclared, ConflictDescribed, ConflictWithdrawn
from domain.events.portfolio import (
    CertificateGranted,
    CertificateRenewed,
    LimitDeclared,
    LimitLifted,
    LimitReached,
    OwnTherapyAttested,
    QualificationRecorded,
    TrainingCompleted,
)
from domain.ports import Opening, Recorded
from domain.rows import Content, Place, StoredRow, Table, Under, ViewStore
from domain.values import FreeText
from projections.projection import Rows
from projections.times import from_ms, to_ms

KEPT = Table("kept", key=("practitioner_id", "item_id"))
_MOST = 100_000
_PERSON = "person"


@dataclass(frozen=True, slots=True)
class Kept:
    """Something that a practitioner keeps: of which kind, since when, and what it says."""

    id: str
    practitioner: str
    kind: str
    recorded_at: datetime
    content: Content


class PortfolioProjection:
    """How events change what is kept."""

    name = "portfolio-1"
    tables = (KEPT,)
    purposes = frozenset({KeyPurpose.RELATIONSHIP, KeyPurpose.STAFF})

    def apply(self, recorded: Recorded, rows: Rows) -> None:
        """Let one event change rows."""
        match recorded.event:
            case QualificationRecorded() as event:
                content: Content = {
                    "kind": event.kind.value,
                    "title": event.title,
                    "issuer": event.issuer,
                    "obtained_on": event.obtained_on.isoformat(),
                }
                _put(recorded, rows, event.qualification, "qualification", content)
            case CertificateGranted() as event:
                content = {
                    "title": event.title,
                    "issuer": event.issuer,
                    "number": event.number,
                    "granted_on": event.granted_on.isoformat(),
                    "expires_on": event.expires_on and event.expires_on.isoformat(),
                    "renewed_on": None,
                }
                _put(recorded, rows, event.certificate, "certificate", content)
            case CertificateRenewed() as event:
                news = {
                    "expires_on": event.expires_on.isoformat(),
                    "renewed_on": event.renewed_on.isoformat(),
                }
                _change(recorded, rows, event.practitioner, event.certificate, news)
            case TrainingCompleted() as event:
                content = {
                    "title": event.title,
                    "provider": event.provider,
                    "completed_on": event.completed_on.isoformat(),
                    "minutes": event.minutes,
                    "points": event.points,
                }
                _put(recorded, rows, event.training, "training", content)
            case OwnTherapyAttested() as event:
                content = {
                    "first_on": event.first_on.isoformat(),
                    "last_on": event.last_on.isoformat(),
                    "hours": event.hours,
                }
                _put(recorded, rows, event.attestation, "own-therapy", content)
            case LimitDeclared() | LimitLifted() | LimitReached():
                _limit(recorded, rows, recorded.event)
            case ConflictDeclared() | ConflictDescribed() | ConflictWithdrawn():
                _conflict(recorded, rows, recorded.event)
            case _:
                pass


def _limit(
    recorded: Recorded, rows: Rows, event: LimitDeclared | LimitLifted | LimitReached
) -> None:
    match event:
        case LimitDeclared():
            content: Content = {
                "area": event.area and event.area.value,
                "format": event.format and event.format.value,
                "youngest": event.youngest,
                "oldest": event.oldest,
                "lifted": False,
                "reached": [],
            }
            _put(recorded, rows, event.limit, "limit", content)
        case LimitLifted():
            _change(recorded, rows, event.practitioner, event.limit, {"lifted": True})
        case LimitReached():
            found = rows.get(KEPT, (event.practitioner, event.limit))
            reached = [*(found[1]["reached"] if found else ()), event.case]
            _change(recorded, rows, event.practitioner, event.limit, {"reached": reached})


def _conflict(
    recorded: Recorded, rows: Rows, event: ConflictDeclared | ConflictDescribed | ConflictWithdrawn
) -> None:
    match event:
        case ConflictDeclared():
            content: Content = {"of": event.kind.value, "withdrawn": None}
            _put(recorded, rows, event.conflict, "conflict", content)
        case ConflictDescribed():
            # Beside the row of the conflict, which others may open.
            item = rows.fingerprint("row", f"{event.conflict}/{_PERSON}")
            content = {"conflict": event.conflict, "words": event.person.sealed}
            _put(recorded, rows, item, _PERSON, content)
        case ConflictWithdrawn():
            news = {"withdrawn": to_ms(recorded.recorded_at)}
            _change(recorded, rows, event.practitioner, event.conflict, news)


def _put(recorded: Recorded, rows: Rows, item: str, kind: str, content: Content) -> None:
    base: Content = {"item": kind, "recorded": to_ms(recorded.recorded_at)}
    under = Under(recorded.owner, recorded.label, recorded.recorded_at)
    rows.put(KEPT, (recorded.owner.id, item), {}, {**base, **content}, under, recorded.position)


def _change(recorded: Recorded, rows: Rows, whose: str, item: str, news: Content) -> None:
    found = rows.get(KEPT, (whose, item))
    if found is not None:
        under = Under(recorded.owner, FRAME, recorded.recorded_at)
        rows.put(KEPT, (whose, item), {}, {**found[1], **news}, under, recorded.position)


class Portfolios:
    """The queries of what is kept; each shows what its opening opens."""

    def __init__(self, view: str, store: ViewStore) -> None:
        self._view = view
        self._store = store

    def of(self, practitioner: str, opening: Opening) -> list[Kept]:
        """Everything that a practitioner keeps, to herself."""
        rows = self._store.select(KEPT, {"practitioner_id": practitioner}, limit=_MOST)
        return self._open(rows, opening, closed=False)

    def qualifications(self, practitioner: str, opening: Opening) -> list[Kept]:
        """What an administrator sees: qualifications, and certificates with their expiry."""
        rows = self._store.select(KEPT, {"practitioner_id": practitioner}, limit=_MOST)
        return self._only(rows, opening, "qualification", "certificate")

    def conflicts(self, opening: Opening) -> list[Kept]:
        """What a compliance officer sees: that conflicts were declared, by whom, of what kind."""
        return self._only(self._store.every(KEPT), opening, "conflict")

    def _only(self, rows: Iterable[StoredRow], opening: Opening, *kinds: str) -> list[Kept]:
        return [each for each in self._open(rows, opening, closed=True) if each.kind in kinds]

    def _open(self, rows: Iterable[StoredRow], opening: Opening, *, closed: bool) -> list[Kept]:
        """What opens; where some of it is for somebody else, that stays ``closed``."""
        found = []
        for row in rows:
            place = Place(self._view, KEPT.name, row.key, row.position)
            content = _cell(opening, row, place, closed=closed)
            if content is not None:
                whose, item = map(str, row.key)
                at = from_ms(content["recorded"])
                found.append(Kept(item, whose, content["item"], at, content))
        return sorted(found, key=lambda each: (each.recorded_at, each.id))


def _cell(opening: Opening, row: StoredRow, place: Place, *, closed: bool) -> Content | None:
    try:
        return opening.cell(row.cell, place)
    except NotThere:
        if closed:
            return None
        raise


def persons(kept: Iterable[Kept]) -> dict[str, FreeText]:
    """Whom each conflict is with, for the declarer, whose key opens it."""
    return {
        each.content["conflict"]: FreeText(sealed=each.content["words"])
        for each in kept
        if each.kind == _PERSON
    }
