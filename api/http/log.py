"""The log as anybody may check it, and what was found broken in it.

- The checkpoint, the trust policy and the key of receipts are public: no token is needed.
- Hash tiles and proofs show nobody: they are for whoever is signed in, and leave no event.
- Entries and control records are metadata about clients under pseudonyms: they are the compliance
  officer's, and each look at them is recorded.

Paths hold numbers, written in the one way that C2SP tlog-tiles has; anything else is not there.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Coroutine
from typing import Annotated, Any, Literal, TypeVar

from anyio import to_thread
from fastapi import APIRouter, Query, Request, Response
from fastapi.routing import APIRoute

from api.compose import (
    TILE_WIDTH,
    Clinic,
    LedgerError,
    NotPublished,
    Proofs,
    control_path,
    tile_path,
)
from api.http.auth import TheClinic, TheDesk, Who
from api.http.recorded import NOTHING, RecordedRoute, leaves
from api.http.schemas.log import IncidentTold
from domain.errors import NotThere
from domain.use_cases import compliance

Result = TypeVar("Result")

_TEXT, _OCTETS = "text/plain", "application/octet-stream"
# A token is asked for, so no shared cache keeps it; what it says never changes.
_IMMUTABLE = {"Cache-Control": "private, max-age=31536000, immutable"}
_SHORT = {"Cache-Control": "public, max-age=5"}
_NUMBER = re.compile(r"0|[1-9][0-9]{0,18}")
_TILE = re.compile(r"(0|[1-9][0-9]?)/(.+)")
_PLACE = re.compile(r"((?:x[0-9]{3}/){0,6}[0-9]{3})(?:\.p/([1-9][0-9]{0,2}))?")


class EntryRoute(RecordedRoute):
    """Is held to its access event where the entry is asked for; a bare proof shows nobody."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The handler, recorded or bare."""
        recorded, bare = super().get_route_handler(), APIRoute.get_route_handler(self)

        async def handle(request: Request) -> Response:
            return await (recorded if "entry" in request.query_params else bare)(request)

        return handle


router = APIRouter(prefix="/v1", tags=["log"], route_class=RecordedRoute)
_with_entry = APIRouter(route_class=EntryRoute)

Size = Annotated[int, Query(ge=1, le=2**62)]


def _answers(media_type: str, event: str, audience: str) -> dict[str, Any]:
    content = {media_type: {"schema": {"type": "string"}}}
    return {
        "response_class": Response,
        "responses": {200: {"description": "As it was published.", "content": content}},
        "openapi_extra": leaves(event, audience=audience),
    }


@router.get("/log/checkpoint", **_answers(_TEXT, NOTHING, "everyone"))
async def read_checkpoint(clinic: TheClinic) -> Response:
    """The newest published checkpoint: origin, size and root of the log, and who signed them."""
    note = await _published(clinic, Proofs.checkpoint)
    return Response(note, media_type=_TEXT, headers=_SHORT)


@router.get("/log/policy", **_answers(_TEXT, NOTHING, "everyone"))
async def read_policy(clinic: TheClinic) -> Response:
    """Whose signatures make a checkpoint good: public keys, to be kept by whoever verifies."""
    policy = await to_thread.run_sync(lambda: clinic.policy)
    return Response(policy, media_type=_TEXT, headers=_SHORT)


@router.get("/log/receipt-key", **_answers(_TEXT, NOTHING, "everyone"))
async def read_receipt_key(clinic: TheClinic) -> Response:
    """The verifier key of the receipts that writes are answered with."""
    return Response(f"{clinic.receipt_key}\n", media_type=_TEXT, headers=_SHORT)


@router.get(
    "/log/tile/entries/{bundle:path}", **_answers(_OCTETS, "AUDIT_READ", "compliance officer")
)
async def read_entries(desk: TheDesk, clinic: TheClinic, who: Who, bundle: str) -> Response:
    """A bundle of entries of the log."""
    return await _recorded_bundle(desk, clinic, who, bundle, Proofs.entries)


@router.get("/log/tile/{tile:path}", **_answers(_OCTETS, NOTHING, "everyone"))
async def read_tile(clinic: TheClinic, who: Who, tile: str) -> Response:
    """A tile of hashes."""
    del who
    level, index, width = _tile(tile)
    hashes = await _tiles(clinic, lambda proofs: proofs.tile(level, index, width))
    return Response(hashes, media_type=_OCTETS, headers=_IMMUTABLE)


