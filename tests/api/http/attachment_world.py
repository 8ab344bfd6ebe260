"""What stands in the place of the path parameters of attachments: a letter of Zofia's."""

from __future__ import annotations

from domain.values import CaseId
from tests.api.http.support import Office
from tests.support.attachments import stored


def ids_of(office: Office, case: CaseId) -> dict[str, str]:
    """A document that is stored, and a chunk of it."""
    return {"attachment_id": stored(office.clinic, case, b"a letter"), "number": "1"}
