"""What an erasure is about: found in the record, weighed for the gate, told to the ``Shredder``."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from domain import client as client_file, note as note_file
from domain.client import Client
from domain.confidentiality import Class, KeyPurpose, Owner, OwnerKind
from domain.erasure import Erasure, Target
from domain.errors import Invalid, NotThere, ProjectionBehind, WrongState
from domain.events.erasure import ErasureGround, ErasureScope
from domain.events.note import NotePartsAdded
from domain.legal_gate import EXEMPT, Findings
from domain.note import Status
from domain.policy import Act, Standing
from domain.ports import CONTENT, Destruction, Holdings, Recorded, Shredder, Signatures
from domain.retention import Facts, Rules, day_of, kept_until, log_kept_until
from domain.use_cases.attachments import is_withheld
from domain.use_cases.desk import Desk, admit, attempt
from domain.use_cases.finding import queries_that_found
from domain.use_cases.own_items import is_anothers
from domain.values import (
    CaseId,
    Circumstances,
    ClientId,
    FreeText,
    ItemId,
    PractitionerId,
)
from domain.wording import texts_of


@dataclass(frozen=True, slots=True)
class Archive:
    """What erasing needs beside the desk: the shredder, the custodians' signatures, the clocks."""

    shredder: Shredder
    signatures: Signatures
    holdings: Holdings
    rules: Rules


@dataclass(frozen=True, slots=True)
class Item:
    """A note, or one event of it, or of another stream of a case: where, and in which words."""

    case: CaseId
    stream: ItemId
    version: int | None = None


async def found_item(
    desk: Desk, who: Circumstances, ground: ErasureGround, item: Item
) -> tuple[Target, Circumstances]:
    """An item with words in it, once the policy lets the actor ask for its erasure.

    Another one's draft, and anybody's process note, is not there; nor, for a colleague on the team,
    is a recording that is for others, or what another one brings to supervision.

    Raises:
        NotThere, NotPermitted: It is not the actor's to ask for; the denial is recorded.
        Invalid: It is not said which of a case's texts is meant.
        WrongState: A signed note is said to be another client's and has not been moved to her.
    """
    frame, _ = desk.case(item.case)
    actor = PractitionerId(who.actor.id)
    found = tuple(_of_item(desk, item))
    note, _ = desk.record.fold(item.stream, note_file.fold)
    cares = frame is not None and actor in frame.team
    hidden = note is not None and not (note.open_to_team or note.is_for(actor))
    if cares and item.stream != ItemId(item.case):
        # The compliance officer sees to whatever has words; who cares for the case, to her own.
        hidden = is_anothers(desk, who, item.stream, desk.record.history(item.stream))
    stamped = await admit(
        desk,
        who,
        Act.REQUEST_ITEM_ERASURE,
        Standing(on_care_team=cares),
        attempt=attempt("record", item.stream),
        clients=frame.everyone if frame else (),
        exists=frame is not None and not hidden and any(_texts(found)),
    )
    if item.stream == ItemId(item.case) and item.version is None:
        # A case has words of many days and of many people: one of them is meant.
        raise Invalid("text_version", "is missing")
    moved = note is None or note.status in (Status.DRAFT, Status.DISCARDED, Status.MOVED)
    if ground is ErasureGround.WRONG_CLIENT and not moved:
        raise WrongState("The note has not been moved to the right client")
    target = Target(
        clients=tuple(dict.fromkeys(client for each in found for client in each.concerning)),
        case=item.case,
        item=item.stream,
        text_version=item.version,
        author=note.author if note is not None and item.version is None else _author(found),
    )
    return target, stamped


def findings(
    desk: Desk,
    archive: Archive,
    ground: ErasureGround,
    target: Target,
    injury_death_on: date | None = None,
) -> Findings:
    """What the gate weighs, as the record stands now.

    Raises:
        ProjectionBehind: When a client's record was last written in is not known yet.
    """
    today = desk.clock.now().date()
    rules = archive.rules
    if ground in EXEMPT:
        return Findings(today, rules.regime)
    if ground is ErasureGround.CONSENT_WITHDRAWN and _is_closed_recording(desk, target):
        # It was for the time for which she allowed it, and no longer: a hold alone keeps it.
        held = any(_is_held(desk, each) for each in target.clients)
        return Findings(today, rules.regime, (date.min,), held)
    if target.year is not None:
        return Findings(today, rules.regime, log_kept_until=log_kept_until(target.year, rules))
    ends, held = [], False
    for each in target.clients:
        state, _ = desk.record.fold(each, client_file.fold)
        span = archive.holdings.span(each)
        if state is None or span is None:
            raise ProjectionBehind
        last = day_of(span.last)
        facts = Facts(
            first_entry=day_of(span.first),
            last_entry=last,
            services_ended=None if _in_therapy(desk, state) else last,
            birth=state.identity.birth_date if state.identity else None,
            injury_death=injury_death_on,
        )
        ends.append(kept_until(rules.regime, facts))
        held = held or bool(state.holds)
    return Findings(today, rules.regime, tuple(ends), held)


