"""Making a crisis sheet: the look is recorded for each client, then the subset is sealed."""

from __future__ import annotations

import asyncio
import json
from datetime import datetime
from functools import partial

from api.compose import Clinic
from api.compose.crisis_sheets import Cost, Sealed, seal_sheet
from api.emergency import emergency_told
from api.http.naming import Naming
from domain.ports import Opening
from domain.use_cases.crisis_sheets import issue_crisis_sheet
from domain.use_cases.desk import Desk
from domain.values import CaseId, Circumstances, ItemId

SHORTEST = 12
"""Characters of a sheet's passphrase: whoever finds the file can try as often as she likes."""


async def make_sheet(
    clinic: Clinic,
    desk: Desk,
    who: Circumstances,
    cases: tuple[CaseId, ...],
    valid_until: datetime,
    passphrase: str,
    *,
    cost: Cost | None = None,
) -> tuple[ItemId, bytes]:
    """A sealed sheet of the actor's own cases, and its id; the passphrase is kept nowhere.

    Raises:
        NotThere: One of the cases is not hers; the denial is recorded.
        Invalid: There are no cases or too many, or it would open too long.
    """
    written = clinic.last_position()
    opening, sheet = await issue_crisis_sheet(desk, who, cases, valid_until=valid_until)
    # What was written a moment ago belongs onto it.
    await clinic.reach(written)
    content = {
        "sheet": sheet,
        "issued_at": clinic.clock.now().isoformat(timespec="seconds"),
        "valid_until": valid_until.isoformat(timespec="seconds"),
        "cases": [_of_case(clinic, each, opening) for each in cases],
    }
    plain = json.dumps(content, ensure_ascii=False).encode()
    about = Sealed(sheet, valid_until)
    sealed = await asyncio.to_thread(seal_sheet, plain, passphrase, about, cost=cost)
    return sheet, sealed


def _of_case(clinic: Clinic, case: CaseId, opening: Opening) -> object:
    views = clinic.views
    naming = Naming(views.name_cards, partial(views.case_states.roster, case, opening), opening)
    return emergency_told(clinic, case, opening, naming).model_dump(mode="json")
