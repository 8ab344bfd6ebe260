"""Staff: who works here, with title, standing and roles; what an administrator manages."""

from __future__ import annotations

from dataclasses import dataclass

from domain.confidentiality import FRAME, KeyPurpose
from domain.events.practitioner import (
    CustodianAppointed,
    PractitionerDeparted,
    PractitionerRegistered,
    PractitionerRolesChanged,
)
from domain.ports import Opening, Recorded
from domain.rows import Content, Place, Table, Under, ViewStore
from projections.projection import Rows

STAFF = Table("staff", key=("practitioner_id",))


@dataclass(frozen=True, slots=True)
class StaffLine:
    """Somebody who works, or worked, here."""

    id: str
    version: int
    name: str
    title: str
    registration: tuple[str, str | None, str | None]
    roles: tuple[str, ...]
    school: str | None
    departed: bool


class StaffProjection:
    """How events change the list of staff."""

    name = "staff-1"
    tables = (STAFF,)
    purposes = frozenset({KeyPurpose.RELATIONSHIP})

    def apply(self, recorded: Recorded, rows: Rows) -> None:
        """Let one event change rows."""
        match recorded.event:
            case PractitionerRegistered() as event:
                standing = event.registration
                self._put(
                    recorded,
                    rows,
                    {
                        "name": f"{event.given_name} {event.family_name}",
                        "title": event.title,
                        "registration": [standing.kind.value, standing.number, standing.issuer],
                        "roles": [each.value for each in event.roles],
                        "school": event.school and event.school.value,
                        "departed": False,
                    },
                )
            case PractitionerRolesChanged() as event:
                self._put(recorded, rows, {"roles": [each.value for each in event.roles]})
            case PractitionerDeparted():
                self._put(recorded, rows, {"departed": True})
            case CustodianAppointed():
                self._put(recorded, rows, {})
            case _:
                pass

    @staticmethod
    def _put(recorded: Recorded, rows: Rows, news: Content) -> None:
        found = rows.get(STAFF, (recorded.stream,))
        content = {**(found[1] if found else {}), **news, "version": recorded.version}
        under = Under(recorded.owner, FRAME, recorded.recorded_at)
        rows.put(STAFF, (recorded.stream,), {}, content, under, recorded.position)


class Staff:
    """The query of the list of staff."""

    def __init__(self, view: str, store: ViewStore) -> None:
        self._view = view
        self._store = store

    def all(self, opening: Opening) -> list[StaffLine]:
        """Everybody, in the order of their ids."""
        lines = []
        for row in self._store.every(STAFF):
            content = opening.cell(row.cell, Place(self._view, STAFF.name, row.key, row.position))
            kind, number, issuer = content["registration"]
            lines.append(
                StaffLine(
                    id=str(row.key[0]),
                    version=content["version"],
                    name=content["name"],
                    title=content["title"],
                    registration=(kind, number, issuer),
                    roles=tuple(content["roles"]),
                    school=content["school"],
                    departed=content["departed"],
                )
            )
        return lines
