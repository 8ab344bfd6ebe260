"""Name cards: what a list shows of a person; a client's card dies with her administrative key."""

from __future__ import annotations

from dataclasses import dataclass

from domain.confidentiality import (
    ADMINISTRATIVE,
    FRAME,
    KeyPurpose,
    Label,
    Owner,
    OwnerKind,
)
from domain.errors import Sealed
from domain.events.client import (
    ClientAliasGiven,
    ClientCaseLinked,
    ClientContactChanged,
    ClientEnquiryLinked,
    ClientHoldLifted,
    ClientHoldPlaced,
    ClientIdentified,
    ClientPersonWordSet,
    ClientRepresentativeAdded,
    ClientRepresentativeEnded,
)
from domain.events.guardianship import (
    ClientRepresentativeLimited,
    ClientRepresentativeLimitEnded,
)
from domain.events.practitioner import (
    CustodianAppointed,
    PractitionerDeparted,
    PractitionerRegistered,
    PractitionerRolesChanged,
)
from domain.guardianship import Guardianship
from domain.ports import Opening, Recorded
from domain.rows import Content, Place, Table, Under, ViewStore
from projections.projection import Rows
from projections.representatives import (
    Representative,
    address,
    guardianship_of,
    representatives,
    speaking,
)

CARDS = Table("cards", key=("person_id",))


@dataclass(frozen=True, slots=True)
class Card:
    """A person's identity and contact, as far as they were recorded."""

    person: str
    version: int
    given_name: str
    family_name: str
    title: str | None = None
    birth_date: str | None = None
    sex: str | None = None
    pesel: str | None = None
    identity_document: str | None = None
    phone: str | None = None
    email: str | None = None
    address: tuple[str, str, str, str] | None = None
    representatives: tuple[Representative, ...] = ()
    word: str | None = None
    """What she wishes to be called."""

    @property
    def name(self) -> str:
        """Given and family name."""
        return f"{self.given_name} {self.family_name}"

    @property
    def guardianship(self) -> Guardianship:
        """Who speaks for her, as far as her card says it."""
        return guardianship_of(self.birth_date, self.representatives)


class NameCardsProjection:
    """How events change cards."""

    name = "name_cards-1"
    tables = (CARDS,)
    purposes = frozenset({KeyPurpose.RELATIONSHIP, KeyPurpose.CLINICAL})

    def apply(self, recorded: Recorded, rows: Rows) -> None:
        """Let one event change rows."""
        match recorded.event:
            case ClientIdentified() as event:
                self._put(
                    recorded,
                    rows,
                    {
                        "given": event.given_name,
                        "family": event.family_name,
                        "birth": event.birth_date.isoformat(),
                        "sex": event.sex.value,
                        "pesel": event.pesel,
                        "document": event.identity_document,
                    },
                )
            case ClientContactChanged() as event:
                where = event.address
                address = where and [where.street, where.postal_code, where.city, where.country]
                contact = {"phone": event.phone, "email": event.email, "address": address}
                self._put(recorded, rows, contact)
            case PractitionerRegistered() as event:
                content = {
                    "given": event.given_name,
                    "family": event.family_name,
                    "title": event.title,
                    "version": recorded.version,
                }
                under = Under(recorded.owner, FRAME, recorded.recorded_at)
                rows.put(CARDS, (recorded.stream,), {}, content, under, recorded.position)
            case ClientPersonWordSet() as event:
                self._put(recorded, rows, {"word": event.word and event.word.value})
            case (
                ClientRepresentativeAdded()
                | ClientRepresentativeEnded()
                | ClientRepresentativeLimited()
                | ClientRepresentativeLimitEnded()
            ) as event:
                found = rows.get(CARDS, (recorded.stream,))
                self._put(recorded, rows, speaking(found[1] if found else {}, event))
            case (
                ClientCaseLinked()
                | ClientAliasGiven()
                | ClientEnquiryLinked()
                | ClientHoldPlaced()
                | ClientHoldLifted()
            ):
                self._count(recorded, rows, ADMINISTRATIVE)
            case PractitionerRolesChanged() | PractitionerDeparted() | CustodianAppointed():
                self._count(recorded, rows, FRAME)
            case None if rows.get(CARDS, (recorded.stream,)) is not None:
                # Something of her file is gone and her card is not: its version goes on all the
                # same. Who works here has nothing in her stream that could be destroyed.
                client = Owner(OwnerKind.CLIENT, recorded.stream)
                self._count(recorded._replace(owner=client), rows, ADMINISTRATIVE)
            case _:
                pass

    @staticmethod
    def _count(recorded: Recorded, rows: Rows, label: Label) -> None:
        """The card says the same; its version is that of the file, which a change must follow."""
        found = rows.get(CARDS, (recorded.stream,))
        if found is not None:
            content = {**found[1], "version": recorded.version}
            under = Under(recorded.owner, label, recorded.recorded_at)
            rows.put(CARDS, (recorded.stream,), {}, content, under, recorded.position)

    @staticmethod
    def _put(recorded: Recorded, rows: Rows, news: Content) -> None:
        found = rows.get(CARDS, (recorded.stream,))
        content = {**(found[1] if found else {}), **news, "version": recorded.version}
        under = Under(recorded.owner, ADMINISTRATIVE, recorded.recorded_at)
        rows.put(CARDS, (recorded.stream,), {}, content, under, recorded.position)


class NameCards:
    """The queries of the name cards."""

    def __init__(self, view: str, store: ViewStore) -> None:
        self._view = view
        self._store = store

    def of(self, person_id: str, opening: Opening) -> Card | None:
        """Somebody's card."""
        row = self._store.load(CARDS, (person_id,))
        if row is None:
            return None
        content = opening.cell(row.cell, Place(self._view, CARDS.name, row.key, row.position))
        return Card(
            person=person_id,
            version=content["version"],
            given_name=content.get("given", ""),
            family_name=content.get("family", ""),
            title=content.get("title"),
            birth_date=content.get("birth"),
            sex=content.get("sex"),
            pesel=content.get("pesel"),
            identity_document=content.get("document"),
            phone=content.get("phone"),
            email=content.get("email"),
            address=address(content.get("address")),
            representatives=representatives(content),
            word=content.get("word"),
        )

    def name(self, person_id: str, opening: Opening) -> str | None:
        """Somebody's name for a list; ``None`` where it is not known, or not any more."""
        try:
            card = self.of(person_id, opening)
        except Sealed:
            return None
        return None if card is None else card.name