@router.get("/log/control/{controls:path}", **_answers(_OCTETS, "AUDIT_READ", "compliance officer"))
async def read_controls(desk: TheDesk, clinic: TheClinic, who: Who, controls: str) -> Response:
    """The control records under a tile of level 0: keys' lives and heads of the map, in clear."""
    return await _recorded_bundle(desk, clinic, who, controls, Proofs.controls)


@_with_entry.get("/log/proofs/inclusion/{position}", **_answers(_TEXT, "AUDIT_READ", "everyone"))
async def read_inclusion_proof(
    desk: TheDesk,
    clinic: TheClinic,
    who: Who,
    position: str,
    entry: Annotated[
        Literal["true"] | None, Query(description="With the entry: compliance officer, recorded.")
    ] = None,
) -> Response:
    """A proof that a position stands in the published checkpoint, as `tlog-proof@v1`."""
    with_entry = entry is not None
    stamped = await compliance.admit_to_log(desk, who) if with_entry else who
    at = _number(position)
    proof = await _published(clinic, lambda proofs: proofs.inclusion(at, with_entry=with_entry))
    if with_entry:
        await compliance.look_at_log(desk, stamped, at, 1)
    return Response(proof, media_type=_TEXT)


@router.get("/log/proofs/consistency", **_answers(_TEXT, NOTHING, "everyone"))
async def read_consistency_proof(
    clinic: TheClinic,
    who: Who,
    start: Annotated[Size, Query(alias="from")],
    end: Annotated[Size, Query(alias="to")],
) -> Response:
    """A proof that the log of one size is the beginning of that of another: a hash on each line."""
    del who
    hashes = await _published(clinic, lambda proofs: proofs.consistency(start, end))
    lines = (base64.b64encode(each).decode() + "\n" for each in hashes)
    return Response("".join(lines), media_type=_TEXT)


@router.get(
    "/incidents", openapi_extra=leaves(NOTHING, audience="compliance officer, administrator")
)
async def read_incidents(desk: TheDesk, clinic: TheClinic, who: Who) -> list[IncidentTold]:
    """What was found broken, the oldest first: codes and positions."""
    await compliance.admit_to_incidents(desk, who)
    return [
        IncidentTold(
            number=each.number,
            at=each.at,
            code=each.code,
            scope=each.scope,
            position=each.position,
            settled=each.settled is not None,
        )
        for each in clinic.incidents.all()
    ]


router.include_router(_with_entry)


async def _recorded_bundle(
    desk: TheDesk,
    clinic: TheClinic,
    who: Who,
    path: str,
    make: Callable[[Proofs, int, int], bytes],
) -> Response:
    stamped = await compliance.admit_to_log(desk, who)
    index, width = _place(path)
    bundle = await _tiles(clinic, lambda proofs: make(proofs, index, width))
    await compliance.look_at_log(desk, stamped, index * TILE_WIDTH, width)
    return Response(bundle, media_type=_OCTETS)


async def _published(clinic: Clinic, make: Callable[[Proofs], Result]) -> Result:
    """What is made of the published log; in a thread, for it reads and verifies."""
    return await to_thread.run_sync(lambda: make(clinic.proofs))


async def _tiles(clinic: Clinic, make: Callable[[Proofs], bytes]) -> bytes:
    try:
        return await _published(clinic, make)
    except NotPublished:
        raise NotThere from None


def _number(text: str) -> int:
    if _NUMBER.fullmatch(text) is None:
        raise NotThere
    return int(text)


def _tile(text: str) -> tuple[int, int, int]:
    """Level, index and width, from the path under ``tile/``."""
    found = _TILE.fullmatch(text)
    if found is None:
        raise NotThere
    level, (index, width) = int(found[1]), _place(found[2])
    _must_be_written_so(f"tile/{text}", lambda: tile_path(level, index, width))
    return level, index, width


def _place(text: str) -> tuple[int, int]:
    """Index and width, from the end of a path."""
    found = _PLACE.fullmatch(text)
    if found is None:
        raise NotThere
    index = int(found[1].replace("/", "").replace("x", ""))
    width = TILE_WIDTH if found[2] is None else int(found[2])
    _must_be_written_so(f"control/{text}", lambda: control_path(index, width))
    return index, width


def _must_be_written_so(path: str, make: Callable[[], str]) -> None:
    """Refuse a path that is not the one of the numbers in it."""
    try:
        same = make() == path
    except LedgerError:
        same = False
    if not same:
        raise NotThere
