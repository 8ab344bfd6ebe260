"""What becomes unreadable, and what does not: a request that the law refuses, and one that is met.

Two custodians sign: a therapist, and a lawyer from outside who sees of the clinic nothing but
requests. Each has a passphrase of the data folder; neither alone can have anything destroyed.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import timedelta

from rich.console import Console

from api.compose import custodians as signing, rotation
from api.demo import show
from api.demo.looks import Play
from api.demo.stage import NotAsWritten, Written, command_of
from api.protocol import render
from domain.erasure import Erasure
from domain.events.client import HoldGround
from domain.events.erasure import ErasureGround, ErasureScope
from domain.practitioner import CustodianKey
from domain.use_cases import custodians, erasure_looks, erasures, holds, misfiled
from domain.use_cases.erasing import Archive
from domain.use_cases.erasures import NewErasure
from domain.values import ErasureId, ItemId, NoteId, PurposeOfUse, Receipt, Role

OFFICER = "bogdan"
CUSTODIANS = ("agnieszka", "renata")
"""Who holds the first and the second key; never the officer, who watches over erasures."""
_REVIEW = timedelta(days=365)


@dataclass(frozen=True, slots=True)
class Passphrases:
    """The two passphrases of the data folder: each opens the key of one custodian."""

    both: tuple[str, str] = field(repr=False)


async def appoint(play: Play, console: Console) -> None:
    """Tie the two keys that the log has named since its beginning to two people."""
    show.line(console, "\n6 · What may become unreadable, and who must agree")
    await play.change_roles("halina", "agnieszka", Role.CLINICIAN, Role.CUSTODIAN)
    await play.hire("halina", "renata")
    for number, (person, key) in enumerate(
        zip(CUSTODIANS, signing.known(play.clinic.folder), strict=True), start=1
    ):
        practitioner = play.practitioner(person)
        _, version = play.desk.practitioner(practitioner)
        act = custodians.appoint_custodian(
            play.desk,
            play.who("halina"),
            practitioner,
            CustodianKey(number, key),
            expected=version,
            command=command_of("custodian", person),
        )
        play.counted("custodian", await act)
    first, second = (play.people[each].name for each in CUSTODIANS)
    told = f"{first}; {second}, a lawyer from outside"
    show.line(console, f"Custodians, two of whom must sign: {told}.")


async def ask_too_early(play: Play, console: Console, client: str) -> None:
    """A client wants everything gone; the law keeps it, and says until when."""
    new = NewErasure(
        ErasureScope.CLIENT, ErasureGround.CONSENT_WITHDRAWN, client=play.client(client)
    )
    receipt = await _ask(play, OFFICER, new)
    refusal = _state(play, receipt.named("erasure")).refusal
    if refusal is None:
        msg = "The demonstration expected a refusal."
        raise AssertionError(msg)
    show.line(
        console,
        f"{play.people[client].name} asks that all of her record be erased: REFUSED"
        f" ({refusal.ground.value}), it is kept until {refusal.until}. That is on record.",
    )


async def hold_for_a_while(play: Play, console: Console, client: str) -> None:
    """A court asks for a record: nothing of it may go, whatever its age, until that is settled."""
    who, client_id = play.who(OFFICER), play.client(client)
    _, version = play.desk.client(client_id)
    until = (play.clinic.clock.now() + _REVIEW).date()
    placed = await holds.place_hold(
        play.desk,
        who,
        client_id,
        holds.NewHold(HoldGround.COURT, until),
        expected=version,
        command=command_of("hold record", client),
    )
    play.counted("hold", placed)
    lifted = await holds.lift_hold(
        play.desk,
        who,
        client_id,
        ItemId(placed.named("hold")),
        expected=version + 1,
        command=command_of("lift hold", client),
    )
    play.counted("hold", lifted)
    name = play.people[client].name
    show.line(console, f"A court's hold on the record of {name} was placed, and lifted again.")


async def remove(
    play: Play, console: Console, author: str, note: str, passphrases: Passphrases
) -> ErasureId:
    """An author has one note removed that ought never to have been written (art. 51).

    Raises:
        NotAsWritten: The note can be read afterwards.
    """
    written = play.notes[note]
    before = await play.read_note(author, note)
    name = play.people[author].name
    show.line(console, f"\n{name} wrote down what art. 51 forbids to record:")
    show.line(console, f"  {show.excerpt(before)}")
    new = NewErasure(
        ErasureScope.ITEM, ErasureGround.ART_51, case=written.case, item=ItemId(written.id)
    )
    erasure = ErasureId((await _ask(play, author, new)).named("erasure"))
    await _carry_out(play, erasure, passphrases)
    show.line(
        console, "She asks for its removal. Both custodians, who see numbers only, have signed."
    )
    case = next(key for key, each in play.cases.items() if each == written.case)
    state, _ = await play.look_at_case(author, case)
    left = next(each for each in state.notes if each.id == written.id)
    if left.status != "erased" or left.texts:
        raise NotAsWritten
    show.line(
        console,
        f"Carried out: the note is {left.status}. That {name} wrote one on"
        f" {left.occurred_at.astimezone():%Y-%m-%d} still shows; no word of it is left.",
    )
    return erasure


async def move(
    play: Play, console: Console, author: str, note: str, belongs_to: str, passphrases: Passphrases
) -> None:
    """A note stands in the wrong client's file: it is moved, and its words there are erased."""
    written = play.notes[note]
    where = misfiled.Misfiled(written.case, written.id, play.cases[belongs_to])
    receipt = await misfiled.move_note(
        play.desk,
        play.who(author),
        where,
        expected=written.version,
        command=command_of("move", note),
    )
    play.counted("note", receipt)
    moved = Written(NoteId(receipt.named("note")), where.belongs_to, 1, written.words)
    play.notes[note] = moved
    await _carry_out(play, ErasureId(receipt.named("erasure")), passphrases)
    await play.look_at_note(author, note)
    show.line(
        console,
        f"\nA note of {play.people[author].name} stood in another client's file: moved to the right"
        " one, where it reads as before. Where it stood, no word is left: both signed for that.",
    )


