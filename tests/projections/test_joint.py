"""Couples, families and groups as rows show them; and what is left when one of them is erased."""

from __future__ import annotations

from datetime import timedelta

import pytest

from api.compose import PROJECTIONS
from domain.confidentiality import Class
from domain.errors import Sealed
from domain.events.erasure import ErasureGround, ErasureScope
from domain.ports import Opening
from domain.use_cases import cases, notes
from domain.use_cases.erasures import NewErasure
from domain.values import ClientId, Format, NoteId
from infrastructure.stores.views_memory import MemoryViews
from projections.access_log import AccessLogProjection
from projections.audit_trail import AuditTrailProjection
from projections.case_lines import CaseState, NoteLine
from projections.case_state import CaseStateProjection
from projections.follower import Followed
from projections.joint import MEMBERS, Member
from projections.name_cards import NameCards, NameCardsProjection
from projections.rebuild import compare
from tests.support.clinic import SmallClinic
from tests.support.erasing import Erasing
from tests.support.joint import Family, a_family, destroy_content
from tests.support.life import Life
from tests.support.rows import all_in_memory, follower

DROPPED = (CaseStateProjection.name, NameCardsProjection.name)
"""Projections whose rows lie under the keys that an erasure destroys."""


@pytest.fixture
def family(clinic: SmallClinic) -> Family:
    """Three who came together."""
    return a_family(clinic)


def state_of(family: Family) -> tuple[CaseState, Opening]:
    """The case as Anna's recorded look shows it."""
    clinic = family.clinic
    who = clinic.who(clinic.people.anna)
    opening, _ = clinic.run(cases.look_at_case(clinic.desk, who, family.case))
    clinic.catch_up()
    state = clinic.views.case_states.of(family.case, opening)
    assert state is not None
    return state, opening


def note_of(family: Family, note: NoteId) -> tuple[NoteLine, Opening]:
    """A note as Anna's recorded look shows it."""
    clinic = family.clinic
    who = clinic.who(clinic.people.anna)
    opening, _ = clinic.run(notes.look_at_note(clinic.desk, who, family.case, note))
    clinic.catch_up()
    line = clinic.views.case_states.note(family.case, note, opening)
    assert line is not None
    return line, opening


def member(state: CaseState, client: ClientId) -> Member:
    """Somebody's line."""
    return next(each for each in state.members if each.client == client)


def names(family: Family, state: CaseState, opening: Opening) -> dict[str, str | None]:
    """The names that can be shown, by client."""
    cards = family.clinic.views.name_cards
    return {each.client: cards.name(each.client, opening) for each in state.members}


class TestShown:
    def test_everybody_who_ever_took_part_with_alias_and_name(self, family: Family) -> None:
        nina = family.clinic.register_client("Nina")
        family.join(nina)
        family.leave(family.people[0])
        state, opening = state_of(family)
        assert state.clients == (*family.people[1:], nina)
        assert [each.client for each in state.members] == [*family.people, nina]
        assert {each.client: each.alias for each in state.members} == {
            each: family.alias(each) for each in (*family.people, nina)
        }
        assert member(state, family.people[0]).left_at == family.clinic.clock.now()
        assert member(state, nina).left_at is None
        assert names(family, state, opening)[nina] == "Nina Zielińska"
        assert set(state.aliases) == {each.alias for each in state.members}

    def test_one_persons_case_has_no_members(self, clinic: SmallClinic) -> None:
        alone = Family(clinic, clinic.open_case(), (clinic.people.client,))
        state, opening = state_of(alone)
        assert (state.members, state.aliases) == ((), ())
        assert clinic.views.case_states.roster(alone.case, opening) is None

    def test_whoever_came_back_has_two_spans(self, family: Family) -> None:
        family.leave(family.people[0])
        family.join(family.people[0])
        state, _ = state_of(family)
        spans = [each for each in state.members if each.client == family.people[0]]
        assert [each.left_at is None for each in spans] == [False, True]
        assert {each.alias for each in spans} == {family.alias(family.people[0])}

    def test_a_note_with_the_parts_of_those_who_have_one(self, family: Family) -> None:
        klara, zofia, _ = family.people
        note = family.write("All were quiet.", {klara: "She wept.", zofia: "She left."})
        line, opening = note_of(family, note)
        told = {each.alias: each.text and opening.words(each.text) for each in line.parts}
        assert told == {family.alias(klara): "She wept.", family.alias(zofia): "She left."}
        state, opening = state_of(family)
        (same,) = state.notes
        assert same == line

    def test_the_newest_word_about_who_was_there(self, family: Family) -> None:
        klara, zofia, _ = family.people
        session = family.held_session()
        family.attended(session, {klara: True, zofia: True})
        family.attended(session, {zofia: False})
        state, _ = state_of(family)
        (line,) = state.sessions
        assert dict(line.present) == {family.alias(klara): True, family.alias(zofia): False}

    def test_the_past_knows_nobody_who_came_later(self, family: Family) -> None:
        before = family.clinic.last_position()
        first, _ = state_of(family)
        family.join(family.clinic.register_client("Nina"))
        family.write("All were quiet.", {family.people[0]: "She wept."})
        _, opening = state_of(family)
        past = family.clinic.views.case_states.as_of(family.case, before, opening)
        assert past == first


