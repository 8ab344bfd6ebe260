"""The lives of what everything else stands on: whatever is tried, nothing impossible comes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta

from hypothesis import settings, strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from domain import (
    case as case_file,
    client as client_file,
    consent as consent_file,
    crisis_sheet as sheet_file,
    hold as hold_file,
    process_note as process_file,
    series as series_file,
)
from domain.case import Closing
from domain.client import Hold
from domain.crisis_sheet import Use
from domain.errors import Refusal
from domain.events.case import Outcome
from domain.events.client import HoldGround
from domain.events.consent import ConsentGiven, ConsentRefused, ConsentWithdrawn, Form, Scope
from domain.events.crisis_sheet import UseReason
from domain.events.guardianship import ClientRepresentativeLimited, LimitGround, Matter
from domain.events.process_note import Thought
from domain.events.session import CancelledBy
from domain.process_note import About
from domain.values import (
    CaseId,
    ClientId,
    Format,
    FreeText,
    ItemId,
    NoteId,
    PractitionerId,
    SessionId,
)
from tests.support.examples import (
    ANNA,
    BARTEK,
    CASE,
    CLIENT,
    NOTE,
    NOW,
    OPENED,
    REGISTERED,
    REPRESENTED as SPEAKS,
    WORDS,
)
from tests.support.frame_examples import PLANNED

TODAY = NOW.date()
ITEMS = st.integers(1, 3).map(lambda number: ItemId(f"{number:032x}"))
PEOPLE = st.sampled_from([ANNA, BARTEK, PractitionerId("7" * 32)])
CLIENTS = st.integers(1, 4).map(lambda number: ClientId(f"c{number:031x}"))
DAYS = st.integers(-40, 40).map(lambda days: TODAY + timedelta(days=days))
INSTANTS = st.integers(-50, 50).map(lambda hours: NOW + timedelta(hours=hours))
TEXTS = st.sampled_from([WORDS, FreeText(" "), FreeText("More.")])
LIVES = settings(max_examples=50, stateful_step_count=20, deadline=None)


class Life(RuleBasedStateMachine):
    """Commands in any order; each that is taken is given again at once, and changes nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.events: list[object] = []

    def decide(self, decide: Callable[[], tuple[object, ...]]) -> None:
        """Take a command, if it is to be taken at all."""
        try:
            decided = decide()
        except Refusal:
            return
        self.events += decided
        assert decide() == ()


class ACase(Life):
    """A group's case: people come to care for it and leave, take part and leave, it ends."""

    def __init__(self) -> None:
        super().__init__()
        self.events = [replace(OPENED, format=Format.GROUP, clients=(CLIENT,))]

    @property
    def state(self) -> case_file.Case:
        """What has become of it."""
        found = case_file.fold(self.events)
        assert found is not None
        return found

    @rule(who=PEOPLE)
    def join_team(self, who: PractitionerId) -> None:
        self.decide(lambda: case_file.join_team(self.state, who))

    @rule(who=PEOPLE)
    def leave_team(self, who: PractitionerId) -> None:
        self.decide(lambda: case_file.leave_team(self.state, who))

    @rule(who=PEOPLE)
    def transfer(self, who: PractitionerId) -> None:
        self.decide(lambda: case_file.transfer(self.state, who))

    @rule(client=CLIENTS)
    def join(self, client: ClientId) -> None:
        self.decide(lambda: case_file.join(self.state, client))

    @rule(client=CLIENTS)
    def leave(self, client: ClientId) -> None:
        self.decide(lambda: case_file.leave(self.state, client))

    @rule(group=ITEMS)
    def form_group(self, group: ItemId) -> None:
        self.decide(lambda: case_file.form_group(self.state, group))

    @rule(client=CLIENTS, candidate=ITEMS)
    def name_candidate(self, client: ClientId, candidate: ItemId) -> None:
        self.decide(lambda: case_file.name_candidate(self.state, client, candidate))

    @rule(item=ITEMS)
    def link(self, item: ItemId) -> None:
        self.decide(lambda: case_file.link_contract(self.state, item))
        self.decide(lambda: case_file.link_measures(self.state, item))

    @rule(outcome=st.sampled_from(Outcome))
    def close(self, outcome: Outcome) -> None:
        self.decide(lambda: case_file.close(self.state, Closing(outcome)))

    @rule()
    def reopen(self) -> None:
        self.decide(lambda: case_file.reopen(self.state))

    @invariant()
    def it_is_possible(self) -> None:
        state = self.state
        assert state.therapist in state.team <= state.ever_on_team
        assert state.clients
        assert len(set(state.everyone)) == len(state.everyone)
        assert state.open == (state.outcome is None)
        assert state.owner.id == state.id


