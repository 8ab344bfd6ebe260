"""The blind index: it finds who has an identifier, and tells nobody else anything."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import replace
from datetime import date

from domain.events.client import ClientContactChanged, ClientIdentified, Sex
from domain.identifying import Identifier
from domain.rows import Content, Place
from domain.use_cases import registration
from domain.values import ClientId
from projections.identifiers import FOUND_BY, LEAST_OPENED, IdentifiersProjection
from tests.support.clinic import SmallClinic, command
from tests.support.rows import all_in_memory, follower

JAGODA = ClientIdentified(
    given_name="Jagoda",
    family_name="Przykładowa",
    birth_date=date(1944, 5, 14),
    sex=Sex.FEMALE,
    pesel="44051401359",
)
CONTACT = ClientContactChanged(phone="600-100-200", email="Jagoda@Example.org")
FORMS = {
    Identifier.PESEL: "44051401359",
    Identifier.PHONE: "+48600100200",
    Identifier.EMAIL: "jagoda@example.org",
    Identifier.NAME_AND_BIRTH: "jagoda przykladowa|1944-05-14",
}


def register(clinic: SmallClinic, pesel: str | None = JAGODA.pesel) -> ClientId:
    new = registration.Registration(replace(JAGODA, pesel=pesel), CONTACT)
    who = clinic.who(clinic.people.reception)
    receipt = clinic.run(registration.register_client(clinic.desk, who, new, command=command()))
    clinic.catch_up()
    return ClientId(receipt.named("client"))


def change(clinic: SmallClinic, client: ClientId, contact: ClientContactChanged) -> None:
    who, version = clinic.who(clinic.people.reception), clinic.version(client)
    clinic.run(
        registration.change_contact(
            clinic.desk, who, client, contact, expected=version, command=command()
        )
    )
    clinic.catch_up()


def holders(clinic: SmallClinic, identifier: Identifier) -> set[ClientId]:
    return set(clinic.clinic.finder.holders(identifier, FORMS[identifier]))


def test_somebody_is_found_by_each_of_her_identifiers(clinic: SmallClinic) -> None:
    jagoda = register(clinic)
    assert all(holders(clinic, each) == {jagoda} for each in Identifier)


def test_two_who_share_a_telephone_are_both_found(clinic: SmallClinic) -> None:
    both = {register(clinic), register(clinic, None)}
    assert holders(clinic, Identifier.PHONE) == both
    assert len(holders(clinic, Identifier.PESEL)) == 1


def test_what_was_corrected_finds_her_and_what_it_was_before_does_not(clinic: SmallClinic) -> None:
    jagoda = register(clinic)
    change(clinic, jagoda, ClientContactChanged(phone="600 100 201", email=CONTACT.email))
    assert holders(clinic, Identifier.PHONE) == set()
    assert clinic.clinic.finder.holders(Identifier.PHONE, "+48600100201") == (jagoda,)
    change(clinic, jagoda, ClientContactChanged())
    assert holders(clinic, Identifier.EMAIL) == set()
    assert holders(clinic, Identifier.PESEL) == {jagoda}


def test_a_rebuild_gives_the_same_rows_after_corrections(clinic: SmallClinic) -> None:
    jagoda = register(clinic)
    change(clinic, jagoda, ClientContactChanged(phone="call her mother"))
    assert clinic.clinic.rebuild(IdentifiersProjection.name).equal
    change(clinic, jagoda, CONTACT)
    assert holders(clinic, Identifier.PHONE) == {jagoda}


def test_who_is_forgotten_is_found_no_more_and_leaves_no_row(clinic: SmallClinic) -> None:
    jagoda, other = register(clinic), register(clinic, None)
    before = rows(clinic)
    clinic.clinic.finder.forget(jagoda)
    assert holders(clinic, Identifier.PHONE) == {other}
    assert holders(clinic, Identifier.PESEL) == set()
    gone = {row for row in before if row not in rows(clinic)}
    assert len(gone) == len(Identifier)
    folder = clinic.clinic.folder.layout.folder
    written = b"".join(each.read_bytes() for each in folder.glob("views-identifiers*"))
    # The other has the same telephone, and so its fingerprint; her rows are gone to the last byte.
    assert all(row_id.encode() not in written for row_id, _ in gone)
    clinic.clinic.finder.forget(jagoda)


def rows(clinic: SmallClinic) -> list[tuple[str, str]]:
    store = clinic.views.stores[IdentifiersProjection.name]
    return [(str(row.key[0]), str(row.clear[0])) for row in store.every(FOUND_BY)]


def test_the_table_tells_neither_who_nor_what(clinic: SmallClinic) -> None:
    clinic.catch_up()
    before = len(rows(clinic))
    jagoda = register(clinic)
    path = next(clinic.clinic.folder.layout.folder.glob("views-identifiers-2.1.db"))
    with sqlite3.connect(path) as db:
        stored = db.execute("SELECT * FROM found_by").fetchall()
    assert len(stored) == before + len(Identifier)
    told = b" ".join(
        each if isinstance(each, bytes) else str(each).encode() for row in stored for each in row
    )
    for secret in (jagoda, *FORMS.values(), CONTACT.phone, "Jagoda"):
        assert str(secret).encode() not in told
    assert bytes.fromhex(jagoda) not in told
    # Neither does the key that sealed a row: it is the clinic's for all of them.
    assert len({row[2][:16] for row in stored}) == 1
    assert {row[-1] for row in stored} == {""}


def test_rows_of_one_person_cannot_be_put_together(clinic: SmallClinic) -> None:
    register(clinic)
    ids = [row_id for row_id, _ in rows(clinic)]
    assert len({each[:8] for each in ids}) == len(ids)
    assert all(len(bytes.fromhex(each)) == 16 for each in ids)


def test_nobody_and_somebody_cost_as_many_cells(
    clinic: SmallClinic,
) -> None:
    register(clinic)
    register(clinic, None)
    opened: list[int] = []
    grant = clinic.clinic.finder._grant
    real = grant()

    class Counting:
        def cells(self, sealed: Iterable[tuple[bytes, Place]]) -> list[Content | None]:
            cells = list(sealed)
            opened[-1] += len(cells)
            return real.cells(cells)

    grant._opening = Counting()  # type: ignore[assignment]  # it is only asked for cells
    for value in ("+48600100200", "+48600100299"):
        opened.append(0)
        clinic.clinic.finder.holders(Identifier.PHONE, value)
    assert opened == [LEAST_OPENED, LEAST_OPENED]


def test_the_index_is_the_same_whoever_follows(clinic: SmallClinic) -> None:
    register(clinic)
    followed = [each for each in all_in_memory() if each.projection.tables == (FOUND_BY,)]
    follower(clinic).catch_up(followed, until=clinic.views.position())
    (one,) = followed
    found = [(str(row.key[0]), str(row.clear[0])) for row in one.store.every(FOUND_BY)]
    assert found == rows(clinic)
