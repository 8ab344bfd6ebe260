"""What clinicians write: cases, sessions, notes, process notes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime, timedelta

from api.demo.office import Office
from api.demo.stage import Booked, Written, command_of
from domain.case import Closing
from domain.events.case import Diagnosis, EndedBy, Ending, Outcome
from domain.events.note import NoteKind
from domain.events.session import CancelledBy
from domain.note import NewAmendment, NewNote
from domain.note_forms import Words
from domain.use_cases import cases, endings, notes, problems, process_notes, sessions, signing
from domain.use_cases.cases import NewCase
from domain.use_cases.sessions import NewSession
from domain.values import CaseId, Format, FreeText, NoteId, Receipt, School, SessionId


class Therapy(Office):
    """The stage with the therapies themselves."""

    # Cases

    async def open_case(
        self, by: str, key: str, clients: tuple[str, ...], held_as: tuple[Format, School]
    ) -> None:
        """Begin a therapy."""
        new = NewCase(tuple(self.client(each) for each in clients), *held_as)
        act = cases.open_case(self.desk, self.who(by), new, command=command_of("case", key))
        self.cases[key] = CaseId((await self._did("case", act)).named("case"))

    async def state_problem(
        self, by: str, key: str, words: str, diagnosis: Diagnosis | None = None
    ) -> None:
        """Record what somebody comes with."""
        act = problems.state_problem(
            self.desk,
            self.who(by),
            self.cases[key],
            FreeText(words),
            diagnosis,
            expected=self._case_version(key),
            command=command_of("problem", key, words),
        )
        await self._did("case", act)

    async def join(self, by: str, key: str, practitioner: str) -> None:
        """Let a colleague care for a case."""
        await self._team("join", cases.join_team, by, key, practitioner)

    async def leave(self, by: str, key: str, practitioner: str) -> None:
        """Let a colleague no longer care for a case."""
        await self._team("leave", cases.leave_team, by, key, practitioner)

    async def transfer(self, by: str, key: str, therapist: str) -> None:
        """Let another therapist go on with a case."""
        await self._team("transfer", cases.transfer_case, by, key, therapist)

    async def _team(
        self,
        what: str,
        change: Callable[..., Awaitable[Receipt]],
        by: str,
        key: str,
        colleague: str,
    ) -> None:
        act = change(
            self.desk,
            self.who(by),
            self.cases[key],
            self.practitioner(colleague),
            expected=self._case_version(key),
            command=command_of("team", what, key, colleague),
        )
        await self._did("care team", act)

    async def close(self, by: str, key: str, outcome: Outcome) -> None:
        """End a therapy."""
        act = endings.close_case(
            self.desk,
            self.who(by),
            self.cases[key],
            Closing(outcome, Ending.PLANNED, EndedBy.TOGETHER),
            self.clinic.views.holdings,
            expected=self._case_version(key),
            command=command_of("close", key),
        )
        await self._did("case", act)

    async def reopen(self, by: str, key: str) -> None:
        """Take a closed therapy up again."""
        act = cases.reopen_case(
            self.desk,
            self.who(by),
            self.cases[key],
            expected=self._case_version(key),
            command=command_of("reopen", key),
        )
        await self._did("case", act)

    def _case_version(self, key: str) -> int:
        return self.desk.case(self.cases[key])[1]

    # Sessions

    async def book(self, by: str, key: str, name: str, slot: tuple[datetime, int, str]) -> None:
        """Set a time aside: when, how many minutes, which room."""
        starts_at, minutes, room = slot
        ends_at = starts_at + timedelta(minutes=minutes)
        act = sessions.schedule_session(
            self.desk,
            self.who(by),
            self.cases[key],
            NewSession(starts_at, ends_at, room),
            command=command_of("session", name),
        )
        session = SessionId((await self._did("session", act)).named("session"))
        self.sessions[name] = Booked(session, self.cases[key], starts_at, ends_at)

    async def hold(self, by: str, name: str) -> None:
        """Record that a session took place, once it is over."""
        booked = self.sessions[name]
        self.move(booked.ends_at)
        act = sessions.hold_session(
            self.desk,
            self.who(by),
            booked.case,
            booked.id,
            (booked.starts_at, booked.ends_at),
            expected=booked.version,
            command=command_of("hold", name),
        )
        await self._did("session", act)

    async def cancel(self, by: str, name: str, caller: CancelledBy) -> None:
        """Call a session off."""
        booked = self.sessions[name]
        act = sessions.cancel_session(
            self.desk,
            self.who(by),
            booked.case,
            booked.id,
            caller,
            expected=booked.version,
            command=command_of("cancel", name),
        )
        await self._did("session", act)

    async def miss(self, by: str, name: str) -> None:
        """Record that nobody came."""
        booked = self.sessions[name]
        self.move(booked.ends_at)
        act = sessions.miss_session(
            self.desk,
            self.who(by),
            booked.case,
            booked.id,
            expected=booked.version,
            command=command_of("miss", name),
        )
        await self._did("session", act)

    # Notes

    async def draft(
        self,
        by: str,
        key: str,
        name: str,
        words: str,
        *,
        kind: NoteKind = NoteKind.SESSION,
        session: str | None = None,
    ) -> None:
        """Begin a note, about a session or about this moment."""
        act = self._draft(by, key, (name, words), kind, session)
        note = NoteId((await self._did("note", act)).named("note"))
        self.notes[name] = Written(note, self.cases[key], 1, words)

    async def draft_again(
        self, by: str, key: str, name: str, words: str, *, session: str | None = None
    ) -> None:
        """Send a draft a second time, as a program does when the line broke: nothing happens twice.

        Raises:
            AssertionError: It was taken for another draft.
        """
        receipt = await self._draft(by, key, (name, words), NoteKind.SESSION, session)
        if not receipt.repeated or receipt.named("note") != self.notes[name].id:
            msg = "The demonstration expected a retry to change nothing."
            raise AssertionError(msg)
        self._count("retried", receipt)

    async def _draft(
        self, by: str, key: str, note: tuple[str, str], kind: NoteKind, session: str | None
    ) -> Receipt:
        name, words = note
        booked = self.sessions[session] if session else None
        occurred_at = booked.starts_at if booked else self.clinic.clock.now()
        new = NewNote(kind, occurred_at, FreeText(words), booked.id if booked else None)
        return await notes.draft_note(
            self.desk, self.who(by), self.cases[key], new, command=command_of("note", name, words)
        )

    async def revise(self, by: str, name: str, words: str) -> None:
        """Replace a draft's words."""
        await self._change(by, name, notes.revise_note, Words(FreeText(words)))
        self.notes[name] = replace(self.notes[name], words=words)

    async def sign(self, by: str, name: str) -> None:
        """Put the author's name to a note."""
        await self._change(by, name, signing.sign_note)

    async def amend(self, by: str, name: str, reason: str, words: str) -> None:
        """Add to a signed note."""
        added = NewAmendment(FreeText(reason), FreeText(words))
        await self._change(by, name, notes.amend_note, added)

    async def countersign(self, by: str, name: str) -> None:
        """Put a second name to a note."""
        await self._change(by, name, signing.countersign_note)

    async def mark_erroneous(self, by: str, name: str, reason: str) -> None:
        """Mark a note that ought not to stand."""
        await self._change(by, name, notes.mark_note_erroneous, FreeText(reason))

    async def _change(
        self, by: str, name: str, change: Callable[..., Awaitable[Receipt]], *words: object
    ) -> None:
        note = self.notes[name]
        act = change(
            self.desk,
            self.who(by),
            note.case,
            note.id,
            *words,
            expected=note.version,
            command=command_of("change", name, str(note.version)),
        )
        await self._did("note", act)
        self.notes[name] = replace(note, version=note.version + 1)

    async def write(
        self,
        by: str,
        key: str,
        name: str,
        words: str,
        *,
        kind: NoteKind = NoteKind.SESSION,
        session: str | None = None,
    ) -> None:
        """Draft a note and sign it."""
        await self.draft(by, key, name, words, kind=kind, session=session)
        await self.sign(by, name)

    # Process notes

    async def keep(self, by: str, key: str, name: str, words: str) -> None:
        """Write down what is the author's alone."""
        act = process_notes.write_process_note(
            self.desk,
            self.who(by),
            self.cases[key],
            self.clinic.clock.now(),
            FreeText(words),
            command=command_of("keep", name),
        )
        note = NoteId((await self._did("process note", act)).named("process_note"))
        self.notes[name] = Written(note, self.cases[key], 1, words)

    async def keep_more(self, by: str, name: str, words: str) -> None:
        """Add to the author's own process note."""
        note = self.notes[name]
        act = process_notes.amend_process_note(
            self.desk,
            self.who(by),
            note.case,
            note.id,
            FreeText(words),
            expected=note.version,
            command=command_of("keep more", name),
        )
        await self._did("process note", act)
        self.notes[name] = replace(note, version=note.version + 1, words=words)