class AClient(Life):
    """A client's frame: who speaks for her and within which limits, what is held, where she is."""

    def __init__(self) -> None:
        super().__init__()
        self.events = [REGISTERED]

    @property
    def state(self) -> client_file.Client:
        """What has become of it."""
        found = client_file.fold(self.events)
        assert found is not None
        return found

    @rule(who=ITEMS)
    def add_representative(self, who: ItemId) -> None:
        added = replace(SPEAKS, representative=who)
        self.decide(lambda: client_file.add_representative(self.state, added))

    @rule(who=ITEMS)
    def end_representative(self, who: ItemId) -> None:
        self.decide(lambda: client_file.end_representative(self.state, who))

    @rule(
        limit=ITEMS,
        who=ITEMS,
        ground=st.sampled_from(LimitGround),
        forbids=st.lists(st.sampled_from(Matter), max_size=3).map(tuple),
        since=DAYS,
        until=st.none() | DAYS,
    )
    def limit_representative(
        self,
        limit: ItemId,
        who: ItemId,
        ground: LimitGround,
        forbids: tuple[Matter, ...],
        since: date,
        until: date | None,
    ) -> None:
        limited = ClientRepresentativeLimited(
            limit=limit,
            representative=who,
            author=ANNA,
            ground=ground,
            forbids=forbids,
            since=since,
            until=until,
        )
        self.decide(lambda: client_file.limit_representative(self.state, limited))

    @rule(limit=ITEMS, on=DAYS)
    def end_limit(self, limit: ItemId, on: date) -> None:
        self.decide(lambda: client_file.end_limit(self.state, limit, on))

    @rule(hold=ITEMS, ground=st.sampled_from(HoldGround), review_on=DAYS)
    def place_hold(self, hold: ItemId, ground: HoldGround, review_on: date) -> None:
        placed = Hold(hold, ground, ANNA, review_on)
        self.decide(lambda: hold_file.place(self.state, placed, today=TODAY))

    @rule(hold=ITEMS)
    def lift_hold(self, hold: ItemId) -> None:
        self.decide(lambda: hold_file.lift(self.state, hold, BARTEK))

    @rule(item=ITEMS)
    def link(self, item: ItemId) -> None:
        self.decide(lambda: client_file.link_case(self.state, CaseId(item)))
        self.decide(lambda: client_file.link_enquiry(self.state, item))

    @invariant()
    def it_is_possible(self) -> None:
        state = self.state
        speaking = [each for each, _ in state.representatives]
        assert len(set(speaking)) == len(speaking)
        assert not state.former_representatives & set(speaking)
        known = {*speaking, *state.former_representatives}
        for each in state.limits:
            assert each.representative in known
            assert each.forbids
            assert each.until is None or each.since <= each.until
        standing = [each.id for each in state.holds]
        assert len(set(standing)) == len(standing)
        assert not state.former_holds & set(standing)
        assert len(set(state.cases)) == len(state.cases)
        assert len(set(state.enquiries)) == len(state.enquiries)


class Consenting(Life):
    """A ledger of consents: given, refused, taken back."""

    @property
    def state(self) -> consent_file.Consents:
        """What stands in it."""
        return consent_file.fold(self.events)

    @rule(consent=ITEMS, scope=st.sampled_from(Scope), said_at=INSTANTS)
    def give(self, consent: ItemId, scope: Scope, said_at: object) -> None:
        given = ConsentGiven(
            consent=consent,
            client=CLIENT,
            scope=scope,
            purpose="therapy",
            form=Form.ORAL,
            said_at=said_at,  # type: ignore[arg-type]  # an instant
        )
        self.decide(lambda: consent_file.give(self.state, given, now=NOW))

    @rule(consent=ITEMS, scope=st.sampled_from(Scope), reason=st.none() | TEXTS)
    def refuse(self, consent: ItemId, scope: Scope, reason: FreeText | None) -> None:
        refused = ConsentRefused(
            consent=consent,
            client=CLIENT,
            scope=scope,
            purpose="therapy",
            form=Form.ORAL,
            reason=reason,
        )
        self.decide(lambda: consent_file.refuse(self.state, refused, now=NOW))

    @rule(consent=ITEMS, reason=st.none() | TEXTS)
    def withdraw(self, consent: ItemId, reason: FreeText | None) -> None:
        taken_back = ConsentWithdrawn(consent=consent, client=CLIENT, form=Form.ORAL, reason=reason)
        self.decide(lambda: consent_file.withdraw(self.state, taken_back, now=NOW))

    @invariant()
    def it_is_possible(self) -> None:
        names = [each.id for each in self.state.of]
        assert len(set(names)) == len(names)
        given = {each.consent for each in self.events if isinstance(each, ConsentGiven)}
        for each in self.state.of:
            assert each.said_at is None or each.said_at <= NOW
            withdrawn = each.status is consent_file.Status.WITHDRAWN
            assert not withdrawn or each.id in given


