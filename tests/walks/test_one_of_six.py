"""One member of a group of six is erased: a planted marker of hers is nowhere readable any more."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta

from api.compose import PROJECTIONS
from domain.confidentiality import KeyPurpose
from domain.events.erasure import ErasureGround, ErasureScope
from domain.ports import Opening
from domain.use_cases import notes
from domain.use_cases.erasures import NewErasure
from domain.values import Format, FreeText
from infrastructure.errors import KeyGone
from infrastructure.verify import verify_folder
from tests.support.clinic import SmallClinic
from tests.support.erasing import Erasing
from tests.support.joint import Family, a_family
from tests.support.opened import texts, words
from tests.support.rows import dump

MARKER = "a heron stood in her kitchen"
NAME = "Zofia 2"
"""The third who was registered for the group."""


def readable(clinic: SmallClinic) -> Iterator[str]:
    """Everything that can still be read: events, their texts, the rows of every projection."""
    folder = clinic.clinic.folder
    found, _ = folder.record.follow(-1, 1_000_000, frozenset(KeyPurpose))
    for each in found:
        yield repr(each.event)
        for text in texts(each.event).values() if each.event is not None else ():
            yield from _words(clinic, text)
    yield repr(dump(clinic))


def _words(clinic: SmallClinic, text: FreeText) -> Iterator[str]:
    with suppress(KeyGone):
        yield words(clinic.clinic.folder, text)


def parts_shown(group: Family, note: str, opening: Opening) -> dict[str, str | None]:
    """The parts of a note by alias, as a look shows them."""
    line = group.clinic.views.case_states.note(group.case, note, opening)
    assert line is not None
    return {
        each.alias: None if each.text is None else opening.words(each.text) for each in line.parts
    }


def test_one_of_six_is_gone_and_five_are_whole(erasing: Erasing) -> None:
    clinic, people = erasing.clinic, erasing.clinic.people
    group = a_family(clinic, size=6, room=Format.GROUP)
    gone, others = group.people[3], [*group.people[:3], *group.people[4:]]
    aliases = {each: group.alias(each) for each in group.people}
    parts = {each: f"Words about {aliases[each]}." for each in others} | {gone: MARKER}
    note = group.write(f"{group.token(gone)} fell silent.", parts)
    clinic.sign_note(group.case, note)
    group.attended(group.held_session(), dict.fromkeys(group.people, True))
    clinic.catch_up()
    before = " ".join(readable(clinic))
    assert MARKER in before
    assert NAME in before

    clinic.clock.move(timedelta(days=21 * 366))
    wish = NewErasure(
        ErasureScope.MEMBER, ErasureGround.MEMBER_ERASED, client=gone, case=group.case
    )
    erasing.erase(people.officer, wish)
    clinic.catch_up()

    left = " ".join(readable(clinic))
    assert MARKER not in left
    assert NAME not in left
    looked = notes.look_at_note(clinic.desk, clinic.who(people.anna), group.case, note)
    opening, _ = clinic.run(looked)
    clinic.catch_up()
    assert parts_shown(group, note, opening) == {
        **{aliases[each]: f"Words about {aliases[each]}." for each in others},
        aliases[gone]: None,
    }
    roster = clinic.views.case_states.roster(group.case, opening)
    assert roster is not None
    assert {each.client: each.alias for each in roster.members} == {
        **{each: aliases[each] for each in others},
        gone: None,
    }
    names = {clinic.views.name_cards.name(each, opening) for each in others}
    assert len(names) == 5
    assert None not in names
    verify_folder(clinic.clinic.folder)
    assert all(clinic.clinic.rebuild(each.name).equal for each in PROJECTIONS)
