"""Finding people and words: who may, what is recorded before it is answered, and how often."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from domain.confidentiality import Owner, OwnerKind
from domain.errors import DuplicateSuspected, Invalid, LookupsSpent, NotPermitted, NotThere, Sealed
from domain.events.access import AccessDenied, AccessKind, AccessRecorded
from domain.events.client import ClientContactChanged, ClientIdentified, Sex
from domain.events.erasure import ErasureGround, ErasureScope, HandOver
from domain.events.search import SearchAsked
from domain.identifying import Identifier
from domain.use_cases import finding, registration
from domain.use_cases.compliance import admit_to_audit_trail, look_at_audit_trail
from domain.use_cases.erasures import NewErasure
from domain.use_cases.finding import LOOKUPS_A_DAY, Found
from domain.values import CaseId, ClientId, Format, FreeText, PurposeOfUse, Receipt
from infrastructure.errors import KeyGone
from projections.identifiers import IdentifiersProjection
from tests.support.clinic import SmallClinic, command
from tests.support.erasing import Erasing
from tests.support.opened import words

PESEL, PHONE, EMAIL = "44051401359", "+48 600-100-200", "Jagoda@Example.org"
NOBODYS = "02070803628"


def register(
    clinic: SmallClinic,
    given: str = "Jagoda",
    family: str = "Żółkiewska",
    *,
    pesel: str | None = PESEL,
    by: str | None = None,
) -> ClientId:
    new = registration.Registration(
        ClientIdentified(
            given_name=given,
            family_name=family,
            birth_date=date(1944, 5, 14),
            sex=Sex.FEMALE,
            pesel=pesel,
        ),
        ClientContactChanged(phone=PHONE, email=EMAIL) if pesel else None,
    )
    who = clinic.who(by or clinic.people.reception)
    receipt = clinic.run(registration.register_client(clinic.desk, who, new, command=command()))
    clinic.catch_up()
    return ClientId(receipt.named("client"))


def find(
    clinic: SmallClinic,
    by: str,
    value: str = PESEL,
    identifier: Identifier = Identifier.PESEL,
    **more: PurposeOfUse,
) -> Found:
    return clinic.run(
        finding.find_by_identifier(
            clinic.desk, clinic.who(by, **more), identifier, value, caseload=caseload(clinic, by)
        )
    )


def named(clinic: SmallClinic, name: str, by: str) -> tuple[ClientId, ...]:
    work = finding.find_by_name(clinic.desk, clinic.who(by), name, caseload=caseload(clinic, by))
    return clinic.run(work).clients


def caseload(clinic: SmallClinic, by: str) -> list[CaseId]:
    clinic.catch_up()
    return [CaseId(each.case) for each in clinic.views.caseload.of(by)]


def entries(clinic: SmallClinic, stream: str) -> list[object]:
    return [each.event for each in clinic.clinic.folder.record.read(stream)]


def of_staff(clinic: SmallClinic, person: str) -> list[object]:
    stream, _ = clinic.desk.account_of(clinic.actor(person))
    return entries(clinic, stream)


def asked(clinic: SmallClinic, entry: object) -> str:
    """The words of the search that an entry is of."""
    assert isinstance(entry, AccessRecorded)
    (event,) = entries(clinic, entry.object or entry.items[0])
    assert isinstance(event, SearchAsked)
    return words(clinic.clinic.folder, event.query)


class TestByAnIdentifier:
    @pytest.mark.parametrize(
        ("identifier", "value"),
        [
            (Identifier.PESEL, "440514 01359"),
            (Identifier.PHONE, "600 100 200"),
            (Identifier.EMAIL, "jagoda@EXAMPLE.org"),
        ],
    )
    def test_the_front_desk_finds_anybody_however_it_is_typed(
        self, clinic: SmallClinic, identifier: Identifier, value: str
    ) -> None:
        jagoda = register(clinic)
        found = find(clinic, clinic.people.reception, value, identifier)
        assert found.clients == (jagoda,)
        card = clinic.views.name_cards.of(jagoda, found.opening)
        assert card is not None
        assert card.name == "Jagoda Żółkiewska"

    def test_the_search_is_recorded_with_its_words_its_count_and_whom_it_showed(
        self, clinic: SmallClinic
    ) -> None:
        jagoda = register(clinic)
        find(clinic, clinic.people.reception)
        entry = of_staff(clinic, clinic.people.reception)[-1]
        assert isinstance(entry, AccessRecorded)
        assert (entry.kind, entry.count, entry.client) == (AccessKind.SEARCH, 1, None)
        assert asked(clinic, entry) == f"pesel: {PESEL}"
        frame, _ = clinic.desk.client(jagoda)
        assert frame is not None
        hit = entries(clinic, frame.access_stream)[-1]
        assert isinstance(hit, AccessRecorded)
        assert (hit.kind, hit.client) == (AccessKind.LIST_HIT, jagoda)
        assert hit.object == entry.object

    def test_a_search_that_finds_nobody_is_recorded_all_the_same(self, clinic: SmallClinic) -> None:
        found = find(clinic, clinic.people.reception, NOBODYS)
        assert found.clients == ()
        entry = of_staff(clinic, clinic.people.reception)[-1]
        assert isinstance(entry, AccessRecorded)
        assert (entry.kind, entry.count) == (AccessKind.SEARCH, 0)
        assert asked(clinic, entry) == f"pesel: {NOBODYS}"
        with pytest.raises(NotThere):
            found.opening.words(FreeText(sealed=b"anything"))

    def test_a_clinician_finds_whom_she_cares_for_and_of_others_hears_as_of_nobody(
        self, clinic: SmallClinic
    ) -> None:
        people, jagoda = clinic.people, register(clinic)
        clinic.open_case(jagoda)
        assert find(clinic, people.anna).clients == (jagoda,)
        others, nobodys = find(clinic, people.bartek), find(clinic, people.bartek, NOBODYS)
        assert others.clients == nobodys.clients == ()
        counts = [
            each.count
            for each in of_staff(clinic, people.bartek)
            if isinstance(each, AccessRecorded) and each.kind is AccessKind.SEARCH
        ]
        assert counts == [0, 0]
        assert not [each for each in clinic.access_log(jagoda) if each.actor == people.bartek]

    def test_whoever_has_left_the_team_finds_her_no_more(self, clinic: SmallClinic) -> None:
        jagoda = register(clinic)
        case = clinic.open_case(jagoda)
        clinic.join_team(case, clinic.people.bartek)
        assert find(clinic, clinic.people.bartek).clients == (jagoda,)
        lagging = caseload(clinic, clinic.people.bartek)
        clinic.leave_team(case, clinic.people.bartek)
        work = finding.find_by_identifier(
            clinic.desk,
            clinic.who(clinic.people.bartek),
            Identifier.PESEL,
            PESEL,
            caseload=lagging,
        )
        assert clinic.run(work).clients == ()

    def test_others_may_not_ask_and_the_log_says_that_they_did(self, clinic: SmallClinic) -> None:
        register(clinic)
        for person in (clinic.people.officer, clinic.people.administrator):
            with pytest.raises(NotPermitted):
                find(clinic, person)
            assert isinstance(of_staff(clinic, person)[-1], AccessDenied)

    def test_what_is_no_identifier_is_refused_and_costs_nothing(self, clinic: SmallClinic) -> None:
        for _ in range(LOOKUPS_A_DAY + 1):
            with pytest.raises(Invalid) as refused:
                find(clinic, clinic.people.reception, "44051401358")
            assert "44051401358" not in str(refused.value)
        find(clinic, clinic.people.reception)

    def test_whoever_was_erased_is_not_found(self, clinic: SmallClinic) -> None:
        jagoda = register(clinic)
        clinic.clinic.finder.forget(jagoda)
        assert find(clinic, clinic.people.reception).clients == ()


class TestHowOften:
    def test_twenty_times_a_day_and_then_it_is_refused_recorded_and_named(
        self, clinic: SmallClinic
    ) -> None:
        register(clinic)
        reception = clinic.people.reception
        for number in range(LOOKUPS_A_DAY):
            find(clinic, reception, PESEL if number % 2 else NOBODYS)
        for value in (PESEL, NOBODYS):
            with pytest.raises(LookupsSpent) as refused:
                find(clinic, reception, value)
            assert 0 < refused.value.seconds <= 24 * 3600
            denied = of_staff(clinic, reception)[-1]
            assert isinstance(denied, AccessDenied)
            assert (denied.reason, denied.kind) == (finding.OVER_QUOTA, AccessKind.SEARCH)
        clinic.catch_up()
        clinic.clock.move(timedelta(days=1))
        assert len(find(clinic, reception).clients) == 1

    def test_each_has_her_own(self, clinic: SmallClinic) -> None:
        for _ in range(LOOKUPS_A_DAY):
            find(clinic, clinic.people.anna)
        with pytest.raises(LookupsSpent):
            find(clinic, clinic.people.anna)
        find(clinic, clinic.people.bartek)

    def test_names_are_not_counted_since_they_show_ones_own_alone(
        self, clinic: SmallClinic
    ) -> None:
        clinic.open_case()
        for _ in range(LOOKUPS_A_DAY + 5):
            assert named(clinic, "Klara", clinic.people.anna)


class TestADuplicate:
    def test_is_refused_without_saying_whose_file_there_is(self, clinic: SmallClinic) -> None:
        jagoda = register(clinic)
        events = clinic.version(jagoda)
        with pytest.raises(DuplicateSuspected) as refused:
            register(clinic, "Agata", "Inna", by=clinic.people.anna)
        assert jagoda not in str(refused.value)
        assert PESEL not in str(refused.value)
        assert clinic.version(jagoda) == events
        entry = of_staff(clinic, clinic.people.anna)[-1]
        assert isinstance(entry, AccessRecorded)
        assert (entry.kind, entry.count) == (AccessKind.SEARCH, 1)
        assert asked(clinic, entry) == f"pesel: {PESEL}"
        assert clinic.access_log(jagoda)[1].kind == "LIST_HIT"

    def test_a_command_that_was_done_is_no_duplicate_of_itself(self, clinic: SmallClinic) -> None:
        new = registration.Registration(
            ClientIdentified(
                given_name="Jagoda",
                family_name="P",
                birth_date=date(1944, 5, 14),
                sex=Sex.FEMALE,
                pesel=PESEL,
            )
        )
        again = command("the same", "once")
        for repeated in (False, True):
            who = clinic.who(clinic.people.reception)
            receipt = clinic.run(registration.register_client(clinic.desk, who, new, command=again))
            assert receipt.repeated is repeated
            clinic.catch_up()

    def test_a_correction_to_somebody_elses_number_is_one_and_to_her_own_is_none(
        self, clinic: SmallClinic
    ) -> None:
        jagoda, other = register(clinic), register(clinic, "Agata", pesel=None)

        def correct(client: ClientId, given: str) -> None:
            identity = ClientIdentified(
                given_name=given,
                family_name="P",
                birth_date=date(1944, 5, 14),
                sex=Sex.FEMALE,
                pesel=PESEL,
            )
            who, version = clinic.who(clinic.people.reception), clinic.version(client)
            clinic.run(
                registration.identify(
                    clinic.desk, who, client, identity, expected=version, command=command()
                )
            )

        correct(jagoda, "Jagna")
        with pytest.raises(DuplicateSuspected):
            correct(other, "Agata")

    def test_whoever_probes_by_registering_is_stopped_for_hits_and_misses_alike(
        self, clinic: SmallClinic
    ) -> None:
        register(clinic)
        for _ in range(LOOKUPS_A_DAY):
            with pytest.raises(DuplicateSuspected):
                register(clinic, by=clinic.people.anna)
        for pesel in (PESEL, NOBODYS):
            with pytest.raises(LookupsSpent):
                register(clinic, pesel=pesel, by=clinic.people.anna)
        denied = of_staff(clinic, clinic.people.anna)[-1]
        assert isinstance(denied, AccessDenied)
        assert denied.reason == finding.OVER_QUOTA
        register(clinic, pesel=None, by=clinic.people.anna)


class TestByAName:
    @pytest.mark.parametrize(
        "typed", ["Żółkiewska", "zolkiewska", "Zolkiewka", "zolkeiwska jagoda", "Jagda", "żół"]
    )
    def test_a_misspelt_name_without_marks_is_found(self, clinic: SmallClinic, typed: str) -> None:
        jagoda = register(clinic)
        clinic.open_case(jagoda)
        assert named(clinic, typed, clinic.people.anna) == (jagoda,)

    def test_ones_own_alone_are_found(self, clinic: SmallClinic) -> None:
        jagoda, other = register(clinic), register(clinic, "Agata", pesel=None)
        clinic.open_case(jagoda)
        clinic.open_case(other, by=clinic.people.bartek)
        assert named(clinic, "Żółkiewska", clinic.people.anna) == (jagoda,)
        assert named(clinic, "Żółkiewska", clinic.people.bartek) == (other,)
        with pytest.raises(NotPermitted):
            named(clinic, "Żółkiewska", clinic.people.reception)

    def test_the_search_and_each_whom_it_showed_are_recorded(self, clinic: SmallClinic) -> None:
        jagoda, agata = register(clinic), register(clinic, "Agata", pesel=None)
        clinic.open_case(jagoda, agata, room=Format.COUPLE)
        assert set(named(clinic, "zolkiewska", clinic.people.anna)) == {jagoda, agata}
        entry = of_staff(clinic, clinic.people.anna)[-1]
        assert isinstance(entry, AccessRecorded)
        assert (entry.kind, entry.count) == (AccessKind.SEARCH, 2)
        assert asked(clinic, entry) == "name: zolkiewska"
        for client in (jagoda, agata):
            hit = clinic.access_log(client)[1]
            assert (hit.kind, hit.object_type, hit.object) == ("LIST_HIT", "search", entry.object)

    def test_a_name_that_was_corrected_is_found_at_once(self, clinic: SmallClinic) -> None:
        jagoda = register(clinic)
        clinic.open_case(jagoda)
        assert named(clinic, "Żółkiewska", clinic.people.anna)
        identity = ClientIdentified(
            given_name="Jagoda", family_name="Wilk", birth_date=date(1944, 5, 14), sex=Sex.FEMALE
        )
        who, version = clinic.who(clinic.people.reception), clinic.version(jagoda)
        clinic.run(
            registration.identify(
                clinic.desk, who, jagoda, identity, expected=version, command=command()
            )
        )
        clinic.catch_up()
        assert named(clinic, "wilk", clinic.people.anna) == (jagoda,)
        assert named(clinic, "Żółkiewska", clinic.people.anna) == ()

    @pytest.mark.parametrize("typed", ["", "Ja", "ż ó ł", "12345", "-"])
    def test_too_few_letters_are_refused(self, clinic: SmallClinic, typed: str) -> None:
        with pytest.raises(Invalid):
            named(clinic, typed, clinic.people.anna)


class TestWithinARecord:
    def test_a_search_leaves_one_entry_for_each_who_takes_part_and_its_words_in_her_record(
        self, clinic: SmallClinic
    ) -> None:
        jagoda, agata = register(clinic), register(clinic, "Agata", pesel=None)
        case = clinic.open_case(jagoda, agata, room=Format.COUPLE)
        who = clinic.who(clinic.people.anna)
        clinic.run(finding.look_for_words(clinic.desk, who, case, "her sister"))
        for client in (jagoda, agata):
            lines = [each for each in clinic.access_log(client) if each.kind == "SEARCH"]
            assert [(each.object, each.classes) for each in lines] == [(case, ("record",))]
            frame, _ = clinic.desk.client(client)
            assert frame is not None
            searches = [
                each
                for each in entries(clinic, frame.access_stream)
                if isinstance(each, AccessRecorded) and each.kind is AccessKind.SEARCH
            ]
            (event,) = entries(clinic, searches[0].items[0])
            assert isinstance(event, SearchAsked)
            assert words(clinic.clinic.folder, event.query) == "her sister"

    def test_whoever_does_not_care_for_the_case_searches_nothing(self, clinic: SmallClinic) -> None:
        case = clinic.open_case()
        for person, refusal in (
            (clinic.people.bartek, NotThere),
            (clinic.people.reception, NotPermitted),
            (clinic.people.officer, NotPermitted),
        ):
            with pytest.raises(refusal):
                clinic.run(finding.look_for_words(clinic.desk, clinic.who(person), case, "sister"))
        assert clinic.access_log(clinic.people.client)[1].kind == "DENY"

    def test_what_was_opened_for_it_opens_no_other_record(self, clinic: SmallClinic) -> None:
        other = clinic.open_case(register(clinic))
        note = clinic.draft_note(other, "Of Jagoda alone.")
        case = clinic.open_case()
        who = clinic.who(clinic.people.anna)
        opening, _ = clinic.run(finding.look_for_words(clinic.desk, who, case, "words"))
        clinic.catch_up()
        with pytest.raises(NotThere):
            clinic.views.case_states.note(other, note, opening)


def test_what_was_typed_to_find_somebody_is_known_for_when_she_is_erased(
    clinic: SmallClinic,
) -> None:
    jagoda = register(clinic)
    clinic.open_case(jagoda)
    find(clinic, clinic.people.reception)
    find(clinic, clinic.people.reception, NOBODYS)
    named(clinic, "zolkiewska", clinic.people.anna)
    with pytest.raises(DuplicateSuspected):
        register(clinic)
    texts = finding.queries_that_found(clinic.desk, jagoda)
    typed = [words(clinic.clinic.folder, each) for each in texts]
    assert typed == [f"pesel: {PESEL}", "name: zolkiewska", f"pesel: {PESEL}"]
    assert finding.queries_that_found(clinic.desk, ClientId("0" * 32)) == ()


def test_what_was_searched_for_opens_for_whoever_reviews_access(clinic: SmallClinic) -> None:
    find(clinic, clinic.people.reception, NOBODYS)
    entry = of_staff(clinic, clinic.people.reception)[-1]
    assert isinstance(entry, AccessRecorded)
    (event,) = entries(clinic, entry.object or "")
    assert isinstance(event, SearchAsked)
    who = clinic.who(clinic.people.officer)
    admitted = clinic.run(admit_to_audit_trail(clinic.desk, who))
    staff = (Owner(OwnerKind.PRACTITIONER, clinic.people.reception),)
    opening, _ = clinic.run(look_at_audit_trail(clinic.desk, admitted, {}, staff))
    assert opening.words(event.query) == f"pesel: {NOBODYS}"


def test_whoever_is_erased_is_found_no_more_and_what_was_typed_for_her_is_gone(
    erasing: Erasing,
) -> None:
    clinic, people = erasing.clinic, erasing.clinic.people
    clinic.clock.move(timedelta(days=366 * 21))
    clinic.clinic.finder.prepare()
    jagoda, other = register(clinic), register(clinic, "Agata", pesel=None)
    clinic.open_case(jagoda, by=people.anna)
    clinic.open_case(other, by=people.anna)
    assert find(clinic, people.reception).clients == (jagoda,)
    assert find(clinic, people.reception, "600100200", Identifier.PHONE).clients == (jagoda,)
    assert set(named(clinic, "zolkiewska", people.anna)) == {jagoda, other}
    kept = find(clinic, people.reception, NOBODYS).receipt
    typed = finding.queries_that_found(clinic.desk, jagoda)
    assert len(typed) == 3
    clinic.clock.move(timedelta(days=366 * 21))
    new = NewErasure(
        ErasureScope.CLIENT,
        ErasureGround.RETENTION_EXPIRED,
        client=jagoda,
        hand_over=HandOver.DECLINED,
    )
    erasure_id = erasing.request(people.officer, new).named("erasure")
    erasing.approve(erasure_id, erasing.bartek, 1)
    # Somebody who looks for her now cannot make the approvals void.
    assert find(clinic, people.reception).clients == (jagoda,)
    erasing.approve(erasure_id, erasing.outsider, 2)
    erasing.complete(erasure_id)
    for text in typed:
        with pytest.raises((KeyGone, Sealed)):
            words(clinic.clinic.folder, text)
    assert find(clinic, people.reception).clients == ()
    assert named(clinic, "zolkiewska", people.anna) == (other,)
    folder = clinic.clinic.folder
    rebuilt = clinic.clinic.rebuild(IdentifiersProjection.name)
    # Of whom else there is, the name with the day of birth is all that they are found by.
    assert (rebuilt.equal, rebuilt.rows) == (True, 2)
    # What was typed for nobody stays, until the searcher's key of that year expires.
    asked_in = [each.event for each in folder.record.read(search_of(clinic, kept))]
    assert isinstance(asked_in[0], SearchAsked)
    assert words(folder, asked_in[0].query) == f"pesel: {NOBODYS}"


def search_of(clinic: SmallClinic, receipt: Receipt) -> str:
    """The stream that a search's words are in."""
    (row,) = clinic.clinic.folder.store.rows(receipt.first, 1)
    return row.stream_id.hex()