async def make_final(play: Play, console: Console, passphrases: Passphrases) -> None:
    """Move every key that is left to a new key-encryption key, and destroy the old one."""
    _, other = passphrases.both
    done = await asyncio.to_thread(rotation.rotate_open, play.clinic.folder, [other])
    show.line(
        console,
        f"The key-encryption key was rotated: {done.keys} keys moved to generation {done.after},"
        f" generation {done.before} destroyed. No older backup brings back what is gone: that is"
        " final.",
    )


async def hand_over_the_record(play: Play, console: Console, erasure: ErasureId) -> None:
    """Print the destruction record, as it is signed and kept."""
    who = play.who(OFFICER)
    found, opening, receipt = await erasure_looks.look_at_destruction_record(
        play.desk, who, erasure
    )
    play.counted("look", receipt)
    await play.reach(receipt.last)
    people = {found.requester, *(person for person, _ in found.approvers)}
    cards = {each: play.clinic.views.name_cards.of(each, opening) for each in people}
    names = {str(each): card.name for each, card in cards.items() if card is not None}
    show.line(console, "\n" + render(found, play.desk.origin, "pl", names))


async def _ask(play: Play, by: str, new: NewErasure) -> Receipt:
    asking = erasures.request_erasure(
        play.desk,
        await _archive(play),
        play.who(by),
        new,
        command=command_of("erasure", by, new.ground),
    )
    receipt = await asking
    play.counted("erasure", receipt)
    return receipt


async def _sign(play: Play, person: str, erasure: ErasureId, passphrase: str) -> None:
    """A custodian reads the statement and signs it with her own key."""
    who, archive = play.who(person, PurposeOfUse.HCOMPL), await _archive(play)
    text, version, receipt = await erasure_looks.look_at_statement(play.desk, archive, who, erasure)
    play.counted("look", receipt)
    line = await asyncio.to_thread(
        signing.sign, text, passphrase, key=None, data=play.clinic.folder.layout.folder
    )
    approved = await erasures.approve_erasure(
        play.desk,
        archive,
        who,
        erasure,
        line,
        expected=version,
        command=command_of("approve", person, erasure),
    )
    play.counted("approval", approved)


async def _carry_out(play: Play, erasure: ErasureId, passphrases: Passphrases) -> None:
    """Both custodians sign, and the officer has it done."""
    for person, passphrase in zip(CUSTODIANS, passphrases.both, strict=True):
        await _sign(play, person, erasure, passphrase)
    _, version = erasure_looks.load(play.desk, erasure)
    done = await erasures.complete_erasure(
        play.desk,
        await _archive(play),
        play.who(OFFICER),
        erasure,
        expected=version,
        command=command_of("carry out", erasure),
    )
    play.counted("erasure", done)
    await play.reach(done.last)


async def _archive(play: Play) -> Archive:
    await play.reach(play.clinic.last_position())
    return await play.clinic.archive()


def _state(play: Play, erasure: str) -> Erasure:
    state, _ = erasure_looks.load(play.desk, ErasureId(erasure))
    if state is None:
        raise NotAsWritten
    return state
