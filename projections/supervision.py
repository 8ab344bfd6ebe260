"""Supervision as each who takes part in it finds it: arranged, held; marks, packs, advice.

One row for each reader of each thing; which thing it is, the row does not say in the clear. What
concerns a case lies under the keys of the case's owner and goes with them; how a pack leads back to
the record lies under its author's own.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from domain.confidentiality import SUPERVISION, KeyPurpose, Label, label_for
from domain.events.case_pack import (
    CasePackConfirmed,
    CasePackDrafted,
    CasePackHandedOver,
    CasePackIssued,
    CasePackLinked,
    CasePackRevoked,
)
from domain.events.supervision import (
    SupervisionAdviceRecorded,
    SupervisionArranged,
    SupervisionCaseBrought,
    SupervisionCaseMarked,
    SupervisionEnded,
    SupervisionHeld,
)
from domain.ports import Opening, Recorded
from domain.rows import Content, Place, StoredRow, Table, Under, ViewStore
from domain.values import FreeText
from projections.chart.rows import sections
from projections.projection import Rows
from projections.times import from_ms, to_ms

READERS = Table("readers", key=("reader_id", "item_id"), clear=("case_id",))
_MOST = 100_000
_NO_CASE = ""


class Reading(NamedTuple):
    """A row that somebody may read: which, and of which case, if of one."""

    item: str
    case: str


@dataclass(frozen=True, slots=True)
class Found:
    """Something of a supervision: of which kind, at which version, and what it says."""

    id: str
    case: str
    kind: str
    version: int
    recorded_at: datetime
    content: Content

    def texts(self) -> list[tuple[str, FreeText]]:
        """The words of a pack, by the kind of the item that they were."""
        return [(code, FreeText(sealed=sealed)) for code, sealed in self.content["sections"]]


class SupervisionProjection:
    """How events change what is found."""

    name = "supervision-1"
    tables = (READERS,)
    purposes = frozenset(
        {KeyPurpose.RELATIONSHIP, KeyPurpose.CLINICAL, KeyPurpose.CASE, KeyPurpose.STAFF}
    )

    def apply(self, recorded: Recorded, rows: Rows) -> None:
        """Let one event change rows."""
        match recorded.event:
            case SupervisionArranged() | SupervisionHeld() | SupervisionEnded():
                _arranged(recorded, rows, recorded.event)
            case SupervisionCaseMarked() | SupervisionCaseBrought() | SupervisionAdviceRecorded():
                _of_case(recorded, rows, recorded.event)
            case CasePackDrafted() as event:
                content: Content = {
                    "author": event.author,
                    "supervision": event.supervision,
                    "supervisor": event.supervisor,
                    "identified": event.identified,
                    "items": list(event.items),
                    "sections": sections(event.sections),
                    "confirmed": False,
                    "expires": None,
                    "handed": [],
                    "revoked": False,
                }
                place = (event.pack, event.case)
                _put(recorded, rows, [event.author], place, "case-pack", content, SUPERVISION)
            case CasePackLinked() as event:
                link = {
                    "pack": event.pack,
                    "offset": event.offset_days,
                    "aliases": [[each.alias, each.client] for each in event.aliases],
                }
                item = rows.fingerprint("row", f"{event.pack}/link")
                _put(recorded, rows, [event.author], (item, _NO_CASE), "link", link)
            case CasePackConfirmed() as event:
                _change(recorded, rows, event.author, event.pack, {"confirmed": True})
            case CasePackIssued() as event:
                news = {"expires": to_ms(event.expires_at)}
                _change(recorded, rows, event.author, event.pack, news, SUPERVISION)
                found = rows.get(READERS, (event.author, event.pack))
                if found and event.supervisor:
                    # From now on, and not before, it is there for whoever it is for.
                    place = (event.pack, event.case)
                    _put(
                        recorded,
                        rows,
                        [event.supervisor],
                        place,
                        "case-pack",
                        found[1],
                        SUPERVISION,
                    )
            case CasePackHandedOver() as event:
                at = to_ms(event.occurred_at)
                entry = [event.entry, event.recipient, at, event.page]
                found = rows.get(READERS, (event.author, event.pack))
                handed = [*(found[1]["handed"] if found else ()), entry]
                _change(recorded, rows, event.author, event.pack, {"handed": handed})
            case CasePackRevoked() as event:
                _change(recorded, rows, event.author, event.pack, {"revoked": True}, SUPERVISION)
            case _:
                pass


def _arranged(
    recorded: Recorded,
    rows: Rows,
    event: SupervisionArranged | SupervisionHeld | SupervisionEnded,
) -> None:
    match event:
        case SupervisionArranged():
            outside = event.outside
            content: Content = {
                "form": event.form.value,
                "supervisees": list(event.supervisees),
                "supervisor": event.supervisor,
                "outside": outside
                and [
                    outside.name,
                    outside.credentials,
                    outside.contract,
                    outside.secrecy_on.isoformat(),
                ],
                "starts_on": event.starts_on.isoformat(),
                "ended_on": None,
                "by": event.arranged_by,
            }
            readers = [*event.supervisees, *([event.supervisor] if event.supervisor else ())]
            place = (event.supervision, _NO_CASE)
            _put(recorded, rows, readers, place, "supervision", content)
        case SupervisionHeld():
            content = {
                "supervision": event.supervision,
                "at": to_ms(event.occurred_at),
                "minutes": event.minutes,
                "packs": list(event.packs),
            }
            place = (event.meeting, _NO_CASE)
            _put(recorded, rows, event.participants, place, "meeting", content)
            _everybody(recorded, rows, event.supervision, {})
        case SupervisionEnded():
            _everybody(recorded, rows, event.supervision, {"ended_on": event.on.isoformat()})


def _everybody(recorded: Recorded, rows: Rows, supervision: str, news: Content) -> None:
    """Change a supervision for each who takes part; whoever arranged it is among them."""
    found = rows.get(READERS, (recorded.owner.id, supervision))
    if found is not None:
        supervisor = found[1]["supervisor"]
        for each in (*found[1]["supervisees"], *([supervisor] if supervisor else ())):
            _change(recorded, rows, each, supervision, news)


def _of_case(
    recorded: Recorded,
    rows: Rows,
    event: SupervisionCaseMarked | SupervisionCaseBrought | SupervisionAdviceRecorded,
) -> None:
    match event:
        case SupervisionCaseMarked():
            content: Content = {"words": event.question.sealed, "brought": False}
            _put(recorded, rows, [event.author], (event.mark, event.case), "mark", content)
        case SupervisionCaseBrought():
            _change(recorded, rows, event.author, event.mark, {"brought": True})
        case SupervisionAdviceRecorded():
            readers = dict.fromkeys((event.author, event.supervisor))
            content = {
                "words": event.words.sealed,
                "author": event.author,
                "supervision": event.supervision,
            }
            place = (event.advice, event.case)
            _put(recorded, rows, [each for each in readers if each], place, "advice", content)


def _put(
    recorded: Recorded,
    rows: Rows,
    readers: Iterable[str],
    place: tuple[str, str],
    kind: str,
    content: Content,
    label: Label | None = None,
) -> None:
    item, case = place
    under = _under(recorded, label)
    at = to_ms(recorded.recorded_at)
    base: Content = {"item": kind, "version": recorded.version, "recorded": at}
    for reader in readers:
        clear = {"case_id": case}
        rows.put(READERS, (reader, item), clear, {**content, **base}, under, recorded.position)


def _change(
    recorded: Recorded,
    rows: Rows,
    reader: str,
    item: str,
    news: Content,
    label: Label | None = None,
) -> None:
    """Change what one reader finds; of a pack, what its supervisor reads never changes."""
    found = rows.get(READERS, (reader, item))
    if found is not None:
        content = {**found[1], **news, "version": recorded.version}
        under = _under(recorded, label)
        rows.put(READERS, (reader, item), found[0], content, under, recorded.position)


def _under(recorded: Recorded, label: Label | None) -> Under:
    """Under the label of the event, or of what the row says where the event is but its frame."""
    owner = recorded.owner
    own = recorded.label if label is None else label_for(label, owner)
    return Under(owner, own, recorded.recorded_at)


class Supervisions:
    """The queries of supervision: first which rows, then, once recorded, what they say."""

    def __init__(self, view: str, store: ViewStore) -> None:
        self._view = view
        self._store = store

    def readings(self, reader: str) -> list[Reading]:
        """What somebody may have to read, still sealed."""
        rows = self._store.select(READERS, {"reader_id": reader}, limit=_MOST)
        return [Reading(str(row.key[1]), str(row.clear[0])) for row in rows]

    def link(self, author: str, pack: str, opening: Opening) -> Found | None:
        """How a pack leads back to the record, for its author."""
        items = [each.item for each in self.readings(author) if not each.case]
        found = self.open(author, items, opening)
        return next(
            (each for each in found if each.kind == "link" and each.content["pack"] == pack), None
        )

    def meetings(self, reader: str, opening: Opening) -> list[Found]:
        """Where somebody was supervised; these are frame, which every opening opens."""
        items = [each.item for each in self.readings(reader) if not each.case]
        return [each for each in self.open(reader, items, opening) if each.kind == "meeting"]

    def open(self, reader: str, items: Iterable[str], opening: Opening) -> list[Found]:
        """What some of it says, in the order in which it was recorded."""
        rows = [row for each in items if (row := self._store.load(READERS, (reader, each)))]
        places = (Place(self._view, READERS.name, row.key, row.position) for row in rows)
        contents = opening.cells(zip((row.cell for row in rows), places, strict=True))
        found = [
            _found(row, content)
            for row, content in zip(rows, contents, strict=True)
            if content is not None
        ]
        return sorted(found, key=lambda each: (each.recorded_at, each.id))


def _found(row: StoredRow, content: Content) -> Found:
    return Found(
        id=str(row.key[1]),
        case=str(row.clear[0]),
        kind=content["item"],
        version=content["version"],
        recorded_at=from_ms(content["recorded"]),
        content=content,
    )


def minutes_by_year(found: Iterable[Found]) -> dict[int, int]:
    """How many minutes of supervision were held in each year."""
    minutes: dict[int, int] = {}
    for each in found:
        if each.kind == "meeting":
            year = from_ms(each.content["at"]).year
            minutes[year] = minutes.get(year, 0) + each.content["minutes"]
    return minutes
