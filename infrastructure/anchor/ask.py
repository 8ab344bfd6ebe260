"""Asks the witnesses what they saw last: before a server starts, and when one contradicts.

A data folder that was put back whole, with its pinned head and its published checkpoint, looks well
from the inside. Whoever cosigned something newer knows better. Only what the log's own key has
signed counts: a witness that makes something up, or does not answer, stops nobody.

Source:
    docs of the design: security, section 2.6.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from http.client import HTTPException

from infrastructure.anchor.gather import Reply, post
from infrastructure.anchor.witness import origin_id
from infrastructure.ledger.checkpoint import Checkpoint
from infrastructure.ledger.errors import LedgerError, LogBroken
from infrastructure.ledger.multiproof import compact_range
from infrastructure.ledger.tiles import TileFolder
from infrastructure.ledger.trust import Trust

Fetch = Callable[[str, bytes | None, float], Reply]
_GOOD, _UNKNOWN = 200, 404


def must_reach_witnesses(
    trust: Trust,
    origin: str,
    size: int,
    root_at: Callable[[int], bytes | None],
    *,
    seconds: float,
    fetch: Fetch = post,
) -> dict[str, str]:
    """Compare a log of this size with what its witnesses cosigned; a code for each without answer.

    ``root_at`` gives the root that the log had at a size, or ``None`` where that is not known yet.

    Raises:
        LogBroken: E-ROLLBACK, a witness has seen more; E-FORK, it has seen another log.
    """
    failures: dict[str, str] = {}
    asked: dict[str, str] = {}
    deadline = time.monotonic() + seconds
    for witness in trust.witnesses:
        if witness.url is not None:
            asked.setdefault(witness.url, witness.name)
    for url, name in asked.items():
        try:
            reply = fetch(f"{url.rstrip('/')}/{origin_id(origin).hex()}/checkpoint", None, deadline)
            if reply.status == _UNKNOWN:
                continue
            if reply.status != _GOOD:
                failures[name] = "E-WITNESS-DOWN"
                continue
            seen = trust.judge(reply.body).checkpoint
        except LedgerError as refused:
            failures[name] = refused.code
        except (OSError, HTTPException, ValueError):
            failures[name] = "E-WITNESS-DOWN"
        else:
            if seen.origin == origin:
                _must_lead_through(seen, size, root_at)
    return failures


def root_of_tiles(folder: TileFolder, covered: int, size: int) -> bytes | None:
    """The root that a log had at a size, out of tiles that cover so much of it.

    Raises:
        TileRefused: A tile is missing or malformed.
    """
    return None if size > covered else compact_range(folder.subtrees(covered), size).root()


def _must_lead_through(seen: Checkpoint, size: int, root_at: Callable[[int], bytes | None]) -> None:
    if seen.size > size:
        expected = f"at least {seen.size} records"
        raise LogBroken("E-ROLLBACK", size, None, expected, f"{size} records")
    root = root_at(seen.size)
    if root is not None and root != seen.root:
        raise LogBroken("E-FORK", seen.size, None, seen.root, root)
