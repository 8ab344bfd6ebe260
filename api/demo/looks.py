"""What people look at: each look is recorded first, and what it shows is compared."""

from __future__ import annotations

from datetime import datetime, timedelta

from api.demo.stage import NotAsWritten
from api.demo.together import Together
from domain.errors import NotThere
from domain.ports import Opening
from domain.use_cases import (
    caseload,
    cases,
    consents,
    notes,
    process_notes,
    reception,
    registration,
)
from domain.values import CaseId, ClientId, ItemId, Role
from projections.case_lines import CaseState


class Play(Together):
    """The stage with everything that can be seen from it."""

    async def look_at_case(
        self, by: str, key: str, *, wait: bool = True
    ) -> tuple[CaseState, Opening]:
        """Open a case; without waiting, where the projections are known to show it."""
        case = self.cases[key]
        act = cases.look_at_case(self.desk, self.who(by), case)
        opening = await self.see("look", act, wait=wait)
        state = self.clinic.views.case_states.of(case, opening)
        if state is None:
            raise NotThere
        return state, opening

    async def look_at_note(self, by: str, name: str) -> None:
        """Open a note and compare its words with what was written.

        Raises:
            NotAsWritten: They differ.
        """
        if await self.read_note(by, name) != self.notes[name].words:
            raise NotAsWritten

    async def read_note(self, by: str, name: str, *, wait: bool = True) -> str | None:
        """Open a note; its words as the record has them."""
        note = self.notes[name]
        act = notes.look_at_note(self.desk, self.who(by), note.case, note.id)
        opening = await self.see("look", act, wait=wait)
        line = self.clinic.views.case_states.note(note.case, note.id, opening)
        return opening.words(line.texts[-1]) if line is not None and line.texts else None

    async def look_at_process_note(self, by: str, name: str) -> None:
        """Open the author's own process note and compare its words.

        Raises:
            NotAsWritten: They differ.
        """
        note, who = self.notes[name], self.who(by)
        act = process_notes.look_at_process_note(self.desk, who, note.case, note.id)
        opening = await self.see("look", act)
        line = self.clinic.views.process_notes.one(who.actor.id, note.case, note.id, opening)
        if line is None or opening.words(line.texts[-1]) != note.words:
            raise NotAsWritten

    async def look_at_identity(self, by: str, client: str) -> None:
        """Open a client's name card and compare the name.

        Raises:
            NotAsWritten: It differs.
        """
        client_id = self.client(client)
        act = registration.look_at_identity(self.desk, self.who(by), client_id)
        opening = await self.see("look", act)
        card = self.clinic.views.name_cards.of(client_id, opening)
        if card is None or card.name != self.people[client].name:
            raise NotAsWritten

    async def look_at_consents(self, by: str, client: str) -> None:
        """Open a client's consents."""
        _, receipt = await consents.look_at_consents(self.desk, self.who(by), self.client(client))
        self._count("look", receipt)

    async def look_at_caseload(self, by: str) -> None:
        """A clinician opens her own list of cases."""
        who = await caseload.admit_to_caseload(self.desk, self.who(by))
        await self.reach(self.last)
        hits: dict[ClientId, tuple[ItemId, ...]] = {}
        for line in self.clinic.views.caseload.of(who.actor.id):
            frame, _ = self.desk.case(CaseId(line.case))
            for client in frame.clients if frame else ():
                hits[client] = (*hits.get(client, ()), ItemId(line.case))
        await self.see("look", caseload.look_at_caseload(self.desk, who, hits))

    async def look_at_calendar(self, by: str, start: datetime, days: int) -> None:
        """Somebody opens the calendar."""
        own = Role.CLINICIAN in self.who(by).actor.roles
        who = await reception.admit_to_calendar(self.desk, self.who(by), own=own)
        await self.reach(self.last)
        therapist = who.actor.id if own else None
        rows = self.clinic.views.calendar.between(
            start, start + timedelta(days=days), therapist=therapist
        )
        hits: dict[ClientId, tuple[ItemId, ...]] = {}
        for slot in map(self.clinic.views.calendar.slot, rows):
            if slot.client:
                client = ClientId(slot.client)
                hits[client] = (*hits.get(client, ()), ItemId(slot.session))
        await self.see("look", reception.look_at_calendar(self.desk, who, hits))
