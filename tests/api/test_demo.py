from __future__ import annotations

import asyncio
import io
import re
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest
from rich.console import Console

from api.compose import LIGHT, create, opened, status, verify
from api.compose.erasures import destroyed
from api.demo import NotAsWritten, Played, SignIn, StoryClock, TextsRefused, play, sign_ins
from api.demo.cast import CLIENTS, STAFF, names
from api.demo.corpus import read
from api.demo.erasure import Passphrases
from api.demo.texts import everything, words
from domain.confidentiality import KeyPurpose
from domain.events import VOCABULARY
from domain.identifying import valid_pesel
from domain.ports import Clock
from tests.support.leaks import search, unsealed_copy

PASSPHRASE = "a demonstration for one evening"
SECOND = "an envelope that lies in the safe"
ROWS = (
    (
        "7",
        "sleep",
        "Awake",
        "Why do I wake at four?",
        "An hour at four is long, and still an hour.",
    ),
    (
        "7",
        "sleep",
        "Awake",
        "Why do I wake at four?",
        'She said "stay";\r\nI stayed.  Zażółć – gęślą',
    ),
    ("8", "work", "Late", "Am I too late?", " Leading and trailing spaces count, too. "),
    (
        "7",
        "sleep",
        "Awake",
        "Why, in other words, at four?",
        "A third answer, after another client's.",
    ),
)


@dataclass(frozen=True)
class Evening:
    """A demonstration that was played to the end."""

    folder: Path
    played: Played
    printed: str
    let_in: tuple[SignIn, ...]
    events: frozenset[str]


def perform(
    folder: Path, *, clock: Clock | None = None, follow: bool = True, texts: Path | None = None
) -> Evening:
    create(folder, [PASSPHRASE, SECOND], cost=LIGHT, clock=clock)
    console = Console(file=io.StringIO(), width=100)
    with opened(folder, PASSPHRASE, clock=clock) as clinic:
        if follow:
            clinic.start_following()
        both = Passphrases((PASSPHRASE, SECOND))
        played = asyncio.run(play(clinic, console, texts=texts, passphrases=both))
        let_in = sign_ins(clinic, played)
        record, last = clinic.folder.record, clinic.folder.record.last_position()
        recorded, _ = record.follow(-1, last + 1, frozenset(KeyPurpose))
    assert isinstance(console.file, io.StringIO)
    events = frozenset(each.event.NAME for each in recorded if each.event)
    return Evening(folder, played, console.file.getvalue(), let_in, events)


@pytest.fixture(scope="module", name="evening")
def _evening(tmp_path_factory: pytest.TempPathFactory) -> Evening:
    return perform(tmp_path_factory.mktemp("demo") / "clinic", clock=StoryClock())


def csv_of(folder: Path, rows: tuple[tuple[str, ...], ...]) -> Path:
    path = folder / "texts.csv"
    cells = [",".join('"' + cell.replace('"', '""') + '"' for cell in row) for row in rows]
    lines = ["question_id,topic,title,question,answer", *cells]
    path.write_bytes("\n".join(lines).encode())
    return path


def test_the_demonstration_records_a_hundred_acts_and_more(evening: Evening) -> None:
    assert evening.played.actions >= 100
    assert evening.played.done["refused"] >= 5
    assert evening.played.done["retried"] == 1


def test_what_the_demonstration_recorded_verifies_with_its_keys(evening: Evening) -> None:
    verdict = verify(evening.folder, PASSPHRASE)

    assert verdict.with_keys
    assert verdict.contents > evening.played.actions


def test_the_demonstration_uses_every_word_of_the_vocabulary(evening: Evening) -> None:
    unused = set(VOCABULARY) - evening.events

    assert unused == set()


def test_the_officers_own_look_is_the_first_line_that_she_sees(evening: Evening) -> None:
    first = evening.played.access_log[0]

    assert (first.kind, first.object_type) == ("AUDIT_READ", "access-log")
    assert first.actor == evening.played.people["bogdan"].id


def test_the_clients_log_names_everybody_who_was_refused(evening: Evening) -> None:
    refused = {each.actor for each in evening.played.access_log if each.kind == "DENY"}

    people = evening.played.people
    assert refused == {people[each].id for each in ("jakub", "zuzanna", "eleanor", "bogdan")}


