"""What every change of a case pack comes with."""

from __future__ import annotations

from fastapi import Response

from api.http.auth import TheDesk, Who
from api.http.conditions import Commanded, Expected
from api.http.schemas.common import PathId
from domain.values import CaseId, ItemId


class ChangingPack:
    """A request that changes a pack of one's own."""

    def __init__(
        self,
        desk: TheDesk,
        who: Who,
        case_id: PathId,
        pack_id: PathId,
        command: Commanded,
        expected: Expected,
        response: Response,
    ) -> None:
        self.desk = desk
        self.who = who
        self.case = CaseId(case_id)
        self.pack = ItemId(pack_id)
        self.command = command
        self.expected = expected
        self.response = response
