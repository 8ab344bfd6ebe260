"""Routes that leave an access event: one that does not say which does not start.

Whether the event was really appended is looked at before an answer leaves; an answer without its
event is withheld (compliance.md LOG-01).
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterable, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from fastapi import Request, Response
from fastapi.routing import APIRoute

from domain.errors import RecordUnavailable
from domain.ports import Record, Recorded, Write
from domain.values import Circumstances, Command, Receipt

State = TypeVar("State")

NOTHING = "none"
"""Declared by routes that show no personal data at all."""


@dataclass
class _Noted:
    """What has come of a request so far, and whose it is."""

    appended: bool = False
    who: Circumstances | None = None


_noted: ContextVar[_Noted | None] = ContextVar("noted", default=None)


def leaves(event: str, *, audience: str) -> dict[str, Any]:
    """What an operation declares in its OpenAPI entry."""
    return {"x-access-event": event, "x-audience": audience}


class WitnessedRecord:
    """The record, and a note in the current request of everything that it appends."""

    def __init__(self, record: Record) -> None:
        self._record = record
        self.frame = record.frame

    def fold(
        self,
        stream: str,
        fold: Callable[[Iterable[object]], State],
        who: Circumstances | None = None,
    ) -> tuple[State, int]:
        """What a command decides on, opened in the name of whoever asks."""
        return self._record.fold(stream, fold, who or _asker())

    def history(self, stream: str, who: Circumstances | None = None) -> Sequence[Recorded]:
        """What a command reads of an event itself, opened in the name of whoever asks."""
        return self._record.history(stream, who or _asker())

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
        occurred_at: datetime | None = None,
    ) -> Receipt:
        """Append, and note it."""
        receipt = await self._record.append(
            writes, who, command=command, reply=reply, occurred_at=occurred_at
        )
        _note()
        return receipt


def _note() -> None:
    noted = _noted.get()
    if noted is not None:
        noted.appended = True


def _asker() -> Circumstances | None:
    """Whoever asks in this request, as far as that is known yet."""
    noted = _noted.get()
    return None if noted is None else noted.who


def asks(who: Circumstances) -> Circumstances:
    """Note whose request this is."""
    noted = _noted.get()
    if noted is not None:
        noted.who = who
    return who


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
            noted = _Noted()
            token = _noted.set(noted)
            try:
                response = await handle(request)
            finally:
                _noted.reset(token)
                if noted.who is not None:
                    await request.app.state.clinic.settle(noted.who, wrote=noted.appended)
            if self.access_event != NOTHING and not noted.appended:
                raise RecordUnavailable
            return response

        return handle_recorded
