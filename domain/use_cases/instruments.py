"""The clinic's questionnaires: looked at, defined, retired; in the clinic's own stream of them."""

from collections.abc import Callable
from hashlib import sha256

from domain import instrument_book
from domain.access import Look
from domain.confidentiality import Class, Owner, OwnerKind
from domain.events.access import AccessKind
from domain.events.instrument import InstrumentEvent
from domain.instrument_book import Book, NewInstrument
from domain.policy import Act
from domain.ports import Write
from domain.use_cases.desk import Desk, admit, attempt, look_at_list
from domain.values import Circumstances, Command, PractitionerId, Receipt, StreamId

_ID_DIGITS = 32


def instruments_stream(clinic: str) -> StreamId:
    """Where the clinic's own instruments stand; nobody's record is in it."""
    digest = sha256(b"powiernik/1/instruments" + bytes.fromhex(clinic)).hexdigest()
    return StreamId(digest[:_ID_DIGITS])


def book(desk: Desk) -> Book:
    """Every instrument there is; definitions are about nobody."""
    return desk.record.fold(instruments_stream(desk.clinic), instrument_book.fold)[0]


async def look_at_instruments(desk: Desk, who: Circumstances) -> tuple[Book, Receipt]:
    """Record the look at the instruments, and hand them over."""
    query = Look(AccessKind.LIST, "instruments", (Class.ADMINISTRATIVE,))
    stamped = await admit(desk, who, Act.KEEP_INSTRUMENTS, attempt=query)
    _, receipt = await look_at_list(desk, stamped, query, {})
    return book(desk), receipt


async def define_instrument(
    desk: Desk, who: Circumstances, new: NewInstrument, *, command: Command
) -> Receipt:
    """Define an instrument of the clinic's own, or its next version."""
    author = PractitionerId(who.actor.id)
    return await _change(
        desk, who, lambda state: instrument_book.define(state, new, author=author), command
    )


async def retire_instrument(
    desk: Desk, who: Circumstances, code: str, *, command: Command
) -> Receipt:
    """Let an instrument of the clinic's own be given to nobody any more."""
    author = PractitionerId(who.actor.id)
    return await _change(
        desk, who, lambda state: instrument_book.retire(state, code, author=author), command
    )


async def _change(
    desk: Desk,
    who: Circumstances,
    decide: Callable[[Book], tuple[InstrumentEvent, ...]],
    command: Command,
) -> Receipt:
    if done := desk.record.replay(who, command):
        return done
    stamped = await admit(desk, who, Act.KEEP_INSTRUMENTS, attempt=attempt("instruments"))
    stream = instruments_stream(desk.clinic)
    state, version = desk.record.fold(stream, instrument_book.fold)
    owner = Owner(OwnerKind.CLINIC, desk.clinic)
    write = Write(stream, decide(state), owner, after=version)
    return await desk.record.append((write,), stamped, command=command)
