"""What somebody searched for, in her own words; that she did, and whom it showed, is an access."""

from dataclasses import dataclass
from typing import ClassVar

from domain.confidentiality import SEARCH, Label
from domain.values import FreeText, ItemId


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchAsked:
    """The words of a search, recorded with its access entry, which bears the same ``search``.

    They lie in a stream of their own: under the searcher's keys where people were sought, under the
    record's keys where words were sought within it; and under an item key, so that what was typed
    to find somebody can be destroyed with her (compliance.md LOG-03, 4.1 field 36).
    """

    NAME: ClassVar[str] = "search.asked"
    VERSION: ClassVar[int] = 1
    LABEL: ClassVar[Label] = SEARCH
    search: ItemId
    query: FreeText


SearchEvent = SearchAsked
EVENTS: tuple[type[SearchEvent], ...] = (SearchAsked,)
