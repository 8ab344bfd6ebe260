"""Routes that leave an access event: one that does not say which does not start.

Whether the event was really appended is looked at before an answer leaves; an answer without its
event is withheld (compliance.md LOG-01).
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterable
from contextvars import ContextVar
from typing import Any

from fastapi import Request, Response
from fastapi.routing import APIRoute

from domain.errors import RecordUnavailable
from domain.ports import Record, Write
from domain.values import Circumstances, Command, Receipt

NOTHING = "none"
"""Declared by routes that show no personal data at all."""

_appended: ContextVar[list[bool] | None] = ContextVar("appended", default=None)


def leaves(event: str, *, audience: str) -> dict[str, Any]:
    """What an operation declares in its OpenAPI entry."""
    return {"x-access-event": event, "x-audience": audience}


class WitnessedRecord:
    """The record, and a note in the current request of everything that it appends."""

    def __init__(self, record: Record) -> None:
        self._record = record
        self.frame = record.frame
        self.fold = record.fold

    def replay(self, who: Circumstances, command: Command) -> Receipt | None:
        """The receipt of a command that has been done before: its event is in the record."""
        receipt = self._record.replay(who, command)
        if receipt is not None:
            _note()
        return receipt

    async def append(
        self,
        writes: Iterable[Write],
        who: Circumstances,
        *,
        command: Command | None = None,
        reply: Iterable[tuple[str, str]] = (),
    ) -> Receipt:
        """Append, and note it."""
        receipt = await self._record.append(writes, who, command=command, reply=reply)
        _note()
        return receipt


def _note() -> None:
    noted = _appended.get()
    if noted is not None:
        noted.append(True)


class RecordedRoute(APIRoute):
    """A route that declares its access event and is held to it."""

    def __init__(self, path: str, endpoint: Callable[..., Any], **kwargs: Any) -> None:
        """Refuse a route that declares nothing.

        Raises:
            RuntimeError: There is no ``x-access-event``.
        """
        super().__init__(path, endpoint, **kwargs)
        self.access_event = (self.openapi_extra or {}).get("x-access-event")
        if not self.access_event:
            msg = f"the route {path} does not say which access event it leaves"
            raise RuntimeError(msg)

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The handler, with the look at what was appended behind it."""
        handle = super().get_route_handler()

        async def handle_recorded(request: Request) -> Response:
            noted: list[bool] = []
            token = _appended.set(noted)
            try:
                response = await handle(request)
            finally:
                _appended.reset(token)
            if self.access_event != NOTHING and not noted:
                raise RecordUnavailable
            return response

        return handle_recorded
