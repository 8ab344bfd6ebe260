"""What a joint case has beside its common words: its members, their parts, who was there.

Each member's alias, parts and attendance stand in rows of her own, under her own key: when that is
destroyed they are gone, and the rest of the case is whole (docs of the design: security, section
1.8). That a part once stood there the common note still says, by an alias that nobody can resolve.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from domain.events.case import CaseMemberJoined, CaseMemberLeft, CaseOpened
from domain.events.client import ClientAliasGiven
from domain.events.session import SessionAttendanceRecorded, SessionPartRecorded
from domain.ports import Recorded
from domain.rows import Content, Table, Under
from domain.values import Format, FreeText
from projections.projection import Rows
from projections.times import from_ms, to_ms

MEMBERS = Table("members", key=("case_id", "client_id"))


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody who takes part, or took part; without an alias nobody can say as whom."""

    client: str
    alias: str | None
    joined_at: datetime
    left_at: datetime | None


@dataclass(frozen=True, slots=True)
class Part:
    """What of a note concerns one member; without a text it has been made unreadable."""

    alias: str
    text: FreeText | None


@dataclass(frozen=True, slots=True)
class Roster:
    """By what aliases a joint case speaks of people, and who they are as far as anybody can say."""

    aliases: tuple[str, ...]
    members: tuple[Member, ...]


# What events change


def apply(recorded: Recorded, rows: Rows, items: Table) -> None:
    """Let an event change the rows of one member; her parts and attendance are among ``items``."""
    under = Under(recorded.owner, recorded.label, recorded.recorded_at)
    match recorded.event:
        case ClientAliasGiven() as event:
            key = (event.case, recorded.stream)
            rows.put(MEMBERS, key, {}, {"alias": event.alias}, under, recorded.position)
        case SessionPartRecorded() as event:
            rows.put(items, (event.case, event.part), {}, _part(event), under, recorded.position)
        case SessionAttendanceRecorded() as event:
            content = _attendance(recorded, event)
            rows.put(items, (event.case, event.attendance), {}, content, under, recorded.position)
        case _:
            pass


def begun(recorded: Recorded, event: CaseOpened) -> list[list[object]]:
    """The members with whom a case begins; one person's case has no members."""
    if event.format is Format.INDIVIDUAL:
        return []
    return [[each, to_ms(recorded.recorded_at), None] for each in event.clients]


def change_members(
    content: Content, recorded: Recorded, event: CaseMemberJoined | CaseMemberLeft
) -> None:
    """Let somebody join or leave in a case's content; who comes back has two lines."""
    at = to_ms(recorded.recorded_at)
    if isinstance(event, CaseMemberJoined):
        content["clients"].append(event.client)
        content["members"].append([event.client, at, None])
        return
    content["clients"].remove(event.client)
    for line in content["members"]:
        if line[0] == event.client and line[2] is None:
            line[2] = at


def _part(event: SessionPartRecorded) -> Content:
    return {"item": "part", "alias": event.alias, "text": event.text.sealed}


def _attendance(recorded: Recorded, event: SessionAttendanceRecorded) -> Content:
    return {
        "item": "attendance",
        "session": event.session,
        "alias": event.alias,
        "present": event.present,
        "position": recorded.position,
    }


# What rows say


def roster(content: Content, aliases: Mapping[str, str]) -> Roster:
    """The members in a case's content, with the aliases that are in rows of their own."""
    members = (
        Member(client, aliases.get(client), from_ms(joined), left and from_ms(left))
        for client, joined, left in content["members"]
    )
    return Roster(tuple(content["aliases"]), tuple(members))


def parts(content: Content, items: Mapping[str, Content]) -> tuple[Part, ...]:
    """The parts of a note, in the order of their recording; one that is gone has no text."""
    found = []
    for alias, item in content["parts"]:
        own = items.get(item)
        found.append(Part(alias, None if own is None else FreeText(sealed=own["text"])))
    return tuple(found)


def present_at(session: str, items: Iterable[Content]) -> tuple[tuple[str, bool], ...]:
    """Who was there and who was not, by alias; the newest word about somebody stands."""
    of_session = [
        each for each in items if each["item"] == "attendance" and each["session"] == session
    ]
    of_session.sort(key=lambda each: each["position"])
    return tuple(sorted({each["alias"]: bool(each["present"]) for each in of_session}.items()))