class TestErased:
    def test_the_others_record_is_whole_and_her_parts_are_gone(self, family: Family) -> None:
        klara, zofia, third = family.people
        note = family.write("All were quiet.", {each: f"Part of {each}." for each in family.people})
        session = family.held_session()
        family.attended(session, dict.fromkeys(family.people, True))
        alias, others = family.alias(zofia), [family.alias(each) for each in (klara, third)]
        state_of(family)
        destroy_content(family.clinic, zofia)
        for _ in range(2):
            state, opening = state_of(family)
            (line,) = state.notes
            assert opening.words(line.texts[-1]) == "All were quiet."
            told = {each.alias: each.text and opening.words(each.text) for each in line.parts}
            assert told.pop(alias) is None
            assert sorted(told.values(), key=str) == sorted(
                [f"Part of {klara}.", f"Part of {third}."]
            )
            assert [each for each, _ in state.sessions[0].present] == sorted(others)
            assert member(state, zofia).alias is None
            assert names(family, state, opening)[zofia] is None
            assert alias in state.aliases
            line, _ = note_of(family, note)
            assert line.parts == state.notes[0].parts
            # What was not yet taken away is no different from what has been.
            shred(family.clinic, zofia)

    def test_the_past_is_whole_too(self, family: Family) -> None:
        family.write("All were quiet.", dict.fromkeys(family.people, "Hers."))
        position = family.clinic.last_position()
        state_of(family)
        destroy_content(family.clinic, family.people[1])
        _, opening = state_of(family)
        past = family.clinic.views.case_states.as_of(family.case, position, opening)
        assert past is not None
        assert len(past.notes[0].parts) == 3
        assert [each.text is None for each in past.notes[0].parts].count(True) == 1

    def test_a_card_that_is_not_yet_taken_away_has_no_name(self, family: Family) -> None:
        state, opening = state_of(family)
        assert names(family, state, opening)[family.people[1]] == "Zofia 0 Zielińska"
        destroy_content(family.clinic, family.people[1])
        _, opening = state_of(family)
        with pytest.raises(Sealed):
            family.clinic.views.name_cards.of(family.people[1], opening)
        assert family.clinic.views.name_cards.name(family.people[1], opening) is None

    def test_following_goes_on_and_ends_where_a_rebuild_does(self, family: Family) -> None:
        clinic, zofia = family.clinic, family.people[1]
        alone = clinic.open_case(zofia)
        clinic.draft_note(alone)
        clinic.schedule_session(alone)
        family.write("All were quiet.", dict.fromkeys(family.people, "Hers."))
        clinic.catch_up()
        destroy_content(clinic, zofia)
        followed = all_in_memory()
        step = follower(clinic)
        step.catch_up(followed)
        live_on(family)
        step.catch_up(followed)
        step.catch_up(rebuilt := all_in_memory(), until=followed[0].store.position())
        for one, other in zip(followed, rebuilt, strict=True):
            assert compare(one.projection, one.store, other.store).equal, one.projection.name

    def test_rows_that_were_followed_before_are_after_it_those_of_a_rebuild(
        self, family: Family
    ) -> None:
        clinic, zofia = family.clinic, family.people[1]
        clinic.draft_note(clinic.open_case(zofia))
        family.write("All were quiet.", dict.fromkeys(family.people, "Hers."))
        before = all_in_memory()
        step = follower(clinic)
        step.catch_up(before)
        destroy_content(clinic, zofia)
        shred(clinic, zofia, before)
        live_on(family)
        step.catch_up(before)
        step.catch_up(rebuilt := all_in_memory(), until=before[0].store.position())
        for one, other in zip(before, rebuilt, strict=True):
            if one.projection.name in DROPPED:
                assert compare(one.projection, one.store, other.store).equal, one.projection.name

    def test_who_keeps_a_record_of_her_own_keeps_no_alias_in_the_joint_one(
        self, family: Family
    ) -> None:
        clinic, zofia = family.clinic, family.people[1]
        clinic.draft_note(clinic.open_case(zofia))
        note = family.write(f"{family.token(zofia)} was quiet.", {zofia: "She wept."})
        destroy_content(clinic, zofia, Class.JOINT)
        line, opening = note_of(family, note)
        assert [each.text for each in line.parts] == [None]
        state, opening = state_of(family)
        assert member(state, zofia).alias is None
        # Her name is still known, to whoever cares for her alone; the case cannot say whose it is.
        assert names(family, state, opening)[zofia] == "Zofia 0 Zielińska"
        card = clinic.views.name_cards.of(zofia, opening)
        assert card is not None
        assert card.version == clinic.version(zofia)
        follower(clinic).catch_up(rebuilt := all_in_memory())
        cards = next(each for each in rebuilt if each.projection.name == NameCardsProjection.name)
        again = NameCards(NameCardsProjection.name, cards.store).of(zofia, opening)
        assert again == card

    def test_a_row_whose_key_is_gone_is_taken_away_when_somebody_would_change_it(
        self, family: Family
    ) -> None:
        clinic, zofia = family.clinic, family.people[1]
        alone = clinic.open_case(zofia)
        cards = Followed(CaseStateProjection(), MemoryViews())
        step = follower(clinic)
        step.catch_up([cards])
        table = CaseStateProjection.tables[0]
        assert cards.store.load(table, (alone,)) is not None
        destroy_content(clinic, zofia)
        clinic.join_team(alone, clinic.people.bartek)
        step.catch_up([cards])
        assert cards.store.load(table, (alone,)) is None
        step.catch_up([rebuilt := Followed(CaseStateProjection(), MemoryViews())])
        assert rebuilt.store.load(table, (alone,)) is None

    def test_no_row_of_hers_is_left_but_her_frame_and_her_access_log(self, family: Family) -> None:
        clinic, zofia = family.clinic, family.people[1]
        clinic.draft_note(clinic.open_case(zofia))
        family.write("All were quiet.", dict.fromkeys(family.people, "Hers."))
        destroy_content(clinic, zofia)
        rebuilt = all_in_memory()
        follower(clinic).catch_up(rebuilt)
        left = {
            each.projection.name
            for each in rebuilt
            for table in each.projection.tables
            for row in each.store.every(table)
            if row.subject == zofia
        }
        assert left <= {
            AccessLogProjection.name,
            AuditTrailProjection.name,
            "caseload-1",
        }

    def test_a_member_whom_two_custodians_erased_leaves_what_a_rebuild_gives(
        self, erasing: Erasing
    ) -> None:
        clinic = erasing.clinic
        family = a_family(clinic)
        zofia = family.people[1]
        note = family.write("All were quiet.", dict.fromkeys(family.people, "Hers."))
        clinic.sign_note(family.case, note)
        session = family.held_session()
        family.attended(session, dict.fromkeys(family.people, True))
        state_of(family)
        clinic.clock.move(timedelta(days=21 * 366))
        wish = NewErasure(
            ErasureScope.MEMBER, ErasureGround.MEMBER_ERASED, client=zofia, case=family.case
        )
        erasing.erase(clinic.people.officer, wish)
        live_on(family)
        line, opening = note_of(family, note)
        assert [each.text is None for each in line.parts].count(True) == 1
        assert clinic.views.name_cards.name(zofia, opening) is None
        for each in PROJECTIONS:
            assert clinic.clinic.rebuild(each.name).different == 0, each.name

    def test_a_whole_life_goes_on_without_anybody_of_it(self, life: Life) -> None:
        """Every client is erased, one after another; nothing stops and nothing comes back."""
        clinic = life.clinic
        clinic.catch_up()
        for client in life.clients:
            destroy_content(clinic, client)
            newcomers = clinic.register_client("Nina"), clinic.register_client("Jan")
            case = clinic.open_case(*newcomers, room=Format.COUPLE)
            clinic.draft_note(case, "Somebody else comes.")
            clinic.catch_up()
        rebuilt = all_in_memory()
        follower(clinic).catch_up(rebuilt)
        (states,) = [each for each in rebuilt if each.projection.name == CaseStateProjection.name]
        erased = set(life.clients)
        assert not [row for row in states.store.every(MEMBERS) if row.key[1] in erased]


def live_on(family: Family) -> None:
    """The others go on, and the one who was erased is shown as gone."""
    clinic = family.clinic
    family.write("Two were quiet.", {family.people[0]: "Hers."})
    family.leave(family.people[1])
    family.join(clinic.register_client("Nina"))
    clinic.draft_note(family.case, "Nina is quiet, too.")
    clinic.draft_note(clinic.open_case(family.people[0]), "Alone she talks.")


def shred(clinic: SmallClinic, client: ClientId, followed: list[Followed] | None = None) -> None:
    """Take an erased client's rows away, as an erasure does."""
    stores = (
        {each.projection.name: each.store for each in followed}
        if followed is not None
        else clinic.views.stores
    )
    for projection in PROJECTIONS:
        if projection.name not in DROPPED:
            continue
        store = stores[projection.name]
        for table in projection.tables:
            gone = [row.key for row in store.every(table) if row.subject == client]
            store.remove(table, gone)
