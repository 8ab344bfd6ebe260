"""Nothing that identifies or tells anything lies in clear in a data folder."""

from __future__ import annotations

import shutil
from pathlib import Path
from random import Random

import pytest

from domain.events import VOCABULARY
from domain.events.client import ClientContactChanged, ClientIdentified
from domain.events.practitioner import PractitionerRegistered
from domain.values import ActorId, ActorKind
from tests.support.clinic import SmallClinic
from tests.support.figures import say
from tests.support.leaks import SHORTEST, search, unsealed_copy
from tests.support.life import Life

NOTE = "Zażółć gęślą jaźń: she dreamt of her grandmother's orchard again, and woke up crying."
THOUGHT = "I caught myself hurrying her; my own father never let silence be."


@pytest.fixture
def lived_in(life: Life) -> SmallClinic:
    """A clinic in which everything has happened, and two texts of ours besides."""
    clinic = life.clinic
    case = clinic.open_case()
    clinic.sign_note(case, clinic.draft_note(case, NOTE))
    clinic.write_process_note(case, THOUGHT)
    clinic.clinic.accounts.add("anna.kowalczyk", ActorKind.STAFF, ActorId(clinic.people.anna))
    clinic.catch_up()
    return clinic


def names_in(clinic: SmallClinic) -> set[str]:
    """The names and ways of reaching people that stand in the record."""
    found: set[str] = set()
    for row in clinic.clinic.folder.store.rows(0, 100_000):
        event = clinic.clinic.folder.record.mapper.open(row).event if any(row.key_id) else None
        match event:
            case ClientIdentified() | PractitionerRegistered():
                found |= {event.given_name, event.family_name}
            case ClientContactChanged():
                found |= {each for each in (event.phone, event.email) if each}
    return found


def event_names_in(clinic: SmallClinic) -> set[str]:
    rows = clinic.clinic.folder.store.rows(0, 100_000)
    opened = (clinic.clinic.folder.record.mapper.open(row) for row in rows if any(row.key_id))
    return {each.event.NAME for each in opened if each.event is not None}


def test_a_data_folder_tells_no_name_no_kind_of_event_and_no_three_words_of_any_text(
    lived_in: SmallClinic, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, copy = lived_in.clinic.folder, tmp_path / "unsealed"
    names, kinds = names_in(lived_in), event_names_in(lived_in)
    texts = unsealed_copy(folder, copy)
    assert {NOTE, THOUGHT} <= set(texts)

    sealed = search([folder.layout.folder], [*names, "anna.kowalczyk"], VOCABULARY, texts)
    unsealed = search([copy], names, kinds, texts)

    say(capsys, f"leaks: sealed {sealed}; unsealed {unsealed}")
    assert sealed.nothing, sealed.where
    assert sealed.files > 10
    for hits in (unsealed.names, unsealed.events, unsealed.runs):
        assert hits.found == hits.searched > 0, unsealed


@pytest.mark.parametrize("where", ["record.db-wal", "views-name_cards-1.1.db", "new.log"])
def test_three_words_in_any_file_of_the_folder_are_found(
    where: str, lived_in: SmallClinic, tmp_path: Path
) -> None:
    folder = shutil.copytree(lived_in.clinic.folder.layout.folder, tmp_path / "copy")
    with (folder / where).open("ab") as file:
        file.write(Random(1).randbytes(4099) + "GĘŚLĄ jaźń: She".encode())
    # Only A to Z are folded: capitals with a tail are other bytes, and no run was ever written so.
    assert search([folder], (), (), [NOTE]).nothing
    with (folder / where).open("ab") as file:
        file.write("gęślą JAźń: SHE".encode())
    found = search([folder], (), (), [NOTE])
    assert found.runs.found == 1
    assert found.where == ((folder / where, "gęślą jaźń: she"),)


@pytest.mark.parametrize("before", range(9))
@pytest.mark.parametrize("after", range(3))
def test_what_is_searched_for_is_found_wherever_it_stands(
    before: int, after: int, tmp_path: Path
) -> None:
    data = tmp_path / "data"
    data.write_bytes(b"\xff" * before + b"grandmother's orchard again" + b"\xff" * after)
    found = search([data], ["orchard", "Bergmann"], ["chard again", "note.signed"], [NOTE])
    assert (found.names.found, found.events.found, found.runs.found) == (1, 1, 1)
    assert found.where[0][0] == data


def test_a_name_in_a_file_name_is_found(tmp_path: Path) -> None:
    (tmp_path / "export-Bergmann.csv").touch()
    assert search([tmp_path], ["bergmann"], (), ()).names.found == 1


@pytest.mark.parametrize(
    ("text", "runs"),
    [
        pytest.param("A w i z tym", {b"a w i z tym"}, id="a short run is widened to its right"),
        pytest.param("znowu a w i", {b"znowu a w", b"znowu a w i"}, id="or else to its left"),
        pytest.param("Nie chce.", {b"nie chce"}, id="two words are a run"),
        pytest.param("Tak.", set(), id="one short word is none"),
        pytest.param("", set(), id="nor is nothing"),
    ],
)
def test_runs_that_chance_would_find_are_searched_with_their_neighbours(
    text: str, runs: set[bytes], tmp_path: Path
) -> None:
    data = tmp_path / "data"
    data.write_bytes(b"\n".join(runs) or b"Tak. ")
    found = search([data], (), (), [text])
    assert found.runs.searched == found.runs.found
    assert found.runs.found >= len(runs)


def test_what_is_too_short_is_counted_and_not_searched(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.write_bytes(b"Ewa. Tak.")
    found = search([data], ["Ewa"], (), ["Tak."])
    assert found.nothing
    assert found.too_short == 2
    assert len("Ewa") < SHORTEST
