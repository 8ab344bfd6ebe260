"""Asks the witnesses what they saw last, before a server starts.

A data folder that was put back whole, with its pinned head and its published checkpoint, looks well
from the inside. Whoever cosigned something newer knows better. A witness that does not answer
stops nobody: it is told, and the clinic works.

Source:
    docs of the design: security, section 2.6.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from http.client import HTTPException

from infrastructure.anchor.gather import Reply, post
from infrastructure.anchor.witness import origin_id
from infrastructure.guard.scrubber import Published
from infrastructure.ledger.checkpoint import Checkpoint
from infrastructure.ledger.errors import LedgerError, LogBroken
from infrastructure.ledger.multiproof import compact_range

Fetch = Callable[[str, bytes | None, float], Reply]
_GOOD, _UNKNOWN = 200, 404


def must_reach_witnesses(
    published: Published, origin: str, size: int, *, seconds: float, fetch: Fetch = post
) -> dict[str, str]:
    """Compare a log of this size with what its witnesses cosigned; a code for each without answer.

    Raises:
        LogBroken: E-ROLLBACK, a witness has seen more; E-FORK, it has seen another log.
    """
    failures: dict[str, str] = {}
    asked: dict[str, str] = {}
    deadline = time.monotonic() + seconds
    for witness in published.trust.witnesses:
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
            seen = published.trust.judge(reply.body).checkpoint
        except LedgerError as refused:
            failures[name] = refused.code
        except (OSError, HTTPException, ValueError):
            failures[name] = "E-WITNESS-DOWN"
        else:
            if seen.origin == origin:
                _must_lead_through(published, seen, size)
    return failures


def _must_lead_through(published: Published, seen: Checkpoint, size: int) -> None:
    if seen.size > size:
        expected = f"at least {seen.size} records"
        raise LogBroken("E-ROLLBACK", size, None, expected, f"{size} records")
    known = published.checkpoint()
    if known is None or known.size < seen.size:
        # What is published here is older than what was cosigned: the next checkpoint will tell.
        return
    root = compact_range(published.folder.subtrees(known.size), seen.size).root()
    if root != seen.root:
        raise LogBroken("E-FORK", seen.size, None, seen.root, root)
