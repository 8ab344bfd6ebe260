"""What is told of the log's integrity."""

from __future__ import annotations

from api.http.schemas.common import Told


class IncidentTold(Told):
    """Something that was found broken: when, how, where in the log, and what it stops until then.

    ``scope`` is ``stream`` where one record's own stream takes no writes, and ``log`` where the
    whole record is read-only. Whose stream it is stands nowhere here.
    """

    number: int
    at: str
    code: str
    scope: str
    position: int | None
    settled: bool
