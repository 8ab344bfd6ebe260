"""A witness over HTTP: submission as C2SP has it, and a retrieval of our own for monitors.

- ``POST /add-checkpoint``: C2SP tlog-witness.
- ``GET /<SHA-256 of the origin, hex>/checkpoint``: the newest checkpoint that was cosigned, with
  the cosignatures. C2SP leaves open how monitors get it; this is ours.
- ``GET /healthz``: the server answers.

Bodies are bounded in size and in time while they are read. Answers are plain text and repeat
nothing of what was asked. Connections without a request in them are bounded by the server's limit
of connections, or by a server in front.
"""

from __future__ import annotations

import asyncio
import logging
import re
import time
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from api.compose import MAX_SUBMISSION, Witness

BODY_SECONDS = 10.0
"""How long the body of a request may take."""
_ORIGIN_ID = re.compile(r"[0-9a-f]{64}")
_HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
# What is still to come of a refused body is not waited for.
_CLOSING = {**_HEADERS, "Connection": "close"}

P = ParamSpec("P")
T = TypeVar("T")

logger = logging.getLogger("powiernik")


def create_witness_app(witness: Witness, *, body_seconds: float = BODY_SECONDS) -> Starlette:
    """The application of one witness, which its caller closes."""

    async def add_checkpoint(request: Request) -> Response:
        try:
            async with asyncio.timeout(body_seconds):
                body = await _body(request)
        except TimeoutError:
            raise HTTPException(408, headers=_CLOSING) from None
        except ClientDisconnect:
            raise HTTPException(400, headers=_CLOSING) from None
        found = await _in_thread(witness.add_checkpoint, body, int(time.time()))
        headers = {**_HEADERS, "Content-Type": found.content_type}
        return Response(found.body, found.status, headers)

    async def checkpoint(request: Request) -> Response:
        log = request.path_params["log"]
        if _ORIGIN_ID.fullmatch(log) is None:
            raise HTTPException(404)
        note = await _in_thread(witness.latest_by_id, bytes.fromhex(log))
        if note is None:
            raise HTTPException(404)
        return PlainTextResponse(note, headers=_HEADERS)

    async def healthz(_: Request) -> Response:
        return PlainTextResponse("ok\n", headers=_HEADERS)

    app = Starlette(
        routes=[
            Route("/add-checkpoint", add_checkpoint, methods=["POST"]),
            Route("/{log}/checkpoint", checkpoint, methods=["GET"]),
            Route("/healthz", healthz, methods=["GET"]),
        ]
    )
    # The address of a redirect would be made of the host that the request names.
    app.router.redirect_slashes = False
    return app


async def _body(request: Request) -> bytes:
    """Read a body as far as it may reach, whatever length it states."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_SUBMISSION:
            raise HTTPException(413, headers=_CLOSING)
    return bytes(body)


async def _in_thread(call: Callable[P, T], *values: P.args, **named: P.kwargs) -> T:
    try:
        return await run_in_threadpool(call, *values, **named)
    except Exception as error:  # noqa: BLE001 - the server would log its message, and content with it
        logger.error("unexpected %s", type(error).__name__)  # noqa: TRY400 - so would a traceback
        raise HTTPException(500) from None
