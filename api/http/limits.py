"""What holds for every exchange: size and type of the body, and headers of the answer."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Callable
from typing import TypeAlias
from uuid import uuid4

from starlette.types import ASGIApp, Message, Receive, Scope, Send

Headers: TypeAlias = list[tuple[bytes, bytes]]

logger = logging.getLogger("powiernik")
MOST_BODY = 1024 * 1024
"""Bytes of a request body."""
_METHODS_WITH_BODY = {"POST", "PUT", "PATCH"}
_CHUNKS = re.compile(r"/v1/cases/[0-9a-f]{32}/attachments/[0-9a-f]{32}/chunks/[0-9]{1,10}")
"""What alone takes bytes instead of JSON; a chunk is no larger than any other body."""
_CACHE = b"cache-control"
_HEADERS = [
    (_CACHE, b"no-store"),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
]


class Limits:
    """Refuses bodies that are too large or not JSON before they are read; stamps every answer.

    Nothing is kept by a cache unless its route says how long. While an incident is open, ``banner``
    tells which, and every answer has it as ``Record-Integrity``.
    """

    def __init__(self, app: ASGIApp, banner: Callable[[], str | None] = lambda: None) -> None:
        self._app = app
        self._banner = banner

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one exchange."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        trace = uuid4().hex
        scope.setdefault("state", {})["trace_id"] = trace
        stamp = _HEADERS if scope["path"].startswith("/v1") else _HEADERS[:3]

        started = False

        async def send_stamped(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                own = message.get("headers", [])
                message["headers"] = _stamped(own, stamp, trace, self._banner())
            await send(message)

        refusal = _refusal(scope)
        if refusal is not None:
            await _refuse(send_stamped, *refusal, _NOT_TAKEN, trace)
            return
        read = 0

        async def receive_limited() -> Message:
            nonlocal read
            message = await receive()
            read += len(message.get("body", b""))
            if read > MOST_BODY:
                raise _TooLarge
            return message

        try:
            await self._app(scope, receive_limited, send_stamped)
        except _TooLarge:
            await _refuse(send_stamped, 413, "too-large", _NOT_TAKEN, trace)
        except Exception as error:  # noqa: BLE001 - the server would log its message, and content with it
            logger.error("unexpected %s trace %s", type(error).__name__, trace)  # noqa: TRY400 - so would a traceback
            if not started:
                await _refuse(send_stamped, 500, "internal", _WENT_WRONG, trace)


class _TooLarge(BaseException):
    """Passes every handler of ordinary exceptions on its way out."""


def _stamped(own: Headers, stamp: Headers, trace: str, banner: str | None) -> Headers:
    """The headers of an answer with what stands in every one, unless its route says otherwise."""
    cached = any(name == _CACHE for name, _ in own)
    stamped = [*own, *(stamp[1:] if cached else stamp), (b"x-trace-id", trace.encode())]
    return stamped if banner is None else [*stamped, (b"record-integrity", banner.encode())]


_NOT_TAKEN = "The body is too large or not of a type that is taken here."
_WENT_WRONG = "Something went wrong; nothing was shown."
_DIGITS = len(str(MOST_BODY))


def _refusal(scope: Scope) -> tuple[int, str] | None:
    headers = dict(scope["headers"])
    length = headers.get(b"content-length", b"0")
    if not length.isdigit() or len(length) > _DIGITS or int(length) > MOST_BODY:
        return 413, "too-large"
    kind = headers.get(b"content-type", b"").split(b";")[0].strip().lower()
    has_body = length != b"0" or b"transfer-encoding" in headers
    if scope["method"] in _METHODS_WITH_BODY and has_body and kind != _taken(scope):
        return 415, "unsupported-media-type"
    return None


def _taken(scope: Scope) -> bytes:
    """The type of body that a route takes."""
    chunk = scope["method"] == "PUT" and _CHUNKS.fullmatch(scope["path"])
    return b"application/octet-stream" if chunk else b"application/json"


async def _refuse(send: Send, status: int, code: str, detail: str, trace: str) -> None:
    body = json.dumps(
        {
            "type": f"urn:powiernik:problem:{code}",
            "title": code.replace("-", " "),
            "status": status,
            "detail": detail,
            "trace_id": trace,
        }
    ).encode()
    headers = [
        (b"content-type", b"application/problem+json"),
        (b"content-length", str(len(body)).encode()),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
