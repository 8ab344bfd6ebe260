"""What is done where several people sit in the room: who takes part, joint notes, attendance."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from api.demo.stage import Written, command_of
from api.demo.therapy import Therapy
from domain import client as client_file
from domain.events.note import NoteKind
from domain.note import NewNote
from domain.use_cases import joint, members
from domain.values import FreeText, NoteId, Receipt


class Together(Therapy):
    """The stage with couples, families and groups."""

    async def take_in(self, by: str, key: str, client: str) -> None:
        """Somebody takes part from now on."""
        await self._members("take in", members.join_case, by, key, client)

    async def let_go(self, by: str, key: str, client: str) -> None:
        """Somebody takes part no longer."""
        await self._members("let go", members.leave_case, by, key, client)

    async def _members(
        self,
        what: str,
        change: Callable[..., Awaitable[Receipt]],
        by: str,
        key: str,
        client: str,
    ) -> None:
        act = change(
            self.desk,
            self.who(by),
            self.cases[key],
            self.client(client),
            expected=self._case_version(key),
            command=command_of("members", what, key, client),
        )
        await self._did("members", act)

    async def attend(self, by: str, name: str, present: Mapping[str, bool]) -> None:
        """Record who was there when a session was held."""
        booked = self.sessions[name]
        key = next(each for each, case in self.cases.items() if case == booked.case)
        act = joint.record_attendance(
            self.desk,
            self.who(by),
            booked.case,
            booked.id,
            {self.alias(key, client): there for client, there in present.items()},
            command=command_of("attend", name),
        )
        await self._did("session", act)

    async def write_jointly(
        self,
        by: str,
        key: str,
        name: str,
        words: str,
        parts: Mapping[str, str],
        session: str,
    ) -> None:
        """Write a joint note, with a part for each of some clients, and sign it."""
        booked, told = self.sessions[session], self.named(key, words)
        act = joint.record_joint_note(
            self.desk,
            self.who(by),
            self.cases[key],
            NewNote(NoteKind.SESSION, booked.starts_at, FreeText(told), booked.id),
            {
                self.alias(key, client): FreeText(self.named(key, part))
                for client, part in parts.items()
            },
            command=command_of("joint note", name, words),
        )
        note = NoteId((await self._did("note", act)).named("note"))
        self.notes[name] = Written(note, self.cases[key], 2 if parts else 1, told)
        await self.sign(by, name)

    def alias(self, key: str, client: str) -> str:
        """By what alias a case speaks of a client, as an editor looks it up."""
        state, _ = self.desk.record.fold(self.client(client), client_file.fold)
        alias = None if state is None else state.alias_in(self.cases[key])
        if alias is None:
            msg = "The demonstration speaks of somebody who does not take part."
            raise AssertionError(msg)
        return alias

    def named(self, key: str, words: str) -> str:
        """A text of the story as an editor writes it: a token in the place of each name."""
        for client in self.people:
            placeholder = f"{{{{{client}}}}}"
            if placeholder in words:
                words = words.replace(placeholder, f"{{{{{self.alias(key, client)}}}}}")
        return words