def test_the_printed_log_shows_the_refused_look_below_the_officers_own(evening: Evening) -> None:
    log = evening.printed[evening.printed.index("Access log of Karolina Zych") :].splitlines()
    lines = [each for each in log if "done" in each or "REFUSED" in each]

    assert "Bogdan Jaworek" in lines[0]
    assert "access log" in lines[0]
    assert any("Jakub Sarnowski" in each and "REFUSED" in each for each in lines)


def test_an_early_erasure_is_refused_and_says_until_when(evening: Evening) -> None:
    printed = " ".join(evening.printed.split())

    assert re.search(r"REFUSED \(retention-medical-entity\), it is kept until \d{4}-12-31", printed)


def test_the_erased_note_can_be_read_before_and_no_backup_opens_it_after(evening: Evening) -> None:
    printed = " ".join(evening.printed.split())
    asked, carried_out = printed.index("art. 51 forbids"), printed.index("the note is erased")

    assert words("change", "admission")[:40] in printed[asked:carried_out]
    assert words("change", "admission")[:40] not in printed[carried_out:]
    assert "its set of keys opens no more" in printed[carried_out:]


def test_nothing_is_left_that_is_not_final_and_no_backup_that_is_not_there(
    evening: Evening,
) -> None:
    told = status(evening.folder)

    assert told.not_final == 0
    assert set(told.backups) == {"none"}
    assert [each.final for each in destroyed(evening.folder)] == [True, True]


def test_the_destruction_record_is_printed_and_names_both_custodians(evening: Evening) -> None:
    protocol = evening.printed[evening.printed.index("PROTOKÓŁ ZNISZCZENIA") :]

    assert "Podstawa: art. 51 ustawy o ochronie zdrowia psychicznego" in protocol
    for person in ("Agnieszka Lipska-Wrona", "Renata Osiecka"):
        assert f"Zatwierdził(a), klucz: {person}" in protocol
    assert words("change", "admission")[:40] not in protocol


def test_the_front_desk_finds_a_caller_and_a_stranger_to_her_hears_nothing(
    evening: Evening,
) -> None:
    assert "Zuzanna Kmieć looks up +48 500 000 203 and finds Miriam Hale." in evening.printed
    assert "Agnieszka Lipska-Wrona looks up +48 500 000 203 and finds nobody" in evening.printed


def test_what_is_printed_fits_into_a_hundred_columns(evening: Evening) -> None:
    assert max(len(each) for each in evening.printed.splitlines()) <= 100


def test_nothing_secret_is_printed(evening: Evening) -> None:
    printed = " ".join(evening.printed.split())

    kept = [words(case, what) for case in ("panic", "grief") for what in ("process",)]
    assert PASSPHRASE not in printed
    assert SECOND not in printed
    assert not any(each.password in printed for each in evening.let_in)
    assert not any(sentence in printed for each in kept for sentence in each.split(". "))


def test_the_audit_trail_shows_clients_by_pseudonym_alone(evening: Evening) -> None:
    start, end = evening.printed.index("2 · Audit trail"), evening.printed.index("3 · Access log")
    trail = evening.printed[start:end]

    assert not any(new.identity.family_name in trail for new in CLIENTS.values())


def test_a_one_time_password_lets_its_holder_in_and_does_not_show_itself(evening: Evening) -> None:
    with opened(evening.folder, PASSPHRASE) as clinic:
        found = [
            clinic.accounts.sign_in(each.name, each.password, clinic.clock.now())[1]
            for each in evening.let_in
        ]

    assert [each.actor for each in found] == [
        evening.played.people[each.name].id for each in evening.let_in
    ]
    assert all(each.must_change for each in found)
    assert {each.role for each in evening.let_in} == {
        "clinician",
        "reception",
        "compliance",
        "administrator",
        "client",
    }
    assert not any(each.password in repr(each) for each in evening.let_in)