class Thinking(Life):
    """An author's process note."""

    @rule(
        kind=st.sampled_from(Thought),
        answers=st.none() | ITEMS.map(NoteId),
        occurred_at=INSTANTS,
        text=TEXTS,
    )
    def write(
        self, kind: Thought, answers: NoteId | None, occurred_at: object, text: FreeText
    ) -> None:
        self.decide(
            lambda: process_file.write(
                process_file.fold(self.events),
                NOTE,
                CASE,
                author=ANNA,
                occurred_at=occurred_at,  # type: ignore[arg-type]  # an instant
                text=text,
                now=NOW,
                about=About(kind, answers),
            )
        )

    @invariant()
    def it_is_possible(self) -> None:
        assert len(self.events) <= 1
        for each in self.events:
            assert each.occurred_at <= NOW  # type: ignore[attr-defined]  # it was written
            assert each.answers is None or each.kind is Thought.REPAIR  # type: ignore[attr-defined]


class Planned(Life):
    """A series of sessions."""

    def __init__(self) -> None:
        super().__init__()
        self.events = [PLANNED]

    @rule(
        by=st.sampled_from(CancelledBy),
        cancelled=st.lists(
            st.sampled_from([*PLANNED.sessions, SessionId("6" * 32)]), unique=True
        ).map(tuple),
    )
    def end(self, by: CancelledBy, cancelled: tuple[SessionId, ...]) -> None:
        state = series_file.fold(self.events)
        assert state is not None
        self.decide(lambda: series_file.end(series_file.fold(self.events) or state, by, cancelled))

    @invariant()
    def it_is_possible(self) -> None:
        state = series_file.fold(self.events)
        assert state is not None
        assert state.ended == (len(self.events) > 1)
        for each in self.events[1:]:
            assert set(each.cancelled) <= set(state.sessions)  # type: ignore[attr-defined]  # it ended


class Carried(Life):
    """A crisis sheet that is taken along."""

    @rule(days=st.integers(-1, 40), cases=st.lists(ITEMS.map(CaseId), max_size=3).map(tuple))
    def issue(self, days: int, cases: tuple[CaseId, ...]) -> None:
        self.decide(
            lambda: sheet_file.issue(
                sheet_file.fold(self.events),
                ItemId("5" * 32),
                cases,
                holder=ANNA,
                valid_until=NOW + timedelta(days=days),
                now=NOW,
            )
        )

    @rule(
        hours=st.integers(-30, 1000),
        cases=st.lists(ITEMS.map(CaseId), max_size=3).map(tuple),
        text=TEXTS,
    )
    def use(self, hours: int, cases: tuple[CaseId, ...], text: FreeText) -> None:
        if sheet_file.fold(self.events) is None:
            return
        used = Use(NOW + timedelta(hours=hours), cases, UseReason.OUTAGE, text)
        later = NOW + timedelta(days=20)

        def decide() -> tuple[object, ...]:
            state = sheet_file.fold(self.events)
            assert state is not None
            return sheet_file.use(state, used, issued_at=NOW, now=later)

        self.decide(decide)

    @invariant()
    def it_is_possible(self) -> None:
        state = sheet_file.fold(self.events)
        if state is None:
            return
        assert NOW < state.valid_until <= NOW + sheet_file.LONGEST
        assert len(set(state.uses)) == len(state.uses)
        for occurred_at, cases in state.uses:
            assert NOW <= occurred_at <= state.valid_until
            assert set(cases) <= set(state.cases)


TestACase = ACase.TestCase
TestAClient = AClient.TestCase
TestConsenting = Consenting.TestCase
TestThinking = Thinking.TestCase
TestPlanned = Planned.TestCase
TestCarried = Carried.TestCase
for _test in (TestACase, TestAClient, TestConsenting, TestThinking, TestPlanned, TestCarried):
    _test.settings = LIVES
