"""The headers by which writes are retried and ordered, and by which readers wait.

``Idempotency-Key`` is the command id; ``If-Match`` the version that a change follows;
``Consistency-Token`` the position that a reader wants to see.
"""

from __future__ import annotations

import base64
import re
from hashlib import sha256
from typing import Annotated

from fastapi import Depends, Header, Request, Response
from pydantic import BaseModel, ConfigDict

from api.http.auth import TheClinic, Who
from api.http.errors import HeaderMissing
from domain.values import Command, Receipt

_KEY = re.compile(r"[\x21-\x7e]{1,128}")
_VERSION = re.compile(r'"(0|[1-9][0-9]{0,17})"')
_WAIT = re.compile(r"(?:^|[,;\s])wait=([0-9]{1,2})\b")
DEFAULT_WAIT = 5.0
LONGEST_WAIT = 30.0


async def commanded(
    request: Request,
    idempotency_key: Annotated[
        str | None, Header(description="A fresh value for each command; repeat it to retry.")
    ] = None,
) -> Command:
    """The command that a write is.

    Raises:
        HeaderMissing: There is no usable key.
    """
    if idempotency_key is None or not _KEY.fullmatch(idempotency_key):
        detail = "Idempotency-Key is missing or malformed."
        raise HeaderMissing(400, "idempotency-key", detail)
    digest = sha256(f"{request.method}\0{request.url.path}\0".encode())
    digest.update(await request.body())
    return Command(idempotency_key, digest.digest())


async def expected(
    if_match: Annotated[
        str | None, Header(description="The ETag of the version that this change follows.")
    ] = None,
) -> int:
    """The version that a change follows.

    Raises:
        HeaderMissing: There is none.
    """
    found = _VERSION.fullmatch(if_match or "")
    if found is None:
        detail = "If-Match with the current ETag is needed."
        raise HeaderMissing(428, "precondition-required", detail)
    return int(found[1])


Commanded = Annotated[Command, Depends(commanded)]
Expected = Annotated[int, Depends(expected)]


class Written(BaseModel):
    """The receipt of a write: what was created, where it stands in the log, the leaf hashes.

    ``receipts`` says the same once for each leaf, as a note signed by the clinic: keep it.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "created": {"note": "5f2c7b0d9e8a4c61b0d2f3a4c5e6f708"},
                "version": 1,
                "position": 4711,
                "recorded_at": "2026-11-23T08:15:42.317Z",
                "leaves": ["b3Blbi1sZWFm"],
                "receipts": ["powiernik/1/receipt\n…"],
                "repeated": False,
            }
        }
    )

    created: dict[str, str]
    version: int | None
    position: int
    recorded_at: str
    leaves: list[str]
    receipts: list[str]
    repeated: bool


def written(response: Response, receipt: Receipt) -> Written:
    """The body of a write's answer; its headers carry the ETag and the consistency token."""
    version = receipt.versions[0] if receipt.versions else None
    response.headers["Consistency-Token"] = token_for(receipt.last)
    response.headers["Ledger-Position"] = str(receipt.last)
    if version is not None:
        response.headers["ETag"] = f'"{version}"'
    return Written(
        created=dict(receipt.reply),
        version=version,
        position=receipt.last,
        recorded_at=receipt.recorded_at.isoformat().replace("+00:00", "Z"),
        leaves=[base64.b64encode(each).decode() for each in receipt.leaves],
        receipts=list(receipt.signed),
        repeated=receipt.repeated,
    )


def token_for(position: int) -> str:
    """The token by which a reader waits for a position; opaque to callers."""
    return base64.urlsafe_b64encode(b"p" + max(position, 0).to_bytes(8, "big")).decode()


def position_in(token: str) -> int:
    """The position in a token.

    Raises:
        HeaderMissing: It is not one.
    """
    try:
        raw = base64.b64decode(token, altchars=b"-_", validate=True)
    except ValueError:
        raw = b""
    if len(raw) != 9 or raw[:1] != b"p":  # noqa: PLR2004 - a letter and eight bytes
        raise HeaderMissing(400, "consistency-token", "Consistency-Token is malformed.")
    return int.from_bytes(raw[1:], "big")


async def caught_up(
    clinic: TheClinic,
    who: Who,
    consistency_token: Annotated[
        str | None, Header(description="From an earlier write: wait until it shows.")
    ] = None,
    prefer: Annotated[str | None, Header(description="``wait=5``: seconds to wait.")] = None,
) -> None:
    """Wait until the projections show what the token stands for; strangers do not wait here.

    Raises:
        ProjectionBehind: They did not within the time.
    """
    if consistency_token is None:
        return
    del who
    found = _WAIT.search(prefer or "")
    seconds = min(float(found[1]), LONGEST_WAIT) if found else DEFAULT_WAIT
    await clinic.reach(position_in(consistency_token), seconds=seconds)


CaughtUp = Depends(caught_up)
