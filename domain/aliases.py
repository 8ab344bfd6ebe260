"""Aliases: how the texts of a joint case name those who take part in it.

A couple's, a family's or a group's own events and texts say ``p7``, and a text that names somebody
holds the token ``{{p7}}``. Whose alias that is stands in her own stream, under her own key; when
that key is destroyed nobody can say any more who was meant (docs of the design: security, section
1.8).
"""

import re
from collections.abc import Collection, Iterable, Mapping

from domain.events.case import CaseAliasesDrawn

REMOVED = "[removed participant]"
"""What stands in the place of somebody whose key has been destroyed."""
REMOVED_IN = {"en": REMOVED, "pl": "[osoba usunięta]"}

_TOKEN = re.compile(r"\{\{(p[1-9][0-9]{0,5})\}\}")
_FIRST_RANGE = 99


def draw(taken: Collection[str], chance: int) -> str:
    """An alias that was never given in the case before.

    It is chosen by ``chance``, a large random number, from a range of which at least half is free:
    a number tells neither who came first nor anything else.
    """
    most = _FIRST_RANGE
    while len(taken) * 2 > most:
        most = most * 10 + 9
    free = [alias for number in range(1, most + 1) if (alias := f"p{number}") not in taken]
    return free[chance % len(free)]


def in_order(aliases: Iterable[str]) -> tuple[str, ...]:
    """Aliases by their numbers, which says nothing about who they are."""
    return tuple(sorted(aliases, key=lambda alias: int(alias[1:])))


def fold(events: Iterable[object]) -> frozenset[str]:
    """The aliases that were ever given in a case, from its events."""
    drawn = (each.aliases for each in events if isinstance(each, CaseAliasesDrawn))
    return frozenset(alias for aliases in drawn for alias in aliases)


def named(text: str) -> frozenset[str]:
    """The aliases whose tokens stand in a text."""
    return frozenset(_TOKEN.findall(text))


def resolve(text: str, names: Mapping[str, str | None], removed: str = REMOVED) -> str:
    """The text as it is shown: each token as the name that ``names`` has for its alias.

    An alias without a name (``None``) is somebody whose key is gone; a token of an alias that
    ``names`` does not know is left as it stands. What a name consists of is not looked at again.
    """

    def shown(token: re.Match[str]) -> str:
        if token[1] not in names:
            return token[0]
        return names[token[1]] or removed

    return _TOKEN.sub(shown, text)