def destruction(desk: Desk, archive: Archive, state: Erasure) -> Destruction:
    """What the ``Shredder`` is to destroy for a request, as the record stands now."""
    target, reason = state.target, state.ground.value
    owners = tuple(Owner(OwnerKind.CLIENT, each) for each in target.clients)
    match state.scope:
        case ErasureScope.ITEM:
            return Destruction(state.id, reason, texts=_texts_of_item(desk, target))
        case ErasureScope.PURPOSE:
            texts = _own_notes(desk, archive, target.clients) + _searches_for(desk, state)
            return Destruction(state.id, reason, owners, (KeyPurpose.CLINICAL,), texts=texts)
        case ErasureScope.CLIENT:
            texts = _own_notes(desk, archive, target.clients) + _searches_for(desk, state)
            return Destruction(state.id, reason, owners, CONTENT, texts=texts)
        case ErasureScope.MEMBER:
            return _of_member(desk, archive, state)
        case ErasureScope.LOG_AGE:
            held = (each for each in archive.holdings.held() if _is_held(desk, each))
            spared = tuple(Owner(OwnerKind.CLIENT, each) for each in held)
            return Destruction(state.id, reason, purposes=(), year=target.year, spared=spared)


def texts_in(found: Iterable[Recorded]) -> tuple[FreeText, ...]:
    """Every closed text in these events, in their order."""
    return tuple(_texts(found))


def _of_member(desk: Desk, archive: Archive, state: Erasure) -> Destruction:
    """A member's parts of a joint case, and as much of the rest as nothing else of hers needs.

    Who takes part in this case alone loses everything, her alias and name among it. Who has a
    record of her own beside it keeps that, and with it her name; what is hers in all joint cases
    lies under one key of hers, so that with several of them only the words of her parts here go.
    """
    case_id, reason = state.target.case, state.ground.value
    if case_id is None:
        raise NotThere
    (client_id,) = state.target.clients
    owner = Owner(OwnerKind.CLIENT, client_id)
    frame, _ = desk.client(client_id)
    others = set(frame.cases if frame else ()) - {case_id}
    case, _ = desk.case(case_id)
    considered = [own for each, own in (case.candidates if case else ()) if each == client_id]
    streams = (*archive.holdings.parts(client_id, case_id), *considered)
    texts = texts_in(each for stream in streams for each in desk.record.history(stream))
    if not others:
        searches = _searches_for(desk, state)
        return Destruction(state.id, reason, (owner,), CONTENT, texts=searches)
    if any(_is_joint(desk, each) for each in others):
        return Destruction(state.id, reason, texts=texts)
    joint = (Class.JOINT,)
    return Destruction(state.id, reason, (owner,), (KeyPurpose.CLINICAL,), joint, texts)


def _own_notes(desk: Desk, archive: Archive, clients: tuple[ClientId, ...]) -> tuple[FreeText, ...]:
    """The words of process notes on cases that are these clients' alone.

    Their authors hold keys to them, which would outlive the clients'.
    """
    cases = [case for each in clients if (frame := desk.client(each)[0]) for case in frame.cases]
    own = [each for each in cases if not _is_joint(desk, each)]
    streams = [stream for each in own for stream in archive.holdings.process_notes(each)]
    return texts_in(each for stream in streams for each in desk.record.history(stream))


def _searches_for(desk: Desk, state: Erasure) -> tuple[FreeText, ...]:
    """What was typed to find these clients before the erasure was asked for.

    It lies under keys of those who typed it. What comes later is left out, so that nobody can undo
    an approval by searching for her.
    """
    asked = desk.record.history(state.id)[0].position
    return tuple(
        text
        for each in state.target.clients
        for text in queries_that_found(desk, each, until=asked)
    )


def _texts_of_item(desk: Desk, target: Target) -> tuple[FreeText, ...]:
    if target.case is None or target.item is None:
        raise NotThere
    found = tuple(_of_item(desk, Item(target.case, target.item, target.text_version)))
    # A joint note's parts stand in streams of their own and belong to it.
    parts = [
        part.part
        for each in found
        if isinstance(each.event, NotePartsAdded)
        for part in each.event.parts
    ]
    return texts_in((*found, *(each for part in parts for each in desk.record.history(part))))


def _of_item(desk: Desk, item: Item) -> Iterator[Recorded]:
    """The events of an item; none where one is a process note, or of another case."""
    found = desk.record.history(item.stream)
    for each in found:
        is_ours = each.event is not None and getattr(each.event, "case", None) == item.case
        if not is_ours or each.label.cls is Class.PROCESS_NOTE:
            return
    yield from (each for each in found if item.version in (None, each.version))


def _texts(found: Iterable[Recorded]) -> Iterator[FreeText]:
    for each in found:
        if each.event is not None:
            yield from texts_of(each.event)


def _author(found: Iterable[Recorded]) -> PractitionerId | None:
    """Who wrote these words: the author that an event names, or whoever recorded it."""
    for each in found:
        named = getattr(each.event, "author", None)
        return PractitionerId(named or each.who.actor.id)
    return None


def _is_closed_recording(desk: Desk, target: Target) -> bool:
    """Whether it is a recording to which consent, or whose time, has ended (SUP-04)."""
    return target.item is not None and is_withheld(desk, target.item)


def _in_therapy(desk: Desk, client: Client) -> bool:
    frames = (desk.case(each)[0] for each in client.cases)
    return any(frame is not None and frame.open for frame in frames)


def _is_joint(desk: Desk, case_id: CaseId) -> bool:
    frame, _ = desk.case(case_id)
    return frame is not None and frame.joint


def _is_held(desk: Desk, client_id: ClientId) -> bool:
    frame, _ = desk.client(client_id)
    return frame is not None and bool(frame.holds)
