"""Names at display: the tokens in a joint case's texts become names at the moment of showing.

Names come from the members' own cards, through the opening of the look that was recorded, which has
an entry in the log of every member whom it can show. Where a key is gone, so is the name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import cached_property
from typing import Annotated

from fastapi import Depends, Header

from api.http.schemas.joint import MemberTold, PartTold, PresentTold
from domain.aliases import REMOVED, REMOVED_IN, named, resolve
from domain.errors import Sealed
from domain.ports import Opening
from domain.values import FreeText
from projections.joint import Member, Part, Roster
from projections.name_cards import NameCards


async def removed_words(
    accept_language: Annotated[
        str | None, Header(description="``pl`` or ``en``: how a removed participant is called.")
    ] = None,
) -> str:
    """What stands in the place of somebody whose key is gone, in the reader's language."""
    language = (accept_language or "").strip()[:2].lower()
    return REMOVED_IN.get(language, REMOVED)


RemovedWords = Annotated[str, Depends(removed_words)]


class Naming:
    """The names by alias of one joint case, as far as anybody can say; none for other cases.

    They are looked up when the first text needs them. Without an opening no words are shown at all.
    """

    def __init__(
        self,
        cards: NameCards,
        roster: Callable[[], Roster | None],
        opening: Opening | None,
        removed: str = REMOVED,
    ) -> None:
        self._cards = cards
        self._roster = roster
        self._opening = opening
        self._removed = removed

    @cached_property
    def _names(self) -> Mapping[str, str | None]:
        roster = self._roster()
        if roster is None or self._opening is None:
            return {}
        names: dict[str, str | None] = dict.fromkeys(roster.aliases)
        for member in roster.members:
            if member.alias is not None:
                names[member.alias] = self._cards.name(member.client, self._opening)
        return names

    def words(self, text: FreeText) -> str | None:
        """A text with its names; ``None`` where it stays closed.

        Raises:
            Sealed: It has been made unreadable.
        """
        if self._opening is None:
            return None
        words = self._opening.words(text)
        return resolve(words, self._names, self._removed) if named(words) else words

    def words_left(self, text: FreeText | None) -> str | None:
        """A text with its names; ``None`` where it stays closed or has been made unreadable."""
        with suppress(Sealed):
            return None if text is None else self.words(text)
        return None

    def member(self, member: Member) -> MemberTold:
        """The answer for a member."""
        return MemberTold(
            client=member.client,
            alias=member.alias,
            name=self._names.get(member.alias or ""),
            removed=member.alias is None,
            joined_at=member.joined_at,
            left_at=member.left_at,
        )

    def part(self, part: Part) -> PartTold:
        """The answer for a member's part of a note."""
        name, text = self._names.get(part.alias), self.words_left(part.text)
        return PartTold(alias=part.alias, name=name, text=text)

    def present(self, alias: str, *, there: bool) -> PresentTold:
        """The answer for a member's attendance."""
        return PresentTold(alias=alias, name=self._names.get(alias), present=there)
