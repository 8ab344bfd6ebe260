"""How every route on an enquiry goes on with it."""

from __future__ import annotations

from collections.abc import Callable

from fastapi import Response

from api.http.auth import TheDesk, Who
from api.http.conditions import Commanded, Expected, Written, written
from api.http.schemas.common import PathId
from domain.enquiry import Enquiry
from domain.events.enquiry import EnquiryEvent
from domain.use_cases import enquiries
from domain.values import ItemId, PractitionerId

Decide = Callable[[Enquiry, PractitionerId, ItemId], tuple[EnquiryEvent, ...]]


class Changing:
    """A request that goes on with an enquiry."""

    def __init__(
        self,
        desk: TheDesk,
        who: Who,
        enquiry_id: PathId,
        command: Commanded,
        expected: Expected,
        response: Response,
    ) -> None:
        self.desk = desk
        self.who = who
        self.enquiry = ItemId(enquiry_id)
        self.command = command
        self.expected = expected
        self.response = response

    async def go_on(self, decide: Decide) -> Written:
        """Go on with it."""
        receipt = await enquiries.change_enquiry(
            self.desk,
            self.who,
            self.enquiry,
            decide,
            expected=self.expected,
            command=self.command,
        )
        return written(self.response, receipt)
