"""A group in the chart: its plan, its agreement, its preparatory meetings; and its candidates.

A candidate's row stands by itself, under her own id and her own key: a look at the case opens
nothing of it, and when her key is destroyed nothing says that she was ever considered.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from domain.candidate import Standing, in_line
from domain.events.group import (
    GroupAcquaintancesChecked,
    GroupAgreementAccepted,
    GroupAgreementMade,
    GroupBegun,
    GroupCandidateAccepted,
    GroupCandidateDeclined,
    GroupCandidateNamed,
    GroupCandidateScreened,
    GroupCandidateWaitlisted,
    GroupCandidateWithdrew,
    GroupClosed,
    GroupOpened,
    GroupPreparatoryMeetingHeld,
    GroupRevised,
)
from domain.ports import Recorded
from domain.rows import Content
from domain.values import FreeText, ItemId
from projections.chart.rows import begin, change
from projections.joint import Member
from projections.projection import Rows
from projections.times import from_ms, to_ms

if TYPE_CHECKING:
    from projections.chart.queries import ChartItem

GROUP, CANDIDATE = "group", "candidate"


@dataclass(frozen=True, slots=True)
class Plan:
    """For whom a group is, as it was planned at a time; closed texts."""

    by: str
    at: datetime
    group_kind: str
    least: int
    most: int
    inclusion: FreeText | None
    exclusion: FreeText | None
    setting: FreeText | None


@dataclass(frozen=True, slots=True)
class Meeting:
    """A preparatory meeting; ``present`` are candidacies."""

    by: str
    occurred_at: datetime
    present: tuple[str, ...]
    words: FreeText | None


@dataclass(frozen=True, slots=True)
class Agreement:
    """The confidentiality agreement; ``terms`` is the version that members agree to."""

    by: str
    at: datetime
    terms: int
    words: FreeText | None


@dataclass(frozen=True, slots=True)
class GroupLine:
    """A group: the newest plan and agreement stand."""

    id: str
    version: int
    plans: tuple[Plan, ...]
    agreements: tuple[Agreement, ...]
    meetings: tuple[Meeting, ...]
    begun_at: datetime | None
    closed_at: datetime | None
    closing_words: FreeText | None


@dataclass(frozen=True, slots=True)
class Step:
    """Something that was found or decided about a candidate, in the order of its recording."""

    what: str
    by: str
    at: datetime
    finding: str | None
    knows: tuple[str, ...]
    words: FreeText | None


@dataclass(frozen=True, slots=True)
class CandidateLine:
    """A candidate; ``place`` and ``waiting_since`` where she waits."""

    id: str
    version: int
    standing: str
    place: int | None
    waiting_since: datetime | None
    agreed_to: int | None
    words: FreeText | None
    steps: tuple[Step, ...]


# What events change


def apply(recorded: Recorded, rows: Rows) -> None:
    """Let an event change the row of a group, or of a candidate for one."""
    event = recorded.event
    match event:
        case GroupOpened():
            content: Content = {
                "plans": [_plan(recorded, event)],
                "agreements": [],
                "meetings": [],
                "begun": None,
                "closed": None,
            }
            begin(recorded, rows, event.case, event.group, GROUP, content)
        case (
            GroupRevised()
            | GroupPreparatoryMeetingHeld()
            | GroupAgreementMade()
            | GroupBegun()
            | GroupClosed()
        ):
            how = partial(_change_group, recorded=recorded, event=event)
            change(recorded, rows, event.case, event.group, how)
        case GroupCandidateNamed():
            content = {
                "standing": Standing.NAMED.value,
                "place": None,
                "waiting": None,
                "agreed": None,
                "words": _sealed(event.words),
                "steps": [],
            }
            begin(recorded, rows, event.candidate, event.candidate, CANDIDATE, content)
        case (
            GroupCandidateScreened()
            | GroupAcquaintancesChecked()
            | GroupCandidateAccepted()
            | GroupCandidateDeclined()
            | GroupCandidateWaitlisted()
            | GroupCandidateWithdrew()
            | GroupAgreementAccepted()
        ):
            how = partial(_change_candidate, recorded=recorded, event=event)
            change(recorded, rows, event.candidate, event.candidate, how)
        case _:
            pass


def _change_group(
    content: Content,
    recorded: Recorded,
    event: GroupRevised
    | GroupPreparatoryMeetingHeld
    | GroupAgreementMade
    | GroupBegun
    | GroupClosed,
) -> None:
    at = to_ms(recorded.recorded_at)
    match event:
        case GroupRevised():
            content["plans"].append(_plan(recorded, event))
        case GroupPreparatoryMeetingHeld():
            held = [event.author, to_ms(event.occurred_at), list(event.present)]
            content["meetings"].append([*held, _sealed(event.words)])
        case GroupAgreementMade():
            made = [event.author, at, recorded.version, event.words.sealed]
            content["agreements"].append(made)
        case GroupBegun():
            content["begun"] = to_ms(event.occurred_at)
        case GroupClosed():
            content["closed"] = [at, _sealed(event.words)]


_STANDINGS: dict[type, Standing] = {
    GroupCandidateAccepted: Standing.ACCEPTED,
    GroupCandidateDeclined: Standing.DECLINED,
    GroupCandidateWaitlisted: Standing.WAITING,
    GroupCandidateWithdrew: Standing.WITHDREW,
}


def _change_candidate(
    content: Content,
    recorded: Recorded,
    event: GroupCandidateScreened
    | GroupAcquaintancesChecked
    | GroupCandidateAccepted
    | GroupCandidateDeclined
    | GroupCandidateWaitlisted
    | GroupCandidateWithdrew
    | GroupAgreementAccepted,
) -> None:
    at = to_ms(recorded.recorded_at)
    finding: str | None = None
    knows: tuple[ItemId, ...] = ()
    words: FreeText | None = None
    match event:
        case GroupCandidateScreened():
            finding, words, at = event.suitability.value, event.words, to_ms(event.occurred_at)
        case GroupAcquaintancesChecked():
            finding, knows, words = event.decision.value, event.knows, event.words
        case GroupAgreementAccepted():
            content["agreed"], at = event.terms, to_ms(event.occurred_at)
        case _:
            content["standing"] = _STANDINGS[type(event)].value
            words = event.words
    if isinstance(event, GroupCandidateWaitlisted):
        content["place"] = event.place
        content["waiting"] = content["waiting"] or at
    what = event.NAME.partition(".")[2].replace("_", "-")
    content["steps"].append([what, event.author, at, finding, list(knows), _sealed(words)])


def _plan(recorded: Recorded, event: GroupOpened | GroupRevised) -> list[Any]:
    texts = [event.inclusion.sealed, _sealed(event.exclusion), _sealed(event.setting)]
    limits = [event.kind.value, event.size.least, event.size.most]
    return [event.author, to_ms(recorded.recorded_at), *limits, *texts]


def _sealed(words: FreeText | None) -> bytes | None:
    return None if words is None else words.sealed


# What rows say


def group_line(item: ChartItem) -> GroupLine:
    """The group that an item is."""
    content = item.content
    closed = content["closed"]
    return GroupLine(
        id=item.id,
        version=item.version,
        plans=tuple(
            Plan(by, from_ms(at), kind, least, most, *map(_closed, texts))
            for by, at, kind, least, most, *texts in content["plans"]
        ),
        agreements=tuple(
            Agreement(by, from_ms(at), terms, _closed(words))
            for by, at, terms, words in content["agreements"]
        ),
        meetings=tuple(
            Meeting(by, from_ms(at), tuple(present), _closed(words))
            for by, at, present, words in content["meetings"]
        ),
        begun_at=None if content["begun"] is None else from_ms(content["begun"]),
        closed_at=None if closed is None else from_ms(closed[0]),
        closing_words=None if closed is None else _closed(closed[1]),
    )


def candidate_line(item: ChartItem) -> CandidateLine:
    """The candidate that an item is."""
    content = item.content
    waiting = content["standing"] == Standing.WAITING
    return CandidateLine(
        id=item.id,
        version=item.version,
        standing=content["standing"],
        place=content["place"] if waiting else None,
        waiting_since=from_ms(content["waiting"]) if waiting else None,
        agreed_to=content["agreed"],
        words=_closed(content["words"]),
        steps=tuple(
            Step(what, by, from_ms(at), finding, tuple(knows), _closed(words))
            for what, by, at, finding, knows, words in content["steps"]
        ),
    )


def waiting_list(candidates: Iterable[CandidateLine]) -> tuple[str, ...]:
    """Those who wait, in their order."""
    return in_line(
        (ItemId(each.id), each.place, each.waiting_since)
        for each in candidates
        if each.waiting_since is not None
    )


def composition(members: Iterable[Member], at: datetime) -> tuple[Member, ...]:
    """Who took part at an instant; of somebody erased the place is known, and no more."""
    return tuple(
        each
        for each in members
        if each.joined_at <= at and (each.left_at is None or at < each.left_at)
    )


def _closed(sealed: bytes | None) -> FreeText | None:
    return None if sealed is None else FreeText(sealed=sealed)
