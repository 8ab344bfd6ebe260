"""How every route on an item of the chart begins, goes on with it, or looks at it.

A body says what is said (``Saying``); its event's ids and its author come from where it is said.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields
from typing import Any, ClassVar, TypeVar, cast, get_args, get_type_hints

from fastapi import Response
from pydantic import BaseModel

from api.http.auth import TheClinic, TheDesk, Who
from api.http.conditions import Commanded, Expected, Written, written
from api.http.naming import Naming, RemovedWords
from api.http.schemas.common import Asked, PathId, Told
from domain.events import Event
from domain.use_cases import work
from domain.use_cases.on_item import look_at_chart
from domain.use_cases.work import At
from domain.values import CaseId, FreeText, ItemId
from projections.chart.queries import ChartItem
from projections.chart.work_lines import as_it_stands

Model = TypeVar("Model", bound=Told)


class Saying(Asked):
    """A body whose fields are those of one event, but for its ids and its author."""

    EVENT: ClassVar[type[Any]]

    def said(self, at: At) -> Event:
        """The event that this body says."""
        first, *others = (part.name for part in fields(self.EVENT))
        known: dict[str, Any] = {first: at.item, "case": at.case}
        if "author" in others:
            known["author"] = at.author
        hints = get_type_hints(self.EVENT)
        for name in type(self).model_fields:
            known[name] = _value(getattr(self, name), hints[name])
        return cast("Event", self.EVENT(**known))


def _value(asked: Any, hint: Any) -> Any:
    if isinstance(asked, list):
        return tuple(_value(each, get_args(hint)[0]) for each in asked)
    if isinstance(asked, str) and (hint is FreeText or FreeText in get_args(hint)):
        return FreeText(asked)
    if isinstance(asked, BaseModel):
        return cast("Any", asked).value()
    return asked


class Entering:
    """A request that begins an item of a case."""

    def __init__(
        self,
        desk: TheDesk,
        who: Who,
        case_id: PathId,
        command: Commanded,
        response: Response,
    ) -> None:
        self.desk = desk
        self.who = who
        self.case = CaseId(case_id)
        self.command = command
        self.response = response

    async def enter(self, kind: str, asked: Saying) -> Written:
        """Begin it."""
        receipt = await work.enter(
            self.desk, self.who, self.case, kind, asked.said, command=self.command
        )
        return written(self.response, receipt)


class GoingOn(Entering):
    """A request that goes on with an item of a case."""

    def __init__(
        self,
        desk: TheDesk,
        who: Who,
        case_id: PathId,
        item_id: PathId,
        command: Commanded,
        expected: Expected,
        response: Response,
    ) -> None:
        super().__init__(desk, who, case_id, command, response)
        self.item = ItemId(item_id)
        self.expected = expected

    async def go_on(self, kind: str, asked: Saying) -> Written:
        """Go on with it."""
        receipt = await work.go_on(
            self.desk,
            self.who,
            self.case,
            self.item,
            kind,
            asked.said,
            expected=self.expected,
            command=self.command,
        )
        return written(self.response, receipt)


class Looking:
    """A request that looks at a part of a case's chart: one look, whatever it shows."""

    def __init__(
        self,
        desk: TheDesk,
        clinic: TheClinic,
        who: Who,
        case_id: PathId,
        response: Response,
        removed: RemovedWords,
    ) -> None:
        self.desk = desk
        self.clinic = clinic
        self.who = who
        self.case = CaseId(case_id)
        self.response = response
        self.removed = removed

    async def look(self, *kinds: str) -> tuple[list[ChartItem], Naming]:
        """The items of these kinds, and who opens their words."""
        _, opening, receipt = await look_at_chart(self.desk, self.who, self.case)
        self.response.headers["Ledger-Position"] = str(receipt.last)
        views, case = self.clinic.views, self.case
        naming = Naming(
            views.name_cards,
            lambda: views.case_states.roster(case, opening),
            opening,
            self.removed,
        )
        return views.chart.items(case, opening, *kinds), naming


def told(model: type[Model], item: ChartItem, naming: Naming, **more: Any) -> Model:
    """The answer for an item as it stands, with every step that led there."""
    found = {
        "id": item.id,
        "version": item.version,
        "by": item.by,
        "recorded_at": item.recorded_at,
        "changed_at": item.changed_at,
        "status": item.content.get("status"),
        **as_it_stands(item),
        "steps": [
            {
                "step": each["step"],
                "by": each["by"],
                "recorded_at": each["recorded_at"],
                **each["said"],
            }
            for each in item.content["steps"]
        ],
        **more,
    }
    return model.model_validate(_opened(found, naming))


def all_told(model: type[Model], items: Iterable[ChartItem], naming: Naming) -> list[Model]:
    """The answers for several items."""
    return [told(model, each, naming) for each in items]


def _opened(value: Any, naming: Naming) -> Any:
    if isinstance(value, bytes):
        return naming.words_left(FreeText(sealed=value))
    if isinstance(value, dict):
        return {name: _opened(each, naming) for name, each in value.items()}
    if isinstance(value, list):
        return [_opened(each, naming) for each in value]
    return value
