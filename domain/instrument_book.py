"""The clinic's own questionnaires beside the published ones: State, evolve, decisions."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from domain.errors import Invalid, WrongState
from domain.events.instrument import InstrumentDefined, InstrumentEvent, InstrumentRetired
from domain.instruments.definition import (
    HUNDRED,
    Band,
    ChangeRule,
    Direction,
    Instrument,
    Method,
    RiskItem,
    Scale,
    smallest_reliable,
    sound,
)
from domain.instruments.published import PUBLISHED
from domain.values import PractitionerId

TOTAL = "total"
MOST_INSTRUMENTS = 200
LONGEST_LINE = 500
_RELIABILITIES = 10 * HUNDRED


@dataclass(frozen=True, slots=True)
class Book:
    """What the clinic has defined, by code and version, and which codes it has retired."""

    own: dict[tuple[str, int], Instrument] = field(default_factory=dict)
    retired: frozenset[str] = frozenset()

    def newest(self, code: str) -> Instrument | None:
        """The version of an instrument that is in use."""
        found = [each for each in (*PUBLISHED, *self.own.values()) if each.code == code]
        return max(found, key=lambda each: each.version, default=None)

    def of(self, code: str, version: int) -> Instrument | None:
        """One version of an instrument, in use or not: what was answered by it still has scores."""
        published = {(each.code, each.version): each for each in PUBLISHED}
        return published.get((code, version)) or self.own.get((code, version))

    def in_use(self) -> tuple[Instrument, ...]:
        """The newest version of each instrument that may be given to somebody."""
        codes = dict.fromkeys(each.code for each in (*PUBLISHED, *self.own.values()))
        newest = (self.newest(code) for code in codes if code not in self.retired)
        return tuple(each for each in newest if each is not None)

    def to_give(self, code: str, version: int) -> Instrument:
        """The instrument with which somebody is asked now.

        Raises:
            Invalid: There is none of that code, or it is retired, or has another version.
        """
        found = self.newest(code)
        if found is None or code in self.retired:
            raise Invalid("instrument", "is none that is in use here")
        if found.version != version:
            raise Invalid("instrument_version", "is not the one in use")
        return found


@dataclass(frozen=True, slots=True)
class NewInstrument:
    """What an instrument of the clinic's own is to be; one scale of all its items."""

    code: str
    title: str
    titles: tuple[str, ...]
    least: int
    most: int
    direction: Direction
    method: Method
    factor: int
    most_missing: int
    reverse: tuple[int, ...]
    bands: tuple[Band, ...]
    risk: tuple[RiskItem, ...]
    source: str
    licence: str
    cut_off: int | None = None
    deviation: int | None = None
    reliability: int | None = None


def evolve(state: Book, event: object) -> Book:
    """The state after the event."""
    match event:
        case InstrumentDefined():
            made = instrument_of(event)
            return Book({**state.own, (made.code, made.version): made}, state.retired - {made.code})
        case InstrumentRetired():
            return Book(state.own, state.retired | {event.code})
        case _:
            return state


def fold(events: Iterable[object]) -> Book:
    """The clinic's book from its events."""
    state = Book()
    for event in events:
        state = evolve(state, event)
    return state


def define(
    state: Book, new: NewInstrument, *, author: PractitionerId
) -> tuple[InstrumentEvent, ...]:
    """Define an instrument, or its next version; the same words again change nothing.

    Raises:
        Invalid: It contradicts itself, or has the code of a published one.
        WrongState: There are as many as a clinic can have.
    """
    if any(each.code == new.code for each in PUBLISHED):
        raise Invalid("code", "is that of a published instrument")
    if any(len(each) > LONGEST_LINE for each in (new.title, new.source, new.licence, *new.titles)):
        raise Invalid("title", "or another line is too long")
    previous = state.newest(new.code)
    if previous is not None and new.code not in state.retired:
        if instrument_of(_defined(new, previous.version, author)) == previous:
            return ()
    elif previous is None and len({code for code, _ in state.own}) >= MOST_INSTRUMENTS:
        raise WrongState("The clinic has as many instruments of its own as it can")
    defined = _defined(new, 1 if previous is None else previous.version + 1, author)
    sound(instrument_of(defined))
    return (defined,)


def retire(state: Book, code: str, *, author: PractitionerId) -> tuple[InstrumentEvent, ...]:
    """Let an instrument of the clinic's own be given to nobody any more.

    Raises:
        WrongState: The clinic has defined none of that code.
    """
    if not any(known == code for known, _ in state.own):
        raise WrongState("The clinic has no instrument of its own by that code")
    return () if code in state.retired else (InstrumentRetired(code=code, author=author),)


def instrument_of(event: InstrumentDefined) -> Instrument:
    """The definition that an event holds.

    Raises:
        Invalid: Its constants are none.
    """
    questions = len(event.titles)
    total = Scale(
        TOTAL,
        tuple(range(1, questions + 1)),
        method=event.method,
        factor=event.factor,
        most_missing=event.most_missing,
        bands=event.bands,
    )
    return Instrument(
        code=event.code,
        version=event.version,
        title=event.title,
        questions=questions,
        least=event.least,
        most=event.most,
        direction=event.direction,
        scales=(total,),
        source=event.source,
        licence=event.licence,
        missing=f"The clinic's own rule: at most {event.most_missing} missing, prorated.",
        reverse=frozenset(event.reverse),
        risk=event.risk,
        change=_change_of(event),
        titles=event.titles,
    )


def _change_of(event: InstrumentDefined) -> ChangeRule | None:
    deviation, reliability = event.deviation, event.reliability
    if (deviation is None) != (reliability is None):
        raise Invalid("deviation", "stands with a reliability, or not at all")
    if deviation is None or reliability is None:
        if event.cut_off is not None:
            raise Invalid("cut_off", "needs a deviation and a reliability beside it")
        return None
    if deviation < 1 or not 0 < reliability < _RELIABILITIES:
        raise Invalid("deviation", "and reliability must be above 0, reliability below 1")
    return ChangeRule(
        reliable=smallest_reliable(deviation / HUNDRED, reliability / _RELIABILITIES),
        cut_off=event.cut_off,
        source=event.source,
        deviation=deviation,
        reliability=reliability,
    )


def _defined(new: NewInstrument, version: int, author: PractitionerId) -> InstrumentDefined:
    return InstrumentDefined(
        code=new.code,
        version=version,
        author=author,
        title=new.title,
        titles=new.titles,
        least=new.least,
        most=new.most,
        direction=new.direction,
        method=new.method,
        factor=new.factor,
        most_missing=new.most_missing,
        reverse=new.reverse,
        bands=new.bands,
        risk=new.risk,
        source=new.source,
        licence=new.licence,
        cut_off=new.cut_off,
        deviation=new.deviation,
        reliability=new.reliability,
    )