def test_nothing_of_the_demonstration_lies_readable_on_the_disk(
    evening: Evening, tmp_path: Path
) -> None:
    contacts = [new.contact for new in CLIENTS.values() if new.contact]
    told = [*names(), *(each.phone or "" for each in contacts), "k.zych@poczta.example"]
    with opened(evening.folder, PASSPHRASE) as clinic:
        texts = unsealed_copy(clinic.folder, tmp_path / "unsealed")

    sealed = search([evening.folder], told, evening.events, texts)
    unsealed = search([tmp_path / "unsealed"], told, evening.events, texts)

    # One note was erased, and a letter came as a file. Where the story names somebody, an editor
    # has written a token.
    told_texts, recorded = ({unnamed(each) for each in some} for some in (everything(), texts))
    assert told_texts - recorded == {
        unnamed(words("change", "admission")),
        unnamed(words("attachments", "letter")),
        *(unnamed(words("grief", each)) for each in ("fifth", "fifth_late")),
    }
    assert sealed.nothing, sealed
    assert unsealed.names.found == unsealed.names.searched
    assert unsealed.events.found == unsealed.events.searched == len(evening.events)
    assert unsealed.runs.found == unsealed.runs.searched > 1000


def unnamed(text: str) -> str:
    """A text on one line, whoever it names."""
    return re.sub(r"\{\{\w+\}\}", "{{}}", " ".join(text.split()))


def test_six_weeks_pass_in_the_record_and_the_review_is_today(evening: Evening) -> None:
    entries = evening.played.access_log

    days = (entries[0].recorded_at - entries[-1].recorded_at).days
    assert 34 <= days <= 48


def test_the_demonstration_plays_without_its_clock_and_without_a_follower(tmp_path: Path) -> None:
    evening = perform(tmp_path / "clinic", follow=False)

    assert evening.played.actions >= 100
    assert verify(evening.folder, PASSPHRASE).with_keys


def test_the_demonstration_plays_across_the_turn_of_a_year(tmp_path: Path) -> None:
    evening = perform(tmp_path / "clinic", clock=StoryClock(date(2026, 1, 21)))

    years = {each.recorded_at.year for each in evening.played.access_log}
    assert {2025, 2026} <= years
    assert verify(evening.folder, PASSPHRASE).with_keys


def test_every_text_of_a_file_is_read_back_exactly(tmp_path: Path) -> None:
    evening = perform(tmp_path / "clinic", texts=csv_of(tmp_path, ROWS))

    assert "4 of 4 texts read back exactly" in evening.printed
    assert "3 of 3 presenting problems of 2 clients read back exactly" in evening.printed
    assert evening.played.compared is not None
    assert evening.played.compared.notes_exact == len(ROWS)


@pytest.mark.endurance
@pytest.mark.shared
def test_two_thousand_real_texts_are_read_back_exactly(tmp_path: Path, shared: Path) -> None:
    evening = perform(tmp_path / "clinic", texts=shared / "data" / "counselling-questions.csv")

    assert "2129 of 2129 texts read back exactly" in evening.printed
    assert verify(evening.folder, PASSPHRASE).with_keys


def test_a_file_keeps_its_words_to_the_last_space(tmp_path: Path) -> None:
    first, second = read(csv_of(tmp_path, ROWS))

    assert first.problems == (ROWS[0][3], ROWS[3][3])
    assert first.notes == (ROWS[0][4], ROWS[1][4], ROWS[3][4])
    assert second.notes == (ROWS[2][4],)


def test_a_text_that_comes_back_otherwise_ends_the_demonstration(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def another(*_: object, **__: object) -> str:
        return "something else"

    monkeypatch.setattr("api.demo.looks.Play.read_note", another)

    with pytest.raises(NotAsWritten):
        perform(tmp_path / "clinic", texts=csv_of(tmp_path, ROWS))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"a,b\n1,2\n",
        b"question_id,question,answer\n",
        b"question_id,question,answer\n1,why\n",
        b"question_id,question,answer\n1,why, \n",
        b"question_id,question,answer\n1,\xff,x\n",
    ],
)
def test_a_file_without_texts_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "texts.csv"
    path.write_bytes(content)

    with pytest.raises(TextsRefused):
        read(path)


def test_every_account_number_of_the_invented_clients_is_nobodys() -> None:
    numbers = [new.identity.pesel for new in CLIENTS.values() if new.identity.pesel]

    assert numbers
    assert all(valid_pesel(each) for each in numbers)
    # No calendar has a month 60: the number is right in form and belongs to nobody.
    assert all(each[2:4] == "60" for each in numbers)


def test_the_cast_has_every_role_of_the_staff() -> None:
    assert {role.value for new in STAFF.values() for role in new.roles} == {
        "clinician",
        "reception",
        "compliance",
        "administrator",
        "custodian",
    }
